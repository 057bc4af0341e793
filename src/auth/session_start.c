/* How a session comes to be: a row that goes on or a new one, devices and the limit. */
#include "session.h"

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "device.h"
#include "flow.h"
#include "notice.h"
#include "password_row.h"
#include "renewal.h"

/* A guest's row is rotated by somebody else at most once; the rest is for what nobody foresaw. */
#define PROMOTION_TRIES 3
/* Who is so young and has no other device signs in for the first time. */
#define YOUTH CLOCK_DAY

/* One sign-in. Everything below "renewal" is made anew when the transaction runs again. */
struct sign_in {
	const struct auth_context *context;
	const struct session_start *start;
	struct renewal renewal;
	enum session_state state;
	enum session_carrier carrier;
	struct device_known device; /* id none: there is none */
	bool device_is_new;         /* or there is none that could be known again */
	bool outrun;                /* the guest's row was rotated or ended by another request */
};

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

/* Nobody has tokens before the sign-in is complete: what completes it is done with a handle. */
static void choose_carrier(struct sign_in *s)
{
	s->carrier = s->start->carrier;
	if (s->carrier == CARRIER_TOKEN && s->state != SESSION_ACTIVE)
		s->carrier = CARRIER_HANDLE;
	s->renewal.carrier = s->renewal.issued.carrier = s->carrier;
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

	s->device = (struct device_known){.trusted_until = 0};
	s->device_is_new = true;
	if (!secret_is_present(start->device_ref) || start->device_kind == DEVICE_NONE)
		return OK;
	row.ref_hash = device_hash(s->context->keys, start->device_kind, start->device_ref);
	TRY(device_store_ensure(db, &row, &s->device));
	s->device_is_new = id_equal(s->device.id, row.id);
	return OK;
}

static bool comes_with_own(const struct sign_in *s)
{
	const struct session *current = &s->renewal.current;

	if (current->standing != SESSION_LIVE && current->standing != SESSION_PENDING &&
	    current->standing != SESSION_HELD)
		return false;
	return id_equal(current->found.session.user_id, s->start->user_id);
}

/* A live session of this user, carried in the same way, goes on under a new value. */
static bool goes_on(const struct sign_in *s)
{
	return comes_with_own(s) &&
	       s->renewal.current.found.session.carrier == (uint32_t)s->carrier;
}

/*
 * A device has at most one session of a user: if the one that goes on is the device's, there is no
 * other to end.
 */
static enum err end_former(struct sign_in *s, struct db *db, bool rotates)
{
	const struct session_row *row = &s->renewal.current.found.session;
	uint64_t n = 0;
	bool ended = false;

	if (!rotates && !id_is_none(row->id)) {
		TRY(session_store_delete_by_id(db, &row->id, &ID_NONE, &ended));
		if (ended)
			TRY(renewal_note(&s->renewal, AUDIT_SESSION_ENDED, row->id,
					 STR("signed in anew")));
	}
	if (id_is_none(s->device.id) || (rotates && id_equal(row->device_id, s->device.id)))
		return OK;
	TRY(session_store_delete_of_device(db, &s->start->user_id, &s->device.id, &n));
	return renewal_note_ended(&s->renewal, n, "of the same device");
}

static enum err make_room(struct sign_in *s, struct db *db)
{
	uint64_t most = s->context->config->session.most;
	uint64_t count = 0;

	TRY(session_store_count(db, &s->start->user_id, &count));
	if (count + 1 <= most)
		return OK;
	TRY(session_store_delete_idlest(db, &s->start->user_id, s->context->now, count + 1 - most));
	return renewal_note_ended(&s->renewal, count + 1 - most, "over the limit");
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

	row->carrier = (uint32_t)s->carrier;
	row->class = policy_class(s->carrier, start->remember);
	row->state = (uint32_t)s->state;
	row->held = false;
	row->user_id = start->user_id;
	if (id_is_none(row->tenant_id))
		row->tenant_id = start->tenant_id;
	if (!id_is_none(s->device.id))
		row->device_id = s->device.id;
	row->client = either(start->client, STR(""));
	row->aal = start->aal;
	row->amr = either(start->amr, STR(""));
	row->auth_time = start->auth_time > 0 ? start->auth_time : now;
	row->last_seen = now;
	row->expires_at = now + config->session.classes[row->class].absolute;
	if (start->latest_end > 0 && start->latest_end < row->expires_at)
		row->expires_at = start->latest_end;
	row->idle_end = policy_idle_end(config, row, now);
	row->aal2_end = start->aal >= 2 ? now + config->session.aal2.absolute : 0;
	row->device_name = either(start->device_name, row->device_name);
	row->ip = either(s->context->ip, STR(""));
	row->user_agent = either(s->context->user_agent, STR(""));
}

/* *won false: it is gone. */
static enum err rotate(struct sign_in *s, struct db *db, bool *won)
{
	struct session_row row = s->renewal.current.found.session;

	fill_row(s, &row);
	TRY(renewal_rotate(&s->renewal, db, &row, won));
	if (!*won)
		return OK;
	return renewal_note(&s->renewal, AUDIT_SESSION_RENEWED, row.id,
			    str_of(config_class_name(row.class)));
}

/*
 * Everything hangs on the row being the guest's still, as it was resolved: else all of it is rolled
 * back, and the transaction runs again for what there is then.
 */
static enum err promote(struct sign_in *s, struct db *db)
{
	struct session_row row = s->renewal.current.found.session;
	bool won = false;

	TRY(make_room(s, db));
	fill_row(s, &row);
	TRY(renewal_rotate(&s->renewal, db, &row, &won));
	s->outrun = !won;
	if (!won)
		return ERR_CONFLICT;
	TRY(flow_promote(db, &row.id, &row.user_id, s->context->now));
	return renewal_note(&s->renewal, AUDIT_SESSION_PROMOTED, row.id,
			    str_of(config_class_name(row.class)));
}

/* A random value: nothing can repeat it, so its first use need not be written down. */
static enum err create(struct sign_in *s, struct db *db)
{
	struct session_row row = {
		.id = id_random(),
		.epoch = 1,
		.created_at = s->context->now,
		.value_used = true,
	};

	TRY(make_room(s, db));
	TRY(renewal_make_value(&s->renewal));
	row.hash = s->renewal.hash;
	fill_row(s, &row);
	renewal_name_pair(&s->renewal, &row);
	TRY(session_store_insert(db, &row));
	TRY(renewal_keep_token(&s->renewal, db, &row));
	return renewal_note(&s->renewal, AUDIT_SESSION_CREATED, row.id,
			    str_of(config_class_name(row.class)));
}

/*
 * The password that was compared may have been changed or refused since, which ended all sessions:
 * this one must not come after. A stronger hash of the same password is no such change.
 */
static enum err settle_password(const struct sign_in *s, struct db *db)
{
	const struct session_start *start = s->start;
	int64_t changed_at = 0;
	bool found = false;

	if (start->password_changed_at == 0)
		return OK;
	TRY(password_store_changed_at(db, &start->user_id, &changed_at, &found));
	if (!found || changed_at != start->password_changed_at)
		return ERR_CONFLICT;
	if (!secret_is_present(start->stronger_hash))
		return OK;
	return password_row_strengthen(s->context, db, &start->user_id, start->stronger_hash);
}

/* Which row it becomes: the guest's, the one that goes on, or a new one. */
static enum err make_row(struct sign_in *s, struct db *db)
{
	bool promotes = session_is_guest(&s->renewal.current);
	bool rotates = goes_on(s);

	TRY(end_former(s, db, promotes || rotates));
	if (promotes)
		return promote(s, db);
	if (rotates)
		TRY(rotate(s, db, &rotates));
	return rotates ? OK : create(s, db);
}

/* MF-19. Statements more only where neither a device nor a session of the account is shown. */
static enum err tell_of_device(struct sign_in *s, struct db *db)
{
	const struct session_found *found = &s->renewal.issued.session.found;
	const struct notice notice = {
		.kind = STR("new-device"),
		.user_id = s->start->user_id,
		.recipient = found->email,
		.language = found->language,
		.display_name = found->display_name,
	};
	const struct device_first of = {
		.user_id = s->start->user_id,
		.since = s->context->now - YOUTH,
		.device_id = s->device.id,
		.session_id = found->session.id,
	};
	bool first = false;

	if (!s->device_is_new || comes_with_own(s) || s->start->told || found->email.n == 0)
		return OK;
	TRY(device_store_is_first(db, &of, &first));
	return first ? OK : notice_queue(s->context, db, &notice);
}

static enum err sign_in_work(struct db *db, void *opaque)
{
	struct sign_in *s = opaque;

	s->outrun = false;
	s->renewal.carrier = s->start->carrier;
	TRY(renewal_begin(&s->renewal, db));
	TRY(settle_password(s, db));
	if (s->renewal.issued.repeated)
		return OK;
	if (s->start->claim.settle != NULL)
		TRY(s->start->claim.settle(db, s->start->claim.what));
	TRY(choose_state(s, db));
	choose_carrier(s);
	TRY(find_device(s, db));
	TRY(make_row(s, db));
	TRY(renewal_read(&s->renewal, db));
	TRY(tell_of_device(s, db));
	return renewal_note(&s->renewal, AUDIT_LOGIN_SUCCESS,
			    s->renewal.issued.session.found.session.id,
			    either(s->start->detail, s->start->amr));
}

/* What was resolved is taken for granted only the first time. */
static enum err run(struct sign_in *s)
{
	enum err e = OK;

	for (unsigned tries = 0; tries < PROMOTION_TRIES; tries++) {
		e = db_transact(s->context->db, sign_in_work, s);
		if (e != ERR_CONFLICT || !s->outrun)
			return e;
		s->renewal.takes_resolved = false;
	}
	return ERR_UNAVAILABLE;
}

enum err session_sign_in(const struct auth_context *context, const struct session_start *start,
			 struct session_issued *out)
{
	struct sign_in s = {
		.context = context,
		.start = start,
		.renewal =
			{
				.context = context,
				.user_id = start->user_id,
				.carrier = start->carrier,
				.presented = start->presented,
				.resolved = start->current,
				.proof = start->proof,
				.method = start->amr,
				.takes_resolved = session_is_guest(start->current),
			},
	};

	if (start->carrier == CARRIER_NONE || start->carrier >= CARRIER_COUNT)
		return ERR_INTERNAL;
	if (id_is_none(start->user_id))
		return ERR_INTERNAL;
	TRY(run(&s));
	return renewal_give(&s.renewal, out);
}
