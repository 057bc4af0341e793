/* Authenticator apps of accounts: setting one up, and taking it away. */
#include "totp.h"

#include <string.h>

#include "db.h"
#include "factor_seal.h"
#include "prove.h"
#include "recovery_codes.h"
#include "throttle.h"

#define WHAT STR("authenticator app")

static bool is_repeat(const struct totp_confirm_request *request)
{
	return request->current->standing == SESSION_REPLACED;
}

static enum err show(const struct auth_context *context, const struct session_found *person,
		     struct secret secret, struct totp_offer *out)
{
	const struct totp_name name = {
		.issuer = context->config->server.name,
		.account = person->username.n > 0 ? person->username : person->email,
	};
	struct totp_offer offer;

	TRY(totp_code_secret_text(context->arena, secret, &offer.secret));
	TRY(totp_code_uri(context->arena, &name, secret, &offer.uri));
	*out = offer;
	return OK;
}

struct offering {
	struct factors_change change;
	struct factor_box box;
};

static enum err offer_work(struct db *db, void *opaque)
{
	struct offering *o = opaque;
	const struct factors_change *change = &o->change;

	TRY(factors_lock(&o->change, db));
	return totp_store_offer(db, &change->person->session.user_id, &o->box,
				change->context->now);
}

enum err totp_begin(const struct auth_context *context, const struct session *session,
		    struct totp_offer *out)
{
	const struct session_found *person = &session->found;
	struct offering offering = {.change = {.context = context, .person = person}};
	struct secret secret = SECRET_NONE;
	struct totp_offer offer;

	TRY(secret_random(context->arena, TOTP_SECRET, &secret));
	TRY(factor_seal_totp(context->arena, context->keys, &person->session.user_id, secret,
			     &offering.box));
	TRY(show(context, person, secret, &offer));
	secret_wipe(&secret);
	TRY(db_transact(context->db, offer_work, &offering));
	*out = offer;
	return OK;
}

/* *good false: nothing is offered any more, or its root is gone. */
static enum err find_offer(const struct auth_context *context, const struct id *user_id,
			   struct factor_box *box, struct secret *secret, bool *good)
{
	struct totp_row row = {.next_at = 0};
	enum err e = OK;

	TRY(totp_store_find(context->db, context->arena, user_id, &row, good));
	*good = *good && secret_is_present(row.next.box) &&
		context->now < row.next_at + TOTP_OFFER_SPAN;
	if (!*good)
		return OK;
	e = factor_open_totp(context->arena, context->keys, user_id, &row.next, secret);
	*good = e == OK && secret->len == TOTP_SECRET;
	*box = row.next;
	return e == ERR_CONFIG || e == ERR_INPUT ? OK : e;
}

enum err totp_offered(const struct auth_context *context, const struct session *session,
		      struct totp_offer *out, bool *found)
{
	const struct session_found *person = &session->found;
	struct secret secret = SECRET_NONE;
	struct factor_box box;
	bool good = false;

	TRY(find_offer(context, &person->session.user_id, &box, &secret, &good));
	if (good)
		TRY(show(context, person, secret, out));
	secret_wipe(&secret);
	*found = good;
	return OK;
}

/* One confirmation; change and codes are made anew when the transaction runs again. */
struct confirming {
	struct factors_change change;
	const struct totp_confirm_request *request;
	struct id user_id;
	struct factor_box offered;
	uint64_t step;
	bool renews;
	struct recovery_codes codes;
	bool has_codes;
};

/* Whose session it is; none: nobody's, or of something else. */
static enum err find_user(struct confirming *c)
{
	const struct session *current = c->request->current;
	bool found = false;

	c->renews =
		c->request->renews || is_repeat(c->request) || session_awaits_enrolment(current);
	if (is_repeat(c->request))
		return session_store_owner(c->change.context->db, &current->rotation.session_id,
					   &c->user_id, &found);
	if (current->standing == SESSION_LIVE || session_awaits_enrolment(current))
		c->user_id = current->found.session.user_id;
	return OK;
}

/* A repetition shows no new code: its proof is what tells it. */
static enum err judge(struct confirming *c, enum factors_verdict *verdict)
{
	const struct auth_context *context = c->change.context;
	struct secret secret = SECRET_NONE;
	bool good = is_repeat(c->request);
	bool right = good;

	*verdict = FACTORS_GONE;
	if (!good)
		TRY(find_offer(context, &c->user_id, &c->offered, &secret, &good));
	if (!good)
		return OK;
	if (!right)
		TRY(totp_code_step(secret, c->request->code, context->now, &c->step, &right));
	secret_wipe(&secret);
	*verdict = right ? FACTORS_DONE : FACTORS_WRONG;
	return OK;
}

static enum err add_codes(struct confirming *c, struct db *db)
{
	c->has_codes = false;
	if ((c->change.before & (FACTORS_STRONG | FACTOR_RECOVERY)) != 0)
		return OK;
	TRY(recovery_codes_put(c->change.context, db, &c->user_id, &c->codes));
	c->has_codes = true;
	return OK;
}

static enum err confirm(struct confirming *c, struct db *db)
{
	const struct totp_confirmation confirmation = {
		.user_id = c->user_id,
		.next = c->offered,
		.step = (int64_t)c->step,
		.now = c->change.context->now,
	};
	const struct factors_event event = {
		.kind = AUDIT_FACTOR_ADDED,
		.detail = WHAT,
		.notice = STR("factor-added"),
	};
	bool done = false;

	TRY(totp_store_confirm(db, &confirmation, &done));
	if (!done)
		return ERR_CONFLICT;
	TRY(add_codes(c, db));
	return factors_settle(&c->change, db, &event);
}

static enum err confirm_work(struct db *db, void *opaque)
{
	struct confirming *c = opaque;

	TRY(factors_lock(&c->change, db));
	return confirm(c, db);
}

/* Where session_prove_again has locked and looked. */
static enum err confirm_claim(struct db *db, void *opaque)
{
	struct confirming *c = opaque;

	c->change.trail.n = 0;
	TRY(factor_store_count(db, &c->user_id, &c->change.before));
	return confirm(c, db);
}

static struct digest proof_of(const struct confirming *c)
{
	const struct str code = c->request->code;
	struct secret parts[] = {
		keyring_part("totp, setup", strlen("totp, setup")),
		keyring_part(c->user_id.b, ID_BYTES),
		keyring_part(code.p, code.n),
	};

	return session_proof(c->change.context->keys, parts, sizeof parts / sizeof parts[0]);
}

static enum err renew(struct confirming *c, struct session_issued *issued)
{
	const struct session_proof_again again = {
		.user_id = c->user_id,
		.presented = c->request->presented,
		.current = c->request->current,
		.proof = proof_of(c),
		.method = STR("otp mfa"),
		.purpose = STR("totp, setup"),
		.is_factor = true,
		.enrols = true,
		.claim = {.settle = confirm_claim, .what = c},
	};

	return session_prove_again(c->change.context, &again, issued);
}

static enum err finish(struct confirming *c, struct totp_confirmed *out)
{
	const struct auth_context *context = c->change.context;
	enum err e = c->renews ? renew(c, &out->issued) : db_transact(context->db, confirm_work, c);

	out->verdict = e == OK ? FACTORS_DONE : FACTORS_GONE;
	if (e != OK)
		return e == ERR_CONFLICT ? OK : e;
	out->renewed = c->renews;
	audit_trail_write(context, &c->change.trail);
	for (; c->has_codes && out->n < RECOVERY_SET_CODES; out->n++)
		out->codes[out->n] = c->codes.texts[out->n];
	return OK;
}

static enum err note_wrong(const struct confirming *c)
{
	const struct audit_event event = {
		.kind = AUDIT_FACTOR_FAIL,
		.user_id = c->user_id,
		.session_id = c->request->current->found.session.id,
		.detail = STR("totp, setup"),
	};

	return audit_record(c->change.context, &event);
}

/* What a try comes to, once it is taken. */
static enum err go_on(struct confirming *c, const struct throttle_ticket *ticket,
		      struct totp_confirmed *out)
{
	const struct auth_context *context = c->change.context;
	enum err e = judge(c, &out->verdict);

	if (e != OK || out->verdict == FACTORS_GONE)
		throttle_give_back(context, ticket);
	TRY(e);
	if (out->verdict == FACTORS_WRONG)
		return note_wrong(c);
	if (out->verdict != FACTORS_DONE)
		return OK;
	if (!is_repeat(c->request))
		TRY(throttle_succeed_factor(context, ticket));
	TRY(finish(c, out));
	if (is_repeat(c->request) && out->verdict == FACTORS_DONE)
		throttle_give_back(context, ticket);
	return OK;
}

static enum err try_it(struct confirming *c, struct totp_confirmed *out)
{
	struct throttle_ticket ticket = {.allowed = false};

	TRY(throttle_take_factor(c->change.context, &c->user_id, PROVE_TOTP, &ticket));
	if (ticket.allowed)
		return go_on(c, &ticket, out);
	out->verdict = FACTORS_THROTTLED;
	out->wait = ticket.wait;
	return OK;
}

enum err totp_confirm(const struct auth_context *context,
		      const struct totp_confirm_request *request, struct totp_confirmed *out)
{
	struct confirming confirming = {
		.change = {.context = context, .person = &request->current->found},
		.request = request,
	};
	struct totp_confirmed done = {.verdict = FACTORS_GONE};

	TRY(find_user(&confirming));
	if (!id_is_none(confirming.user_id))
		TRY(try_it(&confirming, &done));
	*out = done;
	return OK;
}

/* Made anew when the transaction runs again, but for the person. */
struct removing {
	struct factors_change change;
	enum factors_verdict verdict;
};

static enum err remove_work(struct db *db, void *opaque)
{
	struct removing *r = opaque;
	const struct id *user_id = &r->change.person->session.user_id;
	const struct factors_event event = {
		.kind = AUDIT_FACTOR_REMOVED,
		.detail = WHAT,
		.notice = STR("factor-removed"),
	};
	struct totp_row row;
	bool found = false;

	r->verdict = FACTORS_GONE;
	TRY(factors_lock(&r->change, db));
	TRY(totp_store_find(db, r->change.context->arena, user_id, &row, &found));
	if (!found || !secret_is_present(row.current.box))
		return ERR_CONFLICT;
	r->verdict = FACTORS_NEEDED;
	if (factors_are_needed(&r->change, r->change.before & ~FACTOR_TOTP))
		return ERR_CONFLICT;
	r->verdict = FACTORS_DONE;
	TRY(totp_store_delete(db, user_id));
	return factors_settle(&r->change, db, &event);
}

enum err totp_remove(const struct auth_context *context, const struct session *session,
		     enum factors_verdict *verdict)
{
	struct removing removing = {.change = {.context = context, .person = &session->found}};
	enum err e = db_transact(context->db, remove_work, &removing);

	if (e != OK && e != ERR_CONFLICT)
		return e;
	if (e == OK)
		audit_trail_write(context, &removing.change.trail);
	*verdict = removing.verdict;
	return OK;
}
