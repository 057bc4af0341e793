/* Registration: the proof, and the account that comes of it. */
#include "registration.h"

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "db.h"
#include "password_row.h"
#include "role_store.h"
#include "throttle.h"

#define ROLE_LIST_MAX 1024

/* Everything below "phc" is made anew when the transaction runs again. */
struct proving {
	const struct auth_context *context;
	const struct registration_proof *proof;
	struct mail_claim claim;
	struct mail_code_row row;
	struct user_row user;
	struct secret phc; /* missing: no password yet */
	bool is_taken;
	struct user_row made;
	struct audit_trail trail;
};

static enum registration_verdict verdict_of(enum mail_verdict verdict)
{
	switch (verdict) {
	case MAIL_RIGHT:
		return REGISTRATION_ACCEPTED;
	case MAIL_OVER:
		return REGISTRATION_OVER;
	case MAIL_THROTTLED:
		return REGISTRATION_THROTTLED;
	default:
		return REGISTRATION_REFUSED;
	}
}

/* A line only: whoever guesses may cause as many as they like. */
static void note_refused(const struct proving *p, enum registration_verdict verdict)
{
	struct audit_event event = {.kind = AUDIT_MAIL_CODE_REFUSED, .detail = STR("registration")};

	if (verdict == REGISTRATION_REFUSED)
		audit_line(p->context, &event);
}

/* The address as it was typed, if one was; *flaw: it is none. */
static enum err read_claim(struct proving *p, enum account_flaw *flaw)
{
	const struct registration_proof *proof = p->proof;
	enum err e = OK;

	p->claim = (struct mail_claim){
		.purpose = MAIL_REGISTRATION,
		.links = proof->links,
		.code = proof->code,
		.ticket = proof->ticket,
		.asker = proof->asker,
	};
	if (str_is_present(proof->email))
		e = account_normal_email(p->context->arena, proof->email, &p->claim.address);
	*flaw = e == ERR_INPUT ? ACCOUNT_BAD_EMAIL : ACCOUNT_FINE;
	return e == ERR_INPUT ? OK : e;
}

static bool is_closed(const struct proving *p)
{
	return p->row.purpose == MAIL_REGISTRATION &&
	       p->context->config->account.registration != REGISTRATION_ON;
}

static enum err check(struct proving *p, struct registration_result *out)
{
	enum mail_verdict verdict = MAIL_WRONG;

	TRY(read_claim(p, &out->account.flaw));
	out->verdict = REGISTRATION_FLAWED;
	if (out->account.flaw != ACCOUNT_FINE)
		return OK;
	TRY(mail_code_check(p->context, &p->claim, &verdict, &p->row, &out->wait));
	out->verdict = verdict_of(verdict);
	note_refused(p, out->verdict);
	if (out->verdict == REGISTRATION_ACCEPTED && is_closed(p))
		out->verdict = REGISTRATION_CLOSED;
	return OK;
}

static struct str given_or(struct str typed, const struct mail_code_row *row, struct str name)
{
	return str_is_present(typed) ? typed : mail_code_unpack(row, name);
}

static enum err read_names(struct proving *p, enum account_flaw *flaw)
{
	const struct account_request names = {
		.username = given_or(p->proof->username, &p->row, STR("username")),
		.email = p->row.address,
		.display_name = given_or(p->proof->display_name, &p->row, STR("display_name")),
	};
	int64_t now = p->context->now;

	p->user = (struct user_row){
		.id = id_random(),
		.state = USER_ACTIVE,
		.email_proven_at = now,
		.grants = STR(""),
		.created_at = now,
		.updated_at = now,
		.language = p->row.language,
	};
	return account_read_names(p->context->arena, &names, &p->user, flaw);
}

/* Looked up before anything is hashed, so that asking again and again costs no hash. */
static enum err look_for_others(struct proving *p, struct db *db, struct registration_result *out)
{
	struct user_row other;
	bool has_name = false;
	bool has_address = false;

	TRY(user_store_find(db, p->context->arena, p->user.email, &other, &has_address));
	if (p->user.username.n > 0)
		TRY(user_store_find(db, p->context->arena, p->user.username, &other, &has_name));
	out->address_taken = has_address;
	if (has_name || has_address)
		out->account.flaw = ACCOUNT_TAKEN;
	return OK;
}

/* Before a name is looked up, whatever comes of it: who is told to wait learns nothing of it. */
static enum err take_name(struct proving *p, struct registration_result *out)
{
	struct throttle_ticket ticket = {.allowed = true};

	if (p->user.username.n > 0)
		TRY(throttle_take_name(p->context, &p->row.id, &ticket));
	if (!ticket.allowed) {
		out->verdict = REGISTRATION_THROTTLED;
		out->wait = ticket.wait;
	}
	return OK;
}

static enum err prepare(struct proving *p, struct registration_result *out)
{
	struct account_result *account = &out->account;

	TRY(read_names(p, &account->flaw));
	if (account->flaw == ACCOUNT_FINE)
		TRY(take_name(p, out));
	if (out->verdict == REGISTRATION_THROTTLED)
		return OK;
	if (account->flaw == ACCOUNT_FINE)
		TRY(look_for_others(p, p->context->db, out));
	if (account->flaw == ACCOUNT_FINE && str_is_present(p->proof->new_password))
		TRY(account_hash_new(p->context, p->proof->new_password,
				     &(struct password_about){.username = p->user.username,
							      .email = p->user.email},
				     &p->phc, account));
	if (account->flaw != ACCOUNT_FINE)
		out->verdict = REGISTRATION_FLAWED;
	return OK;
}

static enum err note(struct proving *p, enum audit_kind kind, struct str detail)
{
	struct audit_event event = {.kind = kind, .user_id = p->user.id, .detail = detail};

	return audit_trail_add(p->context, &p->trail, &event);
}

/* A role that was removed since the invitation is left out. */
static enum err give_roles(struct proving *p, struct db *db)
{
	struct str rest = mail_code_unpack(&p->row, STR("roles"));
	struct str given = STR_NONE;
	struct buf names;

	buf_init(&names, p->context->arena, ROLE_LIST_MAX);
	while (rest.n > 0) {
		struct str role = STR_NONE;
		struct str tail = STR_NONE;
		bool known = false;

		str_cut(rest, ' ', &role, &tail);
		rest = tail;
		TRY(role_store_give(db, &p->user.id, role, p->context->now, &known));
		if (!known)
			continue;
		buf_add(&names, names.n > 0 ? STR(" +") : STR("+"));
		buf_add(&names, role);
	}
	if (names.n == 0)
		return OK;
	TRY(buf_str(&names, &given));
	return note(p, AUDIT_ROLE_CHANGED, given);
}

/* What was shown is good for one more thing: a password. A ticket is not: its page asks for one. */
static enum err put_again(struct proving *p, struct db *db)
{
	const struct mail_code_request request = {
		.purpose = MAIL_RECOVERY,
		.address = p->row.address,
		.user_id = p->user.id,
		.asker = p->proof->asker,
		.language = p->row.language,
	};

	if (p->phc.bytes != NULL || !id_is_none(p->proof->ticket))
		return OK;
	return mail_code_put_again(p->context, db, &request, &p->row, p->proof->code);
}

static enum err insert(struct proving *p, struct db *db)
{
	enum err e = user_store_insert(db, &p->user);

	p->is_taken = e == ERR_CONFLICT;
	TRY(e);
	if (p->phc.bytes != NULL)
		TRY(password_row_set(p->context, db, &p->user.id, p->phc));
	return give_roles(p, db);
}

static enum err prove_work(struct db *db, void *opaque)
{
	struct proving *p = opaque;
	bool found = false;

	p->trail.n = 0;
	p->is_taken = false;
	TRY(mail_code_use(p->context, db, &p->row));
	TRY(note(p, AUDIT_USER_REGISTERED,
		 p->row.purpose == MAIL_INVITATION ? STR("invited") : STR_NONE));
	TRY(note(p, AUDIT_EMAIL_PROVEN, STR_NONE));
	TRY(insert(p, db));
	TRY(mail_code_store_void_address(db, p->row.address));
	TRY(put_again(p, db));
	TRY(user_store_find_by_id(db, p->context->arena, &p->user.id, &p->made, &found));
	return found ? OK : ERR_INTERNAL;
}

/* Others may have come first since it was looked at. */
static enum err settle(struct proving *p, struct registration_result *out)
{
	enum err e = db_transact(p->context->db, prove_work, p);

	if (e == ERR_CONFLICT) {
		out->verdict = p->is_taken ? REGISTRATION_FLAWED : REGISTRATION_OVER;
		return p->is_taken ? look_for_others(p, p->context->db, out) : OK;
	}
	TRY(e);
	audit_trail_write(p->context, &p->trail);
	out->account.user = p->made;
	out->password_set = p->phc.bytes != NULL;
	return OK;
}

enum err registration_look(const struct auth_context *context,
			   const struct registration_proof *proof, struct mail_code_row *row,
			   struct registration_result *out)
{
	struct proving proving = {.context = context, .proof = proof};
	struct registration_result result = {.verdict = REGISTRATION_REFUSED};

	TRY(check(&proving, &result));
	if (result.verdict == REGISTRATION_ACCEPTED) {
		result.account.user = (struct user_row){
			.username = mail_code_unpack(&proving.row, STR("username")),
			.display_name = mail_code_unpack(&proving.row, STR("display_name")),
			.email = proving.row.address,
		};
		*row = proving.row;
	}
	*out = result;
	return OK;
}

enum err registration_prove(const struct auth_context *context,
			    const struct registration_proof *proof, struct registration_result *out)
{
	struct proving proving = {.context = context, .proof = proof};
	struct registration_result result = {.verdict = REGISTRATION_REFUSED};

	TRY(check(&proving, &result));
	if (result.verdict == REGISTRATION_ACCEPTED)
		TRY(prepare(&proving, &result));
	if (result.verdict == REGISTRATION_ACCEPTED)
		TRY(settle(&proving, &result));
	*out = result;
	return OK;
}
