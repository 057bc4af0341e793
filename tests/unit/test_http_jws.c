/* Compact JWS: RFC 8037's example, our own tokens, and every trick of TK-01, TK-02, TK-04, TK-05.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "codec.h"
#include "json.h"
#include "jws.h"
#include "sha256.h"

#define KID "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" /* RFC 8037 A.3 */
#define HEADER "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"" KID "\"}"
#define PAYLOAD "{\"iss\":\"https://a.example/auth\"}"

struct bench {
	struct arena *arena;
	struct ed25519_secret secret;
	struct ed25519_public public;
	struct digest kid;
};

static struct str decoded(struct bench *b, struct str text)
{
	size_t n = text.n * 3 / 4;
	char *bytes = arena_alloc(b->arena, n + 1);

	assert_int_equal(codec_base64url_decode(text, (unsigned char *)bytes, n), OK);
	return (struct str){bytes, n};
}

static struct str encoded(struct bench *b, struct str bytes)
{
	char *text = arena_alloc(b->arena, CODEC_BASE64URL_LEN(bytes.n) + 1);

	codec_base64url((const unsigned char *)bytes.p, bytes.n, text);
	return str_of(text);
}

/* RFC 8037 A.1, A.3. */
static int open_bench(void **state)
{
	static struct bench b;

	json_init();
	assert_int_equal(arena_open(4096, 1 << 22, &b.arena), OK);
	struct str seed = decoded(&b, STR("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"));
	struct str public = decoded(&b, STR("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
	ed25519_make((const unsigned char *)seed.p, &b.secret, &b.public);
	assert_memory_equal(b.public.b, public.p, sizeof b.public.b);
	b.kid = sha256(STR("{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":"
			   "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"));
	assert_memory_equal(b.kid.b, decoded(&b, STR(KID)).p, sizeof b.kid.b);
	*state = &b;
	return 0;
}

static int close_bench(void **state)
{
	struct bench *b = *state;

	arena_close(&b->arena);
	return 0;
}

/* Three parts, the third rightly signed over the first two, whatever they are. */
static struct str signed_text(struct bench *b, const char *header, const char *payload)
{
	unsigned char signature[ED25519_SIGNATURE];
	char *text = arena_alloc(b->arena, 16384);
	char last[CODEC_BASE64URL_LEN(ED25519_SIGNATURE) + 1];

	(void)snprintf(text, 16384, "%s.%s", header, payload);
	ed25519_sign(&b->secret, str_of(text), signature);
	codec_base64url(signature, sizeof signature, last);
	(void)strcat(text, ".");  /* NOLINT */
	(void)strcat(text, last); /* NOLINT */
	return str_of(text);
}

static struct str token_of(struct bench *b, const char *header, const char *payload)
{
	return signed_text(b, encoded(b, str_of(header)).p, encoded(b, str_of(payload)).p);
}

static enum err parsed(struct bench *b, struct str token)
{
	struct jws jws;

	return jws_parse(b->arena, token, &jws);
}

/* RFC 8037 A.4, A.5: the same signature over the same text. It is no access token, though. */
static void the_example_of_the_rfc(void **state)
{
	static const char token[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
				    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGj"
				    "g5BhVsPt9g7sVvpAr_MuM0KAg";
	struct bench *b = *state;

	assert_true(str_equal(token_of(b, "{\"alg\":\"EdDSA\"}", "Example of Ed25519 signing"),
			      STR(token)));
	assert_int_equal(parsed(b, STR(token)), ERR_INPUT);
}

static void what_is_signed_is_read_and_verified(void **state)
{
	static const char *const algs[] = {"EdDSA", "Ed25519"};
	struct bench *b = *state;

	for (size_t i = 0; i < 2; i++) {
		struct jws_signer signer = {str_of(algs[i]), b->kid, &b->secret};
		struct secret token = SECRET_NONE;
		struct ed25519_public other = b->public;
		struct jws jws;

		assert_int_equal(jws_sign(b->arena, &signer, STR(PAYLOAD), &token), OK);
		struct str text = {(const char *)token.bytes, token.len};
		assert_int_equal(jws_parse(b->arena, text, &jws), OK);
		assert_true(str_equal(jws.payload, STR(PAYLOAD)));
		assert_true(digest_equal(&jws.kid, &b->kid));
		assert_true(jws_is_signed_by(&jws, &b->public));
		other.b[3] ^= 1;
		assert_false(jws_is_signed_by(&jws, &other));
		jws.signature[63] ^= 0x10;
		assert_false(jws_is_signed_by(&jws, &b->public));
	}
}

/* TK-01, TK-02, TK-04, TK-05: every one of them is rightly signed by our key. */
static void headers_that_are_refused(void **state)
{
#define WITH(more) "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"" KID "\"," more "}"
#define ALG(alg) "{\"alg\":" alg ",\"typ\":\"at+jwt\",\"kid\":\"" KID "\"}"
#define TYP(typ) "{\"alg\":\"EdDSA\",\"typ\":" typ ",\"kid\":\"" KID "\"}"
#define NAMED(kid) "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":" kid "}"
	static const char *const headers[] = {
		ALG("\"none\""),
		ALG("\"nOnE\""),
		ALG("\"None\""),
		ALG("\"NONE\""),
		ALG("\"\""),
		ALG("\"HS256\""),
		ALG("\"HS512\""),
		ALG("\"ES256\""),
		ALG("\"RS256\""),
		ALG("\"PS256\""),
		ALG("\"Ed448\""),
		ALG("\"eddsa\""),
		ALG("\"EDDSA\""),
		ALG("\"ed25519\""),
		ALG("\"EdDSA \""),
		ALG("null"),
		ALG("true"),
		ALG("1"),
		ALG("[\"EdDSA\"]"),
		ALG("{\"EdDSA\":1}"),
		TYP("\"JWT\""),
		TYP("\"jwt\""),
		TYP("\"AT+JWT\""),
		TYP("\"application/at+jwt\""),
		TYP("\"dpop+jwt\""),
		TYP("\"logout+jwt\""),
		TYP("\"\""),
		TYP("null"),
		NAMED("\"\""),
		NAMED("\"../../../../dev/null\""),
		NAMED("\"' OR 1=1 -- \""),
		NAMED("\"" KID "A\""),
		NAMED("\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4l\""), /* stray bits */
		NAMED("\"kPrK/qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\""),
		NAMED("\"https://evil.example/key\""),
		NAMED("null"),
		NAMED("[\"" KID "\"]"),
		"{\"typ\":\"at+jwt\",\"kid\":\"" KID "\"}",
		"{\"alg\":\"EdDSA\",\"kid\":\"" KID "\"}",
		"{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}",
		WITH("\"crit\":[\"exp\"]"),
		WITH("\"crit\":[]"),
		WITH("\"crit\":\"\""),
		WITH("\"b64\":false"),
		WITH("\"b64\":true"),
		WITH("\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}"),
		WITH("\"jku\":\"https://evil.example/jwks.json\""),
		WITH("\"x5u\":\"https://evil.example/x.pem\""),
		WITH("\"x5c\":[\"MIIB\"]"),
		WITH("\"x5t\":\"abc\""),
		WITH("\"zip\":\"DEF\""),
		WITH("\"enc\":\"A256GCM\""),
		WITH("\"cty\":\"JWT\""),
		WITH("\"extra\":null"),
		WITH("\"extra\":\"\""),
		WITH("\"alg\":\"EdDSA\""),
		WITH("\"alg\":\"none\""),
		WITH("\"\\u0061lg\":\"none\""),
		WITH("\"kid\":\"" KID "\""),
		WITH("\"typ\":\"at+jwt\""),
		WITH("\"kid\":null"),
		"[" HEADER "]",
		"\"EdDSA\"",
		"null",
		"{}",
		"",
		HEADER "x",
		HEADER HEADER,
	};
	struct bench *b = *state;

	/* In other words it is the same. */
	assert_int_equal(parsed(b, token_of(b, HEADER, PAYLOAD)), OK);
	assert_int_equal(
		parsed(b,
		       token_of(b, "{ \"typ\":\"at+jwt\", \"kid\":\"" KID "\",\"alg\":\"Ed25519\"}",
				PAYLOAD)),
		OK);
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		enum err e = parsed(b, token_of(b, headers[i], PAYLOAD));

		if (e != ERR_INPUT)
			fail_msg("%s gave %s", headers[i], err_name(e));
	}
}

static struct str changed(struct bench *b, const char *before, const char *after, const char *form)
{
	char *text = arena_alloc(b->arena, 16384);

	(void)snprintf(text, 16384, "%s%s%s", before, form, after);
	return str_of(text);
}

/* TK-04: parts, padding, white space, other alphabets. */
static void forms_that_are_refused(void **state)
{
	struct bench *b = *state;
	const char *right = token_of(b, HEADER, PAYLOAD).p;
	char *dot = strchr(right, '.');
	char *second = strchr(dot + 1, '.');
	struct str whole = str_of(right);
	struct str parts[3] = {
		{right, (size_t)(dot - right)},
		{dot + 1, (size_t)(second - dot - 1)},
		str_of(second + 1),
	};
	const struct {
		const char *before, *form, *after;
	} forms[] = {
		{"", "", ""},        {".", "", "."},    {"", "..", ""},   {right, ".", ""},
		{right, ".e30", ""}, {".", "", right},  {right, "=", ""}, {right, "==", ""},
		{right, " ", ""},    {right, "\n", ""}, {" ", "", right}, {"\t", "", right},
		{right, "%00", ""},
	};

	assert_int_equal(parsed(b, whole), OK);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		assert_int_equal(
			parsed(b, changed(b, forms[i].before, forms[i].after, forms[i].form)),
			ERR_INPUT);
	/* Two parts, and an empty third: "none". */
	assert_int_equal(parsed(b, str_sub(whole, 0, parts[0].n + 1 + parts[1].n)), ERR_INPUT);
	assert_int_equal(parsed(b, str_sub(whole, 0, parts[0].n + 2 + parts[1].n)), ERR_INPUT);
	/* Shorter by every number of characters. */
	for (size_t n = 0; n < whole.n; n++)
		assert_int_not_equal(parsed(b, str_sub(whole, 0, n)), OK);
	/* A NUL, and an octet outside of ASCII, in each place. */
	for (size_t i = 0; i < whole.n; i++) {
		struct str copy;
		char odd[] = {'\0', '+', '/', '=', ' ', (char)0xc3};

		assert_int_equal(str_copy(b->arena, whole, &copy), OK);
		for (size_t k = 0; k < sizeof odd; k++) {
			((char *)(uintptr_t)copy.p)[i] = odd[k];
			assert_int_equal(parsed(b, copy), ERR_INPUT);
		}
	}
}

/* Padded parts, and parts with bits that mean nothing, rightly signed. */
static void texts_are_canonical(void **state)
{
	struct bench *b = *state;
	const char *header = encoded(b, STR(HEADER)).p;
	const char *payload = encoded(b, STR("{\"a\":1}")).p; /* 7 octets: two stray bits */
	struct str stray;
	char *last;

	assert_int_equal(parsed(b, signed_text(b, header, payload)), OK);
	assert_int_equal(parsed(b, signed_text(b, header, "eyJhIjoxfQ==")), ERR_INPUT);
	assert_int_equal(parsed(b, signed_text(b, header, "eyJhIjoxfQ=")), ERR_INPUT);
	assert_int_equal(parsed(b, signed_text(b, header, "eyJhIjox fQ")), ERR_INPUT);
	assert_int_equal(parsed(b, signed_text(b, header, "eyJhIjoxfQA")), OK); /* another text */
	assert_int_equal(parsed(b, signed_text(b, header, "eyJhIjoxfQAAA")), ERR_INPUT);
	assert_int_equal(parsed(b, signed_text(b, header, "eyJhIjoxfR")), ERR_INPUT);
	/* The signature's last character has four: each other one is refused. */
	stray = signed_text(b, header, payload);
	last = (char *)(uintptr_t)stray.p + stray.n - 1;
	for (unsigned i = 0; i < 64; i++) {
		static const char alphabet[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
		struct jws jws;

		*last = alphabet[i];
		if (jws_parse(b->arena, stray, &jws) == OK)
			assert_int_equal(i % 16, 0);
		else
			assert_int_not_equal(i % 16, 0);
	}
}

/* At most 4 KiB, in and out. */
static void long_tokens_are_refused(void **state)
{
	struct bench *b = *state;
	struct jws_signer signer = {STR("EdDSA"), b->kid, &b->secret};
	struct secret token = SECRET_NONE;
	struct jws jws;
	char *payload = arena_alloc(b->arena, JWS_MAX + 1);

	memset(payload, 'x', JWS_MAX);
	for (size_t n = 2800; n < 3000; n++) {
		enum err e = jws_sign(b->arena, &signer, (struct str){payload, n}, &token);

		assert_int_equal(e, e == OK ? OK : ERR_TOO_LARGE);
		if (e != OK) {
			assert_in_range(n, 2850, 2950);
			break;
		}
		assert_in_range(token.len, 1, JWS_MAX);
		assert_int_equal(jws_parse(b->arena,
					   (struct str){(const char *)token.bytes, token.len},
					   &jws),
				 OK);
	}
	payload[JWS_MAX] = '\0';
	assert_int_equal(parsed(b, token_of(b, HEADER, payload)), ERR_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_rfc),
		cmocka_unit_test(what_is_signed_is_read_and_verified),
		cmocka_unit_test(headers_that_are_refused),
		cmocka_unit_test(forms_that_are_refused),
		cmocka_unit_test(texts_are_canonical),
		cmocka_unit_test(long_tokens_are_refused),
	};

	return cmocka_run_group_tests(tests, open_bench, close_bench);
}
