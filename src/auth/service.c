/* Services: back ends that prove who they are and ask about, or act on, sessions of clients. */
#include "service.h"

#include <string.h>

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "codec.h"
#include "throttle.h"

#define PREFIX STR("gpk_")
#define TEXT CODEC_BASE64URL_LEN(SERVICE_SECRET_BYTES)

static const struct {
	const char *name;
	enum service_scope scope;
} scopes_known[] = {
	{"introspect", SERVICE_INTROSPECT},       {"flows:read", SERVICE_FLOWS_READ},
	{"flows:write", SERVICE_FLOWS_WRITE},     {"sessions:end", SERVICE_SESSIONS_END},
	{"sessions:hold", SERVICE_SESSIONS_HOLD}, {"metrics", SERVICE_METRICS},
};

#define SCOPES (sizeof scopes_known / sizeof scopes_known[0])

static uint32_t find_scope(struct str word)
{
	for (size_t i = 0; i < SCOPES; i++)
		if (str_equal(word, str_of(scopes_known[i].name)))
			return scopes_known[i].scope;
	return SERVICE_NOTHING;
}

enum err service_scopes_parse(struct str text, uint32_t *scopes)
{
	struct str word;
	uint32_t found = 0;

	for (bool more = str_is_present(text); more;) {
		more = str_cut(text, ' ', &word, &text);
		uint32_t scope = find_scope(word);
		if (word.n > 0 && (scope == SERVICE_NOTHING || (found & scope) != 0))
			return ERR_INPUT;
		found |= scope;
	}
	if (found == 0)
		return ERR_INPUT;
	*scopes = found;
	return OK;
}

void service_scopes_add(struct buf *buf, uint32_t scopes)
{
	bool first = true;

	for (size_t i = 0; i < SCOPES; i++) {
		if ((scopes & scopes_known[i].scope) == 0)
			continue;
		if (!first)
			buf_add_char(buf, ' ');
		buf_add(buf, str_of(scopes_known[i].name));
		first = false;
	}
}

struct digest service_digest(const struct keyring *keys, size_t root, struct str name,
			     struct secret value)
{
	struct secret parts[] = {keyring_part(name.p, name.n), value};
	struct digest digest;

	keyring_digest(keys, root, KEY_SERVICE, parts, 2, &digest);
	return digest;
}

void service_keep(const struct keyring *keys, struct secret value, struct service_row *row)
{
	size_t n = 0;

	row->secret_hash = service_digest(keys, 0, row->name, value);
	row->root = keyring_root_at(keys, 0, &n).number;
}

enum err service_secret_text(struct arena *arena, struct secret value, struct secret *out)
{
	unsigned char *text = NULL;

	if (value.len != SERVICE_SECRET_BYTES)
		return ERR_INTERNAL;
	text = arena_alloc(arena, PREFIX.n + TEXT + 1);
	if (text == NULL)
		return ERR_MEMORY;
	memcpy(text, PREFIX.p, PREFIX.n);
	codec_base64url(value.bytes, SERVICE_SECRET_BYTES, (char *)text + PREFIX.n);
	*out = (struct secret){.bytes = text, .len = PREFIX.n + TEXT};
	return OK;
}

/* One try: what was presented, and what is there for it. */
struct attempt {
	const struct auth_context *context;
	const struct service_login *login;
	bool formed; /* the secret has the form of one */
	unsigned char value[SERVICE_SECRET_BYTES];
	struct service_found there;
	bool known;
};

static void read_secret(struct attempt *a)
{
	struct str text = a->login->secret;

	a->formed = text.n == PREFIX.n + TEXT && str_starts(text, PREFIX) &&
		    codec_base64url_decode(str_sub(text, PREFIX.n, text.n), a->value,
					   sizeof a->value) == OK;
}

/* Of an unknown service nothing matches, after the same work. *old: under an older root only. */
static bool is_right(const struct attempt *a, bool *old)
{
	const struct service_row *row = &a->there.service;
	const struct keyring *keys = a->context->keys;
	struct secret value = keyring_part(a->value, sizeof a->value);
	bool may_former = a->context->now < row->former_until;
	bool right = false;

	*old = false;
	for (size_t root = 0; root < keyring_roots(keys); root++) {
		struct digest digest = service_digest(keys, root, a->login->name, value);
		bool current = digest_equal(&digest, &row->secret_hash);
		bool former = digest_equal(&digest, &row->former_hash) && may_former;

		*old = *old || (current && root > 0);
		right = right || current || former;
	}
	return right && a->known && a->formed && row->state == SERVICE_ACTIVE;
}

/* Until it is done, the next call does it. */
static void renew(const struct attempt *a)
{
	struct secret value = keyring_part(a->value, sizeof a->value);
	struct service_row row = a->there.service;
	const struct digest former = row.secret_hash;

	service_keep(a->context->keys, value, &row);
	enum err ignored = service_store_renew_hash(a->context->db, &row, &former);

	(void)ignored;
}

/* The name of a service is no secret; what is none may be a secret at the wrong place. */
static enum err name_refused(const struct attempt *a, struct str *out)
{
	if (!a->known)
		return audit_subject(a->context, a->login->name, out);
	*out = a->login->name;
	return OK;
}

/* A row for each that was counted: the counters bound how many there are. */
static enum err refuse(const struct attempt *a, struct service_admission *out)
{
	struct throttle_ticket ticket;
	struct audit_event event = {.kind = AUDIT_SERVICE_REFUSED};

	TRY(name_refused(a, &event.detail));
	TRY(throttle_take_service(a->context, a->login->name, &ticket));
	out->verdict = ticket.allowed ? SERVICE_REFUSED : SERVICE_THROTTLED;
	out->wait = ticket.wait;
	if (ticket.allowed)
		return audit_record(a->context, &event);
	event.kind = AUDIT_LOGIN_THROTTLED;
	audit_line(a->context, &event);
	return OK;
}

/* What a client does not list for a service is not there for it. */
static void show_session(const struct attempt *a, struct session *out)
{
	const struct session_found *found = &a->there.session;
	const struct client_config *client =
		config_client(a->context->config, found->session.client);

	*out = (struct session){.standing = SESSION_UNKNOWN};
	if (!id_is_none(found->session.id) && client != NULL &&
	    config_client_lists(client, a->login->name))
		session_judge(a->context, found, out);
}

static enum err find(struct attempt *a, const struct service_subject *subject)
{
	if (!config_is_flow_name(a->login->name))
		return OK;
	return service_store_find(a->context->db, a->context->arena, a->login->name, subject,
				  &a->there, &a->known);
}

static enum err judge(struct attempt *a, const struct service_subject *subject,
		      struct service_admission *out)
{
	bool old = false;

	TRY(find(a, subject));
	if (!is_right(a, &old))
		return refuse(a, out);
	if (old)
		renew(a);
	out->verdict = SERVICE_ADMITTED;
	out->service = a->there.service;
	show_session(a, &out->session);
	return OK;
}

enum err service_admit(const struct auth_context *context, const struct service_login *login,
		       const struct service_subject *subject, struct service_admission *out)
{
	struct attempt attempt = {.context = context, .login = login};
	struct service_admission admission = {.verdict = SERVICE_REFUSED};

	read_secret(&attempt);
	enum err e = judge(&attempt, subject, &admission);
	secret_wipe_bytes(attempt.value, sizeof attempt.value);
	TRY(e);
	*out = admission;
	return OK;
}
