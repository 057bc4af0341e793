/* The key file, its sub-keys, and hashing under them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "base_scratch.h"
#include "clock.h"
#include "codec.h"
#include "keyring.h"
#include "keyring_file.h"

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" /* 00 01 … 1f */
#define KEY_B "_____________________________________________"
#define KEY_B43 "__________________________________________8"
#define KEY_C "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"

static struct keyring *loaded(struct scratch *scratch, const char *content)
{
	struct keyring *keyring = NULL;
	struct fault fault = {""};
	const char *path = scratch_file(scratch, "keys", content, 0600);

	assert_int_equal(keyring_load(path, &keyring, &fault), OK);
	assert_non_null(keyring);
	return keyring;
}

static struct digest digest_of(const struct keyring *keyring, size_t root, enum key_purpose purpose,
			       const char *text)
{
	struct secret part = keyring_part(text, strlen(text));
	struct digest digest;

	keyring_digest(keyring, root, purpose, &part, 1, &digest);
	return digest;
}

static void newest_root_is_the_highest_number(void **state)
{
	struct keyring *a = loaded(*state, "1 " KEY_A "\n");
	struct keyring *c = loaded(*state, "9 " KEY_C);
	struct keyring *both = loaded(*state, "# two\n\n 2   " KEY_C " \n1 " KEY_A "\n");
	struct keyring *three = loaded(*state, "1 " KEY_B43 "\n7 " KEY_C "\n6 " KEY_A "\n");
	struct digest of_a = digest_of(a, 0, KEY_COOKIE, "x");
	struct digest of_c = digest_of(c, 0, KEY_COOKIE, "x");
	struct digest found;

	assert_int_equal(keyring_roots(a), 1);
	assert_int_equal(keyring_roots(both), 2);
	assert_int_equal(keyring_roots(three), 2);
	assert_false(digest_equal(&of_a, &of_c));
	found = digest_of(both, 0, KEY_COOKIE, "x");
	assert_true(digest_equal(&found, &of_c));
	found = digest_of(both, 1, KEY_COOKIE, "x");
	assert_true(digest_equal(&found, &of_a));
	found = digest_of(three, 0, KEY_COOKIE, "x");
	assert_true(digest_equal(&found, &of_c));
	found = digest_of(three, 1, KEY_COOKIE, "x");
	assert_true(digest_equal(&found, &of_a));
	keyring_free(&a);
	keyring_free(&c);
	keyring_free(&both);
	keyring_free(&three);
	assert_null(three);
	keyring_free(&three);
}

/* A stored hash must be found again by a later version: the construction, done by hand. */
static void digest_is_as_documented(void **state)
{
	struct keyring *keyring = loaded(*state, "1 " KEY_A "\n");
	const struct secret parts[] = {keyring_part("ab", 2), keyring_part("", 0),
				       keyring_part("c", 1)};
	unsigned char root[32];
	unsigned char key[32];
	const unsigned char text[] = "\2\0\0\0\0\0\0\0ab\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0c";
	struct digest expected;
	struct digest digest;

	for (size_t i = 0; i < sizeof root; i++)
		root[i] = (unsigned char)i;
	for (uint64_t purpose = KEY_COOKIE; purpose < KEY_PURPOSE_COUNT; purpose++) {
		crypto_kdf_derive_from_key(key, sizeof key, purpose, "gatepost", root);
		crypto_generichash(expected.b, sizeof expected.b, text, sizeof text - 1, key,
				   sizeof key);
		keyring_digest(keyring, 0, (enum key_purpose)purpose, parts, 3, &digest);
		assert_true(digest_equal(&digest, &expected));
	}
	keyring_free(&keyring);
}

static void purposes_and_borders_of_parts_matter(void **state)
{
	struct keyring *keyring = loaded(*state, "1 " KEY_A "\n");
	const struct secret first[] = {keyring_part("ab", 2), keyring_part("c", 1)};
	const struct secret second[] = {keyring_part("a", 1), keyring_part("bc", 2)};
	struct digest a;
	struct digest b;

	keyring_digest(keyring, 0, KEY_COOKIE, first, 2, &a);
	keyring_digest(keyring, 0, KEY_COOKIE, second, 2, &b);
	assert_false(digest_equal(&a, &b));
	keyring_digest(keyring, 0, KEY_COOKIE, first, 1, &b);
	assert_false(digest_equal(&a, &b));
	keyring_digest(keyring, 0, KEY_HANDLE, first, 2, &b);
	assert_false(digest_equal(&a, &b));
	keyring_digest(keyring, 0, KEY_COOKIE, first, 2, &b);
	assert_true(digest_equal(&a, &b));
	keyring_free(&keyring);
}

static void assert_refused(const char *path, const char *reason)
{
	struct keyring *keyring = NULL;
	struct fault fault = {""};
	char expected[sizeof fault.text];

	assert_int_equal(keyring_load(path, &keyring, &fault), ERR_CONFIG);
	assert_null(keyring);
	(void)snprintf(expected, sizeof expected, "%s:%s", path, reason);
	assert_string_equal(fault.text, expected);
}

static void faults_name_the_line(void **state)
{
	const struct {
		struct str content;
		const char *reason;
	} cases[] = {
		{STR(""), " has no key"},
		{STR("# only a comment\n"), " has no key"},
		{STR("1 " KEY_A "\nnonsense\n"), "2: expected NUMBER KEY"},
		{STR("\n0 " KEY_A), "2: the number must be from 1 to 4294967295"},
		{STR("-1 " KEY_A), "1: the number must be from 1 to 4294967295"},
		{STR("4294967296 " KEY_A), "1: the number must be from 1 to 4294967295"},
		{STR("1 " KEY_A "\n1 " KEY_C), "2: number 1 is there twice"},
		{STR("1 " KEY_B), "1: the key must be 43 characters of base64url"},
		{STR("1 " KEY_A "="), "1: the key must be 43 characters of base64url"},
		{STR("1 " KEY_A "\r\n"), "1: the key must be 43 characters of base64url"},
		{STR("1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9"),
		 "1: the key must be 43 characters of base64url"},
		{STR("1 " KEY_A "\n\0"), "2: expected NUMBER KEY"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_refused(scratch_bytes(*state, "keys", cases[i].content, 0600),
			       cases[i].reason);
}

/* ST-05: the start is refused when others could have read or changed the keys. */
static void unsafe_files_are_refused(void **state)
{
	const struct {
		mode_t mode;
		const char *reason;
	} cases[] = {
		{0604, " others can reach it (mode 0604): chmod 0600"},
		{0602, " others can reach it (mode 0602): chmod 0600"},
		{0601, " others can reach it (mode 0601): chmod 0600"},
		{0644, " others can reach it (mode 0644): chmod 0600"},
		{0660, " its group may only read it (mode 0660): chmod 0640"},
		{0650, " its group may only read it (mode 0650): chmod 0640"},
	};
	static const mode_t good[] = {0600, 0400, 0640, 0440};
	struct keyring *keyring = NULL;
	struct fault fault;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_refused(scratch_file(*state, "keys", "1 " KEY_A "\n", cases[i].mode),
			       cases[i].reason);
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		const char *path = scratch_file(*state, "keys", "1 " KEY_A "\n", good[i]);
		assert_int_equal(keyring_load(path, &keyring, &fault), OK);
		keyring_free(&keyring);
	}
}

/* ST-05 */
static void only_plain_files_of_the_right_owner(void **state)
{
	struct scratch *scratch = *state;
	char target[SCRATCH_PATH];

	(void)snprintf(target, sizeof target, "%s",
		       scratch_file(scratch, "target", "1 " KEY_A "\n", 0600));
	const char *path = scratch_path(scratch, "link");
	assert_int_equal(symlink(target, path), 0);
	assert_refused(path, " is a symbolic link");
	assert_refused(scratch_path(scratch, "nothing"), " No such file or directory");
	assert_refused(scratch->dir, " is not a regular file");

	/* A pipe that nobody writes to does not hold up the start. */
	path = scratch_path(scratch, "pipe");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(path, " is not a regular file");

	/* Only root can give a file away; without root nobody could have. */
	if (geteuid() == 0) {
		path = scratch_path(scratch, "target");
		assert_int_equal(chown(path, 65534, 0), 0);
		assert_refused(path, " belongs to user 65534, neither root nor this one");
	}
}

static void large_and_crowded_files_are_refused(void **state)
{
	char *zeros = calloc(1, 65537);
	char crowd[8192];
	size_t n = 0;

	assert_non_null(zeros);
	assert_refused(scratch_bytes(*state, "keys", (struct str){zeros, 65537}, 0600),
		       " is larger than 65536 bytes");
	free(zeros);
	for (unsigned i = 1; i <= 65; i++)
		n += (size_t)snprintf(crowd + n, sizeof crowd - n, "%u %s\n", i, KEY_A);
	assert_refused(scratch_file(*state, "keys", crowd, 0600), "65: more than 64 keys");
}

static void new_files_hold_one_new_root(void **state)
{
	struct scratch *scratch = *state;
	char first[SCRATCH_PATH];
	char second[SCRATCH_PATH];
	struct keyring *a = NULL;
	struct keyring *b = NULL;
	struct fault fault = {""};
	struct stat st;

	(void)snprintf(first, sizeof first, "%s", scratch_path(scratch, "first"));
	(void)snprintf(second, sizeof second, "%s", scratch_path(scratch, "second"));
	assert_int_equal(keyring_file_create(first, CLOCK_HOUR, &fault), OK);
	assert_int_equal(keyring_file_create(second, CLOCK_HOUR, &fault), OK);
	assert_int_equal(stat(first, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(keyring_load(first, &a, &fault), OK);
	assert_int_equal(keyring_load(second, &b, &fault), OK);
	assert_int_equal(keyring_roots(a), 1);
	struct digest of_a = digest_of(a, 0, KEY_SEAL, "x");
	struct digest of_b = digest_of(b, 0, KEY_SEAL, "x");
	assert_false(digest_equal(&of_a, &of_b));
	keyring_free(&b);

	/* A second setup must not cost the first one's keys. */
	assert_int_equal(keyring_file_create(first, CLOCK_HOUR, &fault), ERR_CONFLICT);
	assert_non_null(strstr(fault.text, "File exists"));
	assert_int_equal(keyring_load(first, &b, &fault), OK);
	of_b = digest_of(b, 0, KEY_SEAL, "x");
	assert_true(digest_equal(&of_a, &of_b));
	keyring_free(&a);
	keyring_free(&b);

	assert_int_equal(keyring_file_create("/proc/self/nowhere/keys", CLOCK_HOUR, &fault),
			 ERR_CONFIG);
	assert_non_null(strstr(fault.text, "No such file or directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newest_root_is_the_highest_number),
		cmocka_unit_test(digest_is_as_documented),
		cmocka_unit_test(purposes_and_borders_of_parts_matter),
		cmocka_unit_test(faults_name_the_line),
		cmocka_unit_test(unsafe_files_are_refused),
		cmocka_unit_test(only_plain_files_of_the_right_owner),
		cmocka_unit_test(large_and_crowded_files_are_refused),
		cmocka_unit_test(new_files_hold_one_new_root),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
