/* The table of commands. */
#include "ctl.h"

#define BIT(option) (1U << (option))

static const struct ctl_command COMMANDS[] = {
	{
		.noun = "migrate",
		.synopsis = "",
		.description = "Brings the database to this program's schema and renews the rights "
			       "of its accounts.",
		.need = CTL_NEED_CONFIG,
		.run = cmd_migrate,
	},
	{
		.noun = "setup",
		.synopsis = "",
		.description = "Makes the key file if there is none, and a one-time code for the "
			       "first administrator, good for an hour.",
		.need = CTL_NEED_CONFIG,
		.run = cmd_setup,
	},
	{
		.noun = "user",
		.verb = "add",
		.synopsis = "[--username NAME] [--email ADDRESS] [--display-name NAME] "
			    "[--role ROLE]... [--password-stdin]",
		.description = "Creates an account. The password is asked for, or read from "
			       "standard input.",
		.options = BIT(CTL_USERNAME) | BIT(CTL_EMAIL) | BIT(CTL_DISPLAY_NAME) |
			   BIT(CTL_ROLE) | BIT(CTL_PASSWORD_STDIN),
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_add,
	},
	{
		.noun = "user",
		.verb = "list",
		.synopsis = "",
		.description = "Lists all accounts, oldest first.",
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_list,
	},
	{
		.noun = "user",
		.verb = "show",
		.synopsis = "USER",
		.description = "Shows one account, by user name, address or id.",
		.operand = true,
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_show,
	},
	{
		.noun = "user",
		.verb = "passwd",
		.synopsis = "USER [--password-stdin]",
		.description = "Sets a new password and ends all sessions of the account.",
		.options = BIT(CTL_PASSWORD_STDIN),
		.operand = true,
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_passwd,
	},
	{
		.noun = "session",
		.verb = "list",
		.synopsis = "USER",
		.description = "Lists the sessions of an account that are not over.",
		.operand = true,
		.need = CTL_NEED_DATABASE,
		.run = cmd_session_list,
	},
	{
		.noun = "session",
		.verb = "revoke",
		.synopsis = "ID | --user USER | --all",
		.description = "Ends one session, all of an account, or everybody's, at their next "
			       "request.",
		.options = BIT(CTL_USER) | BIT(CTL_ALL),
		.operand = true,
		.need = CTL_NEED_DATABASE,
		.run = cmd_session_revoke,
	},
	{
		.noun = "config",
		.verb = "check",
		.synopsis = "",
		.description = "Checks configuration, key file and templates as a start would.",
		.need = CTL_NEED_CONFIG,
		.run = cmd_config_check,
	},
	{
		.noun = "purge",
		.synopsis = "",
		.description = "Deletes what is over, as the workers do all the time.",
		.need = CTL_NEED_DATABASE,
		.run = cmd_purge,
	},
	{
		.noun = "password",
		.verb = "calibrate",
		.synopsis = "[--target MS]",
		.description = "Measures password hashing on this machine and suggests memory and "
			       "passes for about MS milliseconds a hash (default 100), never below "
			       "the floor.",
		.options = BIT(CTL_TARGET),
		.need = CTL_NEED_CONFIG,
		.run = cmd_password_calibrate,
	},
};

const struct ctl_command *ctl_commands(size_t *n)
{
	*n = sizeof COMMANDS / sizeof COMMANDS[0];
	return COMMANDS;
}
