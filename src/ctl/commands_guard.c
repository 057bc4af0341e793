/* The part of the table of commands about what Gatepost guards and does not serve. */
#include "ctl.h"

#define BIT(option) (UINT64_C(1) << (option))

static const struct ctl_command COMMANDS[] = {
	{
		.noun = "guard",
		.verb = "explain",
		.synopsis = "URL [--method METHOD] [--ip ADDRESS] [--user USER [--tenant TENANT] "
			    "[--aal2] [--signed-in SPAN]]",
		.description =
			"Says which [protect] section decides about an address, which of its terms "
			"are met, and what becomes of the request: of a stranger, or of a user as "
			"the database has them now, signed in just now (or SPAN ago) with one "
			"factor, or with two. Asks no web server.",
		.options = BIT(CTL_METHOD) | BIT(CTL_IP) | BIT(CTL_USER) | BIT(CTL_TENANT) |
			   BIT(CTL_AAL2) | BIT(CTL_SIGNED_IN),
		.operands = 1,
		.need = CTL_NEED_CONFIG,
		.asks_for_user = true,
		.run = cmd_guard_explain,
	},
	{
		.noun = "guard",
		.verb = "check",
		.synopsis = "URL... [--user USER [--tenant TENANT]] [--ca FILE] [--resolve "
			    "HOST:PORT:ADDRESS]",
		.description =
			"Proves from outside that each address is refused without a session, "
			"however it is asked for; with --user also that it is served with one: a "
			"session of that user without power to step up, that is ended right away "
			"and lives a minute at most.",
		.options = BIT(CTL_USER) | BIT(CTL_TENANT) | BIT(CTL_CA) | BIT(CTL_RESOLVE),
		.operands = CTL_OPERANDS_MAX,
		.need = CTL_NEED_CONFIG,
		.asks_for_user = true,
		.run = cmd_guard_check,
	},
};

const struct ctl_command *ctl_commands_of_guard(size_t *n)
{
	*n = sizeof COMMANDS / sizeof COMMANDS[0];
	return COMMANDS;
}
