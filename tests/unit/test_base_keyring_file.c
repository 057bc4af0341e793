/* The key file rewritten: whole or not at all, its mode and its other lines kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_scratch.h"
#include "clock.h"
#include "keyring.h"
#include "keyring_file.h"

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define KEY_B "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"
#define NOW (1795000000 * CLOCK_SECOND)

static void copy_path(char copy[SCRATCH_PATH], const char *path)
{
	(void)snprintf(copy, SCRATCH_PATH, "%s", path);
}

static size_t content_of(const char *path, char *text, size_t room)
{
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	size_t n = fread(text, 1, room - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	return n;
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777U;
}

static void a_root_is_added_and_the_rest_stays(void **state)
{
	static const mode_t modes[] = {0600, 0400, 0640};
	static const char old[] = "# ours\n\n3 " KEY_A "\n1 " KEY_B;
	struct fault fault = {""};
	char path[SCRATCH_PATH];
	char text[1024];

	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		struct keyring *keys = NULL;
		uint32_t number = 0;
		size_t n = 0;

		copy_path(path, scratch_file(*state, "keys", old, modes[i]));
		assert_int_equal(keyring_file_add(path, NOW, &number, &fault), OK);
		assert_int_equal(number, 4);
		assert_int_equal(mode_of(path), modes[i]);
		(void)content_of(path, text, sizeof text);
		assert_memory_equal(text, old, sizeof old - 1);
		assert_memory_equal(text + sizeof old - 1, "\n4 ", 3);
		assert_non_null(strstr(text, " 1795000000\n"));
		assert_int_equal(keyring_load(path, &keys, &fault), OK);
		assert_int_equal(keyring_root_at(keys, 0, &n).number, 4);
		assert_int_equal(keyring_root_at(keys, 0, &n).made_at, NOW);
		assert_int_equal(n, 3);
		keyring_free(&keys);
		assert_int_equal(access(scratch_path(*state, "keys.new"), F_OK), -1);
		assert_int_equal(unlink(path), 0);
	}
}

static void a_root_is_removed_and_the_rest_stays(void **state)
{
	struct fault fault = {""};
	char path[SCRATCH_PATH];
	char text[1024];

	copy_path(path, scratch_file(*state, "keys",
				     "# ours\n1 " KEY_A " 5\n 12 " KEY_B "\n# end\n", 0640));
	assert_int_equal(keyring_file_remove(path, 1, &fault), OK);
	(void)content_of(path, text, sizeof text);
	assert_string_equal(text, "# ours\n 12 " KEY_B "\n# end\n");
	assert_int_equal(mode_of(path), 0640);

	/* The last one, and one that is not there. */
	assert_int_equal(keyring_file_remove(path, 12, &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "is the only one"));
	assert_int_equal(keyring_file_remove(path, 1, &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "has no root 1"));
	(void)content_of(path, text, sizeof text);
	assert_string_equal(text, "# ours\n 12 " KEY_B "\n# end\n");
	assert_int_equal(access(scratch_path(*state, "keys.new"), F_OK), -1);
}

/* Of two at once one is refused, and what is broken or out of reach stays as it is. */
static void what_stands_in_the_way_changes_nothing(void **state)
{
	struct fault fault = {""};
	char path[SCRATCH_PATH];
	char text[1024];
	uint32_t number = 0;

	copy_path(path, scratch_file(*state, "keys", "1 " KEY_A "\n", 0600));
	(void)scratch_file(*state, "keys.new", "", 0600);
	assert_int_equal(keyring_file_add(path, NOW, &number, &fault), ERR_CONFLICT);
	assert_int_equal(keyring_file_remove(path, 1, &fault), ERR_CONFLICT);
	(void)content_of(path, text, sizeof text);
	assert_string_equal(text, "1 " KEY_A "\n");
	assert_int_equal(unlink(scratch_path(*state, "keys.new")), 0);

	copy_path(path, scratch_file(*state, "broken", "1 " KEY_A "\n2 nonsense\n", 0600));
	assert_int_equal(keyring_file_add(path, NOW, &number, &fault), ERR_CONFIG);
	copy_path(path, scratch_file(*state, "last", "4294967295 " KEY_A "\n", 0600));
	assert_int_equal(keyring_file_add(path, NOW, &number, &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "no number is left"));
	copy_path(path, scratch_path(*state, "nothing"));
	assert_int_equal(keyring_file_add(path, NOW, &number, &fault), ERR_CONFIG);
	assert_int_equal(number, 0);
	assert_int_equal(access(scratch_path(*state, "nothing.new"), F_OK), -1);
}

static void a_full_file_takes_no_more(void **state)
{
	struct fault fault = {""};
	char path[SCRATCH_PATH];
	char crowd[8192];
	uint32_t number = 0;
	size_t n = 0;

	for (unsigned i = 1; i <= 64; i++)
		n += (size_t)snprintf(crowd + n, sizeof crowd - n, "%u %s\n", i, KEY_A);
	copy_path(path, scratch_file(*state, "crowd", crowd, 0600));
	assert_int_equal(keyring_file_add(path, NOW, &number, &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "more than 64 keys"));
	assert_int_equal(keyring_file_remove(path, 64, &fault), OK);
	assert_int_equal(keyring_file_add(path, NOW, &number, &fault), OK);
	assert_int_equal(number, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_root_is_added_and_the_rest_stays),
		cmocka_unit_test(a_root_is_removed_and_the_rest_stays),
		cmocka_unit_test(what_stands_in_the_way_changes_nothing),
		cmocka_unit_test(a_full_file_takes_no_more),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
