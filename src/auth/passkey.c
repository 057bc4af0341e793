/* Passkeys of accounts: what is offered, and what an assertion is worth. */
#include "passkey.h"

#include <string.h>

#include "arena.h"
#include "audit.h"
#include "codec.h"

_Static_assert(CHALLENGE_BYTES == WEBAUTHN_CHALLENGE, "a challenge is what is signed");

enum err passkey_list(const struct auth_context *context, const struct id *user_id,
		      struct passkey_row **rows, size_t *n)
{
	struct passkey_row *there = arena_array(context->arena, PASSKEYS_MAX, sizeof *there);

	if (there == NULL)
		return ERR_MEMORY;
	TRY(passkey_store_list(context->db, context->arena, user_id, there, n));
	*rows = there;
	return OK;
}

enum err passkey_offer(const struct auth_context *context, const struct challenge_place *place,
		       const struct id *user_id, struct str purpose, struct passkey_offer *out)
{
	struct passkey_offer offer = {.known = NULL};

	if (place->kind != CHALLENGE_SIGN_IN)
		TRY(passkey_list(context, user_id, &offer.known, &offer.known_count));
	TRY(challenge_make(context, place, user_id, purpose, &offer.challenge));
	*out = offer;
	return OK;
}

struct webauthn_expected passkey_expected(const struct auth_context *context,
					  const unsigned char value[CHALLENGE_BYTES])
{
	struct webauthn_expected expected = {
		.rp_id = context->config->passkey.rp_id,
		.origins = context->config->passkey.origins,
		.origin_count = context->config->passkey.origin_count,
		.verified = true,
	};

	memcpy(expected.challenge, value, sizeof expected.challenge);
	return expected;
}

void passkey_challenge_of(const struct webauthn_client_data *data,
			  unsigned char value[CHALLENGE_BYTES], bool *given)
{
	memset(value, 0, CHALLENGE_BYTES);
	*given = codec_base64url_decode(data->challenge, value, CHALLENGE_BYTES) == OK;
}

/* What stands in for the key of a credential that nobody has: the base point of P-256. */
static struct webauthn_credential stand_in(void)
{
	static const char point[] = "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40"
				    "\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98"
				    "\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c"
				    "\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68"
				    "\x37\xbf\x51\xf5";

	return (struct webauthn_credential){
		.id = STR(""),
		.algorithm = WEBAUTHN_ES256,
		.public_key = STR(point),
	};
}

static struct webauthn_credential credential_of(const struct passkey_row *row)
{
	struct webauthn_credential credential = {
		.id = row->credential_id,
		.algorithm = (enum webauthn_algorithm)row->algorithm,
		.public_key = row->public_key,
		.sign_count = row->sign_count,
		.eligible = row->eligible,
		.backed_up = row->backed_up,
		.verified = row->verified,
	};

	memcpy(credential.aaguid, row->aaguid.b, sizeof credential.aaguid);
	return credential;
}

/* One assertion on its way. */
struct judging {
	const struct auth_context *context;
	const struct passkey_question *question;
	unsigned char value[CHALLENGE_BYTES];
	bool is_ours; /* the challenge is there, and was made for this person */
	bool known;   /* the credential is somebody's */
	struct webauthn_proof proof;
	enum webauthn_verdict verdict;
	struct passkey_judged judged;
};

static enum err find(struct judging *j)
{
	const struct auth_context *context = j->context;
	const struct passkey_question *question = j->question;
	struct passkey_judged *judged = &j->judged;
	bool given = false;

	passkey_challenge_of(&question->given->client_data, j->value, &given);
	TRY(challenge_find(context, &question->place, j->value, &judged->challenge, &j->is_ours));
	j->is_ours =
		j->is_ours && given && id_equal(judged->challenge.row.user_id, question->user_id);
	if (!j->is_ours)
		judged->challenge = (struct challenge){.row = {.purpose = STR_NONE}};
	return passkey_store_find(context->db, context->arena, question->given->id, &judged->row,
				  &j->known);
}

/* WA-07: a person who is known has the credential, and one who is not is named by it. */
static bool is_owner(const struct judging *j)
{
	const struct id *owner = &j->judged.row.user_id;
	struct str handle = j->question->user_handle;
	struct str id = {(const char *)owner->b, ID_BYTES};

	if (!j->known)
		return false;
	if (id_is_none(j->question->user_id))
		return str_is_present(handle) && str_equal(handle, id);
	return id_equal(j->question->user_id, *owner) &&
	       (!str_is_present(handle) || str_equal(handle, id));
}

/* WebAuthn L3 §6.1.1. What repeats an answer has the counter that is stored. */
static bool is_odd(const struct judging *j)
{
	uint32_t former = j->judged.row.sign_count;
	uint32_t now = j->proof.sign_count;

	return j->is_ours && (former != 0 || now != 0) && now <= former;
}

/* Of the row, what is to be written. The larger counter stays: a copy of the key stays odd. */
static void take_proof(struct judging *j)
{
	struct passkey_judged *judged = &j->judged;

	judged->verified = j->proof.verified;
	judged->former_count = judged->row.sign_count;
	if (j->proof.sign_count > judged->row.sign_count)
		judged->row.sign_count = j->proof.sign_count;
	judged->row.backed_up = j->proof.backed_up;
}

static struct str reason_of(const struct judging *j)
{
	if (!j->known)
		return STR("unknown");
	if (j->verdict != WEBAUTHN_RIGHT)
		return str_of(webauthn_verdict_name(j->verdict));
	if (!is_owner(j))
		return STR("somebody else's");
	if (!j->is_ours && !j->question->repeats)
		return STR("no such challenge");
	return j->judged.right ? STR("right") : STR("counter did not grow");
}

static enum err note_counter(const struct judging *j)
{
	const struct passkey_judged *judged = &j->judged;
	const struct audit_event event = {
		.kind = AUDIT_PASSKEY_COUNTER,
		.user_id = judged->row.user_id,
		.session_id = j->question->place.session_id,
		.detail = judged->right ? STR("noted") : STR("refused"),
	};

	return judged->counter_is_odd ? audit_record(j->context, &event) : OK;
}

/* No early return on what is unknown, used or another's: the conditions meet here. */
static enum err conclude(struct judging *j)
{
	struct passkey_judged *judged = &j->judged;
	bool right =
		is_owner(j) && j->verdict == WEBAUTHN_RIGHT && (j->is_ours || j->question->repeats);

	if (right) {
		judged->counter_is_odd = is_odd(j);
		judged->right =
			!judged->counter_is_odd || !j->context->config->passkey.counter_refuses;
		take_proof(j);
	}
	judged->why = reason_of(j);
	return note_counter(j);
}

enum err passkey_judge(const struct auth_context *context, const struct passkey_question *question,
		       struct passkey_judged *out)
{
	struct judging j = {.context = context, .question = question};
	struct webauthn_credential credential = stand_in();
	struct webauthn_expected expected;

	TRY(find(&j));
	if (j.known)
		credential = credential_of(&j.judged.row);
	expected = passkey_expected(context, j.value);
	expected.verified = question->verified;
	TRY(webauthn_assert(&expected, &credential, question->given, &j.proof, &j.verdict));
	TRY(conclude(&j));
	*out = j.judged;
	return OK;
}

enum err passkey_settle(const struct auth_context *context, struct db *db,
			const struct passkey_judged *judged)
{
	bool won = false;

	if (!judged->right)
		return ERR_CONFLICT;
	TRY(challenge_take(db, &judged->challenge, context->now));
	TRY(passkey_store_use(db, &judged->row, judged->former_count, context->now, &won));
	return won ? OK : ERR_CONFLICT;
}

struct str passkey_amr_of(const struct passkey_row *row)
{
	return row->eligible ? STR("swk mfa user") : STR("hwk mfa user");
}

struct str passkey_amr(const struct passkey_judged *judged)
{
	if (judged->verified)
		return passkey_amr_of(&judged->row);
	return judged->row.eligible ? STR("swk mfa") : STR("hwk mfa");
}
