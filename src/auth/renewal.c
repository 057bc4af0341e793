/* A session's new value: rotation, and the same answer to the same request. */
#include "renewal.h"

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "token_store.h"

#define VALUE_BYTES 32
#define REPEAT_SPAN (30 * CLOCK_SECOND)
/* So long an old value is told that it was replaced, rather than unknown. */
#define ROTATION_KEPT CLOCK_DAY

struct digest session_proof(const struct keyring *keys, const struct secret *parts, size_t n)
{
	struct digest proof;

	keyring_digest(keys, 0, KEY_PROOF, parts, n, &proof);
	return proof;
}

/* Only the old value together with everything that made the request gives this. */
static struct digest proof_of_rotation(const struct renewal *r)
{
	struct secret parts[] = {
		r->presented->value,
		keyring_part(r->proof.b, DIGEST_BYTES),
	};

	return session_proof(r->context->keys, parts, 2);
}

static void hash_value(struct renewal *r)
{
	credential_digest(r->context->keys, 0, r->carrier, r->value, &r->hash);
}

static enum err derive_value(struct renewal *r, const struct id *nonce)
{
	struct secret parts[] = {
		r->presented->value,
		keyring_part(r->proof.b, DIGEST_BYTES),
		keyring_part(nonce->b, ID_BYTES),
	};
	struct digest derived;
	enum err e = OK;

	keyring_digest(r->context->keys, 0, KEY_CHILD, parts, 3, &derived);
	e = secret_from_str(r->context->arena,
			    (struct str){.p = (const char *)derived.b, .n = DIGEST_BYTES},
			    &r->value);
	secret_wipe_bytes(&derived, sizeof derived);
	if (e == OK)
		hash_value(r);
	return e;
}

enum err renewal_make_value(struct renewal *r)
{
	TRY(secret_random(r->context->arena, VALUE_BYTES, &r->value));
	hash_value(r);
	return OK;
}

enum err renewal_note(struct renewal *r, enum audit_kind kind, struct id session_id,
		      struct str detail)
{
	struct audit_event event = {
		.kind = kind,
		.user_id = r->user_id,
		.session_id = session_id,
		.detail = detail,
	};

	return audit_trail_add(r->context, &r->trail, &event);
}

enum err renewal_note_ended(struct renewal *r, uint64_t n, const char *why)
{
	struct str detail = STR_NONE;
	struct buf text;

	if (n == 0)
		return OK;
	buf_init(&text, r->context->arena, 64);
	buf_add_u64(&text, n);
	buf_add_char(&text, ' ');
	buf_add(&text, str_of(why));
	TRY(buf_str(&text, &detail));
	return renewal_note(r, AUDIT_SESSIONS_ENDED, ID_NONE, detail);
}

static enum err lock_user(struct renewal *r, struct db *db)
{
	struct user_locked locked = {.state = USER_NONE};
	bool found = false;

	TRY(user_store_lock_whole(db, &r->user_id, &locked, &found));
	r->factors = locked.factors;
	r->resets = locked.factors_end > 0;
	return found && locked.state == USER_ACTIVE ? OK : ERR_CONFLICT;
}

/* Another request may have rotated or ended it before the lock: only what is read now counts. */
static enum err look_again(struct renewal *r)
{
	r->current = *r->resolved;
	if (r->takes_resolved)
		return OK;
	r->current = (struct session){.standing = SESSION_UNKNOWN};
	if (r->resolved->standing == SESSION_UNKNOWN || r->resolved->standing == SESSION_ABSENT)
		return OK;
	return session_resolve(r->context, r->presented, 1, &r->current);
}

/* The row of the value that the rotation gave out, if it is still there and still unused. */
static bool is_repeatable(const struct renewal *r, const struct session *session)
{
	const struct rotation_row *rotation = &r->current.rotation;
	const struct session_row *row = &session->found.session;

	return (session->standing == SESSION_LIVE || session->standing == SESSION_PENDING) &&
	       id_equal(row->id, rotation->session_id) && id_equal(row->user_id, r->user_id) &&
	       row->carrier == (uint32_t)r->carrier && !row->value_used &&
	       digest_equal(&row->hash, &r->hash);
}

/* The first refresh token of a pair is used by exchanging it, which leaves the session's hash. */
static enum err is_token_unused(const struct renewal *r, struct db *db, bool *unused)
{
	const struct digest hashes[2] = {r->hash, r->hash};
	struct token_found *token = arena_alloc(r->context->arena, sizeof *token);
	bool found = false;

	if (token == NULL)
		return ERR_MEMORY;
	TRY(token_store_find(db, r->context->arena, hashes, token, &found));
	*unused = found && token->token.used_at == 0;
	return OK;
}

static enum err find_new_row(struct renewal *r, struct db *db, struct session *session)
{
	struct session_found *row = arena_alloc(r->context->arena, sizeof *row);
	size_t count = 0;

	if (row == NULL)
		return ERR_MEMORY;
	TRY(session_store_find(db, r->context->arena, &r->hash, 1, row, &count));
	*session = (struct session){.standing = SESSION_UNKNOWN};
	if (count == 1)
		session_judge(r->context, row, session);
	return OK;
}

/*
 * The request may have been answered in another way than it asked for, a handle until the sign-in
 * is complete, or than it came: as the row is carried now, it was.
 */
static enum err take_carrier(struct renewal *r, struct db *db, bool *found)
{
	struct session_row *row = arena_alloc(r->context->arena, sizeof *row);

	if (row == NULL)
		return ERR_MEMORY;
	TRY(session_store_find_by_id(db, r->context->arena, &r->current.rotation.session_id, row,
				     found));
	if (*found)
		r->carrier = r->issued.carrier = (enum session_carrier)row->carrier;
	return OK;
}

/*
 * The same request again, its answer lost: the same value again, and nothing changes. The proof has
 * the carrier too, which a promotion may change.
 */
static enum err repeat(struct renewal *r, struct db *db)
{
	const struct rotation_row *rotation = &r->current.rotation;
	struct digest proof = proof_of_rotation(r);
	struct session session;
	bool unused = true;
	bool found = false;

	if (!digest_equal(&proof, &rotation->proof_hash) ||
	    r->context->now >= rotation->repeat_until)
		return OK;
	TRY(take_carrier(r, db, &found));
	if (!found)
		return OK;
	TRY(derive_value(r, &rotation->nonce));
	TRY(find_new_row(r, db, &session));
	if (!is_repeatable(r, &session))
		return OK;
	if (r->carrier == CARRIER_TOKEN)
		TRY(is_token_unused(r, db, &unused));
	if (!unused)
		return OK;
	r->issued.session = session;
	r->issued.repeated = true;
	return renewal_note(r, AUDIT_LOGIN_REPEAT, session.found.session.id, r->method);
}

/* A token that was rotated away has no hash of its own: what it stands for has. */
static struct digest old_hash_of(const struct renewal *r)
{
	return r->presented->carrier == CARRIER_TOKEN ? r->presented->hashes[0]
						      : r->current.found.session.hash;
}

enum err renewal_begin(struct renewal *r, struct db *db)
{
	r->trail.n = 0;
	r->issued = (struct session_issued){.carrier = r->carrier};
	TRY(lock_user(r, db));
	TRY(look_again(r));
	return r->current.standing == SESSION_REPLACED ? repeat(r, db) : OK;
}

enum err renewal_rotate(struct renewal *r, struct db *db, struct session_row *row, bool *won)
{
	const struct session_row *old = &r->current.found.session;
	struct rotation_row rotation = {
		.old_hash = old_hash_of(r),
		.session_id = old->id,
		.epoch = old->epoch + 1,
		.proof_hash = proof_of_rotation(r),
		.nonce = id_random(),
		.repeat_until = r->context->now + REPEAT_SPAN,
		.purge_at = r->context->now + ROTATION_KEPT,
	};

	TRY(derive_value(r, &rotation.nonce));
	row->hash = r->hash;
	row->epoch = rotation.epoch;
	row->value_used = false;
	renewal_name_pair(r, row);
	TRY(session_store_rotate(db, &old->hash, row, won));
	if (!*won)
		return OK;
	TRY(rotation_store_insert(db, &rotation));
	return renewal_keep_token(r, db, row);
}

void renewal_name_pair(const struct renewal *r, struct session_row *row)
{
	row->pair_id = r->carrier == CARRIER_TOKEN ? id_random() : ID_NONE;
}

enum err renewal_keep_token(const struct renewal *r, struct db *db, const struct session_row *row)
{
	const struct token_family_row family = {
		.session_id = row->id,
		.user_id = row->user_id,
		.client = row->client,
		.created_at = r->context->now,
		.expires_at = row->expires_at,
	};
	const struct refresh_token_row first = {
		.hash = row->hash,
		.session_id = row->id,
		.pair_id = row->pair_id,
		.issued_at = r->context->now,
		.expires_at = row->expires_at,
	};

	return r->carrier == CARRIER_TOKEN ? token_store_begin(db, &family, &first) : OK;
}

enum err renewal_read(struct renewal *r, struct db *db)
{
	TRY(find_new_row(r, db, &r->issued.session));
	return r->issued.session.standing == SESSION_UNKNOWN ? ERR_INTERNAL : OK;
}

enum err renewal_give(const struct renewal *r, struct session_issued *out)
{
	struct session_issued issued = r->issued;

	audit_trail_write(r->context, &r->trail);
	TRY(credential_text(r->context->arena, r->carrier, r->value, &issued.text));
	*out = issued;
	return OK;
}
