/* Passkeys of accounts: a new one, and taking one away. */
#include "passkey.h"

#include <string.h>

#include "arena.h"
#include "audit.h"
#include "db.h"

#define NOTICE_ADDED STR("factor-added")
#define NOTICE_REMOVED STR("factor-removed")
#define NAMED STR("passkey")

/* One registration. What is below "row" is made anew when the transaction runs again. */
struct registering {
	const struct auth_context *context;
	const struct passkey_registration *request;
	struct id user_id;
	struct id session_id;
	struct challenge challenge;
	struct passkey_row row;
	enum factors_verdict verdict;
	struct factors_change change;
	struct recovery_codes codes;
	bool has_codes;
};

static bool is_repeat(const struct registering *r)
{
	return r->request->current->standing == SESSION_REPLACED;
}

/* Whose session it is, also when its value was rotated away. */
static enum err look(struct registering *r, bool *found)
{
	const struct session *current = r->request->current;

	*found = true;
	r->session_id = current->found.session.id;
	r->user_id = current->found.session.user_id;
	if (is_repeat(r)) {
		r->session_id = current->rotation.session_id;
		TRY(session_store_owner(r->context->db, &r->session_id, &r->user_id, found));
	} else if (current->standing != SESSION_LIVE && !session_awaits_enrolment(current)) {
		*found = false;
	}
	*found = *found && !id_is_none(r->user_id);
	return OK;
}

static struct str or_empty(struct str s)
{
	return str_is_present(s) ? s : STR("");
}

static void fill_row(struct registering *r, const struct webauthn_credential *made)
{
	r->row = (struct passkey_row){
		.id = id_random(),
		.user_id = r->user_id,
		.credential_id = made->id,
		.algorithm = made->algorithm,
		.public_key = made->public_key,
		.sign_count = made->sign_count,
		.eligible = made->eligible,
		.backed_up = made->backed_up,
		.verified = made->verified,
		.transports = or_empty(r->request->transports),
		.name = or_empty(r->request->name),
		.created_at = r->context->now,
	};
	memcpy(r->row.aaguid.b, made->aaguid, sizeof made->aaguid);
}

static enum err refuse(struct registering *r, enum webauthn_verdict why)
{
	const struct audit_event event = {
		.kind = AUDIT_FACTOR_FAIL,
		.user_id = r->user_id,
		.session_id = r->session_id,
		.detail = str_of(webauthn_verdict_name(why)),
	};

	TRY(audit_record(r->context, &event));
	r->verdict = is_repeat(r) ? FACTORS_GONE : FACTORS_WRONG;
	return OK;
}

/* A request that is repeated has used its challenge: then nothing but the same answer comes of it.
 */
static enum err judge(struct registering *r, bool *right)
{
	const struct auth_context *context = r->context;
	const struct webauthn_registration *given = &r->request->given;
	const struct challenge_place place = {
		.kind = CHALLENGE_REGISTRATION,
		.session_id = r->session_id,
	};
	unsigned char value[CHALLENGE_BYTES];
	struct webauthn_credential made = {.algorithm = WEBAUTHN_NO_ALGORITHM};
	enum webauthn_verdict verdict = WEBAUTHN_MALFORMED;
	struct webauthn_expected expected;
	bool is_given = false;
	bool found = false;

	*right = false;
	passkey_challenge_of(&given->client_data, value, &is_given);
	TRY(challenge_find(context, &place, value, &r->challenge, &found));
	found = found && id_equal(r->challenge.row.user_id, r->user_id);
	if (!is_given || (!found && !is_repeat(r)))
		return refuse(r, WEBAUTHN_WRONG_CHALLENGE);
	expected = passkey_expected(context, value);
	TRY(webauthn_register(context->arena, &expected, given, &made, &verdict));
	if (verdict != WEBAUTHN_RIGHT)
		return refuse(r, verdict);
	fill_row(r, &made);
	*right = true;
	return OK;
}

static enum err deny(struct registering *r, enum factors_verdict verdict)
{
	r->verdict = verdict;
	return ERR_CONFLICT;
}

/* A credential's id is nobody's yet (WA-05): the unique key says so, whoever comes meanwhile. */
static enum err insert(struct registering *r, struct db *db)
{
	struct passkey_row *rows = arena_array(r->context->arena, PASSKEYS_MAX, sizeof *rows);
	size_t n = 0;
	enum err e = OK;

	if (rows == NULL)
		return ERR_MEMORY;
	TRY(passkey_store_list(db, r->context->arena, &r->user_id, rows, &n));
	if (n >= PASSKEYS_MAX)
		return deny(r, FACTORS_FULL);
	e = passkey_store_insert(db, &r->row);
	return e == ERR_CONFLICT ? deny(r, FACTORS_TAKEN) : e;
}

/* With the first strong factor come the codes for who loses it. */
static enum err make_codes(struct registering *r, struct db *db)
{
	const struct audit_event event = {
		.kind = AUDIT_RECOVERY_CODES_MADE,
		.user_id = r->user_id,
		.session_id = r->session_id,
	};

	r->has_codes = r->change.before == 0;
	if (!r->has_codes)
		return OK;
	TRY(recovery_codes_put(r->context, db, &r->user_id, &r->codes));
	return audit_trail_add(r->context, &r->change.trail, &event);
}

/* Under the user's lock. */
static enum err add(struct registering *r, struct db *db)
{
	const struct factors_event event = {AUDIT_FACTOR_ADDED, NAMED, NOTICE_ADDED};
	enum err e = challenge_take(db, &r->challenge, r->context->now);

	if (e == ERR_CONFLICT)
		return deny(r, FACTORS_WRONG);
	TRY(e);
	TRY(insert(r, db));
	TRY(make_codes(r, db));
	TRY(factors_settle(&r->change, db, &event));
	r->verdict = FACTORS_DONE;
	return OK;
}

static enum err add_work(struct db *db, void *opaque)
{
	struct registering *r = opaque;

	r->verdict = FACTORS_GONE;
	TRY(factors_lock(&r->change, db));
	return add(r, db);
}

/* Inside session_prove_again, which has locked the user and looked at the session. */
static enum err claim(struct db *db, void *what)
{
	struct registering *r = what;

	r->verdict = FACTORS_GONE;
	r->change.trail.n = 0;
	TRY(factor_store_count(db, &r->user_id, &r->change.before));
	return add(r, db);
}

static struct secret part_of(struct str s)
{
	return keyring_part(s.p, s.n);
}

static struct digest proof_of(const struct registering *r)
{
	const struct passkey_registration *request = r->request;
	struct secret parts[] = {
		part_of(STR("passkey registration")),    keyring_part(r->user_id.b, ID_BYTES),
		part_of(request->given.client_data.raw), part_of(request->given.attestation_object),
		part_of(or_empty(request->transports)),  part_of(or_empty(request->name)),
	};

	return session_proof(r->context->keys, parts, sizeof parts / sizeof parts[0]);
}

/* The row that the repeated request has made. */
static enum err find_again(struct registering *r)
{
	struct passkey_row row;
	bool found = false;

	TRY(passkey_store_find(r->context->db, r->context->arena, r->row.credential_id, &row,
			       &found));
	r->verdict = FACTORS_GONE;
	if (!found || !id_equal(row.user_id, r->user_id))
		return OK;
	r->row = row;
	r->verdict = FACTORS_DONE;
	return OK;
}

static enum err renew(struct registering *r, struct session_issued *issued)
{
	const struct passkey_registration *request = r->request;
	const struct session_proof_again again = {
		.user_id = r->user_id,
		.presented = request->presented,
		.current = request->current,
		.proof = proof_of(r),
		.method = passkey_amr_of(&r->row),
		.purpose = STR("passkey registration"),
		.is_factor = true,
		.enrols = true,
		.claim = {.settle = claim, .what = r},
	};

	TRY(session_prove_again(r->context, &again, issued));
	return issued->repeated ? find_again(r) : OK;
}

/* What was decided inside is in the verdict. */
static enum err run(struct registering *r, struct passkey_registered *out)
{
	bool renews = r->request->renews || r->request->current->standing != SESSION_LIVE;
	enum err e = renews ? renew(r, &out->issued) : db_transact(r->context->db, add_work, r);

	/* Done, and undone because another request renewed the session. */
	if (e == ERR_CONFLICT && r->verdict == FACTORS_DONE)
		r->verdict = FACTORS_GONE;
	if (e == ERR_CONFLICT)
		return OK;
	TRY(e);
	out->renewed = renews;
	audit_trail_write(r->context, &r->change.trail);
	return OK;
}

enum err passkey_register(const struct auth_context *context,
			  const struct passkey_registration *request,
			  struct passkey_registered *out)
{
	struct registering r = {
		.context = context,
		.request = request,
		.change = {.context = context, .person = &request->current->found},
	};
	struct passkey_registered done = {.verdict = FACTORS_GONE};
	bool found = false;
	bool right = false;

	TRY(look(&r, &found));
	if (found)
		TRY(judge(&r, &right));
	if (right)
		TRY(run(&r, &done));
	done.verdict = r.verdict;
	if (done.verdict == FACTORS_DONE) {
		done.row = r.row;
		done.codes = r.codes;
		done.has_codes = r.has_codes;
	}
	*out = done;
	return OK;
}

/* One removal. */
struct removing {
	const struct id *id;
	struct passkey_row *rows;
	enum factors_verdict verdict;
	struct factors_change change;
};

static bool has(const struct removing *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (id_equal(r->rows[i].id, *r->id))
			return true;
	}
	return false;
}

static enum err remove_work(struct db *db, void *opaque)
{
	const struct factors_event event = {AUDIT_FACTOR_REMOVED, NAMED, NOTICE_REMOVED};
	struct removing *r = opaque;
	const struct id *user_id = &r->change.person->session.user_id;
	unsigned remaining = 0;
	bool deleted = false;
	size_t n = 0;

	r->verdict = FACTORS_GONE;
	TRY(factors_lock(&r->change, db));
	TRY(passkey_store_list(db, r->change.context->arena, user_id, r->rows, &n));
	if (!has(r, n))
		return ERR_CONFLICT;
	remaining = r->change.before & ~(n > 1 ? 0 : FACTOR_PASSKEY);
	r->verdict = FACTORS_NEEDED;
	if (factors_are_needed(&r->change, remaining))
		return ERR_CONFLICT;
	r->verdict = FACTORS_GONE;
	TRY(passkey_store_delete(db, user_id, r->id, &deleted));
	if (!deleted)
		return ERR_CONFLICT;
	TRY(factors_settle(&r->change, db, &event));
	r->verdict = FACTORS_DONE;
	return OK;
}

enum err passkey_remove(const struct auth_context *context, const struct session *session,
			const struct id *id, enum factors_verdict *verdict)
{
	struct removing r = {
		.id = id,
		.rows = arena_array(context->arena, PASSKEYS_MAX, sizeof *r.rows),
		.change = {.context = context, .person = &session->found},
	};
	enum err e = OK;

	if (r.rows == NULL)
		return ERR_MEMORY;
	e = db_transact(context->db, remove_work, &r);
	if (e != OK && e != ERR_CONFLICT)
		return e;
	if (e == OK)
		audit_trail_write(context, &r.change.trail);
	*verdict = r.verdict;
	return OK;
}
