/* The part of the table of commands about roles and permissions. */
#include "ctl.h"

#define BIT(option) (UINT64_C(1) << (option))

const struct ctl_command ctl_role_commands[] = {
	{
		.noun = "role",
		.verb = "add",
		.synopsis = "ROLE [--elevated] [--reason TEXT]",
		.description = "Makes a role. An elevated one shortens sessions of those who have "
			       "it; only such a role can hold users:manage.",
		.options = BIT(CTL_ELEVATED) | BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_role_add,
	},
	{
		.noun = "role",
		.verb = "remove",
		.synopsis = "ROLE [--reason TEXT]",
		.description = "Takes a role from all who have it, and removes it. The role admin "
			       "stays.",
		.options = BIT(CTL_REASON),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_role_remove,
	},
	{
		.noun = "role",
		.verb = "list",
		.synopsis = "",
		.description = "Lists all roles with their permissions, by name.",
		.need = CTL_NEED_DATABASE,
		.run = cmd_role_list,
	},
	{
		.noun = "role",
		.verb = "show",
		.synopsis = "ROLE",
		.description = "Shows one role, its permissions and how often it is given.",
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_role_show,
	},
	{
		.noun = "role",
		.verb = "grant",
		.synopsis = "USER ROLE [--tenant TENANT] [--reason TEXT]",
		.description = "Gives a user a role everywhere, or a member one in a tenant, from "
			       "the next request on.",
		.options = BIT(CTL_TENANT) | BIT(CTL_REASON),
		.operands = 2,
		.need = CTL_NEED_DATABASE,
		.run = cmd_role_grant,
	},
	{
		.noun = "role",
		.verb = "revoke",
		.synopsis = "USER ROLE [--tenant TENANT] [--reason TEXT]",
		.description = "Takes a role from a user, from the next request on. An active "
			       "administrator is always left.",
		.options = BIT(CTL_TENANT) | BIT(CTL_REASON),
		.operands = 2,
		.need = CTL_NEED_DATABASE,
		.run = cmd_role_revoke,
	},
	{
		.noun = "permission",
		.verb = "add",
		.synopsis = "ROLE PERMISSION [--reason TEXT]",
		.description = "Puts a permission into a role, for all who have it.",
		.options = BIT(CTL_REASON),
		.operands = 2,
		.need = CTL_NEED_DATABASE,
		.run = cmd_permission_add,
	},
	{
		.noun = "permission",
		.verb = "remove",
		.synopsis = "ROLE PERMISSION [--reason TEXT]",
		.description = "Takes a permission out of a role, for all who have it. admin keeps "
			       "users:manage.",
		.options = BIT(CTL_REASON),
		.operands = 2,
		.need = CTL_NEED_DATABASE,
		.run = cmd_permission_remove,
	},
	{
		.noun = "permission",
		.verb = "list",
		.synopsis = "[--role ROLE]",
		.description = "Lists permissions, a line for each role that has one.",
		.options = BIT(CTL_ROLE),
		.need = CTL_NEED_DATABASE,
		.run = cmd_permission_list,
	},
};

const size_t ctl_role_command_count = sizeof ctl_role_commands / sizeof ctl_role_commands[0];
