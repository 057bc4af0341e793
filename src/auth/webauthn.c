/* WebAuthn ceremonies (WebAuthn L3 §7.1, §7.2); libfido2 reads keys and checks signatures. */
#include "webauthn.h"

#include <fido.h>
#include <string.h>

#include "arena.h"
#include "attestation.h"
#include "cbor_guard.h"
#include "codec.h"
#include "ident.h"
#include "openssl_errors.h"
#include "sha256.h"
#include "webauthn_key.h"

#define RP_ID_MAX 253 /* octets of a name (RFC 1035 §2.3.4) */

_Static_assert(WEBAUTHN_CHALLENGE == DIGEST_BYTES, "challenges are compared like digests");

const char *webauthn_verdict_name(enum webauthn_verdict verdict)
{
	static const char *const names[WEBAUTHN_VERDICT_COUNT] = {
		[WEBAUTHN_MALFORMED] = "malformed",
		[WEBAUTHN_WRONG_TYPE] = "wrong type",
		[WEBAUTHN_WRONG_CHALLENGE] = "wrong challenge",
		[WEBAUTHN_WRONG_ORIGIN] = "wrong origin",
		[WEBAUTHN_WRONG_PARTY] = "wrong relying party",
		[WEBAUTHN_NOT_PRESENT] = "nobody present",
		[WEBAUTHN_NOT_VERIFIED] = "user not verified",
		[WEBAUTHN_BAD_BACKUP] = "bad backup flags",
		[WEBAUTHN_BAD_KEY] = "bad key",
		[WEBAUTHN_BAD_ATTESTATION] = "bad attestation",
		[WEBAUTHN_WRONG_CREDENTIAL] = "wrong credential",
		[WEBAUTHN_BAD_SIGNATURE] = "bad signature",
		[WEBAUTHN_RIGHT] = "right",
	};

	return (unsigned)verdict < WEBAUTHN_VERDICT_COUNT ? names[verdict] : names[0];
}

static void say_nothing(const char *line)
{
	(void)line;
}

/* The library keeps its state in each thread, and FIDO_DEBUG in the environment makes it print. */
static void prepare(void)
{
	fido_init(0);
	fido_set_log_handler(say_nothing);
}

static const unsigned char *octets_of(struct str s)
{
	return (const unsigned char *)s.p;
}

static bool is_challenge(struct str text, const unsigned char challenge[WEBAUTHN_CHALLENGE])
{
	struct digest given;
	struct digest wanted;

	memcpy(wanted.b, challenge, sizeof wanted.b);
	return codec_base64url_decode(text, given.b, sizeof given.b) == OK &&
	       digest_equal(&given, &wanted);
}

static bool is_listed(const struct webauthn_expected *expected, struct str origin)
{
	for (size_t i = 0; i < expected->origin_count; i++) {
		if (str_is_present(origin) && str_equal(expected->origins[i], origin))
			return true;
	}
	return false;
}

static enum webauthn_verdict judge_client_data(const struct webauthn_expected *expected,
					       const struct webauthn_client_data *data,
					       struct str type)
{
	if (!str_equal(data->type, type))
		return WEBAUTHN_WRONG_TYPE;
	if (!is_challenge(data->challenge, expected->challenge))
		return WEBAUTHN_WRONG_CHALLENGE;
	if (!is_listed(expected, data->origin) || data->cross_origin || data->has_top)
		return WEBAUTHN_WRONG_ORIGIN;
	return WEBAUTHN_RIGHT;
}

static bool is_party(struct str rp_id, struct str hash)
{
	struct digest wanted = sha256(rp_id);
	struct digest given;

	memcpy(given.b, hash.p, sizeof given.b);
	return digest_equal(&wanted, &given);
}

static enum webauthn_verdict judge_auth_data(const struct webauthn_expected *expected,
					     const struct auth_data *data)
{
	if (!is_party(expected->rp_id, data->rp_id_hash))
		return WEBAUTHN_WRONG_PARTY;
	if (!data->present)
		return WEBAUTHN_NOT_PRESENT;
	if (expected->verified && !data->verified)
		return WEBAUTHN_NOT_VERIFIED;
	return data->backed_up && !data->eligible ? WEBAUTHN_BAD_BACKUP : WEBAUTHN_RIGHT;
}

static bool is_within(struct str octets, size_t most)
{
	return octets.n > 0 && octets.n <= most;
}

/* libfido2 wants it ended by a NUL. */
static bool write_rp_id(struct str rp_id, char text[RP_ID_MAX + 1])
{
	if (!is_within(rp_id, RP_ID_MAX))
		return false;
	memcpy(text, rp_id.p, rp_id.n);
	text[rp_id.n] = '\0';
	return true;
}

/* What a registration is judged with. */
struct ceremony {
	struct arena *arena;
	const struct webauthn_expected *expected;
	const struct webauthn_registration *given;
	struct attestation attestation;
	struct auth_data data;
	int protection; /* of the extension credProtect, 0: none */
};

/*
 * Nothing was asked for. credProtect comes all the same, and tells only how the authenticator
 * guards the credential (CTAP 2.1 §12.1).
 */
static bool read_extensions(struct ceremony *c)
{
	struct cbor_guard_map map;

	if (!str_is_present(c->data.extensions))
		return true;
	if (!cbor_guard_read_map(c->data.extensions, &map) || map.n != 1)
		return false;
	const struct cbor_guard_value *value = cbor_guard_named(&map, STR("credProtect"));
	if (value == NULL || value->kind != CBOR_GUARD_INTEGER ||
	    value->number < FIDO_CRED_PROT_UV_OPTIONAL ||
	    value->number > FIDO_CRED_PROT_UV_REQUIRED)
		return false;
	c->protection = (int)value->number;
	return true;
}

static bool take_apart(struct ceremony *c)
{
	const struct webauthn_registration *given = c->given;

	return is_within(given->client_data.raw, WEBAUTHN_CLIENT_DATA_MAX) &&
	       is_within(given->id, WEBAUTHN_ID_MAX) &&
	       attestation_split(given->attestation_object, &c->attestation) &&
	       auth_data_read(c->attestation.auth_data, &c->data) && c->data.has_credential &&
	       read_extensions(c);
}

/* The type goes before authData, or the key in it is not taken. */
static bool load_cred(const struct ceremony *c, enum webauthn_algorithm algorithm,
		      fido_cred_t *cred)
{
	struct str auth_data = c->attestation.auth_data;

	return fido_cred_set_type(cred, (int)algorithm) == FIDO_OK &&
	       fido_cred_set_authdata_raw(cred, octets_of(auth_data), auth_data.n) == FIDO_OK;
}

static enum err read_key(const struct ceremony *c, fido_cred_t *cred,
			 struct webauthn_credential *out, enum webauthn_verdict *verdict)
{
	bool is_good = false;

	*verdict = WEBAUTHN_BAD_KEY;
	out->algorithm = webauthn_key_algorithm(c->data.key);
	if (out->algorithm == WEBAUTHN_NO_ALGORITHM || !load_cred(c, out->algorithm, cred))
		return OK;
	struct str key = {(const char *)fido_cred_pubkey_ptr(cred), fido_cred_pubkey_len(cred)};
	if (!is_within(key, WEBAUTHN_KEY_MAX))
		return OK;
	TRY(webauthn_key_check(out->algorithm, key, &is_good));
	if (is_good)
		*verdict = WEBAUTHN_RIGHT;
	return str_copy(c->arena, key, &out->public_key);
}

/* Exactly alg, which is the key's, and sig: no certificates (WebAuthn L3 §8.2). */
static bool is_self_attestation(struct str statement, enum webauthn_algorithm algorithm)
{
	struct cbor_guard_map map;

	if (!cbor_guard_read_map(statement, &map) || map.n != 2)
		return false;
	const struct cbor_guard_value *alg = cbor_guard_named(&map, STR("alg"));
	const struct cbor_guard_value *sig = cbor_guard_named(&map, STR("sig"));
	return alg != NULL && alg->kind == CBOR_GUARD_INTEGER && alg->number == algorithm &&
	       sig != NULL && sig->kind == CBOR_GUARD_BYTES &&
	       is_within(sig->text, WEBAUTHN_SIGNATURE_MAX);
}

static bool load_statement(const struct ceremony *c, fido_cred_t *cred)
{
	struct digest hash = sha256(c->given->client_data.raw);
	struct str statement = c->attestation.statement;
	char rp_id[RP_ID_MAX + 1];

	if (c->protection != 0 && fido_cred_set_prot(cred, c->protection) != FIDO_OK)
		return false;
	return write_rp_id(c->expected->rp_id, rp_id) &&
	       fido_cred_set_rp(cred, rp_id, NULL) == FIDO_OK &&
	       fido_cred_set_clientdata_hash(cred, hash.b, sizeof hash.b) == FIDO_OK &&
	       fido_cred_set_fmt(cred, "packed") == FIDO_OK &&
	       fido_cred_set_attstmt(cred, octets_of(statement), statement.n) == FIDO_OK;
}

static enum err judge_attestation(const struct ceremony *c, enum webauthn_algorithm algorithm,
				  fido_cred_t *cred, enum webauthn_verdict *verdict)
{
	struct cbor_guard_map map;

	*verdict = WEBAUTHN_BAD_ATTESTATION;
	if (str_equal(c->attestation.format, STR("none"))) {
		if (cbor_guard_read_map(c->attestation.statement, &map) && map.n == 0)
			*verdict = WEBAUTHN_RIGHT;
		return OK;
	}
	if (!str_equal(c->attestation.format, STR("packed")) ||
	    !is_self_attestation(c->attestation.statement, algorithm) ||
	    !is_within(c->attestation.auth_data, WEBAUTHN_AUTH_DATA_MAX) ||
	    !load_statement(c, cred))
		return OK;
	int answer = fido_cred_verify_self(cred);
	if (answer == FIDO_ERR_INTERNAL)
		return ERR_INTERNAL;
	if (answer == FIDO_OK)
		*verdict = WEBAUTHN_RIGHT;
	return OK;
}

static enum err copy_credential(const struct ceremony *c, struct webauthn_credential *out)
{
	out->sign_count = c->data.sign_count;
	out->eligible = c->data.eligible;
	out->backed_up = c->data.backed_up;
	out->verified = c->data.verified;
	memcpy(out->aaguid, c->data.aaguid.p, sizeof out->aaguid);
	return str_copy(c->arena, c->data.id, &out->id);
}

static enum err judge_credential(const struct ceremony *c, struct webauthn_credential *out,
				 enum webauthn_verdict *verdict)
{
	fido_cred_t *cred = fido_cred_new();

	if (cred == NULL)
		return ERR_MEMORY;
	enum err e = read_key(c, cred, out, verdict);
	if (e == OK && *verdict == WEBAUTHN_RIGHT)
		e = judge_attestation(c, out->algorithm, cred, verdict);
	fido_cred_free(&cred);
	openssl_errors_clear();
	return e;
}

static enum webauthn_verdict judge_registration(struct ceremony *c)
{
	if (!take_apart(c))
		return WEBAUTHN_MALFORMED;
	enum webauthn_verdict verdict =
		judge_client_data(c->expected, &c->given->client_data, STR("webauthn.create"));
	if (verdict == WEBAUTHN_RIGHT)
		verdict = judge_auth_data(c->expected, &c->data);
	if (verdict == WEBAUTHN_RIGHT && !str_equal(c->given->id, c->data.id))
		verdict = WEBAUTHN_WRONG_CREDENTIAL;
	return verdict;
}

enum err webauthn_register(struct arena *arena, const struct webauthn_expected *expected,
			   const struct webauthn_registration *given,
			   struct webauthn_credential *out, enum webauthn_verdict *verdict)
{
	struct ceremony c = {.arena = arena, .expected = expected, .given = given};
	struct webauthn_credential credential = {.algorithm = WEBAUTHN_NO_ALGORITHM};
	enum webauthn_verdict found = judge_registration(&c);

	prepare();
	if (found == WEBAUTHN_RIGHT)
		TRY(judge_credential(&c, &credential, &found));
	if (found == WEBAUTHN_RIGHT) {
		TRY(copy_credential(&c, &credential));
		*out = credential;
	}
	*verdict = found;
	return OK;
}

/* Everything but the signature. */
static enum webauthn_verdict judge_assertion(const struct webauthn_expected *expected,
					     const struct webauthn_credential *credential,
					     const struct webauthn_assertion *given,
					     const struct auth_data *data)
{
	enum webauthn_verdict verdict =
		judge_client_data(expected, &given->client_data, STR("webauthn.get"));

	if (verdict == WEBAUTHN_RIGHT)
		verdict = judge_auth_data(expected, data);
	if (verdict == WEBAUTHN_RIGHT && data->eligible != credential->eligible)
		verdict = WEBAUTHN_BAD_BACKUP;
	if (verdict == WEBAUTHN_RIGHT && !str_equal(given->id, credential->id))
		verdict = WEBAUTHN_WRONG_CREDENTIAL;
	return verdict;
}

static bool load_assertion(const struct webauthn_expected *expected,
			   const struct webauthn_assertion *given, fido_assert_t *assertion)
{
	struct digest hash = sha256(given->client_data.raw);
	struct str auth_data = given->authenticator_data;
	struct str signature = given->signature;
	char rp_id[RP_ID_MAX + 1];

	return write_rp_id(expected->rp_id, rp_id) &&
	       fido_assert_set_rp(assertion, rp_id) == FIDO_OK &&
	       fido_assert_set_clientdata_hash(assertion, hash.b, sizeof hash.b) == FIDO_OK &&
	       fido_assert_set_count(assertion, 1) == FIDO_OK &&
	       fido_assert_set_authdata_raw(assertion, 0, octets_of(auth_data), auth_data.n) ==
		       FIDO_OK &&
	       fido_assert_set_sig(assertion, 0, octets_of(signature), signature.n) == FIDO_OK;
}

static enum err check_signature(const struct webauthn_expected *expected,
				const struct webauthn_credential *credential,
				const struct webauthn_assertion *given, bool *is_right)
{
	fido_assert_t *assertion = fido_assert_new();
	enum err e = OK;

	*is_right = false;
	if (assertion == NULL)
		return ERR_MEMORY;
	if (load_assertion(expected, given, assertion))
		e = webauthn_key_verify(credential->algorithm, credential->public_key, assertion,
					is_right);
	fido_assert_free(&assertion);
	openssl_errors_clear();
	return e;
}

/* Neither a new credential nor an extension belongs into one (WebAuthn L3 §6.1); none was asked
 * for. */
static bool is_assertion(const struct webauthn_assertion *given, struct auth_data *data)
{
	return is_within(given->client_data.raw, WEBAUTHN_CLIENT_DATA_MAX) &&
	       is_within(given->id, WEBAUTHN_ID_MAX) &&
	       is_within(given->authenticator_data, WEBAUTHN_AUTH_DATA_MAX) &&
	       is_within(given->signature, WEBAUTHN_SIGNATURE_MAX) &&
	       auth_data_read(given->authenticator_data, data) && !data->has_credential &&
	       !str_is_present(data->extensions);
}

enum err webauthn_assert(const struct webauthn_expected *expected,
			 const struct webauthn_credential *credential,
			 const struct webauthn_assertion *given, struct webauthn_proof *out,
			 enum webauthn_verdict *verdict)
{
	struct auth_data data;
	bool is_signed = false;

	if (!is_assertion(given, &data)) {
		*verdict = WEBAUTHN_MALFORMED;
		return OK;
	}
	prepare();
	TRY(check_signature(expected, credential, given, &is_signed));
	enum webauthn_verdict found = judge_assertion(expected, credential, given, &data);
	if (found == WEBAUTHN_RIGHT && !is_signed)
		found = WEBAUTHN_BAD_SIGNATURE;
	if (found == WEBAUTHN_RIGHT)
		*out = (struct webauthn_proof){data.sign_count, data.verified, data.backed_up};
	*verdict = found;
	return OK;
}
