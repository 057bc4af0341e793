/* A person in a session proves again who they are: step-up by password, change of the password. */
#include "reauth.h"

#include "audit.h"
#include "buf.h"
#include "password_row.h"
#include "throttle.h"

#define PURPOSE_MAX 160

/* One such request on its way. */
struct reauth {
	const struct auth_context *context;
	const struct reauth_request *request;
	struct session current; /* as it is now; the request may have waited for the hash lane */
	struct id user_id;
	struct str purpose;
	struct secret normal;     /* the current password as typed */
	struct secret new_normal; /* a change: the new one */
	struct secret new_hash;
};

static bool is_repeat(const struct reauth *r)
{
	return r->current.standing == SESSION_REPLACED;
}

/* Whose session it is. *found false: nobody's, or it is over. */
static enum err look(struct reauth *r, bool *found)
{
	TRY(session_resolve(r->context, r->request->presented, 1, &r->current));
	*found = r->current.standing >= SESSION_HELD;
	r->user_id = r->current.found.session.user_id;
	if (is_repeat(r))
		TRY(session_store_owner(r->context->db, &r->current.rotation.session_id,
					&r->user_id, found));
	*found = *found && !id_is_none(r->user_id);
	return OK;
}

static struct digest proof_of(const struct reauth *r)
{
	struct secret parts[] = {
		keyring_part(r->purpose.p, r->purpose.n),
		keyring_part(r->user_id.b, ID_BYTES),
		r->normal,
		r->new_normal,
	};

	return session_proof(r->context->keys, parts, sizeof parts / sizeof parts[0]);
}

static enum err finish(const struct reauth *r, struct reauth_outcome *outcome,
		       struct session_issued *out)
{
	struct session_proof_again again = {
		.user_id = r->user_id,
		.presented = r->request->presented,
		.current = &r->current,
		.proof = proof_of(r),
		.method = STR("pwd"),
		.purpose =
			r->current.standing == SESSION_HELD ? STR("pwd, hold lifted") : r->purpose,
		.new_hash = r->new_hash,
	};
	enum err e = session_prove_again(r->context, &again, out);

	outcome->verdict = e == OK ? REAUTH_DONE : REAUTH_GONE;
	return e == ERR_CONFLICT ? OK : e;
}

static enum err refuse(const struct reauth *r, struct reauth_outcome *outcome)
{
	struct audit_event event = {
		.kind = AUDIT_REAUTH_FAIL,
		.user_id = r->user_id,
		.session_id =
			is_repeat(r) ? r->current.rotation.session_id : r->current.found.session.id,
		.detail = r->purpose,
	};

	TRY(audit_record(r->context, &event));
	outcome->verdict = is_repeat(r) ? REAUTH_GONE : REAUTH_WRONG;
	return OK;
}

/* One hash, whether or not there is a password. *normal is set whatever was typed. */
static enum err compare(const struct auth_context *context, const struct user_row *user,
			struct str typed, struct secret *normal, bool *right)
{
	static const unsigned char filler[] = "filler";
	struct password_typed text = {.flaw = PASSWORD_FINE};
	struct password_finding found = {.right = false};

	TRY(password_normalise(context->arena, typed, &text.normal, &text.flaw));
	if (text.flaw != PASSWORD_FINE)
		text.normal = keyring_part(filler, sizeof filler);
	TRY(password_row_compare(context, &user->id, text, account_hash_deadline(context), &found));
	*normal = text.normal;
	*right = found.right && !user->password_refused;
	return OK;
}

/* Also counted where nobody is told: the person's own name, whichever they have. */
static enum err take(const struct reauth *r, struct user_row *user, struct throttle_ticket *ticket)
{
	struct throttle_subject subject = {.user_id = r->user_id, .current = &r->current};
	bool found = false;

	TRY(user_store_find_by_id(r->context->db, r->context->arena, &r->user_id, user, &found));
	if (!found)
		user->id = r->user_id;
	subject.name = found && user->username.n > 0 ? user->username : user->email;
	return throttle_take(r->context, &subject, ticket);
}

/*
 * THE check of a known user's password, for all below: an attempt is taken first, and given back if
 * nothing could be compared. *verdict is set only when it may not go on.
 */
static enum err check_password(struct reauth *r, struct str typed, struct secret *normal,
			       struct reauth_outcome *outcome, bool *right)
{
	struct user_row user = {.state = USER_NONE};
	struct throttle_ticket ticket = {.allowed = false};

	*right = false;
	TRY(take(r, &user, &ticket));
	if (!ticket.allowed) {
		*outcome = (struct reauth_outcome){REAUTH_THROTTLED, ticket.wait};
		return OK;
	}
	enum err e = compare(r->context, &user, typed, normal, right);
	if (e != OK)
		throttle_give_back(r->context, &ticket);
	TRY(e);
	return *right ? throttle_succeed(r->context, &ticket, &user) : refuse(r, outcome);
}

/* "pwd, step-up: payment" */
static enum err describe(struct reauth *r)
{
	struct buf text;

	if (!str_is_present(r->request->purpose))
		return OK;
	buf_init(&text, r->context->arena, PURPOSE_MAX);
	buf_add(&text, r->purpose);
	buf_add(&text, STR(": "));
	buf_add(&text, r->request->purpose);
	return buf_str(&text, &r->purpose);
}

enum err reauth_password(const struct auth_context *context, const struct reauth_request *request,
			 struct reauth_outcome *outcome, struct session_issued *out)
{
	struct reauth r = {
		.context = context,
		.request = request,
		.purpose = STR("pwd, step-up"),
	};
	bool found = false;
	bool right = false;

	*outcome = (struct reauth_outcome){.verdict = REAUTH_GONE};
	TRY(describe(&r));
	TRY(look(&r, &found));
	if (!found)
		return OK;
	TRY(check_password(&r, request->password, &r.normal, outcome, &right));
	return right ? finish(&r, outcome, out) : OK;
}

/* What a repetition has to show: that the new password is the one that was set. */
static enum err repeat_change(struct reauth *r, struct reauth_outcome *outcome,
			      struct session_issued *out)
{
	enum password_flaw flaw = PASSWORD_FINE;
	bool right = false;

	TRY(password_normalise(r->context->arena, r->request->password, &r->normal, &flaw));
	TRY(check_password(r, r->request->new_password, &r->new_normal, outcome, &right));
	if (right && flaw != PASSWORD_FINE)
		return refuse(r, outcome);
	return right ? finish(r, outcome, out) : OK;
}

static enum err change(struct reauth *r, struct password_opinion *opinion,
		       struct reauth_outcome *outcome, struct session_issued *out)
{
	const struct auth_context *context = r->context;
	bool right = false;

	TRY(check_password(r, r->request->password, &r->normal, outcome, &right));
	if (!right)
		return OK;
	if (secret_equal(r->normal, r->new_normal)) {
		opinion->flaw = PASSWORD_SAME;
		outcome->verdict = REAUTH_BAD_NEW;
		return OK;
	}
	TRY(password_hash(context->hasher, context->arena, r->new_normal,
			  account_hash_deadline(context), &r->new_hash));
	return finish(r, outcome, out);
}

enum err reauth_change_password(const struct auth_context *context,
				const struct reauth_request *request,
				struct password_opinion *opinion, struct reauth_outcome *outcome,
				struct session_issued *out)
{
	struct reauth r = {
		.context = context,
		.request = request,
		.purpose = STR("pwd, password change"),
	};
	struct password_about about = {.username = STR_NONE};
	bool found = false;

	*opinion = (struct password_opinion){.flaw = PASSWORD_FINE};
	*outcome = (struct reauth_outcome){.verdict = REAUTH_GONE};
	TRY(look(&r, &found));
	if (!found)
		return OK;
	if (is_repeat(&r))
		return repeat_change(&r, outcome, out);
	about.username = r.current.found.username;
	about.email = r.current.found.email;
	TRY(account_check_new(context, request->new_password, &about, &r.new_normal, opinion));
	if (opinion->flaw != PASSWORD_FINE) {
		outcome->verdict = REAUTH_BAD_NEW;
		return OK;
	}
	return change(&r, opinion, outcome, out);
}
