/* PW-11: a list of breached passwords, searched in its file. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base_scratch.h"
#include "breached.h"
#include "foreign_digest.h"

#define MANY 5000
#define LINE 72

enum style { LF, CRLF, NO_COUNTS, MIXED, STYLE_COUNT };

struct entry {
	char hash[FOREIGN_DIGEST_SHA1_TEXT + 1];
};

static struct secret password_of(char room[32], unsigned number)
{
	int n = snprintf(room, 32, "password number %u", number);

	return (struct secret){.bytes = (unsigned char *)room, .len = (size_t)n};
}

static int by_hash(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->hash, ((const struct entry *)b)->hash);
}

/* Those of the numbers 0, 2, 4, …: the odd ones are not listed. */
static struct entry *entries_of(size_t n)
{
	struct entry *entries = calloc(n + 1, sizeof *entries);
	char room[32];

	assert_non_null(entries);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(foreign_digest_sha1_text(password_of(room, (unsigned)i * 2),
							  entries[i].hash),
				 OK);
	qsort(entries, n, sizeof *entries, by_hash);
	return entries;
}

static size_t add_line(char *at, const struct entry *entry, enum style style, size_t i)
{
	const char *end = style == CRLF ? "\r\n" : "\n";

	if (style == NO_COUNTS || (style == MIXED && i % 3 == 0))
		return (size_t)sprintf(at, "%s%s", entry->hash, end);
	return (size_t)sprintf(at, "%s:%zu%s", entry->hash, i * 7919 % 10000019, end);
}

/* cut: without the last line's end. */
static const char *write_list(struct scratch *scratch, size_t n, enum style style, bool cut)
{
	struct entry *entries = entries_of(n);
	char *text = calloc(n + 1, LINE);
	size_t length = 0;
	const char *path = NULL;

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		length += add_line(text + length, &entries[i], style, i);
	while (cut && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	path = scratch_bytes(scratch, "breached.txt", (struct str){text, length}, 0644);
	free(text);
	free(entries);
	return path;
}

static bool has(const char *path, unsigned number)
{
	struct fault fault = {""};
	char room[32];
	bool found = false;
	enum err e = breached_has(path, password_of(room, number), &found, &fault);

	if (e != OK)
		fail_msg("%s", fault.text);
	return found;
}

/* Every size from one line on, each style, with and without a last line's end. */
static void finds_what_is_there_and_nothing_else(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 64, 65, 127};
	struct scratch *scratch = *state;
	struct fault fault = {""};

	for (unsigned i = 0; i < STYLE_COUNT * 2 * sizeof sizes / sizeof sizes[0]; i++) {
		size_t n = sizes[i / (STYLE_COUNT * 2)];
		const char *path =
			write_list(scratch, n, (enum style)(i / 2 % STYLE_COUNT), i % 2 == 1);

		if (breached_check(path, &fault) != OK)
			fail_msg("%zu lines: %s", n, fault.text);
		for (unsigned j = 0; j < n; j++) {
			assert_true(has(path, j * 2));
			assert_false(has(path, j * 2 + 1));
		}
	}
}

static void finds_every_line_of_a_long_one(void **state)
{
	struct scratch *scratch = *state;
	struct fault fault = {""};
	const char *path = write_list(scratch, MANY, MIXED, false);

	assert_int_equal(breached_check(path, &fault), OK);
	for (unsigned i = 0; i < MANY; i++) {
		assert_true(has(path, i * 2));
		assert_false(has(path, i * 2 + 1));
	}
}

/* What people know it by: hashes from elsewhere than this program. */
static void known_hashes(void **state)
{
	struct scratch *scratch = *state;
	const char *path = scratch_file(scratch, "breached.txt",
					"00000000A8DAE4228F821FB418F59826079BF368:15\r\n"
					"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:52256179\r\n"
					"FFFFFFFEE791CBAC0F6305CAF0CEE06BBE131160:22\r\n",
					0644);
	unsigned char word[] = "password";
	struct fault fault = {""};
	bool found = false;

	assert_int_equal(breached_has(path, (struct secret){word, 8}, &found, &fault), OK);
	assert_true(found);
	assert_int_equal(breached_has(path, (struct secret){word, 7}, &found, &fault), OK);
	assert_false(found);
}

static void what_is_no_list_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} cases[] = {
		{"", "is empty"},
		{"\n", "octet 0"},
		{"# a comment\n", "octet 0"},
		{"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD\n", "octet 0"},
		{"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD88\n", "octet 0"},
		{"5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8:3\n", "upper case"},
		{"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:\n", "octet 0"},
		{"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:x\n", "octet 0"},
		{"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1 \n", "octet 0"},
		{"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n\n", "octet 43"},
		{"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\nFFFF", "octet 43"},
		{"\xef\xbb\xbf"
		 "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n",
		 "octet 0"},
		{"FFFFFFFEE791CBAC0F6305CAF0CEE06BBE131160:22\n"
		 "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n",
		 "not sorted"},
		{"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n"
		 "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n",
		 "not sorted"},
	};
	struct scratch *scratch = *state;
	struct fault fault = {""};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *path = scratch_file(scratch, "breached.txt", cases[i].text, 0644);

		assert_int_equal(breached_check(path, &fault), ERR_CONFIG);
		if (strstr(fault.text, cases[i].says) == NULL)
			fail_msg("%zu: %s", i, fault.text);
		assert_non_null(strstr(fault.text, "password.breached"));
	}
	assert_int_equal(breached_check(scratch_path(scratch, "none"), &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "No such file"));
	assert_int_equal(breached_check("/tmp", &fault), ERR_CONFIG);
	assert_int_equal(breached_check("/dev/zero", &fault), ERR_CONFIG);
	assert_int_equal(
		breached_check(scratch_file(scratch, "open",
					    "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n", 0646),
			       &fault),
		ERR_CONFIG);
}

/* Nothing is known, and nobody may take that for "not listed". */
static void a_list_that_fails_later_says_nothing(void **state)
{
	struct scratch *scratch = *state;
	struct fault fault = {""};
	bool found = true;
	char room[32];
	const char *path = write_list(scratch, 100, LF, false);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	struct stat st;
	char *noise = NULL;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	/* Overwritten in its middle, where every search begins. */
	noise = calloc(1, (size_t)st.st_size / 2);
	assert_non_null(noise);
	assert_int_equal(pwrite(fd, noise, (size_t)st.st_size / 2, st.st_size / 4), st.st_size / 2);
	free(noise);
	close(fd);
	assert_int_equal(breached_has(path, password_of(room, 0), &found, &fault), ERR_UNAVAILABLE);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(breached_has(path, password_of(room, 0), &found, &fault), ERR_UNAVAILABLE);
	assert_non_null(strstr(fault.text, "cannot be opened"));
}

/* Another list in its place counts at once. */
static void a_new_list_counts_at_once(void **state)
{
	struct scratch *scratch = *state;
	const char *path = write_list(scratch, 1, LF, false);

	assert_false(has(path, 10));
	path = write_list(scratch, 6, LF, false);
	assert_true(has(path, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_is_there_and_nothing_else),
		cmocka_unit_test(finds_every_line_of_a_long_one),
		cmocka_unit_test(known_hashes),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(a_list_that_fails_later_says_nothing),
		cmocka_unit_test(a_new_list_counts_at_once),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
