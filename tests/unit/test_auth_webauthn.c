/* WA-02, WA-03, WA-05, WA-08, WA-10: recorded ceremonies are right, and nothing beside them is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "attestation.h"
#include "ceremonies.h"
#include "webauthn.h"

#define ARENA ((size_t)1 << 20)
#define FLAGS_AT 32 /* octet of authData (WebAuthn L3 §6.1) */
#define FLAG_UP 0x01U
#define FLAG_UV 0x04U
#define FLAG_BE 0x08U
#define FLAG_BS 0x10U

/* The recordings, and an arena for what one judgement makes. */
struct world {
	struct arena *kept;
	struct arena *arena;
	struct ceremony list[CEREMONIES_MAX];
	size_t n;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	if (w == NULL || arena_open(65536, ARENA, &w->kept) != OK ||
	    arena_open(65536, ARENA, &w->arena) != OK)
		return -1;
	w->n = ceremonies_load(w->kept, TEST_SOURCE_DIR "/tests/unit/ceremonies.txt", w->list);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	arena_close(&w->arena);
	arena_close(&w->kept);
	free(w);
	return 0;
}

static enum webauthn_verdict registered(struct world *w, const struct webauthn_expected *expected,
					const struct webauthn_registration *given,
					struct webauthn_credential *out)
{
	enum webauthn_verdict verdict = WEBAUTHN_MALFORMED;

	assert_int_equal(webauthn_register(w->arena, expected, given, out, &verdict), OK);
	return verdict;
}

static enum webauthn_verdict asserted(const struct webauthn_expected *expected,
				      const struct webauthn_credential *credential,
				      const struct webauthn_assertion *given)
{
	struct webauthn_proof proof = {.sign_count = 77};
	enum webauthn_verdict verdict = WEBAUTHN_MALFORMED;

	assert_int_equal(webauthn_assert(expected, credential, given, &proof, &verdict), OK);
	/* Of a refusal nothing is told. */
	if (verdict != WEBAUTHN_RIGHT)
		assert_int_equal(proof.sign_count, 77);
	return verdict;
}

static struct webauthn_credential credential_of(struct world *w, const struct ceremony *c)
{
	struct webauthn_credential credential = {.algorithm = WEBAUTHN_NO_ALGORITHM};

	assert_int_equal(registered(w, &c->create, &c->registration, &credential), WEBAUTHN_RIGHT);
	return credential;
}

/* The first that is accepted, with that algorithm. */
static const struct ceremony *find(struct world *w, enum webauthn_algorithm algorithm)
{
	struct webauthn_credential credential = {.algorithm = WEBAUTHN_NO_ALGORITHM};

	for (size_t i = 0; i < w->n; i++) {
		const struct ceremony *c = &w->list[i];

		if (c->accepted && c->verified &&
		    registered(w, &c->create, &c->registration, &credential) == WEBAUTHN_RIGHT &&
		    credential.algorithm == algorithm)
			return c;
	}
	fail_msg("no recording with algorithm %d", (int)algorithm);
	return NULL;
}

static struct str copy(struct world *w, struct str s)
{
	assert_int_equal(str_copy(w->arena, s, &s), OK);
	return s;
}

static void flip(struct str s, size_t bit)
{
	/* The copy is the test's own. */
	unsigned char *bytes = NULL;

	memcpy(&bytes, &s.p, sizeof bytes);
	bytes[bit / 8] ^= (unsigned char)(1U << (bit % 8));
}

/* WA-10: those with certificates are refused, not believed. */
static void recordings_are_right_and_certified_ones_refused(void **state)
{
	struct world *w = *state;
	unsigned algorithms[3] = {0};
	unsigned refused = 0;

	assert_true(w->n >= 8);
	for (size_t i = 0; i < w->n; i++) {
		const struct ceremony *c = &w->list[i];
		struct webauthn_credential credential = {.algorithm = WEBAUTHN_NO_ALGORITHM};
		enum webauthn_verdict verdict =
			registered(w, &c->create, &c->registration, &credential);

		assert_int_equal(verdict, c->accepted ? WEBAUTHN_RIGHT : WEBAUTHN_BAD_ATTESTATION);
		if (!c->accepted) {
			refused++;
			continue;
		}
		assert_true(str_equal(credential.id, c->registration.id));
		assert_int_equal(credential.verified, c->verified);
		assert_int_equal(asserted(&c->get, &credential, &c->assertion), WEBAUTHN_RIGHT);
		algorithms[credential.algorithm == WEBAUTHN_ES256   ? 0
			   : credential.algorithm == WEBAUTHN_EDDSA ? 1
								    : 2]++;
	}
	assert_true(refused >= 2);
	assert_true(algorithms[0] > 0 && algorithms[1] > 0 && algorithms[2] > 0);
}

/* WA-02 */
static void client_data_must_be_about_this(void **state)
{
	struct world *w = *state;
	const struct ceremony *c = find(w, WEBAUTHN_ES256);
	struct webauthn_credential credential = credential_of(w, c);
	struct webauthn_assertion given = c->assertion;
	struct webauthn_expected expected = c->get;
	struct str look_alike = STR("http://localhost:1");

	given.client_data.type = STR("webauthn.create");
	assert_int_equal(asserted(&expected, &credential, &given), WEBAUTHN_WRONG_TYPE);
	given.client_data.type = STR_NONE;
	assert_int_equal(asserted(&expected, &credential, &given), WEBAUTHN_WRONG_TYPE);
	given = c->assertion;
	given.client_data.cross_origin = true;
	assert_int_equal(asserted(&expected, &credential, &given), WEBAUTHN_WRONG_ORIGIN);
	given = c->assertion;
	given.client_data.has_top = true;
	assert_int_equal(asserted(&expected, &credential, &given), WEBAUTHN_WRONG_ORIGIN);
	given = c->assertion;
	expected.origins = &look_alike;
	assert_int_equal(asserted(&expected, &credential, &given), WEBAUTHN_WRONG_ORIGIN);
	expected = c->get;
	expected.origin_count = 0;
	assert_int_equal(asserted(&expected, &credential, &given), WEBAUTHN_WRONG_ORIGIN);
	expected = c->get;
	expected.challenge[0] ^= 1;
	assert_int_equal(asserted(&expected, &credential, &given), WEBAUTHN_WRONG_CHALLENGE);
	expected = c->get;
	given.client_data.challenge = str_sub(given.client_data.challenge, 0, 42);
	assert_int_equal(asserted(&expected, &credential, &given), WEBAUTHN_WRONG_CHALLENGE);
}

static void registrations_are_about_this_too(void **state)
{
	struct world *w = *state;
	const struct ceremony *c = find(w, WEBAUTHN_ES256);
	struct webauthn_credential out = {.algorithm = WEBAUTHN_NO_ALGORITHM};
	struct webauthn_expected expected = c->create;
	struct webauthn_registration given = c->registration;

	given.client_data.type = STR("webauthn.get");
	assert_int_equal(registered(w, &expected, &given, &out), WEBAUTHN_WRONG_TYPE);
	given = c->registration;
	expected.challenge[31] ^= 0x80;
	assert_int_equal(registered(w, &expected, &given, &out), WEBAUTHN_WRONG_CHALLENGE);
	expected = c->create;
	expected.rp_id = STR("localhost.example");
	assert_int_equal(registered(w, &expected, &given, &out), WEBAUTHN_WRONG_PARTY);
	expected = c->create;
	given.id = copy(w, given.id);
	flip(given.id, 0);
	assert_int_equal(registered(w, &expected, &given, &out), WEBAUTHN_WRONG_CREDENTIAL);
	assert_int_equal(out.algorithm, WEBAUTHN_NO_ALGORITHM);
}

/* WA-03: what is asked of the flags comes before the signature, so a changed one says why. */
static void flags_must_be_right(void **state)
{
	static const struct {
		unsigned set, clear;
		enum webauthn_verdict verdict;
	} cases[] = {
		{0, FLAG_UP, WEBAUTHN_NOT_PRESENT},
		{0, FLAG_UV, WEBAUTHN_NOT_VERIFIED},
		{FLAG_BS, FLAG_BE, WEBAUTHN_BAD_BACKUP},
		{FLAG_BE, 0, WEBAUTHN_BAD_BACKUP}, /* it was not at registration */
	};
	struct world *w = *state;
	const struct ceremony *c = find(w, WEBAUTHN_ES256);
	struct webauthn_credential credential = credential_of(w, c);

	assert_false(credential.eligible);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct webauthn_assertion given = c->assertion;
		unsigned char *bytes = NULL;

		given.authenticator_data = copy(w, given.authenticator_data);
		memcpy(&bytes, &given.authenticator_data.p, sizeof bytes);
		bytes[FLAGS_AT] = (unsigned char)((bytes[FLAGS_AT] | cases[i].set) &
						  (unsigned char)~cases[i].clear);
		assert_int_equal(asserted(&c->get, &credential, &given), cases[i].verdict);
	}
	struct webauthn_expected elsewhere = c->get;
	elsewhere.rp_id = STR("example.org");
	assert_int_equal(asserted(&elsewhere, &credential, &c->assertion), WEBAUTHN_WRONG_PARTY);
}

/* WA-08: an assertion of one credential is nothing for another. */
static void signatures_belong_to_their_credential(void **state)
{
	struct world *w = *state;
	const struct ceremony *c = find(w, WEBAUTHN_ES256);
	struct webauthn_credential credential = credential_of(w, c);

	for (size_t i = 0; i < w->n; i++) {
		const struct ceremony *other = &w->list[i];
		struct webauthn_credential theirs = {.algorithm = WEBAUTHN_NO_ALGORITHM};

		if (other == c || !other->accepted)
			continue;
		theirs = credential_of(w, other);
		theirs.id = credential.id;
		theirs.eligible = credential.eligible;
		assert_int_not_equal(asserted(&c->get, &theirs, &c->assertion), WEBAUTHN_RIGHT);
	}
}

/* What one flipped bit of an assertion makes; never right. */
static void flip_each(struct world *w, const struct ceremony *c,
		      const struct webauthn_credential *credential, struct str *part,
		      struct webauthn_assertion *given)
{
	struct str whole = *part;

	for (size_t bit = 0; bit < whole.n * 8; bit++) {
		*part = copy(w, whole);
		flip(*part, bit);
		if (part == &given->client_data.raw)
			given->client_data = ceremony_client_data(*part);
		if (asserted(&c->get, credential, given) == WEBAUTHN_RIGHT)
			fail_msg("bit %zu is not looked at", bit);
		if (bit % 256 == 255)
			arena_reset(w->arena);
	}
	*given = c->assertion;
}

/* WA-08 */
static void no_flipped_bit_of_an_assertion_passes(void **state)
{
	struct world *w = *state;
	struct arena *kept = w->arena;

	for (size_t i = 0; i < w->n; i++) {
		const struct ceremony *c = &w->list[i];
		struct webauthn_assertion given = c->assertion;
		struct webauthn_credential credential;

		if (!c->accepted)
			continue;
		w->arena = w->kept;
		credential = credential_of(w, c);
		w->arena = kept;
		flip_each(w, c, &credential, &given.client_data.raw, &given);
		flip_each(w, c, &credential, &given.authenticator_data, &given);
		flip_each(w, c, &credential, &given.signature, &given);
		flip_each(w, c, &credential, &given.id, &given);
	}
}

/*
 * WA-05: a registration without attestation is not signed, so some flipped bits must pass: those
 * that tell of the authenticator, and those that make another key or id, with which the
 * authenticator that was shown cannot sign in.
 */
static void a_flipped_registration_is_refused_or_useless(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < w->n; i++) {
		const struct ceremony *c = &w->list[i];
		struct webauthn_registration given = c->registration;
		struct str whole = given.attestation_object;
		struct attestation split;
		struct auth_data data;

		if (!c->accepted)
			continue;
		for (size_t bit = 0; bit < whole.n * 8; bit++) {
			struct webauthn_credential out = {.algorithm = WEBAUTHN_NO_ALGORITHM};

			arena_reset(w->arena);
			given.attestation_object = copy(w, whole);
			flip(given.attestation_object, bit);
			if (registered(w, &c->create, &given, &out) != WEBAUTHN_RIGHT)
				continue;
			if (asserted(&c->get, &out, &c->assertion) != WEBAUTHN_RIGHT)
				continue;
			/* The same key and id: only counter, aaguid, UV or BS may differ. */
			assert_true(attestation_split(given.attestation_object, &split));
			assert_true(auth_data_read(split.auth_data, &data));
			assert_true(str_equal(data.id, c->registration.id));
			assert_true(str_equal(split.format, STR("none")));
		}
	}
}

/* WA-05: what is too long is refused unread, and so is a key of another form. */
static void sizes_are_bounded(void **state)
{
	struct world *w = *state;
	const struct ceremony *c = find(w, WEBAUTHN_EDDSA);
	struct webauthn_credential credential = credential_of(w, c);
	struct webauthn_credential out = {.algorithm = WEBAUTHN_NO_ALGORITHM};
	struct webauthn_assertion given = c->assertion;
	struct webauthn_registration registration = c->registration;
	static const char octets[WEBAUTHN_OBJECT_MAX + 1];

	given.signature = (struct str){octets, WEBAUTHN_SIGNATURE_MAX + 1};
	assert_int_equal(asserted(&c->get, &credential, &given), WEBAUTHN_MALFORMED);
	given = c->assertion;
	given.authenticator_data = (struct str){octets, WEBAUTHN_AUTH_DATA_MAX + 1};
	assert_int_equal(asserted(&c->get, &credential, &given), WEBAUTHN_MALFORMED);
	given = c->assertion;
	given.client_data.raw = (struct str){octets, WEBAUTHN_CLIENT_DATA_MAX + 1};
	assert_int_equal(asserted(&c->get, &credential, &given), WEBAUTHN_MALFORMED);
	given = c->assertion;
	given.id = (struct str){octets, WEBAUTHN_ID_MAX + 1};
	assert_int_equal(asserted(&c->get, &credential, &given), WEBAUTHN_MALFORMED);
	registration.attestation_object = (struct str){octets, WEBAUTHN_OBJECT_MAX + 1};
	assert_int_equal(registered(w, &c->create, &registration, &out), WEBAUTHN_MALFORMED);
	credential.public_key = str_sub(credential.public_key, 0, 31);
	assert_int_equal(asserted(&c->get, &credential, &c->assertion), WEBAUTHN_BAD_SIGNATURE);
}

static void verdicts_have_names_and_zero_denies(void **state)
{
	(void)state;
	assert_int_equal(WEBAUTHN_MALFORMED, 0);
	for (int i = 0; i < WEBAUTHN_VERDICT_COUNT; i++)
		assert_non_null(webauthn_verdict_name((enum webauthn_verdict)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordings_are_right_and_certified_ones_refused),
		cmocka_unit_test(client_data_must_be_about_this),
		cmocka_unit_test(registrations_are_about_this_too),
		cmocka_unit_test(flags_must_be_right),
		cmocka_unit_test(signatures_belong_to_their_credential),
		cmocka_unit_test(no_flipped_bit_of_an_assertion_passes),
		cmocka_unit_test(a_flipped_registration_is_refused_or_useless),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(verdicts_have_names_and_zero_denies),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
