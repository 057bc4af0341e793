/* A session and its user as the API shows them, and the cookie that carries one. */
#include "buf.h"
#include "cookie.h"
#include "csrf.h"
#include "grants.h"
#include "json.h"
#include "prove.h"
#include "view.h"

#define ROLES_MAX 4096

static const char *const STATES[SESSION_STATE_COUNT] = {
	[SESSION_STATE_NONE] = "none",
	[SESSION_ACTIVE] = "active",
	[SESSION_SECOND_FACTOR_REQUIRED] = "second_factor_required",
	[SESSION_ENROLMENT_REQUIRED] = "enrolment_required",
	[SESSION_PASSWORD_CHANGE_REQUIRED] = "password_change_required",
	[SESSION_ADDRESS_UNPROVEN] = "address_unproven",
};

static struct str state_name(uint32_t state)
{
	return str_of(STATES[state < SESSION_STATE_COUNT ? state : SESSION_STATE_NONE]);
}

void view_words_json(struct json_out *out, const char *name, struct str words)
{
	json_open_array(out, name);
	while (words.n > 0) {
		struct str word;
		(void)str_cut(words, ' ', &word, &words);
		if (word.n > 0)
			json_text(out, NULL, word);
	}
	json_close_array(out);
}

/* The caller's own, presented or just issued (a handler makes an issued one the call's). */
static bool is_current(const struct call *call, const struct session_row *row)
{
	return id_equal(row->id, call->session.found.session.id);
}

struct level {
	unsigned aal;
	struct policy_ends ends;
	enum session_state state;
	unsigned methods; /* what completes it: bits of enum prove_method */
};

/* All members but the token; the object stays open. */
static void add_members(struct json_out *out, const char *name, const struct call *call,
			const struct session_row *row, const struct level *level)
{
	json_open_object(out, name);
	json_id(out, "id", row->id);
	json_text(out, "class", str_of(config_class_name((enum session_class)row->class)));
	json_text(out, "client", row->client);
	json_text(out, "state", state_name(level->state));
	json_open_array(out, "methods");
	view_methods_json(out, level->methods);
	json_close_array(out);
	json_text(out, "aal", level->aal >= 2 ? STR("aal2") : STR("aal1"));
	view_words_json(out, "amr", row->amr);
	json_time(out, "auth_time", row->auth_time);
	json_time(out, "created_at", row->created_at);
	json_time(out, "last_seen_at", row->last_seen);
	json_time(out, "idle_expires_at", level->ends.idle);
	json_time(out, "expires_at", level->ends.absolute);
	json_text(out, "device_name", row->device_name);
	json_text(out, "ip", row->ip);
	json_text(out, "user_agent", row->user_agent);
	json_bool(out, "current", is_current(call, row));
}

void view_methods_json(struct json_out *out, unsigned methods)
{
	for (unsigned method = PROVE_NOTHING + 1; method < PROVE_METHOD_COUNT; method++)
		if ((methods & 1U << method) != 0)
			json_text(out, NULL, str_of(prove_method_name((enum prove_method)method)));
}

/* Of a sign-in that is not complete: what would complete it. */
static unsigned methods_of(const struct call *call, const struct session *session)
{
	if (session_awaits_factor(session))
		return prove_methods(&call->auth, &session->found, true, false);
	return session_awaits_enrolment(session) ? 1U << PROVE_TOTP | 1U << PROVE_PASSKEY : 0;
}

/* Bound to the value that the client has, under the newest root as the guard will do it. */
static enum err add_token(struct json_out *out, struct call *call, const struct digest *row_hash)
{
	const struct digest *hash = row_hash;
	struct str token;
	for (size_t i = 0; i < call->credential.roots; i++)
		if (digest_equal(row_hash, &call->credential.hashes[i]))
			hash = &call->credential.hashes[0];
	struct csrf_binding binding = csrf_bind_session(call->app->keys, hash);
	TRY(csrf_token(call->arena, &binding, &token));
	json_text(out, "csrf_token", token);
	return OK;
}

enum err view_session_json(struct call *call, struct json_out *out, const char *name,
			   const struct session *session)
{
	const struct session_row *row = &session->found.session;
	struct level level = {
		.aal = session->aal,
		.ends = session->ends,
		.state = session->state,
		.methods = methods_of(call, session),
	};
	add_members(out, name, call, row, &level);
	if (row->carrier == CARRIER_COOKIE && is_current(call, row) &&
	    call->credential.carrier != CARRIER_TOKEN)
		TRY(add_token(out, call, &row->hash));
	json_close_object(out);
	return out->buf->failed;
}

void view_session_row_json(struct json_out *out, const struct call *call,
			   const struct session_row *row, bool elevated)
{
	const struct config *config = call->app->config;
	struct level level = {
		.aal = policy_aal(config, row, call->request.now),
		.ends = policy_ends(config, row, elevated),
		.state = (enum session_state)row->state,
	};
	add_members(out, NULL, call, row, &level);
	json_close_object(out);
}

/* Those everywhere, then those of the tenant that are not among them. */
static void add_grants(struct json_out *out, const char *name, const struct session_found *found,
		       struct str prefix)
{
	struct str rest = found->user_grants, word;
	json_open_array(out, name);
	while (grants_next(&rest, prefix, &word))
		json_text(out, NULL, word);
	rest = found->tenant_grants;
	while (grants_next(&rest, prefix, &word))
		if (!grants_has_named(found->user_grants, prefix, word))
			json_text(out, NULL, word);
	json_close_array(out);
}

static void add_tenant(struct json_out *out, const struct session_found *found)
{
	if (id_is_none(found->session.tenant_id) || !str_is_present(found->tenant_grants)) {
		json_none(out, "tenant");
		return;
	}
	json_open_object(out, "tenant");
	json_id(out, "id", found->session.tenant_id);
	json_text(out, "name", found->tenant_name);
	json_close_object(out);
}

void view_grants_json(struct json_out *out, const struct session_found *found)
{
	add_grants(out, "roles", found, STR("role:"));
	add_grants(out, "permissions", found, STR("perm:"));
	add_tenant(out, found);
}

void view_user_json(struct json_out *out, const char *name, const struct session *session)
{
	const struct session_found *found = &session->found;
	if (id_is_none(found->session.user_id)) {
		json_none(out, name);
		return;
	}
	json_open_object(out, name);
	json_id(out, "id", found->session.user_id);
	json_text(out, "username", found->username);
	json_text(out, "email", found->email);
	json_text(out, "display_name", found->display_name);
	view_grants_json(out, found);
	json_close_object(out);
}

enum err view_roles_text(struct arena *arena, struct str grants, struct str *out)
{
	struct buf text;
	struct str name;
	buf_init(&text, arena, ROLES_MAX);
	while (grants_next(&grants, STR("role:"), &name)) {
		if (text.n > 0)
			buf_add(&text, STR(", "));
		buf_add(&text, name);
	}
	return buf_str(&text, out);
}

void view_issue_cookie(struct call *call, const struct session_issued *issued)
{
	const struct session *session = &issued->session;
	if (issued->carrier != CARRIER_COOKIE)
		return;
	struct cookie cookie = {
		.name = STR(COOKIE_SESSION),
		.value = {(const char *)issued->text.bytes, issued->text.len},
		.max_age = -1,
		.strict = call->app->config->session.cookie_strict,
	};
	if (session->found.session.class == CLASS_REMEMBERED)
		cookie.max_age = (session->ends.absolute - call->request.now) / CLOCK_SECOND;
	response_cookie(&call->response, &cookie);
}
