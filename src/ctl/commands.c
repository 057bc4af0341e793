/* The table of commands. */
#include "ctl.h"

#define BIT(option) (UINT64_C(1) << (option))

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
		.verb = "import",
		.synopsis = "--htpasswd FILE [--groups FILE] | --csv FILE [--dry-run]",
		.description = "Creates the accounts of a password file of Apache, with the roles "
			       "of its group file, or of a table, with the hashes that they have. "
			       "The files are checked whole first; --dry-run does no more. "
			       "Accounts that exist are left alone.",
		.options = BIT(CTL_HTPASSWD) | BIT(CTL_GROUPS) | BIT(CTL_CSV) | BIT(CTL_DRY_RUN),
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_import,
	},
	{
		.noun = "invite",
		.synopsis = "ADDRESS [--role ROLE]... [--username NAME] [--display-name NAME] "
			    "[--language TAG]",
		.description = "Mails an invitation: whoever opens its link chooses a password and "
			       "has an account, with these roles. Also while registration is off. "
			       "A newer one takes an older one's place.",
		.options = BIT(CTL_ROLE) | BIT(CTL_USERNAME) | BIT(CTL_DISPLAY_NAME) |
			   BIT(CTL_LANGUAGE),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_invite,
	},
	{
		.noun = "invitation",
		.verb = "withdraw",
		.synopsis = "ADDRESS",
		.description = "Makes the invitation to an address worthless.",
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_invitation_withdraw,
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
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_show,
	},
	{
		.noun = "user",
		.verb = "passwd",
		.synopsis = "USER [--password-stdin]",
		.description = "Sets a new password and ends all sessions of the account.",
		.options = BIT(CTL_PASSWORD_STDIN),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_passwd,
	},
	{
		.noun = "user",
		.verb = "lock",
		.synopsis = "USER [--reason TEXT]",
		.description = "Locks an account and ends all its sessions. The last active "
			       "administrator cannot be locked.",
		.options = BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_lock,
	},
	{
		.noun = "user",
		.verb = "unlock",
		.synopsis = "USER",
		.description = "Lets a locked account sign in again.",
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_unlock,
	},
	{
		.noun = "user",
		.verb = "reopen",
		.synopsis = "USER [--reason TEXT]",
		.description =
			"Opens an account again that its owner has closed. A new password is "
			"set by recovery, or by user passwd.",
		.options = BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_reopen,
	},
	{
		.noun = "user",
		.verb = "hold",
		.synopsis = "USER | --session ID [--reason TEXT]",
		.description = "Makes all sessions of an account, or one, ask for a new sign-in at "
			       "their next request.",
		.options = BIT(CTL_SESSION) | BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_hold,
	},
	{
		.noun = "user",
		.verb = "compromised",
		.synopsis = "USER [--reason TEXT]",
		.description = "Ends all sessions; the next sign-in must choose a new password.",
		.options = BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_compromised,
	},
	{
		.noun = "user",
		.verb = "recover",
		.synopsis = "USER [--reason TEXT]",
		.description = "Sends mail with a link by which the person chooses a new password. "
			       "Until then nothing changes.",
		.options = BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_recover,
	},
	{
		.noun = "user",
		.verb = "reset-factors",
		.synopsis = "USER [--stop] [--reason TEXT]",
		.description = "Takes all second factors of an account away, after [second_factor] "
			       "reset_delay, and mails when. All sessions end then. --stop, or a "
			       "sign-in with one of them, keeps them.",
		.options = BIT(CTL_STOP) | BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_reset_factors,
	},
	{
		.noun = "user",
		.verb = "role",
		.synopsis = "USER --add ROLE | --remove ROLE [--reason TEXT]",
		.description = "Gives a role or takes it away, from the next request on. The last "
			       "active administrator keeps the role admin.",
		.options = BIT(CTL_ADD) | BIT(CTL_REMOVE) | BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_user_role,
	},
	{
		.noun = "audit",
		.verb = "list",
		.synopsis = "[--user USER] [--event NAME] [--since SPAN] [--limit N] "
			    "[--cursor CURSOR]",
		.description = "Lists what was decided, newest first, 100 events unless --limit "
			       "says otherwise (at most 1000); --cursor goes on where a list "
			       "ended.",
		.options = BIT(CTL_USER) | BIT(CTL_EVENT) | BIT(CTL_SINCE) | BIT(CTL_LIMIT) |
			   BIT(CTL_CURSOR),
		.need = CTL_NEED_DATABASE,
		.run = cmd_audit_list,
	},
	{
		.noun = "audit",
		.verb = "tail",
		.synopsis = "",
		.description = "Prints events as they come, one a line, until it is interrupted.",
		.need = CTL_NEED_DATABASE,
		.run = cmd_audit_tail,
	},
	{
		.noun = "session",
		.verb = "list",
		.synopsis = "USER",
		.description = "Lists the sessions of an account that are not over.",
		.operands = 1,
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
		.operands = 1,
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
		.noun = "restore-check",
		.synopsis = "[--keep-sessions]",
		.description = "After the database was restored: says how old its data is, ends "
			       "all sessions, since some of them had been ended after the backup, "
			       "and forgets what may be used once.",
		.options = BIT(CTL_KEEP_SESSIONS),
		.need = CTL_NEED_DATABASE,
		.run = cmd_restore_check,
	},
	{
		.noun = "throttle",
		.verb = "list",
		.synopsis = "[--user USER | --source ADDRESS | --all]",
		.description = "Lists counters of attempts to sign in: of an account, of a source, "
			       "or all.",
		.options = BIT(CTL_USER) | BIT(CTL_SOURCE) | BIT(CTL_ALL),
		.need = CTL_NEED_DATABASE,
		.run = cmd_throttle_list,
	},
	{
		.noun = "throttle",
		.verb = "clear",
		.synopsis = "--user USER | --source ADDRESS | --all",
		.description = "Forgets the attempts of an account, of a source, or all, so that "
			       "nobody there has to wait.",
		.options = BIT(CTL_USER) | BIT(CTL_SOURCE) | BIT(CTL_ALL),
		.need = CTL_NEED_DATABASE,
		.run = cmd_throttle_clear,
	},
	{
		.noun = "doctor",
		.synopsis = "[--ca FILE] [--resolve HOST:PORT:ADDRESS] [--http-port PORT] "
			    "[--no-drill] [--offline]",
		.description = "Examines files, database, sockets and what arrives through the "
			       "web server; says what to do.",
		.options = BIT(CTL_CA) | BIT(CTL_RESOLVE) | BIT(CTL_HTTP_PORT) | BIT(CTL_NO_DRILL) |
			   BIT(CTL_OFFLINE),
		.need = CTL_NEED_CONFIG,
		.run = cmd_doctor,
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
	{
		.noun = "tenant",
		.verb = "add",
		.synopsis = "NAME [--title TEXT]",
		.description = "Makes a tenant: an organisation that users can belong to, with "
			       "roles of their own in it.",
		.options = BIT(CTL_TITLE),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_tenant_add,
	},
	{
		.noun = "tenant",
		.verb = "list",
		.synopsis = "",
		.description = "Lists all tenants, by name.",
		.need = CTL_NEED_DATABASE,
		.run = cmd_tenant_list,
	},
	{
		.noun = "tenant",
		.verb = "rename",
		.synopsis = "TENANT [--name NAME] [--title TEXT] [--reason TEXT]",
		.description = "Gives a tenant another name or title. It stays the same tenant.",
		.options = BIT(CTL_NAME) | BIT(CTL_TITLE) | BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_tenant_rename,
	},
	{
		.noun = "tenant",
		.verb = "remove",
		.synopsis = "TENANT [--reason TEXT]",
		.description = "Removes a tenant with all memberships and roles in it. Accounts "
			       "and sessions stay.",
		.options = BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_tenant_remove,
	},
	{
		.noun = "member",
		.verb = "add",
		.synopsis = "USER --tenant TENANT [--role ROLE]... [--default] [--reason TEXT]",
		.description = "Makes a user a member of a tenant, with roles that hold only "
			       "there. The first tenant of a user, or one with --default, is where "
			       "sign-in begins.",
		.options = BIT(CTL_TENANT) | BIT(CTL_ROLE) | BIT(CTL_DEFAULT) | BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_member_add,
	},
	{
		.noun = "member",
		.verb = "remove",
		.synopsis = "USER --tenant TENANT [--reason TEXT]",
		.description = "Ends a membership and the roles in it, from the next request on.",
		.options = BIT(CTL_TENANT) | BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_member_remove,
	},
	{
		.noun = "member",
		.verb = "role",
		.synopsis = "USER --tenant TENANT --add ROLE | --remove ROLE [--reason TEXT]",
		.description = "Gives a member a role in a tenant or takes it away, from the next "
			       "request on.",
		.options = BIT(CTL_TENANT) | BIT(CTL_ADD) | BIT(CTL_REMOVE) | BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_member_role,
	},
	{
		.noun = "member",
		.verb = "list",
		.synopsis = "--tenant TENANT | --user USER",
		.description = "Lists the members of a tenant, or the tenants of a user.",
		.options = BIT(CTL_TENANT) | BIT(CTL_USER),
		.need = CTL_NEED_DATABASE,
		.run = cmd_member_list,
	},
	{
		.noun = "flow",
		.verb = "list",
		.synopsis = "USER | --session ID",
		.description = "Lists the flows that run: of a user, or all that a session "
			       "reaches, which a guest's are.",
		.options = BIT(CTL_SESSION),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_flow_list,
	},
	{
		.noun = "flow",
		.verb = "show",
		.synopsis = "USER KIND | --session ID KIND",
		.description = "Shows one flow with its data, facts and counters.",
		.options = BIT(CTL_SESSION),
		.operands = 2,
		.need = CTL_NEED_DATABASE,
		.run = cmd_flow_show,
	},
	{
		.noun = "flow",
		.verb = "end",
		.synopsis = "USER KIND | --session ID KIND",
		.description = "Ends one flow. What its counters have counted stays.",
		.options = BIT(CTL_SESSION),
		.operands = 2,
		.need = CTL_NEED_DATABASE,
		.run = cmd_flow_end,
	},
	{
		.noun = "flow",
		.verb = "fact",
		.synopsis = "USER KIND | --session ID KIND --facts-stdin",
		.description = "Writes facts, which no client can: a JSON merge patch (RFC 7396) "
			       "from standard input.",
		.options = BIT(CTL_SESSION) | BIT(CTL_FACTS_STDIN),
		.operands = 2,
		.need = CTL_NEED_DATABASE,
		.run = cmd_flow_fact,
	},
	{
		.noun = "flow",
		.verb = "step",
		.synopsis = "USER KIND STEP | --session ID KIND STEP",
		.description = "Moves a flow to any of its steps, client or not.",
		.options = BIT(CTL_SESSION),
		.operands = 3,
		.need = CTL_NEED_DATABASE,
		.run = cmd_flow_step,
	},
};

/* Its parts, of files of their own. */
static const struct ctl_command *other_at(size_t i)
{
	size_t n = 0;
	const struct ctl_command *keys = ctl_commands_of_keys(&n);

	if (i < n)
		return &keys[i];
	i -= n;
	const struct ctl_command *services = ctl_commands_of_services(&n);

	if (i < n)
		return &services[i];
	i -= n;
	if (i < ctl_role_command_count)
		return &ctl_role_commands[i];
	i -= ctl_role_command_count;
	const struct ctl_command *mail = ctl_commands_of_mail(&n);
	if (i < n)
		return &mail[i];
	i -= n;
	const struct ctl_command *guard = ctl_commands_of_guard(&n);
	if (i < n)
		return &guard[i];
	i -= n;
	const struct ctl_command *peppers = ctl_commands_of_peppers(&n);
	return i < n ? &peppers[i] : NULL;
}

const struct ctl_command *ctl_command_at(size_t i)
{
	const size_t own = sizeof COMMANDS / sizeof COMMANDS[0];

	return i < own ? &COMMANDS[i] : other_at(i - own);
}
