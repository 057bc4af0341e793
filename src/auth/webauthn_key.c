/* Public keys of authenticators (RFC 9053 §2, §7; RFC 8812 §2; RFC 8230 §4), checked by libfido2.
 */
#include "webauthn_key.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <string.h>

#include "cbor_guard.h"
#include "ed25519.h"

#define COORDINATE 32
#define MODULUS 256
#define RS256_KEY (MODULUS + 3)

/* Labels, and what they may say. */
enum {
	LABEL_TYPE = 1,
	LABEL_ALGORITHM = 3,
	LABEL_CURVE = -1,
	LABEL_X = -2,
	LABEL_Y = -3,
	LABEL_MODULUS = -1,
	LABEL_EXPONENT = -2,
	TYPE_OKP = 1,
	TYPE_EC2 = 2,
	TYPE_RSA = 3,
	CURVE_P256 = 1,
	CURVE_ED25519 = 6
};

#define EXPONENT STR("\x01\x00\x01")

static bool has_number(const struct cbor_guard_map *key, int64_t label, int64_t number)
{
	const struct cbor_guard_value *value = cbor_guard_numbered(key, label);

	return value != NULL && value->kind == CBOR_GUARD_INTEGER && value->number == number;
}

static bool has_octets(const struct cbor_guard_map *key, int64_t label, size_t n)
{
	const struct cbor_guard_value *value = cbor_guard_numbered(key, label);

	return value != NULL && value->kind == CBOR_GUARD_BYTES && value->text.n == n;
}

static bool is_es256(const struct cbor_guard_map *key)
{
	return key->n == 5 && has_number(key, LABEL_TYPE, TYPE_EC2) &&
	       has_number(key, LABEL_ALGORITHM, WEBAUTHN_ES256) &&
	       has_number(key, LABEL_CURVE, CURVE_P256) && has_octets(key, LABEL_X, COORDINATE) &&
	       has_octets(key, LABEL_Y, COORDINATE);
}

static bool is_eddsa(const struct cbor_guard_map *key)
{
	return key->n == 4 && has_number(key, LABEL_TYPE, TYPE_OKP) &&
	       has_number(key, LABEL_ALGORITHM, WEBAUTHN_EDDSA) &&
	       has_number(key, LABEL_CURVE, CURVE_ED25519) && has_octets(key, LABEL_X, COORDINATE);
}

static bool is_rs256(const struct cbor_guard_map *key)
{
	return key->n == 4 && has_number(key, LABEL_TYPE, TYPE_RSA) &&
	       has_number(key, LABEL_ALGORITHM, WEBAUTHN_RS256) &&
	       has_octets(key, LABEL_MODULUS, MODULUS) &&
	       has_octets(key, LABEL_EXPONENT, EXPONENT.n);
}

enum webauthn_algorithm webauthn_key_algorithm(struct str cose)
{
	struct cbor_guard_map key;

	if (!cbor_guard_read_map(cose, &key))
		return WEBAUTHN_NO_ALGORITHM;
	if (is_es256(&key))
		return WEBAUTHN_ES256;
	if (is_eddsa(&key))
		return WEBAUTHN_EDDSA;
	return is_rs256(&key) ? WEBAUTHN_RS256 : WEBAUTHN_NO_ALGORITHM;
}

/* One of libfido2's keys; the others are NULL. */
struct key {
	es256_pk_t *es256;
	eddsa_pk_t *eddsa;
	rs256_pk_t *rs256;
};

static void drop(struct key *key)
{
	es256_pk_free(&key->es256);
	eddsa_pk_free(&key->eddsa);
	rs256_pk_free(&key->rs256);
}

/* es256_pk_from_ptr refuses what is no point of the curve. */
static enum err load_es256(struct str text, struct key *key, bool *is_good)
{
	key->es256 = es256_pk_new();
	if (key->es256 == NULL)
		return ERR_MEMORY;
	*is_good = text.n == (size_t)2 * COORDINATE &&
		   es256_pk_from_ptr(key->es256, text.p, text.n) == FIDO_OK;
	return OK;
}

/* eddsa_pk_from_ptr takes any octets. */
static enum err load_eddsa(struct str text, struct key *key, bool *is_good)
{
	struct ed25519_public public;

	key->eddsa = eddsa_pk_new();
	if (key->eddsa == NULL)
		return ERR_MEMORY;
	*is_good = false;
	if (text.n != sizeof public.b)
		return OK;
	memcpy(public.b, text.p, sizeof public.b);
	*is_good = ed25519_is_public(&public) &&
		   eddsa_pk_from_ptr(key->eddsa, text.p, text.n) == FIDO_OK;
	return OK;
}

static bool is_modulus(struct str octets)
{
	return ((unsigned char)octets.p[0] & 0x80U) != 0 &&
	       ((unsigned char)octets.p[octets.n - 1] & 1U) != 0;
}

static enum err load_rs256(struct str text, struct key *key, bool *is_good)
{
	key->rs256 = rs256_pk_new();
	if (key->rs256 == NULL)
		return ERR_MEMORY;
	*is_good = text.n == RS256_KEY && is_modulus(str_sub(text, 0, MODULUS)) &&
		   str_equal(str_sub(text, MODULUS, text.n), EXPONENT) &&
		   rs256_pk_from_ptr(key->rs256, text.p, text.n) == FIDO_OK;
	return OK;
}

static enum err load(enum webauthn_algorithm algorithm, struct str text, struct key *key,
		     bool *is_good)
{
	*key = (struct key){.es256 = NULL};
	switch (algorithm) {
	case WEBAUTHN_ES256:
		return load_es256(text, key, is_good);
	case WEBAUTHN_EDDSA:
		return load_eddsa(text, key, is_good);
	case WEBAUTHN_RS256:
		return load_rs256(text, key, is_good);
	case WEBAUTHN_NO_ALGORITHM:
		break;
	}
	*is_good = false;
	return OK;
}

enum err webauthn_key_check(enum webauthn_algorithm algorithm, struct str key, bool *is_good)
{
	struct key loaded;
	enum err e = load(algorithm, key, &loaded, is_good);

	drop(&loaded);
	return e;
}

static const void *key_of(const struct key *key)
{
	if (key->es256 != NULL)
		return key->es256;
	return key->eddsa != NULL ? (const void *)key->eddsa : key->rs256;
}

/* What the library says of memory and of itself is no verdict. */
static enum err understand(int answer, bool *is_right)
{
	if (answer == FIDO_ERR_INTERNAL)
		return ERR_INTERNAL;
	*is_right = answer == FIDO_OK;
	return OK;
}

enum err webauthn_key_verify(enum webauthn_algorithm algorithm, struct str key,
			     const struct fido_assert *assertion, bool *is_right)
{
	struct key loaded;
	bool is_good = false;
	enum err e = load(algorithm, key, &loaded, &is_good);

	*is_right = false;
	if (e == OK && is_good)
		e = understand(fido_assert_verify(assertion, 0, (int)algorithm, key_of(&loaded)),
			       is_right);
	drop(&loaded);
	return e;
}
