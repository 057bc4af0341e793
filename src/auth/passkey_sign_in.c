/* Signing in with a passkey and nothing else: one decision for pages and API. */
#include "passkey.h"

#include "audit.h"
#include "buf.h"
#include "throttle.h"

#define DETAIL_MAX 64

/* One that is on its way. */
struct attempt {
	const struct auth_context *context;
	const struct passkey_sign_in *request;
	struct passkey_judged judged;
	struct user_row user;
};

static struct secret part_of(struct str s)
{
	return keyring_part(s.p, s.n);
}

static struct digest proof_of(const struct attempt *a)
{
	const struct signin_request *signin = &a->request->signin;
	const struct webauthn_assertion *given = &a->request->given;
	unsigned char carrier = (unsigned char)signin->carrier;
	unsigned char remember = signin->remember ? 1 : 0;
	struct secret parts[] = {
		part_of(STR("passkey")),
		keyring_part(a->judged.row.id.b, ID_BYTES),
		part_of(given->client_data.raw),
		part_of(given->authenticator_data),
		part_of(given->signature),
		keyring_part(&carrier, 1),
		part_of(signin->client),
		keyring_part(&remember, 1),
		signin->device_ref,
		part_of(signin->device_name),
	};

	return session_proof(a->context->keys, parts, sizeof parts / sizeof parts[0]);
}

static enum err settle(struct db *db, void *what)
{
	const struct attempt *a = what;

	return passkey_settle(a->context, db, &a->judged);
}

static enum err start(struct attempt *a, struct session_issued *out)
{
	const struct signin_request *signin = &a->request->signin;
	const struct session_start start = {
		.user_id = a->user.id,
		.tenant_id = a->user.default_tenant,
		.carrier = signin->carrier,
		.remember = signin->remember,
		.client = signin->client,
		.amr = passkey_amr(&a->judged),
		.aal = 2,
		.state = SESSION_ACTIVE,
		.device_name = signin->device_name,
		.device_kind = signin->device_kind,
		.device_ref = signin->device_ref,
		.presented = signin->presented,
		.current = signin->current,
		.proof = proof_of(a),
		.claim = {.settle = settle, .what = a},
	};

	return session_sign_in(a->context, &start, out);
}

/* "passkey, bad signature": for the record only. */
static enum err refuse(const struct attempt *a, enum signin_verdict *verdict)
{
	struct audit_event event = {.kind = AUDIT_LOGIN_FAIL, .user_id = a->judged.row.user_id};
	struct buf text;

	buf_init(&text, a->context->arena, DETAIL_MAX);
	buf_add(&text, STR("passkey, "));
	buf_add(&text, a->judged.right ? STR("used, or of no active user") : a->judged.why);
	TRY(buf_str(&text, &event.detail));
	TRY(audit_record(a->context, &event));
	*verdict = SIGNIN_REFUSED;
	return OK;
}

static enum err judge(struct attempt *a, bool *right)
{
	const struct passkey_sign_in *request = a->request;
	const struct passkey_question question = {
		.place = {.kind = CHALLENGE_SIGN_IN, .browser = request->browser},
		.given = &request->given,
		.user_handle = request->user_handle,
		.verified = true,
		.repeats = request->signin.current->standing == SESSION_REPLACED,
	};
	bool found = false;

	TRY(passkey_judge(a->context, &question, &a->judged));
	if (a->judged.right)
		TRY(user_store_find_by_id(a->context->db, a->context->arena, &a->judged.row.user_id,
					  &a->user, &found));
	*right = found && a->user.state == USER_ACTIVE;
	return OK;
}

/* A line and no row: a flood must not fill the table. */
static enum err refuse_throttled(const struct auth_context *context, enum signin_verdict *verdict)
{
	const struct audit_event event = {.kind = AUDIT_LOGIN_THROTTLED, .detail = STR("passkey")};

	audit_line(context, &event);
	*verdict = SIGNIN_THROTTLED;
	return OK;
}

/* What was signed rightly is no guess, whatever becomes of it, so the source has it back first. */
static enum err decide(struct attempt *a, const struct throttle_ticket *ticket,
		       enum signin_verdict *verdict, struct session_issued *out)
{
	bool right = false;
	enum err e = judge(a, &right);

	if (e != OK)
		throttle_give_back(a->context, ticket);
	TRY(e);
	if (!right)
		return refuse(a, verdict);
	TRY(throttle_succeed_code(a->context, ticket));
	e = start(a, out);
	/* Another request was faster, or the user was locked meanwhile. */
	if (e == ERR_CONFLICT)
		return refuse(a, verdict);
	TRY(e);
	*verdict = SIGNIN_ACCEPTED;
	return OK;
}

enum err passkey_sign_in(const struct auth_context *context, const struct passkey_sign_in *request,
			 enum signin_verdict *verdict, int64_t *wait, struct session_issued *out)
{
	struct attempt attempt = {.context = context, .request = request};
	struct throttle_ticket ticket;

	TRY(throttle_take_passkey(context, &ticket));
	if (ticket.allowed)
		TRY(decide(&attempt, &ticket, verdict, out));
	else
		TRY(refuse_throttled(context, verdict));
	*wait = ticket.wait;
	return OK;
}
