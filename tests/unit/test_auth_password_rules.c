/* What a new password must not be: the blocklist, its variants, one's own name; and what may pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "arena.h"
#include "config.h"
#include "password_rules.h"
#include "strength.h"

struct world {
	struct config config;
	struct arena *lasting;
	struct arena *arena;
	const struct blocklist *list;
};

static int set_up(void **state)
{
	static struct world world;
	struct fault fault;

	world.config.password.min_length = 15;
	world.config.server.name = STR("Riverbank Library");
	world.config.server.host = STR("www.riverbank.example:8443");
	*state = &world;
	if (arena_open(4096, 4U << 20, &world.lasting) != OK ||
	    arena_open(4096, 4U << 20, &world.arena) != OK)
		return -1;
	return blocklist_load(TEST_SOURCE_DIR "/conf/blocklist.txt", world.lasting, &world.list,
			      &fault) != OK;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	arena_close(&world->arena);
	arena_close(&world->lasting);
	return 0;
}

static enum password_flaw flaw_about(struct world *world, struct str typed,
				     struct password_about about)
{
	struct secret normal = SECRET_NONE;
	enum password_flaw flaw = PASSWORD_NOT_TEXT;

	arena_reset(world->arena);
	assert_int_equal(password_normalise(world->arena, typed, &normal, &flaw), OK);
	if (flaw == PASSWORD_FINE)
		assert_int_equal(password_rules_check(world->arena, &world->config, world->list,
						      &about, normal, &flaw),
				 OK);
	return flaw;
}

static enum password_flaw flaw_of(struct world *world, struct str typed)
{
	return flaw_about(world, typed, (struct password_about){.username = STR_NONE});
}

static void assert_flaw(struct world *world, const char *typed, enum password_flaw flaw)
{
	enum password_flaw found = flaw_of(world, str_of(typed));

	if (found != flaw)
		fail_msg("\"%s\": %s", typed, password_flaw_text(found));
}

/* PW-04: letters only, phrases, emoji, any script: no rule of composition. */
static void what_may_pass(void **state)
{
	static const char *const fine[] = {
		"kvoxqzmuhtrwlpa",
		"correct horse battery staple",
		"three plain words in a row",
		"the cat sat on the mat",
		"839204710563927",
		"Zażółć gęślą jaźń",
		"我们在河边吃米饭喝热茶赏月亮听风声",
		"\xf0\x9f\x90\xb4\xf0\x9f\x94\x8b\xf0\x9f\x93\x8e\xe2\x9c\x85\xf0\x9f\x8c\x8a"
		"\xf0\x9f\x8d\x8b\xf0\x9f\x9a\xb2\xf0\x9f\x8e\xb9\xf0\x9f\xa6\x89\xf0\x9f\x8c\xb5"
		"\xf0\x9f\xa7\xad\xf0\x9f\xaa\x81\xf0\x9f\xa5\x90\xf0\x9f\xaa\x90\xf0\x9f\x9b\xb6",
		"PqXvT7rG2mLwZ9k",
		"my dog eats summer rain",
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
		assert_flaw(world, fine[i], PASSWORD_FINE);
}

/* PW-01, PW-02: 14 code points are too few, 64 are fine, over 1024 bytes are too many. */
static void lengths(void **state)
{
	struct world *world = *state;
	char long_one[PASSWORD_BYTES_MAX + 1];

	assert_flaw(world, "kvoxqzmuhtrwlp", PASSWORD_TOO_SHORT);
	assert_flaw(world, "kvoxqzmuhtrwlpkvoxqzmuhtrwlpa gdfh yrjw pmnx ocbu tzse iqla vekr",
		    PASSWORD_FINE);
	for (size_t i = 0; i < sizeof long_one; i++)
		long_one[i] = "kvoxqzmuhtrwlpa gd"[(i * i + i / 7) % 18];
	assert_int_equal(flaw_of(world, (struct str){long_one, PASSWORD_BYTES_MAX}), PASSWORD_FINE);
	assert_int_equal(flaw_of(world, (struct str){long_one, PASSWORD_BYTES_MAX + 1}),
			 PASSWORD_TOO_LONG);
}

/* PW-08: what people make of a common password when it has to be long. */
static void common_ones_in_disguise(void **state)
{
	static const char *const common[] = {
		"passwordpassword",
		"password2024password2024",
		"PasswordPassword1!",
		"Password123456789",
		"P@ssw0rdP@ssw0rd",
		"password password password",
		"!!!!!password!!!!!",
		"00000000password",
		"qwertyqwertyqwerty",
		"qwertyuiopasdfghjkl",
		"QWERTZUIOPasdfgh",
		"1234567890123456",
		"123456789123456789",
		"abcdefghijklmnop",
		"zyxwvutsrqponmlk",
		"aaaaaaaaaaaaaaa",
		"abcabcabcabcabcabc",
		"1qaz2wsx1qaz2wsx",
		"1q2w3e4r5t6y7u8i9o",
		"iloveyouiloveyou1",
		"Summer2024!Summer2024!",
		"Summer2024Summer2024!",
		"Liverpool2019!!!",
		"welcomewelcome123",
		"adminadminadmin",
		"letmeinletmein2025",
		"motdepassemotdepasse",
		"passwortpasswort99",
		"contraseñacontraseña",
		"monkeydragon2012",
		"\xf0\x9f\x90\xb4\xf0\x9f\x90\xb4\xf0\x9f\x90\xb4\xf0\x9f\x90\xb4\xf0\x9f\x90\xb4"
		"\xf0\x9f\x90\xb4\xf0\x9f\x90\xb4\xf0\x9f\x90\xb4\xf0\x9f\x90\xb4\xf0\x9f\x90\xb4"
		"\xf0\x9f\x90\xb4\xf0\x9f\x90\xb4\xf0\x9f\x90\xb4\xf0\x9f\x90\xb4\xf0\x9f\x90\xb4",
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
		assert_flaw(world, common[i], PASSWORD_COMMON);
}

/* PW-08: at least 3000, and each of them made long enough by repetition or by a year is refused. */
static void every_listed_word_is_refused(void **state)
{
	struct world *world = *state;
	size_t n = blocklist_count(world->list);

	assert_true(n >= 3000);
	for (size_t i = 0; i < n; i++) {
		struct str word = blocklist_word(world->list, i);
		char text[8 * BLOCKLIST_WORD_MAX] = {0};
		size_t used = 0;

		while (str_code_points((struct str){text, used}) < 15) {
			memcpy(text + used, word.p, word.n);
			used += word.n;
		}
		assert_flaw(world, text, PASSWORD_COMMON);
		(void)snprintf(text, sizeof text, "%.*s%.*s!2024", (int)word.n, word.p, (int)word.n,
			       word.p);
		if (strlen(text) >= 20)
			assert_flaw(world, text, PASSWORD_COMMON);
	}
}

/* PW-08: the service's name and host, the user name, the address and its local part. */
static void ones_own_name_is_refused(void **state)
{
	static const struct {
		const char *typed;
		enum password_flaw flaw;
	} cases[] = {
		{"Riverbank Library 7", PASSWORD_PERSONAL},
		{"riverbank.example.riverbank", PASSWORD_PERSONAL},
		{"hildegard-hildegard!", PASSWORD_PERSONAL},
		{"Hildegard2024Riverbank", PASSWORD_PERSONAL},
		{"h.vonbingen@abbey.test", PASSWORD_PERSONAL},
		{"h.vonbingen1179!", PASSWORD_PERSONAL},
		{"hildegard walks by the quiet mill", PASSWORD_FINE},
		{"a riverbank full of yellow flowers", PASSWORD_FINE},
	};
	struct password_about about = {
		.username = STR("hildegard"),
		.email = STR("h.vonbingen@abbey.test"),
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum password_flaw flaw = flaw_about(world, str_of(cases[i].typed), about);

		if (flaw != cases[i].flaw)
			fail_msg("\"%s\": %s", cases[i].typed, password_flaw_text(flaw));
	}
}

/* A defect must not pass for "no list, no rule". */
static void no_list_is_a_defect(void **state)
{
	struct world *world = *state;
	struct password_about about = {.username = STR_NONE};
	enum password_flaw flaw = PASSWORD_FINE;
	struct secret normal = SECRET_NONE;

	assert_int_equal(secret_from_str(world->arena, STR("kvoxqzmuhtrwlpa"), &normal), OK);
	assert_int_equal(
		password_rules_check(world->arena, &world->config, NULL, &about, normal, &flaw),
		ERR_INTERNAL);
}

static enum password_hint hint_of(struct world *world, const char *typed)
{
	struct password_about about = {.username = STR("hildegard")};
	struct secret normal = SECRET_NONE;
	enum password_hint hint = PASSWORD_HINT_COUNT;

	assert_int_equal(secret_from_str(world->arena, str_of(typed), &normal), OK);
	assert_int_equal(strength_hint(world->arena, &about, normal, &hint), OK);
	return hint;
}

static void a_hint_only_where_there_is_something_to_say(void **state)
{
	struct world *world = *state;
	char long_one[PASSWORD_BYTES_MAX + 1] = {0};

	assert_int_equal(hint_of(world, ""), PASSWORD_HINT_WEAK);
	assert_int_equal(hint_of(world, "password"), PASSWORD_HINT_WEAK);
	assert_int_equal(hint_of(world, "hildegard2024"), PASSWORD_HINT_WEAK);
	assert_int_equal(hint_of(world, "correct zebra battery staple mango"), PASSWORD_HINT_NONE);
	assert_string_equal(password_hint_text(PASSWORD_HINT_NONE), "");
	memset(long_one, 'x', sizeof long_one - 1);
	(void)hint_of(world, long_one);
}

static enum err load_text(struct world *world, const char *text, size_t n, struct fault *fault)
{
	char path[] = "/tmp/gatepost-words-XXXXXX";
	const struct blocklist *list = NULL;
	int fd = mkstemp(path);
	enum err e = OK;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	close(fd);
	e = blocklist_load(path, world->arena, &list, fault);
	unlink(path);
	if (e == OK)
		assert_true(blocklist_has(list, STR("one")) && !blocklist_has(list, STR("two")));
	return e;
}

static void a_list_that_is_none_is_refused(void **state)
{
	struct world *world = *state;
	const struct blocklist *list = NULL;
	struct fault fault;

	assert_int_equal(load_text(world, "# two\n One \n\nab\nlast", 20, &fault), OK);
	assert_int_equal(load_text(world, "# only\nab\n", 10, &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "no word"));
	assert_int_equal(load_text(world, "caf\xe9\n", 5, &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "UTF-8"));
	assert_int_equal(blocklist_load("/nonexistent", world->arena, &list, &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "/nonexistent"));
	assert_int_equal(blocklist_load("/tmp", world->arena, &list, &fault), ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_pass),
		cmocka_unit_test(lengths),
		cmocka_unit_test(common_ones_in_disguise),
		cmocka_unit_test(every_listed_word_is_refused),
		cmocka_unit_test(ones_own_name_is_refused),
		cmocka_unit_test(no_list_is_a_defect),
		cmocka_unit_test(a_hint_only_where_there_is_something_to_say),
		cmocka_unit_test(a_list_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
