/* Another address for an account: asked for, and proven by mail. */
#include "address.h"

#include "account.h"
#include "account_store.h"
#include "address_mail.h"
#include "buf.h"
#include "db.h"
#include "handover_store.h"
#include "session_store.h"
#include "throttle.h"

#define DETAIL_MAX 64

/* One asking; effect and trail are made anew when the transaction runs again. */
struct asking {
	const struct auth_context *context;
	const struct address_wish *wish;
	struct str address; /* in normal form */
	struct address_effect effect;
	struct audit_trail trail;
};

/* Why there is nothing to ask for; *outcome DONE: there is. */
static enum err look(const struct auth_context *context, struct db *db, const struct asking *a,
		     struct address_effect *effect)
{
	bool found = false;
	bool restorable = false;

	TRY(user_store_find_by_id(db, context->arena, &a->wish->user_id, &effect->user, &found));
	TRY(mail_code_store_is_restorable(db, &a->wish->user_id, context->now, &restorable));
	if (!found || effect->user.state != USER_ACTIVE)
		effect->outcome = ADDRESS_GONE;
	else if (str_equal(effect->user.email, a->address))
		effect->outcome = ADDRESS_SAME;
	else
		effect->outcome = restorable ? ADDRESS_PENDING : ADDRESS_DONE;
	return OK;
}

/* The same statements whoever has it. *holder: whoever is told that they have it. */
static enum err find_holder(const struct asking *a, struct db *db, struct user_row *holder,
			    bool *taken)
{
	bool found = false;
	bool reserved = false;

	TRY(user_store_find(db, a->context->arena, a->address, holder, &found));
	TRY(mail_code_store_is_reserved(db, a->address, a->context->now, &reserved));
	*taken = found || reserved;
	return OK;
}

/* Nobody is written to about an account that is closed: of its names the same is said as of any. */
static enum err write_mail(const struct asking *a, struct db *db, const struct user_row *holder,
			   const struct mail_code_made *made, bool taken)
{
	struct address_mail mail = {
		.kind = STR("address"),
		.recipient = taken ? STR_NONE : a->address,
		.user = &a->effect.user,
		.language = a->wish->language,
		.page = STR("/verify"),
		.new_address = a->address,
		.code = made->code,
		.link = made->link,
		.code_end = made->code_end,
		.too_late = made->expires_at,
	};

	if (holder->state == USER_ACTIVE || holder->state == USER_LOCKED) {
		mail.kind = STR("register-taken");
		mail.recipient = holder->email;
		mail.user = holder;
		mail.page = STR("/recover");
		mail.code = SECRET_NONE;
		mail.link = SECRET_NONE;
	}
	return address_mail(a->context, db, &mail);
}

static enum err ask_work(struct db *db, void *opaque)
{
	struct asking *a = opaque;
	struct audit_event event = {.kind = AUDIT_ADDRESS_ASKED, .user_id = a->wish->user_id};
	struct user_row holder = {.state = USER_NONE};
	struct mail_code_made made;
	struct str asker = STR_NONE;
	uint32_t state = USER_NONE;
	bool found = false;
	bool taken = false;

	a->trail.n = 0;
	a->effect = (struct address_effect){.outcome = ADDRESS_REFUSED};
	TRY(user_store_lock(db, &a->wish->user_id, &state, &found));
	TRY(look(a->context, db, a, &a->effect));
	if (a->effect.outcome != ADDRESS_DONE)
		return ERR_CONFLICT;
	TRY(find_holder(a, db, &holder, &taken));
	TRY(id_text(a->context->arena, a->wish->user_id, &asker));
	const struct mail_code_request request = {
		.purpose = MAIL_ADDRESS,
		.address = a->address,
		.user_id = a->wish->user_id,
		.asker = {MAIL_ASKER_USER, asker},
		.language = address_mail_language(&a->effect.user, a->wish->language),
		.decoy = taken,
	};
	TRY(mail_code_put(a->context, db, &request, &made));
	TRY(write_mail(a, db, &holder, &made, taken));
	return audit_trail_add(a->context, &a->trail, &event);
}

/* The answer does not hang on the limits: they are of the address, and not its asker's alone. */
static enum err ask_within_limits(struct asking *a)
{
	struct throttle_ticket ticket = {.allowed = false};
	enum err e = OK;

	TRY(throttle_take_mail(a->context, a->address, &ticket));
	if (!ticket.allowed)
		return OK;
	e = db_transact(a->context->db, ask_work, a);
	if (e == ERR_CONFLICT && a->effect.outcome > ADDRESS_DONE)
		return OK;
	TRY(e);
	audit_trail_write(a->context, &a->trail);
	return OK;
}

enum err address_ask(const struct auth_context *context, const struct address_wish *wish,
		     struct address_effect *out)
{
	struct asking asking = {.context = context, .wish = wish};
	enum err e = account_normal_email(context->arena, wish->typed, &asking.address);

	if (e == ERR_INPUT) {
		*out = (struct address_effect){.outcome = ADDRESS_BAD};
		return OK;
	}
	TRY(e);
	TRY(look(context, context->db, &asking, &asking.effect));
	if (asking.effect.outcome == ADDRESS_DONE)
		TRY(ask_within_limits(&asking));
	*out = asking.effect;
	return OK;
}

enum err address_is_asked(const struct auth_context *context, const struct id *user_id,
			  struct str typed, bool *asked)
{
	struct str address = STR_NONE;
	enum err e = account_normal_email(context->arena, typed, &address);

	*asked = false;
	if (e != OK)
		return e == ERR_INPUT ? OK : e;
	return mail_code_store_is_asked(context->db, user_id, address, asked);
}

/* One proof; effect and trail are made anew when the transaction runs again. */
struct proving {
	const struct auth_context *context;
	const struct address_proof *proof;
	struct mail_code_row row;
	struct user_row before;
	struct address_effect effect;
	struct audit_trail trail;
};

/* The transaction is undone; why is the result. */
static enum err refuse(struct proving *p, enum address_outcome outcome)
{
	p->effect = (struct address_effect){.outcome = outcome};
	return ERR_CONFLICT;
}

/* Under the user's lock: what was looked at before may have changed. */
static enum err check_person(struct proving *p, struct db *db)
{
	struct session_row session = {.epoch = 0};
	uint32_t state = USER_NONE;
	bool found = false;
	bool lives = false;
	bool restorable = false;

	TRY(user_store_lock(db, &p->proof->user_id, &state, &found));
	if (!found || state != USER_ACTIVE)
		return refuse(p, ADDRESS_GONE);
	TRY(user_store_find_by_id(db, p->context->arena, &p->proof->user_id, &p->before, &found));
	TRY(session_store_find_by_id(db, p->context->arena, &p->proof->session_id, &session,
				     &lives));
	if (!found || !lives || !id_equal(session.user_id, p->proof->user_id))
		return refuse(p, ADDRESS_GONE);
	TRY(mail_code_store_is_restorable(db, &p->proof->user_id, p->context->now, &restorable));
	return restorable ? refuse(p, ADDRESS_PENDING) : OK;
}

/*
 * The address first: whoever moves away from it at the same time is waited for by that, and has
 * reserved it afterwards.
 */
static enum err set_address(struct proving *p, struct db *db)
{
	bool reserved = false;
	enum err e =
		account_store_set_email(db, &p->proof->user_id, p->row.address, p->context->now);

	if (e == ERR_CONFLICT)
		return refuse(p, ADDRESS_TAKEN);
	TRY(e);
	TRY(mail_code_store_is_reserved(db, p->row.address, p->context->now, &reserved));
	return reserved ? refuse(p, ADDRESS_TAKEN) : OK;
}

static enum err note(struct proving *p, uint64_t ended)
{
	struct audit_event event = {
		.kind = AUDIT_ADDRESS_CHANGED,
		.user_id = p->proof->user_id,
		.session_id = p->proof->session_id,
	};
	struct buf detail;

	buf_init(&detail, p->context->arena, DETAIL_MAX);
	buf_add(&detail, STR("sessions "));
	buf_add_u64(&detail, ended);
	TRY(buf_str(&detail, &event.detail));
	return audit_trail_add(p->context, &p->trail, &event);
}

static enum err tell(struct proving *p, struct db *db)
{
	struct address_mail mail = {
		.kind = STR("address-set"),
		.recipient = p->row.address,
		.user = &p->effect.user,
		.language = p->row.language,
		.new_address = p->row.address,
	};

	if (p->before.email.n > 0)
		TRY(address_mail_former(p->context, db, &p->before, p->row.address,
					p->row.language));
	return address_mail(p->context, db, &mail);
}

static enum err prove_work(struct db *db, void *opaque)
{
	struct proving *p = opaque;
	uint64_t ended = 0;
	bool found = false;
	enum err e = OK;

	p->trail.n = 0;
	p->effect = (struct address_effect){.outcome = ADDRESS_DONE};
	TRY(check_person(p, db));
	e = mail_code_use(p->context, db, &p->row);
	if (e == ERR_CONFLICT)
		return refuse(p, ADDRESS_OVER);
	TRY(e);
	TRY(set_address(p, db));
	TRY(mail_code_store_void_address(db, p->row.address));
	TRY(mail_code_store_void_user(db, &p->proof->user_id));
	TRY(session_store_delete_of_user(db, &p->proof->user_id, &p->proof->session_id, &ended));
	TRY(handover_store_delete_of_user(db, &p->proof->user_id));
	TRY(user_store_find_by_id(db, p->context->arena, &p->proof->user_id, &p->effect.user,
				  &found));
	TRY(tell(p, db));
	return note(p, ended);
}

/* Of the claim only what is right for this user; *wait with ADDRESS_THROTTLED. */
static enum err check_code(struct proving *p, struct str address)
{
	static const enum address_outcome OUTCOMES[] = {
		[MAIL_WRONG] = ADDRESS_WRONG,
		[MAIL_OVER] = ADDRESS_OVER,
		[MAIL_THROTTLED] = ADDRESS_THROTTLED,
		[MAIL_RIGHT] = ADDRESS_DONE,
	};
	struct mail_claim claim = {
		.purpose = MAIL_ADDRESS,
		.links = 1U << MAIL_ADDRESS,
		.address = address,
		.user_id = p->proof->user_id,
		.code = p->proof->code,
		.ticket = p->proof->ticket,
		.asker = {.kind = MAIL_ASKER_USER},
	};
	enum mail_verdict verdict = MAIL_WRONG;
	int64_t wait = 0;

	TRY(id_text(p->context->arena, p->proof->user_id, &claim.asker.value));
	TRY(mail_code_check(p->context, &claim, &verdict, &p->row, &wait));
	p->effect.outcome = OUTCOMES[verdict];
	p->effect.wait = wait;
	return OK;
}

static enum err use_code(struct proving *p)
{
	enum err e = db_transact(p->context->db, prove_work, p);

	if (e == ERR_CONFLICT && p->effect.outcome > ADDRESS_DONE)
		return OK;
	TRY(e);
	audit_trail_write(p->context, &p->trail);
	return OK;
}

enum err address_prove(const struct auth_context *context, const struct address_proof *proof,
		       struct address_effect *out)
{
	struct proving proving = {.context = context, .proof = proof};
	struct str address = STR_NONE;
	enum err e = OK;

	if (str_is_present(proof->address))
		e = account_normal_email(context->arena, proof->address, &address);
	if (e == ERR_INPUT) {
		*out = (struct address_effect){.outcome = ADDRESS_WRONG};
		return OK;
	}
	TRY(e);
	TRY(check_code(&proving, address));
	if (proving.effect.outcome == ADDRESS_DONE)
		TRY(use_code(&proving));
	*out = proving.effect;
	return OK;
}
