/* What declared fields must look like: cursors, limits, names of clients and devices; and times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "fields.h"
#include "moment.h"

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	return arena_open(4096, 65536, &arena) == OK ? 0 : -1;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(&arena);
	return 0;
}

static void a_cursor_comes_back_as_it_went(void **state)
{
	struct page_cursor from = {.at = INT64_C(1795228484123456), .limit = 7};
	struct page_cursor back = {.limit = 9};
	struct str text;
	(void)state;
	for (size_t i = 0; i < ID_BYTES; i++)
		from.id.b[i] = (unsigned char)(0xf0 + i);
	assert_int_equal(fields_cursor_text(arena, &from, &text), OK);
	assert_int_equal(text.n, 32);
	assert_int_equal(fields_cursor_parse(text, &back), OK);
	assert_true(back.at == from.at);
	assert_true(id_equal(back.id, from.id));
	assert_int_equal(back.limit, 9);
}

static void a_cursor_is_the_time_first_then_the_id(void **state)
{
	struct page_cursor from = {.at = 0x0102030405060708, .id = {{9, 10}}};
	struct str text;
	(void)state;
	assert_int_equal(fields_cursor_text(arena, &from, &text), OK);
	assert_string_equal(text.p, "AQIDBAUGBwgJCgAAAAAAAAAAAAAAAAAA");
}

static void without_a_cursor_a_list_begins_at_its_start(void **state)
{
	struct page_cursor cursor = {.at = 5, .id = {{1}}, .limit = 3};
	(void)state;
	assert_int_equal(fields_cursor_parse(STR_NONE, &cursor), OK);
	assert_true(cursor.at == 0);
	assert_true(id_is_none(cursor.id));
	assert_int_equal(cursor.limit, 3);
}

static void other_texts_are_no_cursors(void **state)
{
	static const char *const BAD[] = {
		"",
		"x",
		"AQIDBAUGBwgJCgAAAAAAAAAAAAAAAAA",   /* one short */
		"AQIDBAUGBwgJCgAAAAAAAAAAAAAAAAAAA", /* one over */
		"AQIDBAUGBwgJCgAAAAAAAAAAAAAAAAA=",  /* padding */
		"AQIDBAUGBwgJCg+AAAAAAAAAAAAAAAAA",  /* other alphabet */
		"AAAAAAAAAAAJCgAAAAAAAAAAAAAAAAAA",  /* time 0 */
		"_____wUGBwgJCgAAAAAAAAAAAAAAAAAA",  /* time over what a time can be */
	};
	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		struct page_cursor cursor = {.at = 77};
		assert_int_equal(fields_cursor_parse(str_of(BAD[i]), &cursor), ERR_INPUT);
		assert_true(cursor.at == 77);
	}
}

static void limits_are_one_to_a_hundred(void **state)
{
	static const char *const BAD[] = {"",   "0",  "101", "-1",  "+1",
					  " 1", "1 ", "1e1", "ten", "99999999999999999999"};
	unsigned limit = 0;
	(void)state;
	assert_int_equal(fields_limit_parse(STR_NONE, &limit), OK);
	assert_int_equal(limit, FIELDS_LIMIT_DEFAULT);
	assert_int_equal(fields_limit_parse(STR("1"), &limit), OK);
	assert_int_equal(limit, 1);
	assert_int_equal(fields_limit_parse(STR("100"), &limit), OK);
	assert_int_equal(limit, 100);
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_int_equal(fields_limit_parse(str_of(BAD[i]), &limit), ERR_INPUT);
	assert_int_equal(limit, 100);
}

static struct str client_of(const struct config *config, const char *name, enum session_class class)
{
	const struct fields_client asked = {.name = str_of(name), .class = class};
	struct str reason = STR_NONE;
	struct str client = fields_client(config, &asked, &reason);
	assert_true(str_is_present(client) || str_is_present(reason));
	return client;
}

static void only_configured_clients_sign_in(void **state)
{
	struct client_config shop = {
		.name = STR("shop"),
		.classes = 1U << CLASS_NATIVE | 1U << CLASS_GUEST,
	};
	const struct config config = {.clients = &shop, .client_count = 1};
	(void)state;
	assert_true(str_equal(client_of(&config, "app", CLASS_NATIVE), STR("app")));
	assert_true(str_equal(client_of(&config, NULL, CLASS_REMEMBERED), STR("app")));
	assert_true(str_equal(client_of(&config, "shop", CLASS_GUEST), STR("shop")));
	assert_false(str_is_present(client_of(&config, "shop", CLASS_BROWSER)));
	assert_false(str_is_present(client_of(&config, "browser", CLASS_BROWSER)));
	assert_false(str_is_present(client_of(&config, "App", CLASS_NATIVE)));
	assert_false(str_is_present(client_of(&config, "app ", CLASS_NATIVE)));
	assert_false(str_is_present(client_of(&config, "", CLASS_NATIVE)));
}

static void device_names_are_one_line_of_text(void **state)
{
	char wide[202];
	(void)state;
	for (size_t i = 0; i < sizeof(wide); i += 2) {
		wide[i] = '\xc3';
		wide[i + 1] = '\xa9';
	}
	assert_true(fields_is_device_name(STR("Zoé’s phone")));
	assert_true(fields_is_device_name(STR("")));
	assert_true(fields_is_device_name((struct str){wide, 200}));
	assert_false(fields_is_device_name((struct str){wide, 202}));
	assert_false(fields_is_device_name((struct str){wide, 199}));
	assert_false(fields_is_device_name(STR("a\nb")));
	assert_false(fields_is_device_name(STR("a\0b")));
	assert_false(fields_is_device_name(STR("a\x7f")));
}

static void device_ids_are_printable_ascii(void **state)
{
	char longest[129];
	(void)state;
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = 'd';
	assert_true(fields_is_device_id(STR("~ 5f2c-11")));
	assert_true(fields_is_device_id((struct str){longest, 128}));
	assert_false(fields_is_device_id((struct str){longest, 129}));
	assert_false(fields_is_device_id(STR("")));
	assert_false(fields_is_device_id(STR("d\xc3\xa9")));
	assert_false(fields_is_device_id(STR("d\n")));
	assert_false(fields_is_device_id(STR("d\x7f")));
}

static void moments_read_well(void **state)
{
	struct str text;
	(void)state;
	assert_int_equal(moment_iso(arena, INT64_C(1795227884000000), &text), OK);
	assert_string_equal(text.p, "2026-11-21T02:24:44Z");
	assert_int_equal(moment_iso(arena, 0, &text), OK);
	assert_false(str_is_present(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cursor_comes_back_as_it_went),
		cmocka_unit_test(a_cursor_is_the_time_first_then_the_id),
		cmocka_unit_test(without_a_cursor_a_list_begins_at_its_start),
		cmocka_unit_test(other_texts_are_no_cursors),
		cmocka_unit_test(limits_are_one_to_a_hundred),
		cmocka_unit_test(only_configured_clients_sign_in),
		cmocka_unit_test(device_names_are_one_line_of_text),
		cmocka_unit_test(device_ids_are_printable_ascii),
		cmocka_unit_test(moments_read_well),
	};
	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
