/* One JSON object a line on standard error, written by hand into a buffer on the stack. */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"

#define LINE_BYTES 4096
#define LINE_TAIL 3 /* a quote, a brace, a newline: kept free so that a cut line is whole JSON */
#define TEXT_BYTES 512
#define NUMBER_BYTES 24
#define REPLACEMENT 0xfffd

/* The one setting that has no better place: log lines come from where no struct app is known. */
static atomic_int least_level = LOG_LEVEL_INFO;

static const char *const level_names[LOG_LEVEL_COUNT] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
};

struct line {
	char text[LINE_BYTES];
	size_t n;
};

/* All of it or nothing. */
static bool put(struct line *line, const char *p, size_t n)
{
	if (line->n + n > LINE_BYTES - LINE_TAIL)
		return false;
	if (n == 0)
		return true;
	memcpy(line->text + line->n, p, n);
	line->n += n;
	return true;
}

static bool put_unit(struct line *line, uint32_t unit)
{
	char escape[8];
	int n = snprintf(escape, sizeof escape, "\\u%04" PRIx32, unit & 0xffff);

	return put(line, escape, (size_t)n);
}

static bool put_code_point(struct line *line, uint32_t c)
{
	if (c == '"' || c == '\\')
		return put(line, (char[]){'\\', (char)c}, 2);
	if (c >= 0x20 && c < 0x7f)
		return put(line, (char[]){(char)c}, 1);
	if (c < 0x10000)
		return put_unit(line, c);

	size_t before = line->n;
	c -= 0x10000;
	if (put_unit(line, 0xd800 + (c >> 10)) && put_unit(line, 0xdc00 + (c & 0x3ff)))
		return true;
	line->n = before;
	return false;
}

/* How many octets at the beginning stand for themselves. */
static size_t plain_run(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= 0x20 && s.p[n] < 0x7f && s.p[n] != '"' && s.p[n] != '\\')
		n++;
	return n;
}

/* False when not even the opening quote fits; a text that does not fit whole is cut. */
static bool put_text(struct line *line, struct str s)
{
	size_t run = plain_run(str_sub(s, 0, TEXT_BYTES));

	if (!put(line, "\"", 1))
		return false;
	if (!put(line, s.p, run))
		run = 0;
	for (size_t i = run; i < s.n;) {
		uint32_t c = REPLACEMENT;
		size_t n = str_code_point(str_sub(s, i, s.n), &c);
		if (n == 0)
			n = 1;
		i += n;
		if (i > TEXT_BYTES || !put_code_point(line, c))
			break;
	}
	line->text[line->n++] = '"';
	return true;
}

static bool put_number(struct line *line, int64_t number)
{
	char text[NUMBER_BYTES];
	size_t at = sizeof text;
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do {
		text[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (number < 0)
		text[--at] = '-';
	return put(line, text + at, sizeof text - at);
}

/* A member that does not fit leaves no trace. */
static bool put_field(struct line *line, const struct log_field *field)
{
	size_t before = line->n;

	if (put(line, ",", 1) && put_text(line, str_of(field->name)) && put(line, ":", 1) &&
	    (field->text.p != NULL ? put_text(line, field->text) : put_number(line, field->number)))
		return true;
	line->n = before;
	return false;
}

static void put_head(struct line *line, enum log_level level, const char *event)
{
	char time[CLOCK_MS_TEXT + 1];
	clock_rfc3339_ms(clock_now(), time);

	(void)put(line, "{\"time\":", 8);
	(void)put_text(line, str_of(time));
	(void)put_field(line, &LOG_TEXT("level", str_of(level_names[level])));
	(void)put_field(line, &LOG_TEXT("event", str_of(event == NULL ? "" : event)));
}

static bool is_wanted(enum log_level level)
{
	return (unsigned)level < LOG_LEVEL_COUNT && (int)level <= atomic_load(&least_level);
}

static void make_line(struct line *line, enum log_level level, const char *event,
		      const struct log_field *fields, size_t n)
{
	line->n = 0;
	put_head(line, level, event);
	for (size_t i = 0; i < n; i++)
		(void)put_field(line, &fields[i]);
	line->text[line->n++] = '}';
	line->text[line->n++] = '\n';
}

static void write_out(const char *text, size_t n)
{
	int saved = errno;

	(void)file_write(STDERR_FILENO, text, n);
	errno = saved;
}

void log_line(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
	struct line line;

	if (!is_wanted(level))
		return;
	make_line(&line, level, event, fields, n);
	write_out(line.text, line.n);
}

void log_line_later(struct log_batch *batch, enum log_level level, const char *event,
		    const struct log_field *fields, size_t n)
{
	struct line line;

	if (!is_wanted(level))
		return;
	make_line(&line, level, event, fields, n);
	if (line.n > sizeof batch->text - batch->n)
		log_flush(batch);
	memcpy(batch->text + batch->n, line.text, line.n);
	batch->n += line.n;
}

void log_flush(struct log_batch *batch)
{
	if (batch->n > 0)
		write_out(batch->text, batch->n);
	batch->n = 0;
}

void log_detail(enum log_level level, const char *event, const char *detail)
{
	log_line(level, event, &LOG_TEXT("detail", str_of(detail == NULL ? "" : detail)), 1);
}

void log_set_level(enum log_level least)
{
	atomic_store(&least_level, (int)least);
}
