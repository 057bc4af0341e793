/* The part of the table of commands about the pepper. */
#include "ctl.h"

static const struct ctl_command COMMANDS[] = {
	{
		.noun = "pepper",
		.verb = "new",
		.synopsis = "FILE",
		.description = "Makes a pepper file with one key, for password.pepper_file. It "
			       "never takes the place of one that is there.",
		.operands = 1,
		.need = CTL_NEED_NOTHING,
		.run = cmd_pepper_new,
	},
	{
		.noun = "pepper",
		.verb = "status",
		.synopsis = "",
		.description = "Counts the stored passwords by the pepper that seals them, and "
			       "those that do not open. It reads them all.",
		.need = CTL_NEED_HASHES,
		.run = cmd_pepper_status,
	},
	{
		.noun = "pepper",
		.verb = "rotate",
		.synopsis = "",
		.description = "Adds a new pepper to the file. Put the file on every host, then "
			       "reload all workers at once: a host without it cannot judge "
			       "what is sealed under it.",
		.need = CTL_NEED_DATABASE,
		.run = cmd_pepper_rotate,
	},
	{
		.noun = "pepper",
		.verb = "reseal",
		.synopsis = "",
		.description = "Seals all stored passwords under the newest pepper, whatever they "
			       "lie under, in small batches; workers go on. It may be repeated.",
		.need = CTL_NEED_HASHES,
		.run = cmd_pepper_reseal,
	},
	{
		.noun = "pepper",
		.verb = "retire",
		.synopsis = "NUMBER",
		.description = "Takes a former pepper out of the file when no stored password is "
			       "sealed under it any more.",
		.operands = 1,
		.need = CTL_NEED_HASHES,
		.run = cmd_pepper_retire,
	},
};

const struct ctl_command *ctl_commands_of_peppers(size_t *n)
{
	*n = sizeof COMMANDS / sizeof COMMANDS[0];
	return COMMANDS;
}
