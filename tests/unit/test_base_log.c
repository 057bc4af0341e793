/* Log lines: one event, one line of valid JSON, whatever a client sent. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

#define MOST 8192

/* Standard error, turned into a pipe while a line is written. */
struct capture {
	int old;
	int from;
	char text[MOST];
	size_t n;
};

static void begin(struct capture *capture)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	capture->old = dup(STDERR_FILENO);
	assert_true(capture->old >= 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	capture->from = ends[0];
}

static void end(struct capture *capture)
{
	assert_int_equal(dup2(capture->old, STDERR_FILENO), STDERR_FILENO);
	close(capture->old);
	capture->n = 0;
	ssize_t got = 1;
	while (got > 0 && capture->n < MOST - 1) {
		got = read(capture->from, capture->text + capture->n, MOST - 1 - capture->n);
		capture->n += got > 0 ? (size_t)got : 0;
	}
	close(capture->from);
	capture->text[capture->n] = '\0';
}

static void log_fields(struct capture *capture, const struct log_field *fields, size_t n)
{
	begin(capture);
	log_line(LOG_LEVEL_WARN, "an_event", fields, n);
	end(capture);
}

/* LG-01, LG-03: exactly one newline, at the end, and nothing but printable ASCII before it. */
static void assert_one_line(const struct capture *capture)
{
	assert_true(capture->n > 2 && capture->n <= 4096);
	assert_int_equal(capture->text[capture->n - 1], '\n');
	for (size_t i = 0; i + 1 < capture->n; i++)
		assert_in_range(capture->text[i], 0x20, 0x7e);
	assert_int_equal(capture->text[0], '{');
	assert_int_equal(capture->text[capture->n - 2], '}');
}

/* Quotes are paired outside escapes, and every escape is one of JSON's. */
static void assert_whole_json(const struct capture *capture)
{
	bool inside = false;

	for (size_t i = 0; i < capture->n; i++) {
		const char *p = capture->text + i;
		if (*p == '"')
			inside = !inside;
		if (*p != '\\')
			continue;
		assert_true(inside);
		i++;
		if (p[1] == 'u') {
			assert_int_equal(strspn(p + 2, "0123456789abcdef") >= 4, 1);
			i += 4;
		} else {
			assert_true(p[1] == '"' || p[1] == '\\');
		}
	}
	assert_false(inside);
}

static void a_line_has_time_level_event_and_members(void **state)
{
	struct capture capture;
	const struct log_field fields[] = {
		LOG_TEXT("user", STR("anna")),
		LOG_NUMBER("status", -403),
		LOG_TEXT("empty", STR("")),
		LOG_TEXT("absent", STR_NONE),
	};

	(void)state;
	log_fields(&capture, fields, 4);
	assert_one_line(&capture);
	assert_whole_json(&capture);
	assert_memory_equal(capture.text, "{\"time\":\"20", 11);
	assert_int_equal(capture.text[32], 'Z');
	assert_string_equal(capture.text + 33,
			    "\",\"level\":\"warn\",\"event\":\"an_event\",\"user\":\"anna\","
			    "\"status\":-403,\"empty\":\"\",\"absent\":0}\n");
}

/* LG-03 */
static void nothing_gets_out_of_its_member(void **state)
{
	const struct {
		struct str text;
		const char *written;
	} cases[] = {
		{STR("a\r\n{\"event\":\"forged\"}"),
		 "a\\u000d\\u000a{\\\"event\\\":\\\"forged\\\"}"},
		{STR("\\\""), "\\\\\\\""},
		{STR("a\0b"), "a\\u0000b"},
		{STR("\x1b[2J\x7f\t"), "\\u001b[2J\\u007f\\u0009"},
		{STR("\xc3\xa4\xe2\x80\xa8"), "\\u00e4\\u2028"},
		{STR("\xf0\x9f\x98\x80"), "\\ud83d\\ude00"},
		{STR("\xff\xc0\x80z"), "\\ufffd\\ufffd\\ufffdz"},
		{STR("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd"},
		{STR("\xe2\x82"), "\\ufffd\\ufffd"},
	};
	struct capture capture;
	char expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct log_field field = LOG_TEXT("x", cases[i].text);
		log_fields(&capture, &field, 1);
		assert_one_line(&capture);
		assert_whole_json(&capture);
		(void)snprintf(expected, sizeof expected, ",\"x\":\"%s\"}\n", cases[i].written);
		assert_non_null(strstr(capture.text, expected));
	}
	begin(&capture);
	log_line(LOG_LEVEL_INFO, "a\n\"b", NULL, 0);
	end(&capture);
	assert_one_line(&capture);
	assert_non_null(strstr(capture.text, "\"event\":\"a\\u000a\\\"b\"}"));
}

static void put_at(char *to, struct str s)
{
	memcpy(to, s.p, s.n);
}

static void long_texts_are_cut_between_characters(void **state)
{
	struct capture capture;
	char text[1000];
	struct log_field field = LOG_TEXT("x", ((struct str){text, sizeof text}));

	(void)state;
	memset(text, 'a', sizeof text);
	log_fields(&capture, &field, 1);
	assert_one_line(&capture);
	const char *value = strstr(capture.text, "\"x\":\"");
	assert_non_null(value);
	assert_int_equal(strspn(value + 5, "a"), 512);

	/* A character over the edge is left out, not halved. */
	put_at(text + 511, STR("\xc3\xa4"));
	log_fields(&capture, &field, 1);
	assert_one_line(&capture);
	value = strstr(capture.text, "\"x\":\"");
	assert_non_null(value);
	assert_string_equal(value + 5 + 511, "\"}\n");
}

/* However much is logged: at most 4096 bytes, whole JSON, a newline at the end. */
static void full_lines_stay_whole(void **state)
{
	struct capture capture;
	char text[512];
	struct log_field fields[12];

	(void)state;
	memset(text, '\n', sizeof text);
	for (size_t length = 440; length <= sizeof text; length++) {
		for (size_t i = 0; i < 12; i++)
			fields[i] = LOG_TEXT("member", ((struct str){text, length}));
		fields[11] = LOG_NUMBER("last", 1);
		log_fields(&capture, fields, 12);
		assert_one_line(&capture);
		assert_whole_json(&capture);
	}
	put_at(text, STR("\xf0\x9f\x98\x80"));
	for (size_t length = 300; length <= sizeof text; length++) {
		put_at(text + length - 4, STR("\xf0\x9f\x98\x80"));
		for (size_t i = 0; i < 12; i++)
			fields[i] = LOG_TEXT("m", ((struct str){text, length}));
		log_fields(&capture, fields, 12);
		assert_one_line(&capture);
		assert_whole_json(&capture);
		assert_null(strstr(capture.text, "\\ud83d\""));
	}
}

static void detail_and_levels(void **state)
{
	struct capture capture;

	(void)state;
	begin(&capture);
	log_detail(LOG_LEVEL_ERROR, "db_failed", "gone");
	log_detail(LOG_LEVEL_ERROR, "db_failed", NULL);
	end(&capture);
	assert_non_null(strstr(capture.text, "\"level\":\"error\",\"event\":\"db_failed\","
					     "\"detail\":\"gone\"}\n"));
	assert_non_null(strstr(capture.text, "\"detail\":\"\"}\n"));

	log_set_level(LOG_LEVEL_WARN);
	begin(&capture);
	log_line(LOG_LEVEL_INFO, "dropped", NULL, 0);
	log_line(LOG_LEVEL_COUNT, "unknown", NULL, 0);
	log_line(LOG_LEVEL_WARN, "kept", NULL, 0);
	end(&capture);
	log_set_level(LOG_LEVEL_INFO);
	assert_null(strstr(capture.text, "dropped"));
	assert_null(strstr(capture.text, "unknown"));
	assert_non_null(strstr(capture.text, "kept"));
}

/* Lines that wait are written together, in order, and never more at once than a pipe takes whole.
 */
static void lines_of_a_batch_wait_for_their_flush(void **state)
{
	static struct log_batch batch;
	struct capture capture;
	char padding[500];
	struct log_field field = LOG_TEXT("x", ((struct str){padding, sizeof padding}));

	(void)state;
	memset(padding, 'y', sizeof padding);
	begin(&capture);
	log_line_later(&batch, LOG_LEVEL_INFO, "first", NULL, 0);
	log_line_later(&batch, LOG_LEVEL_INFO, "second", NULL, 0);
	end(&capture);
	assert_int_equal(capture.n, 0);
	assert_true(batch.n > 0);

	begin(&capture);
	log_flush(&batch);
	log_flush(&batch);
	end(&capture);
	assert_int_equal(batch.n, 0);
	const char *second = strstr(capture.text, "second");
	assert_non_null(second);
	assert_non_null(strstr(capture.text, "first"));
	assert_true(strstr(capture.text, "first") < second);
	assert_null(strstr(second, "first"));

	/* Ten lines of over 500 bytes: the batch is written when the next does not fit. */
	begin(&capture);
	for (unsigned i = 0; i < 10; i++) {
		log_line_later(&batch, LOG_LEVEL_INFO, "long", &field, 1);
		assert_in_range(batch.n, 1, LOG_BATCH_BYTES);
	}
	end(&capture);
	assert_in_range(capture.n, 3000, LOG_BATCH_BYTES);
	assert_int_equal(capture.text[capture.n - 1], '\n');
	begin(&capture);
	log_set_level(LOG_LEVEL_WARN);
	log_line_later(&batch, LOG_LEVEL_INFO, "dropped", NULL, 0);
	log_set_level(LOG_LEVEL_INFO);
	log_flush(&batch);
	end(&capture);
	assert_int_equal(batch.n, 0);
	assert_null(strstr(capture.text, "dropped"));
}

/* LG-06: a log that cannot be written changes nothing else. */
static void failed_writes_are_ignored(void **state)
{
	int old = dup(STDERR_FILENO);

	(void)state;
	close(STDERR_FILENO);
	errno = 4711;
	log_detail(LOG_LEVEL_ERROR, "nobody", "reads this");
	int after = errno;
	assert_int_equal(dup2(old, STDERR_FILENO), STDERR_FILENO);
	close(old);
	assert_int_equal(after, 4711);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_time_level_event_and_members),
		cmocka_unit_test(nothing_gets_out_of_its_member),
		cmocka_unit_test(long_texts_are_cut_between_characters),
		cmocka_unit_test(full_lines_stay_whole),
		cmocka_unit_test(detail_and_levels),
		cmocka_unit_test(lines_of_a_batch_wait_for_their_flush),
		cmocka_unit_test(failed_writes_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
