/* Proving again who one is, in a session that goes on: step-up and password change. */
#include "session.h"

#include "arena.h"
#include "buf.h"
#include "db.h"
#include "mail_code_store.h"
#include "notice.h"
#include "password_row.h"
#include "renewal.h"

#define AMR_MAX 64

bool session_awaits_password(const struct session *session)
{
	return session->standing == SESSION_PENDING &&
	       session->found.session.state == SESSION_PASSWORD_CHANGE_REQUIRED;
}

struct proving {
	const struct session_proof_again *again;
	struct renewal renewal;
};

static bool sets_password(const struct proving *p)
{
	return secret_is_present(p->again->new_hash);
}

/* A password may be changed by a session that waits for just that, but not by one on hold. */
static bool may_go_on(const struct proving *p)
{
	const struct session *current = &p->renewal.current;
	const struct session_row *row = &current->found.session;

	if (!id_equal(row->user_id, p->again->user_id) ||
	    row->carrier != (uint32_t)p->renewal.carrier)
		return false;
	if (current->standing == SESSION_LIVE)
		return true;
	if (sets_password(p))
		return session_awaits_password(current);
	return current->standing == SESSION_HELD && row->state == SESSION_ACTIVE;
}

static bool has_word(struct str words, struct str word)
{
	struct str one;

	while (words.n > 0) {
		(void)str_cut(words, ' ', &one, &words);
		if (str_equal(one, word))
			return true;
	}
	return false;
}

static enum err add_word(struct arena *arena, struct str *words, struct str word)
{
	struct buf text;

	if (has_word(*words, word))
		return OK;
	buf_init(&text, arena, AMR_MAX);
	buf_add(&text, *words);
	if (words->n > 0)
		buf_add_char(&text, ' ');
	buf_add(&text, word);
	return buf_str(&text, words);
}

/* ends.absolute: an elevated user's end hangs on auth_time, and only a sign-in may move it. */
static enum err fill_row(const struct proving *p, struct session_row *row)
{
	const struct auth_context *context = p->renewal.context;

	row->expires_at = p->renewal.current.ends.absolute;
	row->held = false;
	row->auth_time = context->now;
	row->last_seen = context->now;
	row->idle_end = policy_idle_end(context->config, row, context->now);
	if (sets_password(p) && row->state == SESSION_PASSWORD_CHANGE_REQUIRED)
		row->state = SESSION_ACTIVE;
	row->ip = str_is_present(context->ip) ? context->ip : STR("");
	row->user_agent = str_is_present(context->user_agent) ? context->user_agent : STR("");
	return add_word(context->arena, &row->amr, p->again->method);
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

static enum err prove_work(struct db *db, void *opaque)
{
	struct proving *p = opaque;
	struct session_row row;
	bool won = false;

	TRY(renewal_begin(&p->renewal, db));
	if (p->renewal.issued.repeated)
		return OK;
	if (!may_go_on(p))
		return ERR_CONFLICT;
	row = p->renewal.current.found.session;
	TRY(fill_row(p, &row));
	TRY(renewal_rotate(&p->renewal, db, &row, &won));
	if (!won)
		return ERR_CONFLICT;
	TRY(set_password(p, db, &row));
	TRY(renewal_read(&p->renewal, db));
	return renewal_note(&p->renewal, AUDIT_REAUTH_SUCCESS, row.id, p->again->purpose);
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
				.carrier = again->presented->carrier,
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
