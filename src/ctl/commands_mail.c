/* The part of the table of commands about mail. */
#include "ctl.h"

#define BIT(option) (UINT64_C(1) << (option))

static const struct ctl_command COMMANDS[] = {
	{
		.noun = "mail",
		.verb = "list",
		.synopsis = "[--waiting | --dead] [--limit N]",
		.description =
			"Lists the mails that wait and those that were given up, with what was the "
			"matter last. Nobody is shown what is in them.",
		.options = BIT(CTL_WAITING) | BIT(CTL_DEAD) | BIT(CTL_LIMIT),
		.need = CTL_NEED_DATABASE,
		.run = cmd_mail_list,
	},
	{
		.noun = "mail",
		.verb = "retry",
		.synopsis = "ID | --dead",
		.description = "Has a mail, or all that were given up, tried again now, as often "
			       "as a new one.",
		.options = BIT(CTL_DEAD),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_mail_retry,
	},
	{
		.noun = "mail",
		.verb = "test",
		.synopsis = "ADDRESS",
		.description = "Puts a mail to that address into the outbox, to see whether it "
			       "arrives.",
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_mail_test,
	},
};

const struct ctl_command *ctl_commands_of_mail(size_t *n)
{
	*n = sizeof COMMANDS / sizeof COMMANDS[0];
	return COMMANDS;
}
