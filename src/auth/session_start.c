/* How a session comes to be: a row that goes on or a new one, devices and the limit. */
#include "session.h"

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "device.h"
#include "factors_reset.h"
#include "flow.h"
#include "grants.h"
#include "notice.h"
#include "password_row.h"
#include "renewal.h"
#include "tenant_store.h"

/* A guest's row is rotated by somebody else at most once; the rest is for what nobody foresaw. */
#define PROMOTION_TRIES 3
/* Who is so young and has no other device signs in for the first time. */
#define YOUTH CLOCK_DAY
#define AMR_MAX 64 /* as the column */

/* One sign-in. Everything below "renewal" is made anew when the transaction runs again. */
struct sign_in {
	const struct auth_context *context;
	const struct session_start *start;
	struct renewal renewal;
	enum session_state state;
	struct str amr;
	enum session_carrier carrier;
	enum session_carrier
		wish; /* the carrier of the complete sign-in; none: it is the carrier */
	struct device_known device; /* id none: there is none */
	bool device_is_new;         /* or there is none that could be known again */
	bool outrun;                /* the guest's row was rotated or ended by another request */
};

static struct str either(struct str s, struct str other)
{
	if (s.n > 0)
		return s;
	return str_is_present(other) ? other : STR("");
}

static bool is_trusted(const struct sign_in *s)
{
	const struct auth_context *context = s->context;

	return context->config->second_factor.trusted_device > 0 && !id_is_none(s->device.id) &&
	       s->device.trusted_until > context->now;
}

/*
 * The words of amr say what was shown. Where a role asks for a factor whatever the device,
 * policy_state says so at every check.
 */
static enum err ask_for_factor(struct sign_in *s)
{
	struct buf text;

	s->amr = either(s->start->amr, STR(""));
	if (grants_has(s->amr, STR("mfa")) ||
	    !policy_has_factor(s->context->config, s->renewal.factors))
		return OK;
	if (!is_trusted(s)) {
		s->state = SESSION_SECOND_FACTOR_REQUIRED;
		return OK;
	}
	/* It may be the giver's of a hand-over, too. */
	if (grants_has(s->amr, STR("rba")))
		return OK;
	buf_init(&text, s->context->arena, AMR_MAX);
	buf_add(&text, s->amr);
	buf_add(&text, s->amr.n > 0 ? STR(" rba") : STR("rba"));
	return buf_str(&text, &s->amr);
}

/*
 * A second factor first: who has only the password shall not choose another. A password that was
 * marked between its check and the lock opens nothing either.
 */
static enum err choose_state(struct sign_in *s, struct db *db)
{
	bool must_change = false;

	s->state = s->start->state;
	if (s->state == SESSION_ACTIVE) {
		TRY(password_store_must_change(db, &s->start->user_id, &must_change));
		if (must_change)
			s->state = SESSION_PASSWORD_CHANGE_REQUIRED;
	}
	return ask_for_factor(s);
}

/*
 * Whether nothing goes before this person has set a second factor up, which is in no column: a role
 * may come or go. Statements only for who asks for tokens.
 */
static enum err must_enrol(const struct sign_in *s, struct db *db, bool *enrols)
{
	const struct session_start *start = s->start;
	struct session_found found = {
		.session = {.user_id = start->user_id, .state = SESSION_ACTIVE, .amr = s->amr},
		.factors = s->renewal.factors,
	};
	struct user_row user = {.grants = STR_NONE};
	struct member_row member = {.grants = STR_NONE};
	bool any = false;

	*enrols = false;
	if (start->carrier != CARRIER_TOKEN ||
	    s->context->config->second_factor.require < FACTOR_ROLES)
		return OK;
	TRY(user_store_find_by_id(db, s->context->arena, &start->user_id, &user, &any));
	found.user_grants = user.grants;
	if (!id_is_none(start->tenant_id))
		TRY(member_store_find(db, s->context->arena,
				      &(struct member_key){start->user_id, start->tenant_id},
				      &member, &any));
	found.tenant_grants = member.grants;
	*enrols = policy_state(s->context->config, &found) != SESSION_ACTIVE;
	return OK;
}

/* Nobody has tokens before the sign-in is complete: what completes it is done with a handle. */
static void choose_carrier(struct sign_in *s, bool enrols)
{
	s->carrier = s->start->carrier;
	s->wish = CARRIER_NONE;
	if (s->carrier == CARRIER_TOKEN && (s->state != SESSION_ACTIVE || enrols)) {
		s->carrier = CARRIER_HANDLE;
		s->wish = CARRIER_TOKEN;
	}
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
	row->amr = s->amr;
	row->wish = (uint32_t)s->wish;
	row->tries = 0;
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

/* What was shown is used up. Who shows a passkey has not lost it: a reset stops. */
static enum err settle_claim(struct sign_in *s, struct db *db)
{
	const struct session_start *start = s->start;

	if (start->claim.settle != NULL)
		TRY(start->claim.settle(db, start->claim.what));
	if (start->aal < 2 || !s->renewal.resets)
		return OK;
	return factors_reset_stop_for(s->context, db, &start->user_id, &s->renewal.trail);
}

static enum err sign_in_work(struct db *db, void *opaque)
{
	struct sign_in *s = opaque;
	bool enrols = false;

	s->outrun = false;
	s->renewal.carrier = s->start->carrier;
	TRY(renewal_begin(&s->renewal, db));
	TRY(settle_password(s, db));
	if (s->renewal.issued.repeated)
		return OK;
	TRY(settle_claim(s, db));
	TRY(find_device(s, db));
	TRY(choose_state(s, db));
	TRY(must_enrol(s, db, &enrols));
	choose_carrier(s, enrols);
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
