/* Exchanging refresh tokens: each is good once, and the second use tells of a thief. */
#include "refresh.h"

#include "audit.h"
#include "clock.h"
#include "db.h"
#include "notice.h"
#include "policy.h"
#include "throttle.h"
#include "token_store.h"

#define RECENT CLOCK_HOUR
/* Others may exchange or end it meanwhile; then it is looked at again. */
#define TRIES 3

/* One request. What is below "found" is made anew when it runs again. */
struct exchange {
	const struct auth_context *context;
	const struct refresh_request *request;
	struct credential token;
	struct digest presenter;
	struct token_found found;
	struct session session;
	struct secret child;
	struct digest child_hash;
	struct session_row row; /* the session's, as it is to be */
	struct id nonce;
	const char *kind; /* of a reuse */
	bool ended;
	struct audit_trail trail;
};

/* Whoever it is: the prefix of the source and the User-Agent. */
static struct digest presenter_of(const struct auth_context *context)
{
	struct digest source = throttle_key_of_source(context, context->ip);
	struct str agent = str_is_present(context->user_agent) ? context->user_agent : STR("");
	struct secret parts[] = {
		keyring_part("presenter", 9),
		keyring_part(source.b, DIGEST_BYTES),
		keyring_part(agent.p, agent.n),
	};

	return session_proof(context->keys, parts, 3);
}

static enum err derive_child(struct exchange *x, const struct id *nonce)
{
	struct secret parts[] = {
		keyring_part("refresh", 7),
		x->token.value,
		keyring_part(nonce->b, ID_BYTES),
	};
	struct digest value;

	keyring_digest(x->context->keys, 0, KEY_CHILD, parts, 3, &value);
	enum err e = secret_from_str(x->context->arena,
				     (struct str){(const char *)value.b, DIGEST_BYTES}, &x->child);
	secret_wipe_bytes(&value, sizeof value);
	TRY(e);
	credential_digest(x->context->keys, 0, CARRIER_TOKEN, x->child, &x->child_hash);
	return OK;
}

static enum err find(struct exchange *x, bool *found)
{
	x->session = (struct session){.standing = SESSION_UNKNOWN};
	TRY(token_store_find(x->context->db, x->context->arena, x->token.hashes, &x->found, found));
	if (*found && !id_is_none(x->found.session.session.id))
		session_judge(x->context, &x->found.session, &x->session);
	return OK;
}

static bool is_the_clients(const struct exchange *x)
{
	return !str_is_present(x->request->client) ||
	       str_equal(x->request->client, x->found.family.client);
}

static bool is_over(const struct exchange *x)
{
	return x->found.family.ended_at > 0 || id_is_none(x->found.session.session.id);
}

static bool is_live(const struct exchange *x)
{
	return x->session.standing == SESSION_LIVE &&
	       id_equal(x->found.session.session.user_id, x->found.family.user_id) &&
	       x->context->now < x->found.token.expires_at;
}

static int64_t grace_of(const struct exchange *x)
{
	const struct client_config *client =
		config_client(x->context->config, x->found.family.client);

	return client != NULL ? client->refresh_grace : 0;
}

static bool is_child_unused(const struct exchange *x)
{
	const struct session_row *row = &x->found.session.session;

	return !id_is_none(x->found.child_pair) && x->found.child_used_at == 0 &&
	       id_equal(row->pair_id, x->found.child_pair) && !row->value_used;
}

static bool is_same_presenter(const struct exchange *x)
{
	return digest_equal(&x->presenter, &x->found.token.presenter);
}

/* A rival may have arrived before who won: without a grace that is no retry either. */
static bool is_retry(const struct exchange *x)
{
	int64_t grace = grace_of(x);

	return grace > 0 && x->context->now < x->found.token.used_at + grace &&
	       is_child_unused(x) && is_same_presenter(x);
}

/* The session goes on: as if it had been seen, but no further than its end. */
static void renew_row(struct exchange *x)
{
	x->row = x->found.session.session;
	x->row.last_seen = x->context->now;
	x->row.idle_end = policy_idle_end(x->context->config, &x->row, x->context->now);
	x->row.pair_id = id_random();
	x->row.value_used = false;
}

static enum err exchange_work(struct db *db, void *opaque)
{
	struct exchange *x = opaque;
	struct refresh_token_row used = x->found.token;
	struct refresh_token_row child = {
		.hash = x->child_hash,
		.session_id = x->row.id,
		.pair_id = x->row.pair_id,
		.issued_at = x->context->now,
		.expires_at = x->found.family.expires_at,
	};
	bool won = false;

	used.used_at = x->context->now;
	used.nonce = x->nonce;
	used.child_hash = x->child_hash;
	used.presenter = x->presenter;
	TRY(token_store_exchange(
		db, &(struct token_exchange){.session = &x->row, .used = &used, .child = &child},
		&won));
	return won ? OK : ERR_CONFLICT;
}

static enum err give(struct exchange *x, bool repeated, struct refresh_outcome *out)
{
	struct refresh_outcome given = {
		.verdict = REFRESH_EXCHANGED,
		.session = x->session,
		.repeated = repeated,
	};

	TRY(credential_text(x->context->arena, CARRIER_TOKEN, x->child, &given.token));
	*out = given;
	return OK;
}

/* ERR_CONFLICT: something was faster. */
static enum err exchange_first(struct exchange *x, struct refresh_outcome *out)
{
	struct session_found found = x->found.session;

	x->nonce = id_random();
	TRY(derive_child(x, &x->nonce));
	renew_row(x);
	TRY(db_transact(x->context->db, exchange_work, x));
	found.session = x->row;
	session_judge(x->context, &found, &x->session);
	return give(x, false, out);
}

static struct audit_event event_of(const struct exchange *x, enum audit_kind kind,
				   const char *detail)
{
	return (struct audit_event){
		.kind = kind,
		.user_id = x->found.family.user_id,
		.session_id = x->found.family.session_id,
		.detail = str_of(detail),
	};
}

static enum err repeat(struct exchange *x, struct refresh_outcome *out)
{
	struct audit_event event = event_of(x, AUDIT_TOKEN_REPEATED, "within its grace");

	TRY(derive_child(x, &x->found.token.nonce));
	if (!digest_equal(&x->child_hash, &x->found.token.child_hash))
		return ERR_INTERNAL;
	TRY(audit_record(x->context, &event));
	return give(x, true, out);
}

static const char *kind_of(const struct exchange *x)
{
	if (is_over(x))
		return "after revocation";
	if (is_same_presenter(x))
		return "retry";
	return x->context->now < x->found.token.used_at + RECENT ? "recent" : "stale";
}

/* The session first, as an exchange does: whichever has its lock comes first as a whole. */
static enum err end_work(struct db *db, void *opaque)
{
	struct exchange *x = opaque;
	const struct token_family_row *family = &x->found.family;
	struct audit_event event;
	bool deleted = false;

	x->trail.n = 0;
	TRY(session_store_delete_by_id(db, &family->session_id, &family->user_id, &deleted));
	TRY(token_store_end(db, &family->session_id, x->context->now, &x->ended));
	event = event_of(x, AUDIT_TOKEN_REUSED, deleted ? x->kind : "after revocation");
	TRY(audit_trail_add(x->context, &x->trail, &event));
	return deleted ? notice_queue(x->context, db,
				      &(struct notice){
					      .kind = STR("token-reuse"),
					      .user_id = family->user_id,
					      .recipient = x->found.session.email,
					      .language = x->found.session.language,
					      .display_name = x->found.session.display_name,
				      })
		       : OK;
}

static enum err refuse_reuse(struct exchange *x, struct refresh_outcome *out)
{
	x->kind = kind_of(x);
	TRY(db_transact(x->context->db, end_work, x));
	audit_trail_write(x->context, &x->trail);
	*out = (struct refresh_outcome){.verdict = REFRESH_REUSED};
	return OK;
}

/* A token that is over is as good as none, but a used one is news even then. */
static enum err judge(struct exchange *x, struct refresh_outcome *out)
{
	*out = (struct refresh_outcome){.verdict = REFRESH_REFUSED};
	if (!is_the_clients(x))
		return OK;
	if (x->found.token.used_at > 0) {
		if (is_over(x) || !is_retry(x))
			return refuse_reuse(x, out);
		return is_live(x) ? repeat(x, out) : OK;
	}
	if (x->found.token.replaced_at > 0 || is_over(x) || !is_live(x))
		return OK;
	return exchange_first(x, out);
}

enum err refresh_exchange(const struct auth_context *context, const struct refresh_request *request,
			  struct refresh_outcome *outcome)
{
	struct exchange x = {
		.context = context,
		.request = request,
		.presenter = presenter_of(context),
	};
	struct refresh_outcome judged = {.verdict = REFRESH_REFUSED};
	enum err e = ERR_CONFLICT;
	bool found = false;

	TRY(credential_read_refresh(context->arena, context->keys, request->token, &x.token));
	if (x.token.syntax != CREDENTIAL_WELL_FORMED) {
		*outcome = judged;
		return OK;
	}
	for (unsigned tries = 0; e == ERR_CONFLICT && tries < TRIES; tries++) {
		TRY(find(&x, &found));
		e = found ? judge(&x, &judged) : OK;
	}
	if (e == ERR_CONFLICT)
		return ERR_UNAVAILABLE;
	TRY(e);
	*outcome = judged;
	return OK;
}

static enum err revoke_work(struct db *db, void *opaque)
{
	struct exchange *x = opaque;
	const struct token_family_row *family = &x->found.family;
	struct audit_event event = event_of(x, AUDIT_TOKEN_REVOKED, "");
	bool deleted = false;

	x->trail.n = 0;
	TRY(session_store_delete_by_id(db, &family->session_id, &family->user_id, &deleted));
	TRY(token_store_end(db, &family->session_id, x->context->now, &x->ended));
	x->ended = x->ended || deleted;
	return x->ended ? audit_trail_add(x->context, &x->trail, &event) : OK;
}

enum err refresh_revoke(const struct auth_context *context, const struct refresh_request *request,
			enum revocation_outcome *out)
{
	struct exchange x = {.context = context, .request = request};
	bool found = false;

	TRY(credential_read_refresh(context->arena, context->keys, request->token, &x.token));
	if (x.token.syntax == CREDENTIAL_WELL_FORMED)
		TRY(find(&x, &found));
	if (found && !is_the_clients(&x)) {
		*out = REVOCATION_FOREIGN;
		return OK;
	}
	if (found)
		TRY(db_transact(context->db, revoke_work, &x));
	audit_trail_write(context, &x.trail);
	*out = x.ended ? REVOCATION_DONE : REVOCATION_NOTHING;
	return OK;
}
