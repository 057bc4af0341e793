/* What back ends are told about whoever was let in. */
#include "facts.h"

#include "buf.h"
#include "grants.h"
#include "guarded.h"
#include "ticket.h"

#define FACT_MAX 8000 /* of one answer in one record, together with the others */

enum fact {
	FACT_REMOTE_USER,
	FACT_USER_ID,
	FACT_EMAIL,
	FACT_ROLES,
	FACT_TENANT,
	FACT_SESSION_ID,
	FACT_AAL,
	FACT_TICKET,
	FACT_COUNT
};

static const char *const NAMES[FACT_COUNT][2] = {
	[FACT_REMOTE_USER] = {"Variable-REMOTE_USER", "X-Gatepost-Remote-User"},
	[FACT_USER_ID] = {"Variable-GATEPOST_USER_ID", "X-Gatepost-User-Id"},
	[FACT_EMAIL] = {"Variable-GATEPOST_EMAIL", "X-Gatepost-Email"},
	[FACT_ROLES] = {"Variable-GATEPOST_ROLES", "X-Gatepost-Roles"},
	[FACT_TENANT] = {"Variable-GATEPOST_TENANT", "X-Gatepost-Tenant"},
	[FACT_SESSION_ID] = {"Variable-GATEPOST_SESSION_ID", "X-Gatepost-Session-Id"},
	[FACT_AAL] = {"Variable-GATEPOST_AAL", "X-Gatepost-Aal"},
	[FACT_TICKET] = {"Variable-GATEPOST_TICKET", "X-Gatepost-Ticket"},
};

static void add_name(struct buf *list, struct str name)
{
	if (list->n > 0)
		buf_add_char(list, ',');
	buf_add(list, name);
}

static enum err roles_of(struct arena *arena, const struct session_found *found, struct str *out)
{
	struct str rest = found->user_grants, name, prefix = STR("role:");
	struct buf list;

	buf_init(&list, arena, FACT_MAX);
	while (grants_next(&rest, prefix, &name))
		add_name(&list, name);
	rest = found->tenant_grants;
	while (grants_next(&rest, prefix, &name))
		if (!grants_has_named(found->user_grants, prefix, name))
			add_name(&list, name);
	return list.n > 0 ? buf_str(&list, out) : OK;
}

/* A user name never looks like an address nor like an id, so none can pose as another's. */
static struct str remote_user(const struct config *config, const struct session_found *found,
			      struct str id)
{
	struct str name = found->username.n > 0 ? found->username : found->email;

	if (config->guard.remote_user == REMOTE_USER_EMAIL && found->email.n > 0)
		name = found->email;
	return config->guard.remote_user == REMOTE_USER_ID || name.n == 0 ? id : name;
}

static enum err ticket_of(struct call *call, struct str *out)
{
	const struct protect_config *rule = call->guarded->decision.rule;
	struct str service = call->app->config->guard.ticket;

	if (rule != NULL && str_is_present(rule->service))
		service = rule->service;
	if (!str_is_present(service))
		return OK;
	return ticket_make(&call->auth, &call->session.found.session.id, service, out);
}

static enum err user_facts(struct call *call, struct str facts[FACT_COUNT])
{
	const struct session_found *found = &call->session.found;

	TRY(id_text(call->arena, found->session.user_id, &facts[FACT_USER_ID]));
	facts[FACT_REMOTE_USER] = remote_user(call->app->config, found, facts[FACT_USER_ID]);
	facts[FACT_EMAIL] = found->email;
	if (str_is_present(found->tenant_grants))
		facts[FACT_TENANT] = found->tenant_name;
	return roles_of(call->arena, found, &facts[FACT_ROLES]);
}

static enum err session_facts(struct call *call, struct str facts[FACT_COUNT])
{
	TRY(id_text(call->arena, call->session.found.session.id, &facts[FACT_SESSION_ID]));
	facts[FACT_AAL] = call->session.aal >= 2 ? STR("aal2") : STR("aal1");
	TRY(ticket_of(call, &facts[FACT_TICKET]));
	return session_is_guest(&call->session) ? OK : user_facts(call, facts);
}

enum err facts_add(struct call *call, enum facts_form form)
{
	struct str facts[FACT_COUNT] = {STR_NONE};

	if (!call->guarded->open && call->session.standing == SESSION_LIVE)
		TRY(session_facts(call, facts));
	if (form == FACTS_VARIABLES)
		response_header(&call->response, "Variable-GATEPOST_VERDICT", STR("granted"));
	for (size_t i = 0; i < FACT_COUNT; i++)
		if (facts[i].n > 0 || form == FACTS_HEADERS)
			response_header(&call->response, NAMES[i][form], facts[i]);
	/* A fault of ours: nothing that the visitor sent is too large. */
	return call->response.headers.failed != OK || call->response.headers.n > FACT_MAX
		       ? ERR_UNAVAILABLE
		       : OK;
}
