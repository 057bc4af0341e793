/* HTTP Basic as OAuth clients send it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "basic.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	return arena_open(4096, 65536, &arena) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_close(&arena);
	return 0;
}

static void assert_reads(const char *header, const char *user, const char *password)
{
	struct basic basic;

	assert_int_equal(basic_read(arena, str_of(header), &basic), OK);
	assert_true(str_equal(basic.user, str_of(user)));
	assert_true(str_equal(basic.password, str_of(password)));
}

static void user_and_password(void **state)
{
	(void)state;
	/* RFC 7617 §2 */
	assert_reads("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame");
	assert_reads("bASIC  QWxhZGRpbjpvcGVuIHNlc2FtZQ== ", "Aladdin", "open sesame");
	assert_reads("Basic Og==", "", "");
	assert_reads("Basic YTpiOmM=", "a", "b:c");
}

/* RFC 6749 §2.3.1 and its appendix B. */
static void parts_are_form_encoded(void **state)
{
	(void)state;
	/* "a%3Ab+c:%2B%C3%A9" */
	assert_reads("Basic YSUzQWIrYzolMkIlQzMlQTk=", "a:b c", "+\xc3\xa9");
}

static void what_is_refused(void **state)
{
	static const char *const BAD[] = {"",
					  "Basic",
					  "Basic ",
					  "Basicx Og==",
					  "Bearer Og==",
					  "Basic YQ==",        /* no colon */
					  "Basic Og=",         /* padding */
					  "Basic Og",          /* none */
					  "Basic Oh==",        /* stray bits */
					  "Basic Og== Og==",   /* two */
					  "Basic \xc3\xa9g==", /* no ASCII */
					  "Basic Ol8-",        /* the other alphabet */
					  "Basic OiUwMA==",    /* %00 */
					  "Basic JXp6Og==",    /* a broken escape */
					  "Basic Ov//",        /* no UTF-8 */
					  "Basic QWxh\nZGRpbjo="};
	struct basic basic = {.user = {"-", 1}};

	(void)state;
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
		if (basic_read(arena, str_of(BAD[i]), &basic) != ERR_INPUT)
			fail_msg("%s", BAD[i]);
	}
	assert_true(str_equal(basic.user, STR("-")));
	assert_int_equal(basic_read(arena, STR_NONE, &basic), ERR_INPUT);
	assert_false(basic_is(STR_NONE));
	assert_false(basic_is(STR("Basi")));
	assert_true(basic_is(STR("BASIC x")));
}

static void bounded(void **state)
{
	char header[2048];

	(void)state;
	memset(header, 'A', sizeof header);
	memcpy(header, "Basic ", 6);
	header[6 + 1372] = '\0'; /* 1029 bytes */
	struct basic basic;
	assert_int_equal(basic_read(arena, str_of(header), &basic), ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(user_and_password),
		cmocka_unit_test(parts_are_form_encoded),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
