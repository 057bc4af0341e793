/* Recovery of a forgotten password: asking for the mail, and the new password that it lets set. */
#include "recovery.h"

#include "account_anew.h"
#include "audit.h"
#include "buf.h"
#include "db.h"
#include "mail.h"
#include "notice.h"
#include "password_row.h"
#include "throttle.h"

#define DETAIL_MAX 64

static struct str shown(struct secret s)
{
	return (struct str){(const char *)s.bytes, s.len};
}

static enum err queue_mail(const struct auth_context *context, struct db *db,
			   const struct recovery_mail *wish, const struct mail_code_made *made)
{
	const struct user_row *user = wish->user;
	struct str link = STR_NONE;
	bool typed = wish->asker.kind != MAIL_ASKER_NOWHERE;

	TRY(mail_link(context, STR("/reset"), made->link, &link));
	const struct mail_value values[] = {
		{"code", typed ? shown(made->code) : STR("")},
		{"link", link},
		{"display_name", user != NULL ? user->display_name : STR("")},
	};
	const struct mail mail = {
		.kind = STR("recover"),
		.user_id = user != NULL ? user->id : ID_NONE,
		.recipient = user != NULL ? wish->address : STR_NONE,
		.language = user != NULL && user->language.n > 0 ? user->language : wish->language,
		.values = values,
		.n = sizeof values / sizeof values[0],
		.too_late = made->expires_at,
	};

	return mail_queue(context, db, &mail);
}

enum err recovery_queue(const struct auth_context *context, struct db *db,
			const struct recovery_mail *mail)
{
	struct recovery_mail wish = *mail;
	struct mail_code_request request = {
		.purpose = MAIL_RECOVERY,
		.address = mail->address,
		.asker = mail->asker,
		.language = mail->language,
	};
	struct mail_code_made made;

	if (wish.user != NULL && wish.user->state != USER_ACTIVE)
		wish.user = NULL;
	request.decoy = wish.user == NULL;
	if (wish.user != NULL)
		request.user_id = wish.user->id;
	TRY(mail_code_put(context, db, &request, &made));
	return queue_mail(context, db, &wish, &made);
}

struct asking {
	const struct auth_context *context;
	const struct recovery_wish *wish;
	struct str address;
	struct audit_trail trail;
};

static enum err ask_work(struct db *db, void *opaque)
{
	struct asking *a = opaque;
	struct user_row user = {.state = USER_NONE};
	struct recovery_mail mail = {
		.address = a->address,
		.asker = a->wish->asker,
		.language = a->wish->language,
	};
	struct audit_event event = {.kind = AUDIT_RECOVERY_ASKED};
	bool found = false;

	a->trail.n = 0;
	TRY(user_store_find(db, a->context->arena, a->address, &user, &found));
	if (found) {
		mail.user = &user;
		event.user_id = user.id;
	}
	TRY(recovery_queue(a->context, db, &mail));
	TRY(audit_subject(a->context, a->address, &event.detail));
	return audit_trail_add(a->context, &a->trail, &event);
}

/* A line and no row, as for a sign-in: a flood must not fill the table. */
static void note_throttled(const struct auth_context *context, struct str detail)
{
	struct audit_event event = {.kind = AUDIT_LOGIN_THROTTLED, .detail = detail};

	audit_line(context, &event);
}

enum err recovery_ask(const struct auth_context *context, const struct recovery_wish *wish)
{
	struct asking asking = {.context = context, .wish = wish};
	struct throttle_ticket ticket = {.allowed = false};
	enum err e = OK;

	TRY(account_normal_email(context->arena, wish->email, &asking.address));
	TRY(throttle_take_mail(context, asking.address, &ticket));
	if (!ticket.allowed) {
		note_throttled(context, STR("mail of a recovery"));
		return OK;
	}
	e = db_transact(context->db, ask_work, &asking);
	/* Uncertain: the mail may be queued, and then it counts. */
	if (e != OK && e != ERR_UNCERTAIN)
		throttle_give_back(context, &ticket);
	TRY(e);
	audit_trail_write(context, &asking.trail);
	return OK;
}

/* One reset; "user" and below are made anew when the transaction runs again. */
struct resetting {
	const struct auth_context *context;
	struct mail_code_row row;
	struct secret phc;
	struct user_row user;
	struct audit_trail trail;
};

/* The account whose code it is, as it is now: active, and with the address that was proven. */
static enum err find_user(struct resetting *r, bool *found)
{
	const struct user_row *user = &r->user;
	bool there = false;

	r->user = (struct user_row){.state = USER_NONE};
	TRY(user_store_find_by_id(r->context->db, r->context->arena, &r->row.user_id, &r->user,
				  &there));
	*found = there && user->state == USER_ACTIVE && str_equal(user->email, r->row.address);
	return OK;
}

static enum err note_done(struct resetting *r, uint64_t sessions)
{
	struct audit_event event = {.kind = AUDIT_PASSWORD_RECOVERED, .user_id = r->user.id};
	struct buf text;

	buf_init(&text, r->context->arena, DETAIL_MAX);
	buf_addf(&text, "sessions %llu", (unsigned long long)sessions);
	TRY(buf_str(&text, &event.detail));
	return audit_trail_add(r->context, &r->trail, &event);
}

static enum err reset_work(struct db *db, void *opaque)
{
	struct resetting *r = opaque;
	const struct auth_context *context = r->context;
	struct notice notice;
	uint32_t state = USER_NONE;
	uint64_t sessions = 0;
	bool found = false;

	r->trail.n = 0;
	TRY(user_store_lock(db, &r->row.user_id, &state, &found));
	TRY(find_user(r, &found));
	if (!found)
		return ERR_CONFLICT;
	TRY(mail_code_use(context, db, &r->row));
	TRY(password_row_set(context, db, &r->user.id, r->phc));
	TRY(account_begin_anew(context, db, &r->user, &sessions));
	TRY(throttle_forget(context, db, &r->user));
	notice = notice_to(STR("recovered"), &r->user);
	TRY(notice_queue(context, db, &notice));
	return note_done(r, sessions);
}

static enum err refuse(const struct auth_context *context, enum recovery_verdict verdict,
		       struct recovery_outcome *outcome)
{
	static const char *const WHY[] = {
		[RECOVERY_WRONG] = "no such code here",
		[RECOVERY_OVER] = "used, replaced or too late",
	};
	struct audit_event event = {.kind = AUDIT_RECOVERY_FAIL, .detail = str_of(WHY[verdict])};

	audit_line(context, &event);
	outcome->verdict = verdict;
	return OK;
}

static enum err check_code(struct resetting *r, const struct recovery_request *request,
			   struct recovery_outcome *outcome, bool *right)
{
	struct mail_claim claim = request->claim;
	enum mail_verdict verdict = MAIL_WRONG;
	bool found = false;

	*right = false;
	claim.purpose = MAIL_RECOVERY;
	claim.links = RECOVERY_LINKS;
	TRY(mail_code_check(r->context, &claim, &verdict, &r->row, &outcome->wait));
	if (verdict == MAIL_THROTTLED) {
		note_throttled(r->context, STR("code of a recovery"));
		outcome->verdict = RECOVERY_THROTTLED;
		return OK;
	}
	if (verdict == MAIL_WRONG)
		return refuse(r->context, RECOVERY_WRONG, outcome);
	if (verdict == MAIL_RIGHT)
		TRY(find_user(r, &found));
	*right = found;
	return found ? OK : refuse(r->context, RECOVERY_OVER, outcome);
}

static enum err hash(struct resetting *r, struct str typed, struct recovery_outcome *outcome,
		     bool *fine)
{
	const struct password_about about = {
		.username = r->user.username,
		.email = r->user.email,
	};
	struct account_result result = {.flaw = ACCOUNT_FINE};

	TRY(account_hash_new(r->context, typed, &about, &r->phc, &result));
	*fine = result.flaw == ACCOUNT_FINE;
	if (!*fine) {
		outcome->verdict = RECOVERY_BAD_PASSWORD;
		outcome->opinion = (struct password_opinion){
			.flaw = result.password_flaw,
			.hint = result.password_hint,
		};
	}
	return OK;
}

enum err recovery_reset(const struct auth_context *context, const struct recovery_request *request,
			struct recovery_outcome *outcome)
{
	struct resetting resetting = {.context = context};
	bool goes_on = false;
	enum err e = OK;

	*outcome = (struct recovery_outcome){.verdict = RECOVERY_WRONG};
	TRY(check_code(&resetting, request, outcome, &goes_on));
	if (!goes_on)
		return OK;
	TRY(hash(&resetting, request->new_password, outcome, &goes_on));
	if (!goes_on)
		return OK;
	e = db_transact(context->db, reset_work, &resetting);
	if (e == ERR_CONFLICT)
		return refuse(context, RECOVERY_OVER, outcome);
	TRY(e);
	audit_trail_write(context, &resetting.trail);
	outcome->verdict = RECOVERY_DONE;
	return OK;
}
