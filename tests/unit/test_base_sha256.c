/* SHA-256: the examples of FIPS 180-4 and of RFC 7636. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec.h"
#include "sha256.h"

static void check(struct str text, const char *base64url)
{
	char out[DIGEST_TEXT + 1];
	struct digest digest = sha256(text);

	codec_base64url(digest.b, DIGEST_BYTES, out);
	assert_string_equal(out, base64url);
}

static void the_published_examples(void **state)
{
	(void)state;
	check(STR(""), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
	check(STR("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
	/* RFC 7636, appendix B */
	check(STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
	      "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
