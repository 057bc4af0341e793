/* gatepost pepper new|status|rotate|reseal|retire */
#include "arena.h"
#include "audit.h"
#include "ctl.h"
#include "keyring_file.h"
#include "output.h"
#include "pepper.h"
#include "pepper_rows.h"

#define DETAIL_MAX 64

static const char *pepper_file(const struct ctl *ctl)
{
	return ctl->auth.config->password.pepper_file.p;
}

/* False: it was said. */
static bool has_peppers(const struct ctl *ctl, enum ctl_exit *code)
{
	if (ctl->auth.peppers != NULL)
		return true;
	*code = ctl_say(CTL_REFUSED, "there is no password.pepper_file in the configuration");
	return false;
}

static enum ctl_exit file_failed(const struct ctl *ctl, enum err e)
{
	if (e == ERR_CONFLICT)
		return ctl_say(CTL_REFUSED,
			       "%s: somebody else is changing the pepper file, or was broken off: "
			       "then remove that file",
			       ctl->fault.text);
	return ctl_failed(ctl, e);
}

/* The file is changed already: a row that cannot be written does not undo that. */
static void record(struct ctl *ctl, const char *what, uint64_t number)
{
	struct audit_event event = {.kind = AUDIT_ROOTS_CHANGED};
	struct buf detail;

	buf_init(&detail, ctl->auth.arena, DETAIL_MAX);
	buf_add(&detail, STR("pepper "));
	buf_add_u64(&detail, number);
	buf_add(&detail, str_of(what));
	if (buf_str(&detail, &event.detail) != OK || audit_record(&ctl->auth, &event) != OK)
		(void)ctl_say(CTL_FINE, "this could not be recorded in the list of events");
}

static enum ctl_exit answer(struct ctl *ctl, uint32_t number, const char *what, const char *next)
{
	struct output output;

	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_number(&output.json, "pepper", number);
		json_text(&output.json, "change", str_of(what));
		json_close_object(&output.json);
	} else {
		buf_addf(&output.buf, "pepper %u %s. %s\n", number, what, next);
	}
	return output_end(&output);
}

enum ctl_exit cmd_pepper_new(struct ctl *ctl)
{
	if (!str_is_present(ctl->operand) || ctl->operand.n == 0)
		return ctl_say(CTL_USAGE, "give the name of the file to make");
	enum err e = keyring_file_create(ctl->operand.p, ctl->auth.now, &ctl->fault);
	if (e == ERR_CONFLICT)
		return ctl_say(CTL_REFUSED, "%s exists already", ctl->operand.p);
	if (e != OK)
		return ctl_failed(ctl, e);
	return answer(ctl, 1, "made",
		      "Let the worker's user read the file, put it on every host and into two safe "
		      "places that are not the database's, set password.pepper_file, reload all "
		      "workers (SIGHUP), then run gatepost pepper reseal");
}

static void add_count_json(struct json_out *json, const struct pepper_count *count, bool known)
{
	json_open_object(json, NULL);
	json_number(json, "pepper", count->number);
	json_bool(json, "known", known);
	json_number(json, "passwords", (int64_t)count->rows);
	json_number(json, "unreadable", (int64_t)count->closed);
	json_close_object(json);
}

static void add_count_text(struct buf *buf, const struct pepper_count *count, bool known)
{
	if (count->number == 0)
		buf_addf(buf, "not sealed");
	else
		buf_addf(buf, "pepper %u%s", count->number, known ? "" : " (not in the file)");
	buf_addf(buf, "\t%llu passwords", (unsigned long long)count->rows);
	if (count->closed > 0)
		buf_addf(buf, "\t%llu cannot be opened", (unsigned long long)count->closed);
	buf_add_char(buf, '\n');
}

static bool is_known(const struct keyring *peppers, uint32_t number)
{
	size_t n = 1;

	for (size_t i = 0; peppers != NULL && i < n; i++)
		if (keyring_root_at(peppers, i, &n).number == number)
			return true;
	return number == 0;
}

static uint64_t rows_of(const struct pepper_counts *counts, uint32_t number)
{
	for (size_t i = 0; i < counts->n; i++)
		if (counts->of[i].number == number)
			return counts->of[i].rows;
	return 0;
}

/* A pepper without rows is shown too: it is the one that may go. */
static enum err add_unused(const struct ctl *ctl, struct pepper_counts *counts)
{
	size_t n = 1;

	for (size_t i = 0; ctl->auth.peppers != NULL && i < n; i++) {
		uint32_t number = keyring_root_at(ctl->auth.peppers, i, &n).number;

		if (rows_of(counts, number) > 0)
			continue;
		if (counts->n == PEPPER_COUNTS_MAX)
			return OK;
		counts->of[counts->n++] = (struct pepper_count){.number = number};
	}
	return OK;
}

enum ctl_exit cmd_pepper_status(struct ctl *ctl)
{
	const struct keyring *peppers = ctl->auth.peppers;
	struct pepper_counts counts = {.n = 0};
	struct output output;
	enum err e = pepper_count_rows(&ctl->auth, &counts);

	if (e == OK)
		e = add_unused(ctl, &counts);
	if (e != OK)
		return ctl_failed(ctl, e);
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_number(&output.json, "newest", pepper_newest(peppers));
		json_open_array(&output.json, "peppers");
	}
	for (size_t i = 0; i < counts.n; i++) {
		bool known = is_known(peppers, counts.of[i].number);

		if (output.is_json)
			add_count_json(&output.json, &counts.of[i], known);
		else
			add_count_text(&output.buf, &counts.of[i], known);
	}
	if (output.is_json) {
		json_close_array(&output.json);
		json_close_object(&output.json);
	} else {
		buf_addf(&output.buf,
			 peppers == NULL ? "new passwords are not sealed\n"
					 : "new passwords are sealed under pepper %u\n",
			 pepper_newest(peppers));
	}
	return output_end(&output);
}

enum ctl_exit cmd_pepper_rotate(struct ctl *ctl)
{
	enum ctl_exit code = CTL_REFUSED;
	uint32_t number = 0;

	if (!has_peppers(ctl, &code))
		return code;
	enum err e = keyring_file_add(pepper_file(ctl), ctl->auth.now, &number, &ctl->fault);
	if (e != OK)
		return file_failed(ctl, e);
	record(ctl, " added", number);
	return answer(ctl, number, "added",
		      "Now put this file on every host and reload all workers (SIGHUP); then run "
		      "gatepost pepper reseal");
}

enum ctl_exit cmd_pepper_reseal(struct ctl *ctl)
{
	enum ctl_exit code = CTL_REFUSED;
	struct output output;
	uint64_t changed = 0;
	uint64_t closed = 0;

	if (!has_peppers(ctl, &code))
		return code;
	enum err e = pepper_reseal_rows(&ctl->auth, &changed, &closed);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (changed > 0)
		record(ctl, ": stored passwords sealed under it", pepper_newest(ctl->auth.peppers));
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_number(&output.json, "sealed", (int64_t)changed);
		json_number(&output.json, "unreadable", (int64_t)closed);
		json_close_object(&output.json);
	} else {
		buf_addf(&output.buf, "%llu passwords sealed under pepper %u\n",
			 (unsigned long long)changed, pepper_newest(ctl->auth.peppers));
	}
	code = output_end(&output);
	if (closed > 0)
		return ctl_say(CTL_REFUSED,
			       "%llu passwords do not open: see gatepost pepper status",
			       (unsigned long long)closed);
	return code;
}

enum ctl_exit cmd_pepper_retire(struct ctl *ctl)
{
	struct pepper_counts counts = {.n = 0};
	enum ctl_exit code = CTL_REFUSED;
	uint64_t number = 0;

	if (!has_peppers(ctl, &code))
		return code;
	if (!str_is_present(ctl->operand) || str_to_u64(ctl->operand, UINT32_MAX, &number) != OK ||
	    number == 0)
		return ctl_say(CTL_USAGE, "give the number of a pepper");
	if (number == pepper_newest(ctl->auth.peppers))
		return ctl_say(CTL_REFUSED,
			       "pepper %llu is the newest: everything is sealed "
			       "under it",
			       (unsigned long long)number);
	if (!is_known(ctl->auth.peppers, (uint32_t)number))
		return ctl_say(CTL_REFUSED, "%s has no pepper %llu", pepper_file(ctl),
			       (unsigned long long)number);
	enum err e = pepper_count_rows(&ctl->auth, &counts);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (rows_of(&counts, (uint32_t)number) > 0)
		return ctl_say(CTL_REFUSED,
			       "%llu passwords are sealed under pepper %llu: run gatepost pepper "
			       "reseal",
			       (unsigned long long)rows_of(&counts, (uint32_t)number),
			       (unsigned long long)number);
	e = keyring_file_remove(pepper_file(ctl), (uint32_t)number, &ctl->fault);
	if (e != OK)
		return file_failed(ctl, e);
	record(ctl, " removed", number);
	return answer(ctl, (uint32_t)number, "removed",
		      "Now put this file on every host and reload all workers (SIGHUP)");
}
