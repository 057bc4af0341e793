/* A person in a session shows a factor: what is shown is judged, and then the session goes on. */
#include "prove.h"

#include "audit.h"
#include "buf.h"
#include "db.h"
#include "device.h"
#include "device_key.h"
#include "factor_seal.h"
#include "factor_store.h"
#include "notice.h"
#include "passkey.h"
#include "recovery_codes.h"
#include "throttle.h"
#include "totp_code.h"
#include "user_store.h"

#define PURPOSE_MAX 160
#define TELL_MOST 30 /* wrong ones in a row that are told: the 3rd, the 10th and this one */

/* RFC 8176 §2, and "mfa"; absent: it hangs on what was shown. */
static const struct str amrs[PROVE_METHOD_COUNT] = {
	[PROVE_TOTP] = {"otp mfa", 7},
	[PROVE_RECOVERY_CODE] = {"otp mfa", 7},
	[PROVE_DEVICE_KEY] = {"pop", 3},
};

/* One such request on its way. */
struct proving {
	const struct auth_context *context;
	const struct prove_request *request;
	bool second;            /* of a sign-in */
	struct session current; /* as it is now */
	struct id user_id;
	struct throttle_ticket ticket;
	bool tried; /* one of the sign-in's was taken, too */
	/* What the judging found, for the settling. */
	bool right;
	bool outrun; /* another request was faster: what was right is used */
	int64_t step;
	struct recovery_match code;
	struct passkey_judged passkey;
	struct challenge challenge;
	struct str purpose;
};

static enum prove_method method_of(const struct proving *p)
{
	return p->request->proof.method;
}

static bool is_repeat(const struct proving *p)
{
	return p->current.standing == SESSION_REPLACED;
}

/* The session that may do this: else it is gone, as far as this request goes. */
static bool may_prove(const struct proving *p)
{
	if (p->second)
		return session_awaits_factor(&p->current);
	return p->current.standing == SESSION_LIVE || session_awaits_enrolment(&p->current) ||
	       (p->current.standing == SESSION_HELD && p->current.state == SESSION_ACTIVE);
}

static enum err look(struct proving *p, bool *found)
{
	TRY(session_resolve(p->context, p->request->presented, 1, &p->current));
	p->user_id = p->current.found.session.user_id;
	*found = may_prove(p);
	if (is_repeat(p))
		TRY(session_store_owner(p->context->db, &p->current.rotation.session_id,
					&p->user_id, found));
	*found = *found && !id_is_none(p->user_id);
	return OK;
}

/*
 * From the account's counter, whatever the device; and one of the sign-in's own, which no other
 * sign-in gives back: who begins anew needs the password again.
 */
static enum err take(struct proving *p, struct prove_outcome *outcome, bool *taken)
{
	unsigned char method = (unsigned char)p->request->proof.method;

	*taken = false;
	TRY(throttle_take_factor(p->context, &p->user_id, method, &p->ticket));
	if (!p->ticket.allowed) {
		*outcome = (struct prove_outcome){PROVE_THROTTLED, p->ticket.wait};
		return OK;
	}
	*taken = true;
	if (!p->second || is_repeat(p))
		return OK;
	TRY(session_store_try(p->context->db, &p->current.found.session, PROVE_TRIES, &p->tried));
	*taken = p->tried;
	return OK;
}

/* Nothing was judged, or nothing came of it. Too many counted is on the safe side. */
static enum err give_back(const struct proving *p, enum err e)
{
	enum err given = OK;

	if (e == OK)
		return OK;
	if (p->tried)
		given = session_store_give_back(p->context->db, &p->current.found.session);
	if (given == OK)
		throttle_give_back(p->context, &p->ticket);
	return e;
}

static enum err judge_totp(struct proving *p)
{
	const struct auth_context *context = p->context;
	struct secret secret = SECRET_NONE;
	struct totp_row row = {.last_step = 0};
	uint64_t step = 0;
	bool found = false;

	TRY(totp_store_find(context->db, context->arena, &p->user_id, &row, &found));
	if (!found || !secret_is_present(row.current.box))
		return OK;
	enum err e =
		factor_open_totp(context->arena, context->keys, &p->user_id, &row.current, &secret);
	/* Its root is gone: it is as good as lost. */
	if (e == ERR_CONFIG || e == ERR_INPUT)
		return OK;
	TRY(e);
	TRY(totp_code_step(secret, p->request->proof.code, context->now, &step, &p->right));
	p->step = (int64_t)step;
	p->right = p->right && p->step > row.last_step;
	return OK;
}

static enum err judge_code(struct proving *p)
{
	return recovery_codes_match(p->context, &p->user_id, p->request->proof.code, &p->code,
				    &p->right);
}

static struct challenge_place place_of(const struct proving *p)
{
	return (struct challenge_place){
		.kind = p->second ? CHALLENGE_SECOND_FACTOR : CHALLENGE_STEP_UP,
		.session_id = p->current.found.session.id,
	};
}

static enum err judge_passkey(struct proving *p)
{
	const struct passkey_question question = {
		.place = place_of(p),
		.user_id = p->user_id,
		.given = &p->request->proof.passkey,
		.user_handle = p->request->proof.user_handle,
		.verified = !p->second,
	};

	TRY(passkey_judge(p->context, &question, &p->passkey));
	p->right = p->passkey.right;
	p->challenge = p->passkey.challenge;
	return OK;
}

/* By its id, or by what the app calls it. */
static bool is_device(const struct proving *p, const struct device_row *row)
{
	struct str name = p->request->proof.device;
	struct secret ref = keyring_part(name.p, name.n);
	struct digest hash = device_hash(p->context->keys, DEVICE_APP, ref);
	struct id id;

	if (id_parse(name, &id) == OK && id_equal(id, row->id))
		return true;
	return digest_equal(&hash, &row->ref_hash);
}

/* The session's own device, whose key signs text that names this session. */
static enum err judge_device(struct proving *p)
{
	const struct auth_context *context = p->context;
	const struct session_row *session = &p->current.found.session;
	const struct prove_proof *proof = &p->request->proof;
	const struct challenge_place place = place_of(p);
	unsigned char value[CHALLENGE_BYTES];
	struct str text = STR_NONE;
	struct device_row row;
	bool found = false;

	if (id_is_none(session->device_id) ||
	    !prove_device_text_read(context, proof->challenge, &session->id, value))
		return OK;
	TRY(device_store_find_by_id(context->db, context->arena, &p->user_id, &session->device_id,
				    &row, &found));
	if (!found || row.key_kind == DEVICE_KEY_NONE || !is_device(p, &row))
		return OK;
	TRY(challenge_find(context, &place, value, &p->challenge, &found));
	if (!found)
		return OK;
	TRY(prove_device_text(context, &session->id, &p->challenge, &text));
	if (!str_equal(text, proof->challenge))
		return OK;
	const struct device_key key = {(enum device_key_kind)row.key_kind, row.public_key};
	TRY(device_key_verify(&key, proof->challenge, proof->signature, &p->right));
	if (p->right || !str_is_present(proof->sent))
		return OK;
	return device_key_verify(&key, proof->sent, proof->signature, &p->right);
}

/* What was asked for and what the challenge was made for are the same, if both are named. */
static void settle_purpose(struct proving *p)
{
	struct str asked = p->request->purpose;
	bool has_challenge = method_of(p) == PROVE_PASSKEY || method_of(p) == PROVE_DEVICE_KEY;

	p->purpose = str_is_present(asked) ? asked : STR("");
	if (!has_challenge || !p->right)
		return;
	p->right = p->purpose.n == 0 || str_equal(p->purpose, p->challenge.row.purpose);
	p->purpose = p->challenge.row.purpose;
}

static enum err judge(struct proving *p)
{
	static enum err (*const judges[PROVE_METHOD_COUNT])(struct proving *) = {
		[PROVE_TOTP] = judge_totp,
		[PROVE_RECOVERY_CODE] = judge_code,
		[PROVE_PASSKEY] = judge_passkey,
		[PROVE_DEVICE_KEY] = judge_device,
	};

	TRY(judges[method_of(p)](p));
	settle_purpose(p);
	return OK;
}

/* "totp, second factor", "device_key, step-up: payment" */
static enum err describe(const struct proving *p, struct str *out)
{
	struct buf text;

	buf_init(&text, p->context->arena, PURPOSE_MAX);
	buf_add(&text, str_of(prove_method_name(method_of(p))));
	buf_add(&text, p->second ? STR(", second factor") : STR(", step-up"));
	if (p->purpose.n > 0) {
		buf_add(&text, STR(": "));
		buf_add(&text, p->purpose);
	}
	return buf_str(&text, out);
}

/* Codes of the set that work, once this one is used. */
static enum err count_left(const struct proving *p, struct str *out)
{
	uint32_t used = p->code.row.used | UINT32_C(1) << p->code.bit;
	unsigned left = 0;
	struct buf text;

	for (unsigned bit = 0; bit < RECOVERY_SET_CODES; bit++)
		left += (used >> bit & 1) == 0 ? 1 : 0;
	buf_init(&text, p->context->arena, PURPOSE_MAX);
	buf_add_u64(&text, left);
	return buf_str(&text, out);
}

static enum err tell_of_code(const struct proving *p, struct db *db)
{
	const struct session_found *found = &p->current.found;
	struct notice notice = {
		.kind = STR("recovery-code-used"),
		.user_id = p->user_id,
		.recipient = found->email,
		.language = found->language,
		.display_name = found->display_name,
	};
	struct audit_event used = {
		.kind = AUDIT_RECOVERY_CODE_USED,
		.user_id = p->user_id,
		.session_id = found->session.id,
	};

	TRY(count_left(p, &notice.left));
	used.detail = notice.left;
	TRY(audit_row(p->context, &used));
	return notice_queue(p->context, db, &notice);
}

static enum err settle_code(const struct proving *p, struct db *db, bool *won)
{
	TRY(recovery_store_use(db, &p->code.row, p->code.bit, p->context->now, won));
	return *won ? tell_of_code(p, db) : OK;
}

/* Inside the transaction that gives the session its new value: what was right is used up. */
static enum err settle(struct db *db, void *what)
{
	struct proving *p = what;
	enum err e = OK;
	bool won = true;

	p->outrun = false;
	if (method_of(p) == PROVE_TOTP)
		e = totp_store_use(db, &p->user_id, p->step, p->context->now, &won);
	else if (method_of(p) == PROVE_RECOVERY_CODE)
		e = settle_code(p, db, &won);
	else if (method_of(p) == PROVE_PASSKEY)
		e = passkey_settle(p->context, db, &p->passkey);
	else
		e = challenge_take(db, &p->challenge, p->context->now);
	p->outrun = e == ERR_CONFLICT || (e == OK && !won);
	TRY(p->outrun ? ERR_CONFLICT : e);
	return throttle_succeed_factor(p->context, &p->ticket);
}

static struct secret part_of(struct str s)
{
	return keyring_part(s.p, s.n);
}

/* Of what was sent, so that only the same request is the same. */
static struct digest proof_of(const struct proving *p)
{
	const struct prove_proof *proof = &p->request->proof;
	unsigned char kind[3] = {(unsigned char)proof->method, p->second, p->request->trust};
	struct secret parts[] = {
		keyring_part("prove", 5),
		keyring_part(kind, sizeof kind),
		keyring_part(p->user_id.b, ID_BYTES),
		part_of(p->request->purpose),
		part_of(proof->code),
		part_of(proof->passkey.id),
		part_of(proof->passkey.client_data.raw),
		part_of(proof->passkey.authenticator_data),
		part_of(proof->passkey.signature),
		part_of(proof->user_handle),
		part_of(proof->device),
		part_of(proof->challenge),
		part_of(proof->signature),
	};

	return session_proof(p->context->keys, parts, sizeof parts / sizeof parts[0]);
}

static int64_t trust_until(const struct proving *p)
{
	int64_t span = p->context->config->second_factor.trusted_device;

	return p->second && p->request->trust && span > 0 ? p->context->now + span : 0;
}

/*
 * MF-17: where a factor has to be set up first, a device's key (there is nothing else) freshens the
 * session and stands for none.
 */
static enum err finish(struct proving *p, struct prove_outcome *outcome, struct session_issued *out)
{
	bool enrols = session_awaits_enrolment(&p->current);
	struct session_proof_again again = {
		.user_id = p->user_id,
		.presented = p->request->presented,
		.current = &p->current,
		.proof = proof_of(p),
		.method = amrs[method_of(p)],
		.is_factor = !enrols,
		.trust_until = trust_until(p),
		.claim = {.settle = settle, .what = p},
	};

	if (method_of(p) == PROVE_PASSKEY)
		again.method = passkey_amr(&p->passkey);
	TRY(describe(p, &again.purpose));
	enum err e = session_prove_again(p->context, &again, out);
	outcome->verdict = e == OK ? PROVE_DONE : p->outrun ? PROVE_WRONG : PROVE_GONE;
	return e == ERR_CONFLICT ? OK : e;
}

/* MF-19: somebody knows the password; a person who mistypes is not written to. */
static enum err tell_of_failures(const struct proving *p, struct db *db)
{
	uint32_t failures = p->ticket.counts[0].failures;
	const struct session_found *found = &p->current.found;
	const struct notice notice = {
		.kind = STR("factor-failed"),
		.user_id = p->user_id,
		.recipient = found->email,
		.language = found->language,
		.display_name = found->display_name,
	};

	if (!p->second || (failures != 3 && failures != 10 && failures != TELL_MOST))
		return OK;
	return notice_queue(p->context, db, &notice);
}

struct refusing {
	struct proving *p;
	struct audit_trail trail;
	bool ended;
};

static enum err refuse_work(struct db *db, void *opaque)
{
	struct refusing *r = opaque;
	const struct proving *p = r->p;
	struct audit_event event = {
		.kind = AUDIT_FACTOR_FAIL,
		.user_id = p->user_id,
		.session_id = p->current.found.session.id,
	};
	const struct audit_event over = {
		.kind = AUDIT_SESSION_ENDED,
		.user_id = p->user_id,
		.session_id = p->current.found.session.id,
		.detail = STR("too many wrong second factors"),
	};

	r->trail.n = 0;
	r->ended = false;
	TRY(describe(p, &event.detail));
	TRY(audit_trail_add(p->context, &r->trail, &event));
	TRY(tell_of_failures(p, db));
	if (!p->second)
		return OK;
	/* One that became active by its policy alone was none of a sign-in just now: only tries end
	 * it. */
	TRY(session_store_delete_tried(db, &p->current.found.session.id, PROVE_TRIES, &r->ended));
	return r->ended ? audit_trail_add(p->context, &r->trail, &over) : OK;
}

static enum err refuse(struct proving *p, struct prove_outcome *outcome)
{
	struct refusing r = {.p = p};

	TRY(db_transact(p->context->db, refuse_work, &r));
	audit_trail_write(p->context, &r.trail);
	outcome->verdict = r.ended ? PROVE_ENDED : PROVE_WRONG;
	return OK;
}

/* What was shown is used up by the request whose answer was lost: its proof decides. */
static enum err repeat(struct proving *p, struct prove_outcome *outcome, struct session_issued *out)
{
	TRY(finish(p, outcome, out));
	if (outcome->verdict == PROVE_DONE)
		throttle_give_back(p->context, &p->ticket);
	return OK;
}

static enum err prove(struct proving *p, struct prove_outcome *outcome, struct session_issued *out)
{
	bool go_on = false;

	*outcome = (struct prove_outcome){.verdict = PROVE_GONE};
	TRY(look(p, &go_on));
	if (!go_on)
		return OK;
	TRY(take(p, outcome, &go_on));
	if (!go_on)
		return OK;
	if (is_repeat(p))
		return repeat(p, outcome, out);
	TRY(give_back(p, judge(p)));
	if (p->right)
		TRY(give_back(p, finish(p, outcome, out)));
	if (!p->right || outcome->verdict == PROVE_WRONG)
		return refuse(p, outcome);
	return OK;
}

enum err prove_second_factor(const struct auth_context *context,
			     const struct prove_request *request, struct prove_outcome *outcome,
			     struct session_issued *out)
{
	struct proving p = {.context = context, .request = request, .second = true};

	if (request->proof.method == PROVE_NOTHING || request->proof.method == PROVE_DEVICE_KEY)
		return ERR_INPUT;
	return prove(&p, outcome, out);
}

enum err prove_step_up(const struct auth_context *context, const struct prove_request *request,
		       struct prove_outcome *outcome, struct session_issued *out)
{
	struct proving p = {.context = context, .request = request};

	if (request->proof.method == PROVE_NOTHING)
		return ERR_INPUT;
	return prove(&p, outcome, out);
}
