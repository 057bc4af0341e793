/* IN-16: lengths of parameters, before libfcgi believes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fcgi_params.h"

#define BEGINNING "\1\1\0\1\0\x8\0\0\0\2\0\0\0\0\0\0"
#define END "\1\4\0\1\0\0\0\0"
#define OF(text) (const unsigned char *)(text), sizeof(text) - 1

static void beginnings_that_are_sound(void **state)
{
	(void)state;
	assert_int_equal(fcgi_params_of(OF(BEGINNING END)), FCGI_PARAMS_SOUND);
	assert_int_equal(fcgi_params_of(OF(BEGINNING "\1\4\0\1\0\4\0\0\1\1ab" END)),
			 FCGI_PARAMS_SOUND);
	/* Padding, and what is behind the end. */
	assert_int_equal(fcgi_params_of(OF(BEGINNING "\1\4\0\1\0\4\3\0\1\1abxyz" END "garbage")),
			 FCGI_PARAMS_SOUND);
	/* A pair over two records, cut in a length. */
	assert_int_equal(
		fcgi_params_of(OF(BEGINNING "\1\4\0\1\0\3\0\0\x80\0\0\1\4\0\1\0\4\0\0\1\1ab" END)),
		FCGI_PARAMS_SOUND);
	/* The longest: 262144 octets of a value with no name, of which libfcgi will miss the end.
	 */
	assert_int_equal(fcgi_params_of(OF(BEGINNING "\1\4\0\1\0\5\0\0\0\x80\4\0\0" END)),
			 FCGI_PARAMS_SOUND);
}

static void parts_are_parts(void **state)
{
	static const unsigned char whole[] = BEGINNING "\1\4\0\1\0\7\2\0\1\x80\0\0\1ab__" END;

	(void)state;
	for (size_t n = 0; n < sizeof whole - 1; n++)
		assert_int_equal(fcgi_params_of(whole, n), FCGI_PARAMS_PART);
	assert_int_equal(fcgi_params_of(whole, sizeof whole - 1), FCGI_PARAMS_SOUND);
}

static void what_is_faulty(void **state)
{
	(void)state;
	assert_int_equal(fcgi_params_of(OF("GET / HTTP/1.1\r\n")), FCGI_PARAMS_FAULTY);
	assert_int_equal(fcgi_params_of(OF("\1\4\0\1\0\0\0\0")), FCGI_PARAMS_FAULTY);
	assert_int_equal(fcgi_params_of(OF("\1\x9\0\0\0\0\0\0")), FCGI_PARAMS_FAULTY);
	assert_int_equal(fcgi_params_of(OF(BEGINNING BEGINNING)), FCGI_PARAMS_FAULTY);
	assert_int_equal(fcgi_params_of(OF(BEGINNING "\2\4\0\1\0\0\0\0")), FCGI_PARAMS_FAULTY);
	assert_int_equal(fcgi_params_of(OF(BEGINNING "\1\x5\0\1\0\0\0\0")), FCGI_PARAMS_FAULTY);
	/* One more than may be; then two lengths that are negative together. */
	assert_int_equal(fcgi_params_of(OF(BEGINNING "\1\4\0\1\0\5\0\0\1\x80\4\0\0")),
			 FCGI_PARAMS_FAULTY);
	assert_int_equal(
		fcgi_params_of(OF(BEGINNING "\1\4\0\1\0\x8\0\0\xff\xff\xff\xff\xff\xff\xff\xff")),
		FCGI_PARAMS_FAULTY);
	/* Behind a good pair, and with the rest still on its way. */
	assert_int_equal(
		fcgi_params_of(OF(BEGINNING "\1\4\0\1\xff\xff\0\0\1\1ab\x90\0\0\0\xa0\0\0\0")),
		FCGI_PARAMS_FAULTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beginnings_that_are_sound),
		cmocka_unit_test(parts_are_parts),
		cmocka_unit_test(what_is_faulty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
