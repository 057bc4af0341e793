/* Signing in with a password: one decision for pages and API. */
#include "signin.h"

#include <string.h>

#include "account.h"
#include "audit.h"
#include "clock.h"
#include "password_row.h"
#include "throttle.h"
#include "user_store.h"

#define HASH_WAIT (3 * CLOCK_SECOND)

/* What was typed, made comparable, and what was found for it. */
struct attempt {
	struct str identifier; /* one that nobody can have, if what was typed cannot be one */
	struct str name;       /* the identifier, or what was typed, if that cannot be one */
	struct str subject;
	struct secret password;
	enum password_flaw flaw;
	struct user_row user;
	bool known;
	struct throttle_ticket ticket;
	bool outdated; /* what it matched is weaker than what would be stored today */
};

static enum err read_attempt(const struct auth_context *context,
			     const struct signin_request *request, struct attempt *attempt)
{
	static const unsigned char filler[] = "filler";
	enum err e = account_normal_identifier(context->arena, request->identifier,
					       &attempt->identifier);

	if (e == ERR_INPUT)
		attempt->identifier = STR("!");
	else if (e != OK)
		return e;
	attempt->name = e == OK ? attempt->identifier : request->identifier;
	TRY(audit_subject(context, attempt->name, &attempt->subject));
	TRY(password_normalise(context->arena, request->password, &attempt->password,
			       &attempt->flaw));
	if (attempt->flaw != PASSWORD_FINE)
		attempt->password = keyring_part(filler, sizeof filler);
	return OK;
}

/*
 * Who is not there has an id of their own all the same, so that the hash that stands in for theirs,
 * and with it the time, is the same whenever they are asked for.
 */
static struct id stand_in(const struct auth_context *context, const struct attempt *attempt)
{
	struct secret parts[] = {keyring_part("stand-in", 8),
				 keyring_part(attempt->name.p, attempt->name.n)};
	struct digest digest;
	struct id id;

	keyring_digest(context->keys, 0, KEY_THROTTLE, parts, 2, &digest);
	memcpy(id.b, digest.b, ID_BYTES);
	return id;
}

/* No early return on what is unknown, locked, refused: the conditions meet at the end. */
static enum err check(const struct auth_context *context, struct attempt *attempt, bool *right)
{
	struct password_finding found = {.right = false};
	struct id user_id = attempt->known ? attempt->user.id : stand_in(context, attempt);

	TRY(password_row_compare(context, &user_id,
				 (struct password_typed){attempt->password, attempt->flaw},
				 clock_monotonic() + HASH_WAIT, &found));
	attempt->outdated = found.outdated;
	*right = attempt->known && found.right && attempt->user.state == USER_ACTIVE &&
		 !attempt->user.password_refused;
	return OK;
}

static struct secret part_of(struct str s)
{
	return keyring_part(s.p, s.n);
}

static struct digest proof_of(const struct auth_context *context,
			      const struct signin_request *request, const struct attempt *attempt)
{
	unsigned char carrier = (unsigned char)request->carrier;
	unsigned char remember = request->remember ? 1 : 0;
	struct secret parts[] = {
		part_of(STR("password")), keyring_part(attempt->user.id.b, ID_BYTES),
		attempt->password,        keyring_part(&carrier, 1),
		part_of(request->client), keyring_part(&remember, 1),
		request->device_ref,      part_of(request->device_name),
	};

	return session_proof(context->keys, parts, sizeof parts / sizeof parts[0]);
}

static enum err refuse(const struct auth_context *context, const struct attempt *attempt,
		       enum signin_verdict *verdict)
{
	struct audit_event event = {
		.kind = AUDIT_LOGIN_FAIL,
		.user_id = attempt->known ? attempt->user.id : ID_NONE,
		.detail = attempt->subject,
	};

	TRY(audit_record(context, &event));
	*verdict = SIGNIN_REFUSED;
	return OK;
}

/* Before anything is hashed, and with the same statements whoever is named. */
static enum err take(const struct auth_context *context, const struct signin_request *request,
		     struct attempt *attempt)
{
	struct throttle_subject subject = {
		.name = attempt->name,
		.device_kind = request->device_kind,
		.device_ref = request->device_ref,
		.current = request->current,
	};

	TRY(user_store_find(context->db, context->arena, attempt->identifier, &attempt->user,
			    &attempt->known));
	subject.user_id = attempt->known ? attempt->user.id : ID_NONE;
	return throttle_take(context, &subject, &attempt->ticket);
}

/* A line and no row: a flood must not fill the table. */
static void note_throttled(const struct auth_context *context, const struct attempt *attempt)
{
	struct audit_event event = {
		.kind = AUDIT_LOGIN_THROTTLED,
		.user_id = attempt->known ? attempt->user.id : ID_NONE,
		.detail = attempt->subject,
	};

	audit_line(context, &event);
}

/* PW-18. Without a slot or memory for it now, the next sign-in does it. */
static struct secret strengthen(const struct auth_context *context, const struct attempt *attempt)
{
	struct secret phc = SECRET_NONE;

	if (!attempt->outdated || password_hash(context->hasher, context->arena, attempt->password,
						clock_monotonic() + HASH_WAIT, &phc) != OK)
		return SECRET_NONE;
	return phc;
}

enum err signin_password(const struct auth_context *context, const struct signin_request *request,
			 enum signin_verdict *verdict, int64_t *wait, struct session_issued *out)
{
	struct attempt attempt = {.known = false};
	struct session_start start = {.aal = 1, .amr = STR("pwd")};
	bool right = false;
	enum err e = OK;

	TRY(read_attempt(context, request, &attempt));
	TRY(take(context, request, &attempt));
	*wait = attempt.ticket.wait;
	if (!attempt.ticket.allowed) {
		note_throttled(context, &attempt);
		*verdict = SIGNIN_THROTTLED;
		return OK;
	}
	e = check(context, &attempt, &right);
	if (e != OK)
		throttle_give_back(context, &attempt.ticket);
	TRY(e);
	if (!right)
		return refuse(context, &attempt, verdict);
	TRY(throttle_succeed(context, &attempt.ticket, &attempt.user));
	start.user_id = attempt.user.id;
	start.tenant_id = attempt.user.default_tenant;
	start.carrier = request->carrier;
	start.remember = request->remember;
	start.client = request->client;
	start.state = attempt.user.must_change ? SESSION_PASSWORD_CHANGE_REQUIRED : SESSION_ACTIVE;
	start.device_name = request->device_name;
	start.device_kind = request->device_kind;
	start.device_ref = request->device_ref;
	start.presented = request->presented;
	start.current = request->current;
	start.proof = proof_of(context, request, &attempt);
	start.password_changed_at = attempt.user.password_changed_at;
	start.stronger_hash = strengthen(context, &attempt);
	e = session_sign_in(context, &start, out);
	/* Locked between the check and the transaction. */
	if (e == ERR_CONFLICT)
		return refuse(context, &attempt, verdict);
	TRY(e);
	*verdict = SIGNIN_ACCEPTED;
	return OK;
}
