/* What a language says of itself: language.json, and times as it writes them. */
#include "arena.h"
#include "buf.h"
#include "catalogue_text.h"
#include "clock.h"
#include "json_entries.h"

#define NAME_MAX 64
#define TIME_MAX 64 /* octets of one in RFC 3339 */

struct reader {
	struct arena *arena;
	const char *file;
	struct fault *fault;
	struct language *language;
	struct str plural;
};

static enum err refuse(const struct reader *reader, const char *reason)
{
	return fault_set(reader->fault, "%s: %s", reader->file, reason);
}

static const char *const time_slots[] = {"day", "month", "year", "hour", "minute", NULL};

static bool is_time_slot(struct str name)
{
	for (const char *const *slot = time_slots; *slot != NULL; slot++)
		if (str_equal(name, str_of(*slot)))
			return true;
	return false;
}

static enum err read_time(struct reader *reader, const struct json_entry *entry)
{
	struct phrase *time = &reader->language->time;
	const char *reason = NULL;

	enum err e = phrase_parse(reader->arena, entry->texts[0], time, &reason);
	if (e == ERR_INPUT)
		return refuse(reader, reason);
	TRY(e);
	for (size_t i = 0; i < time->n; i++)
		if (str_is_present(time->pieces[i].slot) && !is_time_slot(time->pieces[i].slot))
			return refuse(reader, "time has another slot than day, month, year, hour, "
					      "minute");
	for (const char *const *slot = time_slots; *slot != NULL; slot++)
		if (!phrase_has_slot(time, str_of(*slot)))
			return refuse(reader, "time lacks a slot: day, month, year, hour, minute");
	return OK;
}

static bool is_plain(struct str text)
{
	return text.n > 0 && text.n <= NAME_MAX && str_is_utf8(text) && !str_has_any_control(text);
}

static enum err read_months(struct reader *reader, const struct json_entry *entry)
{
	if (!entry->is_list || entry->n != MONTHS)
		return refuse(reader, "months are not 12");
	for (size_t i = 0; i < MONTHS; i++) {
		if (!is_plain(entry->texts[i]))
			return refuse(reader, "a month is empty, too long or no plain text");
		reader->language->months[i] = entry->texts[i];
	}
	return OK;
}

static enum err read_direction(struct reader *reader, struct str direction)
{
	if (!str_equal(direction, STR("ltr")) && !str_equal(direction, STR("rtl")))
		return refuse(reader, "direction is neither ltr nor rtl");
	reader->language->direction = direction;
	return OK;
}

static enum err read_forms(struct reader *reader, const struct json_entry *entry)
{
	if (entry->n != 0 || entry->number < 1 || entry->number > PLURAL_FORMS_MAX)
		return refuse(reader, "forms is no number of 1 to 8");
	reader->language->forms = (unsigned)entry->number;
	return OK;
}

static enum err read_entry(struct reader *reader, const struct json_entry *entry)
{
	if (str_equal(entry->name, STR("forms")))
		return read_forms(reader, entry);
	if (str_equal(entry->name, STR("months")))
		return read_months(reader, entry);
	if (entry->n != 1 || entry->is_list)
		return fault_set(reader->fault, "%s: %s is no text", reader->file, entry->name.p);
	if (str_equal(entry->name, STR("time")))
		return read_time(reader, entry);
	if (str_equal(entry->name, STR("direction")))
		return read_direction(reader, entry->texts[0]);
	if (str_equal(entry->name, STR("plural"))) {
		reader->plural = entry->texts[0];
		return OK;
	}
	if (!str_equal(entry->name, STR("name")))
		return fault_set(reader->fault, "%s: %s is not known here", reader->file,
				 entry->name.p);
	if (!is_plain(entry->texts[0]))
		return refuse(reader, "name is empty, too long or no plain text");
	reader->language->name = entry->texts[0];
	return OK;
}

static enum err check_complete(const struct reader *reader)
{
	const struct language *language = reader->language;

	if (!str_is_present(language->name) || !str_is_present(language->direction) ||
	    !str_is_present(language->months[0]) || language->time.n == 0 || language->forms == 0 ||
	    !str_is_present(reader->plural))
		return refuse(reader, "one of name, direction, forms, plural, months, time is "
				      "missing");
	return OK;
}

enum err catalogue_read_language(struct arena *arena, const char *file, struct language *language,
				 struct fault *fault)
{
	struct reader reader = {.arena = arena, .file = file, .fault = fault, .language = language};
	struct json_entry *entries = NULL;
	const char *reason = NULL;
	size_t n = 0;

	TRY(json_entries(arena, file, &entries, &n, fault));
	for (size_t i = 0; i < n; i++)
		TRY(read_entry(&reader, &entries[i]));
	TRY(check_complete(&reader));
	enum err e =
		plural_parse(arena, reader.plural, language->forms, &language->plural, &reason);
	return e == ERR_INPUT ? refuse(&reader, reason) : e;
}

/* Of 2026-11-21T02:24:44Z. */
static struct str part(const struct language *language, struct str rfc3339, struct str slot)
{
	struct str two;

	if (str_equal(slot, STR("year")))
		return str_sub(rfc3339, 0, 4);
	if (str_equal(slot, STR("hour")))
		return str_sub(rfc3339, 11, 13);
	if (str_equal(slot, STR("minute")))
		return str_sub(rfc3339, 14, 16);
	if (str_equal(slot, STR("month"))) {
		two = str_sub(rfc3339, 5, 7);
		return language->months[(two.p[0] - '0') * 10 + two.p[1] - '0' - 1];
	}
	two = str_sub(rfc3339, 8, 10);
	return str_starts(two, STR("0")) ? str_sub(two, 1, 2) : two;
}

enum err catalogue_add_time(struct buf *buf, const struct language *language, int64_t micros)
{
	struct buf text;
	struct str rfc3339;

	buf_init(&text, buf->arena, TIME_MAX);
	clock_add_rfc3339(&text, micros);
	TRY(buf_str(&text, &rfc3339));
	for (size_t i = 0; i < language->time.n; i++) {
		const struct phrase_piece *piece = &language->time.pieces[i];
		buf_add(buf, piece->plain);
		if (str_is_present(piece->slot))
			buf_add(buf, part(language, rfc3339, piece->slot));
	}
	return buf->failed;
}
