/* Hashes of other programs: made by openssl passwd, PHP and by phpass's own test, read and
 * verified. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "foreign_hash.h"
#include "password.h"

#define WORD "Correct horse battery 1"
#define LONG_SALT "$6$rounds=656000$abcdefgh$"
#define LONG_RESULT                                                                                \
	"NBje3pNJlpRqKr6BnX6RGcbiUFc5.bZQ1OgOQwl7C7EWAWizEre8rDmRRVrXQnPhc0W1dYTQhR63cV6rc9cFn0"
#define SHORT_512                                                                                  \
	"lYNRb22pHOoO26wd77uOBDFctQNqewAaxcCOh6a1R7kywzMurnRmLKAmaOABZtXaKfTUB/Iii0m9bam/Ggqs30"
#define TAIL "$QkxoRDFWZ3hWUk52eGIvTw$3GVCIrRED+ltJ+mu/4DR59JhLSVMCmCCiHL/Uhnk5Ms"
#define BCRYPT_TAIL "$copcAr3axLBbJMqslCOWxu1f1m.uXyEHM3XEkR59NkGItYIGII3U."

struct made {
	const char *text;
	enum foreign_form form;
	const char *password;
};

static const struct made MADE[] = {
	{"$2y$04$YF9Djy/JDKtZ8/qf3LeNa.VUsDlO8n2sgw58QJr9yop2659cMOyJy", FOREIGN_BCRYPT, WORD},
	{"$2y$05$38/tWtr6X5/JWHDCPBh33ORfoB/V9aDuvsyMUAFGQLd4qX9zwZEdC", FOREIGN_BCRYPT, WORD},
	{"$2y$10" BCRYPT_TAIL, FOREIGN_BCRYPT, WORD},
	{"$2b$10" BCRYPT_TAIL, FOREIGN_BCRYPT, WORD},
	{"$2a$05$abcdefghijklmnopqrstuu0H16VoHi9DyuAsXSsF97uzS.tMdXHrG", FOREIGN_BCRYPT, WORD},
	{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", FOREIGN_BCRYPT, "U*U"},
	{"$2y$04$nvbM0eOfsPmxXPRFqvjPWuzOq5PX5DjLQ63ZCIVfgeYHXpv0ze14q", FOREIGN_BCRYPT, ""},
	{"$apr1$abcdEFGH$CfG3R8wVyXI.XOUZhJSRC1", FOREIGN_APR1, WORD},
	{"$apr1$x$AY0.4SEP6q.fT2wMvopjO.", FOREIGN_APR1, WORD},
	{"$apr1$saltsalt$uQrb56n.o6mMqCG.V73Mr1", FOREIGN_APR1,
	 "Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87 g\xc4\x99\xc5\x9bl\xc4\x85 ja\xc5\xba\xc5\x84"},
	{"{SHA}yqD2UGIrgAlvTafixTcpxkIECbg=", FOREIGN_SHA1, WORD},
	{"$5$saltsalt$tFxTX0jHRXjl8Kd6wvpReGFzQUThTHMxIzuW9IwOVv0", FOREIGN_SHA_CRYPT, WORD},
	{"$6$saltsaltsaltsalt$KHq/tqlgS4s1MjSwnzhJE5c.BtJaeO6OmBzgl9bCgAK/r6U2FEZA.3zDJGBSi/"
	 "fv6CKfR8jfYo.oVzjmQ/Po1/",
	 FOREIGN_SHA_CRYPT, WORD},
	{"$6$rounds=1000$abc$" SHORT_512, FOREIGN_SHA_CRYPT, WORD},
	{"$5$rounds=12345$abcdefghijklmnop$FUVmlILGmomeZFAB4CRFIMCr8w1y/22q.I2XPQXBLG2",
	 FOREIGN_SHA_CRYPT, WORD},
	{LONG_SALT LONG_RESULT, FOREIGN_SHA_CRYPT, WORD},
	{"$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", FOREIGN_PHPASS, "test12345"},
	{"$P$BsaltSALTU.o.ttarLCtIH0aHamles/", FOREIGN_PHPASS, WORD},
	{"$H$9saltsaltZlvaW/kGo1Tzb75ZpdAul.", FOREIGN_PHPASS, WORD},
	{"$P$7saltsaltIKdaRXd8XoAff4IfY5Hiu.", FOREIGN_PHPASS, ""},
	{"$argon2i$v=19$m=1024,t=3,p=1$YTQ5QkxPR1QxZVV1SXU2bg$"
	 "pvg7WVI33TToMLi5w+awL28urY4GfxXK1S7imt1i8JU",
	 FOREIGN_ARGON2I, WORD},
	{"$argon2id$v=19$m=2048,t=2,p=1" TAIL, FOREIGN_ARGON2ID, WORD},
	{"$argon2id$v=19$m=2048,t=2,p=2$OC5mVUFFSE5uZzBiUmUxUQ$"
	 "eVhBTR8ViXZrrPoGx0o4y9j3TTdDIN4o22s+8K7LTgI",
	 FOREIGN_ARGON2ID, WORD},
};
#define MADE_COUNT (sizeof MADE / sizeof MADE[0])

struct world {
	struct config config;
	struct arena *arena;
	struct hasher *hasher;
};

static int set_up(void **state)
{
	static struct world world;

	world.config.password.memory = 19456;
	world.config.password.passes = 2;
	*state = &world;
	return hasher_open(&world.config, NULL, &world.hasher) != OK ||
	       arena_open(4096, 1 << 20, &world.arena) != OK;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	arena_close(&world->arena);
	hasher_close(&world->hasher);
	return 0;
}

static struct secret secret_of(struct world *world, const char *text)
{
	struct secret secret = SECRET_NONE;

	assert_int_equal(secret_from_str(world->arena, str_of(text), &secret), OK);
	return secret;
}

static bool fits(struct world *world, struct secret text, struct secret password)
{
	enum password_verdict verdict = PASSWORD_RIGHT;
	int64_t soon = clock_monotonic() + 60 * CLOCK_SECOND;

	assert_int_equal(password_verify(world->hasher, text, password, soon, &verdict), OK);
	return verdict == PASSWORD_RIGHT;
}

/* The same without the hash that does the work beside, for tests of very many. */
static bool fits_alone(struct secret text, struct secret password)
{
	struct foreign_hash hash;
	bool right = true;

	if (foreign_hash_read(text, &hash) != FOREIGN_FINE)
		return false;
	assert_int_equal(foreign_hash_verify(&hash, text, password, &right), OK);
	return right;
}

static enum foreign_flaw flaw_of(struct world *world, const char *text)
{
	struct foreign_hash hash;

	return foreign_hash_read(secret_of(world, text), &hash);
}

/* PW-18: each form is verified, and to be rewritten; another password fits none. */
static void every_form_is_verified(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < MADE_COUNT; i++) {
		struct secret text = secret_of(world, MADE[i].text);
		struct foreign_hash hash = {.form = FOREIGN_NONE};

		assert_int_equal(foreign_hash_read(text, &hash), FOREIGN_FINE);
		assert_int_equal(hash.form, MADE[i].form);
		if (!fits(world, text, secret_of(world, MADE[i].password)))
			fail_msg("%s does not fit", MADE[i].text);
		assert_false(fits(world, text, secret_of(world, "Correct horse battery 2")));
		assert_false(fits(world, text, secret_of(world, "correct horse battery 1")));
		assert_true(password_is_outdated(world->hasher, text));
	}
}

static void flip_all(struct world *world, const struct made *made)
{
	struct secret text = secret_of(world, made->text);
	struct secret password = secret_of(world, made->password);

	assert_true(fits_alone(text, password));
	for (size_t bit = 0; bit < text.len * 8; bit++) {
		text.bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
		if (fits_alone(text, password))
			fail_msg("%s still fits without bit %zu", made->text, bit);
		text.bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
	}
}

/* No text but the one that was made is taken, down to the bits that stand for nothing. */
static void every_bit_counts(void **state)
{
	static const size_t some[] = {0, 7, 8, 10, 11, 13, 16, 19};

	for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
		flip_all(*state, &MADE[some[i]]);
}

/* PW-02: bcrypt reads 72 octets; what is longer must not fit by the first of them. */
static void bcrypt_cuts_nothing(void **state)
{
	struct world *world = *state;
	struct secret text =
		secret_of(world, "$2y$04$2wWKY1LDCm6IBWwGtX1vwuGwmNYBL0ozBdSJZDhP/eKuSVgaZvwj6");
	char word[74];

	memset(word, 'y', sizeof word);
	word[73] = '\0';
	assert_false(fits(world, text, secret_of(world, word)));
	word[72] = '\0';
	assert_true(fits(world, text, secret_of(world, word)));
	word[71] = '\0';
	assert_false(fits(world, text, secret_of(world, word)));
}

/* The work of sha-crypt grows with the password: above some rounds 64 octets are the most. */
static void long_passwords_are_bounded(void **state)
{
	struct world *world = *state;
	struct secret cheap = secret_of(
		world,
		"$6$rounds=100000$abcdefgh$5zA0zuffhJ1ix23eBKJI1f/wqDPueyATSOhbOpj2MWiixfwddS"
		"gkKVPPHoF6qWL3PnW.9SM9tQCEtLPpumjZa.");
	struct secret long_salt = secret_of(world, LONG_SALT LONG_RESULT);
	char word[600];

	memset(word, 'z', sizeof word);
	word[65] = '\0';
	assert_true(fits_alone(cheap, secret_of(world, word)));
	assert_false(fits_alone(long_salt, secret_of(world, word)));
	word[65] = 'z';
	word[599] = '\0';
	assert_false(fits_alone(cheap, secret_of(world, word)));
}

/* A password of all 1024 octets goes through MD5 and SHA-1 whole. */
static void digests_read_all(void **state)
{
	struct world *world = *state;
	char word[201];

	memset(word, 'x', sizeof word);
	word[200] = '\0';
	struct secret text = secret_of(world, "$apr1$longlong$LjP7r/eZvbrG/K4xW7RhZ1");
	assert_true(fits_alone(text, secret_of(world, word)));
	word[199] = 'y';
	assert_false(fits_alone(text, secret_of(world, word)));
}

static void others_are_refused(void **state)
{
	static const struct {
		const char *text;
		enum foreign_flaw flaw;
	} cases[] = {
		{"", FOREIGN_UNKNOWN},
		{"plain", FOREIGN_UNKNOWN},
		{"rqXexS6ZhobKA", FOREIGN_UNKNOWN}, /* DES */
		{"$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/", FOREIGN_UNKNOWN},
		{"$2x$10" BCRYPT_TAIL, FOREIGN_UNKNOWN},
		{"$y$j9T$salt$hash", FOREIGN_UNKNOWN},
		{"{SSHA}yqD2UGIrgAlvTafixTcpxkIECbg=", FOREIGN_UNKNOWN},
		{"{sha}yqD2UGIrgAlvTafixTcpxkIECbg=", FOREIGN_UNKNOWN},
		{"$wp$2y$10" BCRYPT_TAIL, FOREIGN_UNKNOWN},
		{" $2y$10" BCRYPT_TAIL, FOREIGN_UNKNOWN},
		{"$argon2d$v=19$m=2048,t=2,p=1" TAIL, FOREIGN_UNKNOWN},
		{"$2y$10$copcAr3axLBbJMqslCOWxu1f1m.uXyEHM3XEkR59NkGItYIGII3U", FOREIGN_BROKEN},
		{"$2y$10" BCRYPT_TAIL ".", FOREIGN_BROKEN},
		{"$2y$03" BCRYPT_TAIL, FOREIGN_BROKEN},
		{"$2y$32" BCRYPT_TAIL, FOREIGN_BROKEN},
		{"$2y$1x" BCRYPT_TAIL, FOREIGN_BROKEN},
		{"$2y$10$copcAr3axLBbJMqslCOWxu1f1m.uXyEHM3XEkR59NkGItYIGII3U=", FOREIGN_BROKEN},
		{"$apr1$abcdEFGH$CfG3R8wVyXI.XOUZhJSRC", FOREIGN_BROKEN},
		{"$apr1$abcdEFGHI$CfG3R8wVyXI.XOUZhJSRC1", FOREIGN_BROKEN},
		{"$apr1$$CfG3R8wVyXI.XOUZhJSRC1", FOREIGN_BROKEN},
		{"$apr1$", FOREIGN_BROKEN},
		{"{SHA}yqD2UGIrgAlvTafixTcpxkIECbg", FOREIGN_BROKEN},
		{"{SHA}yqD2UGIrgAlvTafixTcpxkIECbh=", FOREIGN_BROKEN},
		{"{SHA}", FOREIGN_BROKEN},
		{"$5$saltsalt$tFxTX0jHRXjl8Kd6wvpReGFzQUThTHMxIzuW9IwOVv", FOREIGN_BROKEN},
		{"$6$saltsalt$tFxTX0jHRXjl8Kd6wvpReGFzQUThTHMxIzuW9IwOVv0", FOREIGN_BROKEN},
		{"$6$rounds=999$abc$" SHORT_512, FOREIGN_BROKEN},
		{"$6$rounds=01000$abc$" SHORT_512, FOREIGN_BROKEN},
		{"$6$rounds=1000000000$abc$" SHORT_512, FOREIGN_BROKEN},
		{"$6$rounds=$abc$" SHORT_512, FOREIGN_BROKEN},
		{"$6$rounds=1000$" SHORT_512, FOREIGN_BROKEN},
		{"$6$rounds=700001$abc$" SHORT_512, FOREIGN_COSTLY},
		{"$6$rounds=999999999$abc$" SHORT_512, FOREIGN_COSTLY},
		{"$2y$14" BCRYPT_TAIL, FOREIGN_COSTLY},
		{"$2b$31" BCRYPT_TAIL, FOREIGN_COSTLY},
		{"$P$6saltsaltIKdaRXd8XoAff4IfY5Hiu.", FOREIGN_FINE},
		{"$P$HsaltsaltIKdaRXd8XoAff4IfY5Hiu.", FOREIGN_COSTLY},
		{"$P$SsaltsaltIKdaRXd8XoAff4IfY5Hiu.", FOREIGN_COSTLY},
		{"$P$TsaltsaltIKdaRXd8XoAff4IfY5Hiu.", FOREIGN_BROKEN},
		{"$H$9saltsaltZlvaW/kGo1Tzb75ZpdAul", FOREIGN_BROKEN},
		{"$H$9saltsaltZlvaW/kGo1Tzb75ZpdAul+", FOREIGN_BROKEN},
		{"$argon2id$m=2048,t=2,p=1" TAIL, FOREIGN_BROKEN},
		{"$argon2id$v=16$m=2048,t=2,p=1" TAIL, FOREIGN_BROKEN},
		{"$argon2id$v=19$m=2048,t=2" TAIL, FOREIGN_BROKEN},
		{"$argon2id$v=19$m=2048,t=0,p=1" TAIL, FOREIGN_BROKEN},
		{"$argon2id$v=19$m=8,t=2,p=2" TAIL, FOREIGN_BROKEN},
		{"$argon2id$v=19$m=2048,t=2,p=1$QkxoRDFWZ3hWUk52eGIvTw$", FOREIGN_BROKEN},
		{"$argon2id$v=19$m=2048,t=2,p=1$$3GVCIrRED+ltJ+mu/4DR59JhLSVMCmCC", FOREIGN_BROKEN},
		{"$argon2i$v=19$m=262145,t=1,p=1" TAIL, FOREIGN_COSTLY},
		{"$argon2i$v=19$m=262144,t=5,p=1" TAIL, FOREIGN_COSTLY},
		{"$argon2id$v=19$m=65536,t=17,p=1" TAIL, FOREIGN_COSTLY},
		{"$argon2id$v=19$m=65536,t=4,p=17" TAIL, FOREIGN_COSTLY},
		{"$argon2id$v=19$m=65536,t=16,p=16" TAIL, FOREIGN_FINE},
		{"$2y$13" BCRYPT_TAIL, FOREIGN_FINE},
		{"$6$rounds=700000$abc$" SHORT_512, FOREIGN_FINE},
		{"$P$GsaltsaltIKdaRXd8XoAff4IfY5Hiu.", FOREIGN_FINE},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (flaw_of(*state, cases[i].text) != cases[i].flaw)
			fail_msg("%s: %u", cases[i].text, flaw_of(*state, cases[i].text));
}

/* What the cut of a text leaves is never taken, nor one with a NUL in it. */
static void cut_texts_are_refused(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < MADE_COUNT; i++) {
		struct secret text = secret_of(world, MADE[i].text);
		struct secret password = secret_of(world, MADE[i].password);
		bool argon2 = MADE[i].form <= FOREIGN_ARGON2I;

		for (size_t n = 0; n < text.len; n++) {
			struct secret cut = {.bytes = text.bytes, .len = n};
			struct foreign_hash hash;

			if (!argon2 && foreign_hash_read(cut, &hash) == FOREIGN_FINE)
				fail_msg("%s is taken cut to %zu", MADE[i].text, n);
		}
		text.bytes[text.len - 1] = '\0';
		assert_false(!argon2 && fits_alone(text, password));
	}
}

/* Above the bound it is wrong, and no more work than for nobody: 2^31 rounds would take hours. */
static void costly_ones_are_wrong_at_once(void **state)
{
	static const char *const texts[] = {
		"$2b$31" BCRYPT_TAIL,
		"$6$rounds=999999999$abc$" SHORT_512,
		"$P$SsaltsaltIKdaRXd8XoAff4IfY5Hiu.",
		"$argon2i$v=19$m=4194304,t=4000000,p=1" TAIL,
		"$argon2id$v=19$m=4294967295,t=4000000,p=1" TAIL,
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_false(fits(world, secret_of(world, texts[i]), secret_of(world, WORD)));
		assert_false(password_is_outdated(world->hasher, secret_of(world, texts[i])));
	}
}

static void everything_has_a_text(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FOREIGN_FLAW_COUNT; i++)
		assert_non_null(foreign_flaw_text((enum foreign_flaw)i));
	for (unsigned i = 0; i < FOREIGN_FORM_COUNT; i++)
		assert_non_null(foreign_form_name((enum foreign_form)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_verified),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(bcrypt_cuts_nothing),
		cmocka_unit_test(long_passwords_are_bounded),
		cmocka_unit_test(digests_read_all),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(cut_texts_are_refused),
		cmocka_unit_test(costly_ones_are_wrong_at_once),
		cmocka_unit_test(everything_has_a_text),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
