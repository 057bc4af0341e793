/* How a session comes to be: rotation, repetition, devices and the limit, in one transaction. */
#include "session.h"

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "device.h"

#define VALUE_BYTES 32
#define REPEAT_SPAN (30 * CLOCK_SECOND)
/* So long an old value is told that it was replaced, rather than unknown. */
#define ROTATION_KEPT CLOCK_DAY

/* One sign-in. Everything below "current" is made anew when the transaction runs again. */
struct sign_in {
	const struct auth_context *context;
	const struct session_start *start;
	struct session current; /* what was presented, as it stands under the user's lock */
	enum session_state state;
	struct id device_id;
	struct secret value;
	struct digest hash;
	struct session_issued issued;
	struct audit_trail trail;
};

struct digest session_proof(const struct keyring *keys, const struct secret *parts, size_t n)
{
	struct digest proof;

	keyring_digest(keys, 0, KEY_PROOF, parts, n, &proof);
	return proof;
}

/* Only the old value together with everything that made the request gives this. */
static struct digest proof_of_rotation(const struct sign_in *s)
{
	struct secret parts[] = {
		s->start->presented->value,
		keyring_part(s->start->proof.b, DIGEST_BYTES),
	};

	return session_proof(s->context->keys, parts, 2);
}

static enum err derive_value(struct sign_in *s, const struct id *nonce)
{
	struct secret parts[] = {
		s->start->presented->value,
		keyring_part(s->start->proof.b, DIGEST_BYTES),
		keyring_part(nonce->b, ID_BYTES),
	};
	struct digest derived;
	enum err e = OK;

	keyring_digest(s->context->keys, 0, KEY_CHILD, parts, 3, &derived);
	e = secret_from_str(s->context->arena,
			    (struct str){.p = (const char *)derived.b, .n = DIGEST_BYTES},
			    &s->value);
	secret_wipe_bytes(&derived, sizeof derived);
	return e;
}

static void hash_value(struct sign_in *s)
{
	credential_digest(s->context->keys, 0, s->start->carrier, s->value, &s->hash);
}

static enum err note(struct sign_in *s, enum audit_kind kind, struct id session_id,
		     struct str detail)
{
	struct audit_event event = {
		.kind = kind,
		.user_id = s->start->user_id,
		.session_id = session_id,
		.detail = detail,
	};

	return audit_trail_add(s->context, &s->trail, &event);
}

static enum err note_ended(struct sign_in *s, uint64_t n, const char *why)
{
	struct str detail = STR_NONE;
	struct buf text;

	if (n == 0)
		return OK;
	buf_init(&text, s->context->arena, 64);
	buf_add_u64(&text, n);
	buf_add_char(&text, ' ');
	buf_add(&text, str_of(why));
	TRY(buf_str(&text, &detail));
	return note(s, AUDIT_SESSIONS_ENDED, ID_NONE, detail);
}

static enum err lock_user(const struct sign_in *s, struct db *db)
{
	uint32_t state = USER_NONE;
	bool found = false;

	TRY(user_store_lock(db, &s->start->user_id, &state, &found));
	return found && state == USER_ACTIVE ? OK : ERR_CONFLICT;
}

/* A password that was marked between its check and the lock opens nothing either. */
static enum err choose_state(struct sign_in *s, struct db *db)
{
	bool must_change = false;

	s->state = s->start->state;
	if (s->state != SESSION_ACTIVE)
		return OK;
	TRY(password_store_must_change(db, &s->start->user_id, &must_change));
	if (must_change)
		s->state = SESSION_PASSWORD_CHANGE_REQUIRED;
	return OK;
}

/* Another request may have rotated or ended it before the lock: only what is read now counts. */
static enum err look_again(struct sign_in *s)
{
	s->current = (struct session){.standing = SESSION_UNKNOWN};
	if (s->start->current->standing == SESSION_UNKNOWN ||
	    s->start->current->standing == SESSION_ABSENT)
		return OK;
	return session_resolve(s->context, s->start->presented, 1, &s->current);
}

/* The row of the value that the rotation gave out, if it is still there and still unused. */
static bool is_repeatable(const struct sign_in *s, const struct session *session)
{
	const struct rotation_row *rotation = &s->current.rotation;
	const struct session_row *row = &session->found.session;

	return (session->standing == SESSION_LIVE || session->standing == SESSION_PENDING) &&
	       id_equal(row->id, rotation->session_id) && row->epoch == rotation->epoch &&
	       id_equal(row->user_id, s->start->user_id) &&
	       row->carrier == (uint32_t)s->start->carrier && !row->value_used &&
	       digest_equal(&row->hash, &s->hash);
}

static enum err find_new_row(struct sign_in *s, struct db *db, struct session *session)
{
	struct session_found *row = arena_alloc(s->context->arena, sizeof *row);
	size_t count = 0;

	if (row == NULL)
		return ERR_MEMORY;
	TRY(session_store_find(db, s->context->arena, &s->hash, 1, row, &count));
	*session = (struct session){.standing = SESSION_UNKNOWN};
	if (count == 1)
		session_judge(s->context, row, session);
	return OK;
}

/* The same request again, its answer lost: the same value again, and nothing changes. */
static enum err repeat(struct sign_in *s, struct db *db)
{
	const struct rotation_row *rotation = &s->current.rotation;
	struct digest proof = proof_of_rotation(s);
	struct session session;

	if (!digest_equal(&proof, &rotation->proof_hash) ||
	    s->context->now >= rotation->repeat_until ||
	    s->start->presented->carrier != s->start->carrier)
		return OK;
	TRY(derive_value(s, &rotation->nonce));
	hash_value(s);
	TRY(find_new_row(s, db, &session));
	if (!is_repeatable(s, &session))
		return OK;
	s->issued.session = session;
	s->issued.repeated = true;
	return note(s, AUDIT_LOGIN_REPEAT, session.found.session.id, s->start->amr);
}

static enum err find_device(struct sign_in *s, struct db *db)
{
	const struct session_start *start = s->start;
	struct device_row row = {
		.id = id_random(),
		.user_id = start->user_id,
		.kind = (uint32_t)start->device_kind,
		.name = str_is_present(start->device_name) ? start->device_name : STR(""),
		.created_at = s->context->now,
		.last_seen = s->context->now,
	};

	s->device_id = ID_NONE;
	if (!secret_is_present(start->device_ref) || start->device_kind == DEVICE_NONE)
		return OK;
	row.ref_hash = device_hash(s->context->keys, start->device_kind, start->device_ref);
	return device_store_ensure(db, s->context->arena, &row, &s->device_id);
}

/* A live session of this user, carried in the same way, goes on under a new value. */
static bool goes_on(const struct sign_in *s)
{
	const struct session_row *row = &s->current.found.session;

	if (s->current.standing != SESSION_LIVE && s->current.standing != SESSION_PENDING &&
	    s->current.standing != SESSION_HELD)
		return false;
	return id_equal(row->user_id, s->start->user_id) &&
	       row->carrier == (uint32_t)s->start->carrier;
}

/*
 * A device has at most one session of a user: if the one that goes on is the device's, there is no
 * other to end.
 */
static enum err end_former(struct sign_in *s, struct db *db, bool rotates)
{
	const struct session_row *row = &s->current.found.session;
	uint64_t n = 0;
	bool ended = false;

	if (!rotates && !id_is_none(row->id)) {
		TRY(session_store_delete_by_id(db, &row->id, &ID_NONE, &ended));
		if (ended)
			TRY(note(s, AUDIT_SESSION_ENDED, row->id, STR("signed in anew")));
	}
	if (id_is_none(s->device_id) || (rotates && id_equal(row->device_id, s->device_id)))
		return OK;
	TRY(session_store_delete_of_device(db, &s->start->user_id, &s->device_id, &n));
	return note_ended(s, n, "of the same device");
}

static enum err make_room(struct sign_in *s, struct db *db)
{
	uint64_t most = s->context->config->session.most;
	uint64_t count = 0;

	TRY(session_store_count(db, &s->start->user_id, &count));
	if (count + 1 <= most)
		return OK;
	TRY(session_store_delete_idlest(db, &s->start->user_id, s->context->now, count + 1 - most));
	return note_ended(s, count + 1 - most, "over the limit");
}

static struct str either(struct str s, struct str other)
{
	if (s.n > 0)
		return s;
	return str_is_present(other) ? other : STR("");
}

/* What a sign-in makes of a row: a new one, or the one that goes on. */
static void fill_row(const struct sign_in *s, struct session_row *row)
{
	const struct session_start *start = s->start;
	const struct config *config = s->context->config;
	int64_t now = s->context->now;

	row->hash = s->hash;
	row->epoch++;
	row->carrier = (uint32_t)start->carrier;
	row->class = policy_class(start->carrier, start->remember);
	row->state = (uint32_t)s->state;
	row->held = false;
	row->user_id = start->user_id;
	if (id_is_none(row->tenant_id))
		row->tenant_id = start->tenant_id;
	if (!id_is_none(s->device_id))
		row->device_id = s->device_id;
	row->client = either(start->client, STR(""));
	row->aal = start->aal;
	row->amr = either(start->amr, STR(""));
	row->auth_time = now;
	row->last_seen = now;
	row->expires_at = now + config->session.classes[row->class].absolute;
	row->idle_end = policy_idle_end(config, row, now);
	row->aal2_end = start->aal >= 2 ? now + config->session.aal2.absolute : 0;
	row->device_name = either(start->device_name, row->device_name);
	row->ip = either(s->context->ip, STR(""));
	row->user_agent = either(s->context->user_agent, STR(""));
}

/* The value is derived, so that the same request can be answered again. *won false: it is gone. */
static enum err rotate(struct sign_in *s, struct db *db, bool *won)
{
	const struct session_row old = s->current.found.session;
	struct session_row row = old;
	struct rotation_row rotation = {
		.old_hash = old.hash,
		.session_id = old.id,
		.epoch = old.epoch + 1,
		.proof_hash = proof_of_rotation(s),
		.nonce = id_random(),
		.repeat_until = s->context->now + REPEAT_SPAN,
		.purge_at = s->context->now + ROTATION_KEPT,
	};

	TRY(derive_value(s, &rotation.nonce));
	hash_value(s);
	fill_row(s, &row);
	row.value_used = false;
	TRY(session_store_rotate(db, &old.hash, &row, won));
	if (!*won)
		return OK;
	TRY(rotation_store_insert(db, &rotation));
	return note(s, AUDIT_SESSION_RENEWED, row.id, str_of(config_class_name(row.class)));
}

/* A random value: nothing can repeat it, so its first use need not be written down. */
static enum err create(struct sign_in *s, struct db *db)
{
	struct session_row row = {
		.id = id_random(),
		.created_at = s->context->now,
		.value_used = true,
	};

	TRY(make_room(s, db));
	TRY(secret_random(s->context->arena, VALUE_BYTES, &s->value));
	hash_value(s);
	fill_row(s, &row);
	TRY(session_store_insert(db, &row));
	return note(s, AUDIT_SESSION_CREATED, row.id, str_of(config_class_name(row.class)));
}

static enum err sign_in_work(struct db *db, void *opaque)
{
	struct sign_in *s = opaque;
	bool rotated = false;

	s->trail.n = 0;
	s->issued = (struct session_issued){.carrier = s->start->carrier};
	TRY(lock_user(s, db));
	TRY(choose_state(s, db));
	TRY(look_again(s));
	if (s->current.standing == SESSION_REPLACED)
		TRY(repeat(s, db));
	if (s->issued.repeated)
		return OK;
	rotated = goes_on(s);
	TRY(find_device(s, db));
	TRY(end_former(s, db, rotated));
	if (rotated)
		TRY(rotate(s, db, &rotated));
	if (!rotated)
		TRY(create(s, db));
	TRY(find_new_row(s, db, &s->issued.session));
	if (s->issued.session.standing == SESSION_UNKNOWN)
		return ERR_INTERNAL;
	return note(s, AUDIT_LOGIN_SUCCESS, s->issued.session.found.session.id, s->start->amr);
}

enum err session_sign_in(const struct auth_context *context, const struct session_start *start,
			 struct session_issued *out)
{
	struct sign_in s = {.context = context, .start = start};

	if (start->carrier != CARRIER_COOKIE && start->carrier != CARRIER_HANDLE)
		return ERR_INTERNAL;
	if (id_is_none(start->user_id))
		return ERR_INTERNAL;
	TRY(db_transact(context->db, sign_in_work, &s));
	audit_trail_write(context, &s.trail);
	TRY(credential_text(context->arena, start->carrier, s.value, &s.issued.text));
	*out = s.issued;
	return OK;
}
