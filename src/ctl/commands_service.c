/* The table of commands: those about services. */
#include "ctl.h"

#define BIT(option) (UINT64_C(1) << (option))

static const struct ctl_command COMMANDS[] = {
	{
		.noun = "service",
		.verb = "add",
		.synopsis = "NAME --scope \"SCOPE...\" [--secret-file FILE]",
		.description =
			"Lets a back end ask about sessions, or act on them, of clients that list "
			"it. Scopes: introspect, flows:read, flows:write, sessions:end, "
			"sessions:hold, metrics. Its secret is shown once, or written to a new "
			"file.",
		.options = BIT(CTL_SCOPE) | BIT(CTL_SECRET_FILE),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_service_add,
	},
	{
		.noun = "service",
		.verb = "list",
		.synopsis = "",
		.description = "Lists all services, by name.",
		.need = CTL_NEED_DATABASE,
		.run = cmd_service_list,
	},
	{
		.noun = "service",
		.verb = "show",
		.synopsis = "NAME",
		.description = "Shows one service, and which clients list it.",
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_service_show,
	},
	{
		.noun = "service",
		.verb = "rotate",
		.synopsis = "NAME [--overlap SPAN] [--secret-file FILE]",
		.description = "Gives it a new secret. The former one is good for SPAN more "
			       "(default 1h; 0 for one that others know).",
		.options = BIT(CTL_OVERLAP) | BIT(CTL_SECRET_FILE),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_service_rotate,
	},
	{
		.noun = "service",
		.verb = "scope",
		.synopsis = "NAME --add \"SCOPE...\" | --remove \"SCOPE...\"",
		.description = "Gives it scopes or takes them away, from its next call on.",
		.options = BIT(CTL_ADD) | BIT(CTL_REMOVE),
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_service_scope,
	},
	{
		.noun = "service",
		.verb = "disable",
		.synopsis = "NAME",
		.description = "Refuses it from its next call on.",
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_service_disable,
	},
	{
		.noun = "service",
		.verb = "enable",
		.synopsis = "NAME",
		.description = "Lets it in again, with its secret.",
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_service_enable,
	},
	{
		.noun = "service",
		.verb = "remove",
		.synopsis = "NAME",
		.description = "Removes it for good.",
		.operands = 1,
		.need = CTL_NEED_DATABASE,
		.run = cmd_service_remove,
	},
};

const struct ctl_command *ctl_commands_of_services(size_t *n)
{
	*n = sizeof COMMANDS / sizeof COMMANDS[0];
	return COMMANDS;
}
