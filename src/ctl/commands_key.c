/* The part of the table of commands about keys, the web server's among them. */
#include "ctl.h"

#define BIT(option) (UINT64_C(1) << (option))

static const struct ctl_command COMMANDS[] = {
	{
		.noun = "key",
		.verb = "list",
		.synopsis = "",
		.description = "Lists the keys that sign access tokens: next, active, retiring and "
			       "gone, with the root key that seals each.",
		.need = CTL_NEED_DATABASE,
		.run = cmd_key_list,
	},
	{
		.noun = "key",
		.verb = "rotate",
		.synopsis = "[--now]",
		.description = "Puts the next signing key in charge, as the workers do when it is "
			       "time. --now is for an emergency: all keys go at once, with every "
			       "access token they signed, and new ones are made.",
		.options = BIT(CTL_NOW),
		.need = CTL_NEED_DATABASE,
		.run = cmd_key_rotate,
	},
	{
		.noun = "key",
		.verb = "retire",
		.synopsis = "KID",
		.description = "Withdraws a next or retiring signing key before its time. Tokens "
			       "that a retiring one signed are refused from then on.",
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_key_retire,
	},
	{
		.noun = "key",
		.verb = "reseal",
		.synopsis = "",
		.description =
			"Seals all signing keys under the newest root key, all or none, then the "
			"secrets of second factors.",
		.need = CTL_NEED_DATABASE,
		.run = cmd_key_reseal,
	},
	{
		.noun = "key",
		.verb = "rotate-root",
		.synopsis = "",
		.description = "Adds a new root key to the key file. Reload all workers at once, "
			       "with this file on every host; then run key reseal.",
		.need = CTL_NEED_DATABASE,
		.run = cmd_key_rotate_root,
	},
	{
		.noun = "key",
		.verb = "retire-root",
		.synopsis = "NUMBER [--now]",
		.description =
			"Takes a former root key out of the key file when nothing depends on "
			"it any more, or says what does. --now ends what still does, except "
			"signing keys and second factors.",
		.options = BIT(CTL_NOW),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_key_retire_root,
	},
	{
		.noun = "pin",
		.synopsis = "FILE...",
		.description =
			"Prints by what apps can pin the web server's key (SHA-256 of its "
			"SubjectPublicKeyInfo), for each certificate and public key in PEM of the "
			"files; - is standard input. Pin a second key, too, that waits in a safe "
			"place: with one alone, losing it locks every app out.",
		.operands = CTL_OPERANDS_MAX,
		.need = CTL_NEED_NOTHING,
		.run = cmd_pin,
	},
};

const struct ctl_command *ctl_commands_of_keys(size_t *n)
{
	*n = sizeof COMMANDS / sizeof COMMANDS[0];
	return COMMANDS;
}
