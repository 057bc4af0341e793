/* Proving again who one is, in a session that goes on: step-up and password change. */
#include "session.h"

#include "arena.h"
#include "buf.h"
#include "db.h"
#include "device_store.h"
#include "factors_reset.h"
#include "grants.h"
#include "mail_code_store.h"
#include "notice.h"
#include "password_row.h"
#include "renewal.h"

#define AMR_MAX 64

bool session_awaits_password(const struct session *session)
{
	return session->standing == SESSION_PENDING &&
	       session->state == SESSION_PASSWORD_CHANGE_REQUIRED;
}

bool session_awaits_factor(const struct session *session)
{
	return session->standing == SESSION_PENDING &&
	       session->state == SESSION_SECOND_FACTOR_REQUIRED;
}

bool session_awaits_enrolment(const struct session *session)
{
	return session->standing == SESSION_PENDING && session->state == SESSION_ENROLMENT_REQUIRED;
}

struct proving {
	const struct session_proof_again *again;
	struct renewal renewal;
};

static bool sets_password(const struct proving *p)
{
	return secret_is_present(p->again->new_hash);
}

/* A factor, or the setting up of one, that a sign-in waits for. */
static bool completes(const struct proving *p)
{
	const struct session *current = &p->renewal.current;

	if (!p->again->is_factor)
		return false;
	return session_awaits_factor(current) ||
	       (p->again->enrols && session_awaits_enrolment(current));
}

/* A password may be changed by a session that waits for just that, but not by one on hold. */
static bool may_go_on(const struct proving *p)
{
	const struct session *current = &p->renewal.current;
	const struct session_row *row = &current->found.session;

	if (!id_equal(row->user_id, p->again->user_id) ||
	    row->carrier != (uint32_t)p->again->presented->carrier)
		return false;
	if (current->standing == SESSION_LIVE || completes(p))
		return true;
	if (sets_password(p))
		return session_awaits_password(current);
	/* What is set up next wants a fresh session. */
	if (session_awaits_enrolment(current))
		return true;
	return current->standing == SESSION_HELD && row->state == SESSION_ACTIVE;
}

static enum err add_words(struct arena *arena, struct str *words, struct str more)
{
	struct buf text;
	struct str word;

	buf_init(&text, arena, AMR_MAX);
	buf_add(&text, *words);
	for (bool any = words->n > 0; more.n > 0;) {
		(void)str_cut(more, ' ', &word, &more);
		if (grants_has(*words, word))
			continue;
		if (any)
			buf_add_char(&text, ' ');
		any = true;
		buf_add(&text, word);
	}
	return buf_str(&text, words);
}

/* What lapsed does not come back because the session is seen now. */
static void set_level(const struct proving *p, struct session_row *row)
{
	const struct auth_context *context = p->renewal.context;

	if (p->again->is_factor) {
		row->aal = 2;
		row->aal2_end = context->now + context->config->session.aal2.absolute;
	} else if (p->renewal.current.aal < 2) {
		row->aal = row->aal < 2 ? row->aal : 1;
		row->aal2_end = 0;
	}
}

/* What the sign-in still waits for, when this is done. */
static enum err set_state(const struct proving *p, struct db *db, struct session_row *row)
{
	bool must_change = false;

	if (sets_password(p) && row->state == SESSION_PASSWORD_CHANGE_REQUIRED)
		row->state = SESSION_ACTIVE;
	if (!completes(p))
		return OK;
	TRY(password_store_must_change(db, &p->again->user_id, &must_change));
	row->state = must_change ? SESSION_PASSWORD_CHANGE_REQUIRED : SESSION_ACTIVE;
	row->tries = 0;
	return OK;
}

/* The carrier that was asked for, once nothing is waited for any more. */
static void set_carrier(struct proving *p, struct session_row *row)
{
	struct session_found found = p->renewal.current.found;

	found.session = *row;
	if (row->wish == CARRIER_NONE ||
	    policy_state(p->renewal.context->config, &found) != SESSION_ACTIVE)
		return;
	row->carrier = row->wish;
	row->wish = CARRIER_NONE;
	p->renewal.carrier = p->renewal.issued.carrier = (enum session_carrier)row->carrier;
}

/* ends.absolute: an elevated user's end hangs on auth_time, and only a sign-in may move it. */
static enum err fill_row(struct proving *p, struct db *db, struct session_row *row)
{
	const struct auth_context *context = p->renewal.context;

	row->expires_at = p->renewal.current.ends.absolute;
	row->held = false;
	row->auth_time = context->now;
	row->last_seen = context->now;
	set_level(p, row);
	TRY(set_state(p, db, row));
	row->idle_end = policy_idle_end(context->config, row, context->now);
	row->ip = str_is_present(context->ip) ? context->ip : STR("");
	row->user_agent = str_is_present(context->user_agent) ? context->user_agent : STR("");
	TRY(add_words(context->arena, &row->amr, p->again->method));
	set_carrier(p, row);
	return OK;
}

static enum err tell_of_password(const struct proving *p, struct db *db)
{
	const struct session_found *found = &p->renewal.current.found;
	const struct notice notice = {
		.kind = STR("password-changed"),
		.user_id = p->again->user_id,
		.recipient = found->email,
		.language = found->language,
		.display_name = found->display_name,
	};

	return notice_queue(p->renewal.context, db, &notice);
}

/* RC-01: what was asked for with the old password cannot undo the new one. */
static enum err set_password(struct proving *p, struct db *db, const struct session_row *row)
{
	const struct session_proof_again *again = p->again;
	uint64_t ended = 0;

	if (!sets_password(p))
		return OK;
	TRY(password_row_set(p->renewal.context, db, &again->user_id, again->new_hash));
	TRY(session_store_delete_of_user(db, &again->user_id, &row->id, &ended));
	TRY(mail_code_store_void_user(db, &again->user_id));
	TRY(tell_of_password(p, db));
	TRY(renewal_note(&p->renewal, AUDIT_PASSWORD_CHANGED, row->id, STR_NONE));
	return renewal_note_ended(&p->renewal, ended, "by a new password");
}

/*
 * A factor of the account that is shown is not lost, and what an administrator began for who lost
 * them stops. A device's key is none.
 */
static enum err settle(struct proving *p, struct db *db)
{
	const struct session_proof_again *again = p->again;
	const struct id *device_id = &p->renewal.current.found.session.device_id;

	if (again->claim.settle != NULL)
		TRY(again->claim.settle(db, again->claim.what));
	if (grants_has(again->method, STR("mfa")) && p->renewal.resets)
		TRY(factors_reset_stop_for(p->renewal.context, db, &again->user_id,
					   &p->renewal.trail));
	if (again->trust_until == 0 || id_is_none(*device_id))
		return OK;
	return device_store_trust(db, &again->user_id, device_id, again->trust_until);
}

static enum err prove_work(struct db *db, void *opaque)
{
	struct proving *p = opaque;
	bool completed = false;
	struct session_row row;
	bool won = false;

	/* Until a transaction makes another of it. */
	p->renewal.carrier = p->again->presented->carrier;
	TRY(renewal_begin(&p->renewal, db));
	if (p->renewal.issued.repeated)
		return OK;
	if (!may_go_on(p))
		return ERR_CONFLICT;
	completed = completes(p);
	row = p->renewal.current.found.session;
	TRY(settle(p, db));
	TRY(fill_row(p, db, &row));
	TRY(renewal_rotate(&p->renewal, db, &row, &won));
	if (!won)
		return ERR_CONFLICT;
	TRY(set_password(p, db, &row));
	TRY(renewal_read(&p->renewal, db));
	return renewal_note(&p->renewal, completed ? AUDIT_FACTOR_SUCCESS : AUDIT_REAUTH_SUCCESS,
			    row.id, p->again->purpose);
}

enum err session_prove_again(const struct auth_context *context,
			     const struct session_proof_again *again, struct session_issued *out)
{
	struct proving proving = {
		.again = again,
		.renewal =
			{
				.context = context,
				.user_id = again->user_id,
				.presented = again->presented,
				.resolved = again->current,
				.proof = again->proof,
				.method = again->method,
			},
	};

	if (id_is_none(again->user_id))
		return ERR_CONFLICT;
	TRY(db_transact(context->db, prove_work, &proving));
	return renewal_give(&proving.renewal, out);
}
