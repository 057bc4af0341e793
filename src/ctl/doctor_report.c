/* What the doctor says: one line a check, or one JSON value. */
#include <stdarg.h>
#include <stdio.h>

#include "arena.h"
#include "doctor.h"
#include "output.h"

static const char *const RESULTS[DOCTOR_RESULT_COUNT] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_WARN] = "warn",
	[DOCTOR_FAIL] = "fail",
};

void doctor_add_text(struct doctor *doctor, enum doctor_result result, const char *name,
		     const char *advice, struct str detail)
{
	struct doctor_check *check = &doctor->checks[doctor->n];
	char *text = arena_alloc(doctor->arena, detail.n + 1);

	if (text == NULL || doctor->n == DOCTOR_CHECKS_MAX) {
		doctor->complete = false;
		return;
	}
	for (size_t i = 0; i < detail.n; i++)
		text[i] = (unsigned char)detail.p[i] < 0x20 || detail.p[i] == 0x7f ? '?'
										   : detail.p[i];
	*check = (struct doctor_check){
		.result = result,
		.name = name,
		.detail = {.p = text, .n = detail.n},
		.advice = advice,
	};
	doctor->n++;
}

void doctor_add(struct doctor *doctor, enum doctor_result result, const char *name,
		const char *advice, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	doctor_add_text(doctor, result, name, advice, str_of(text));
}

static void print_text(const struct doctor_check *check, struct buf *buf)
{
	buf_addf(buf, "%-4s  %s  ", RESULTS[check->result], check->name);
	buf_add(buf, check->detail);
	if (check->advice[0] != '\0') {
		buf_add(buf, STR("; "));
		buf_add(buf, str_of(check->advice));
	}
	buf_add_char(buf, '\n');
}

static void print_json(const struct doctor_check *check, struct json_out *json)
{
	json_open_object(json, NULL);
	json_text(json, "name", str_of(check->name));
	json_text(json, "result", str_of(RESULTS[check->result]));
	json_text(json, "detail", check->detail);
	json_text(json, "advice", str_of(check->advice));
	json_close_object(json);
}

static bool is_fine(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->n; i++)
		if (doctor->checks[i].result == DOCTOR_FAIL)
			return false;
	return true;
}

enum ctl_exit doctor_report(struct doctor *doctor)
{
	struct output output;
	enum ctl_exit code = CTL_FINE;

	output_begin(&output, doctor->ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_open_array(&output.json, "checks");
	}
	for (size_t i = 0; i < doctor->n; i++) {
		if (output.is_json)
			print_json(&doctor->checks[i], &output.json);
		else
			print_text(&doctor->checks[i], &output.buf);
	}
	if (output.is_json) {
		json_close_array(&output.json);
		json_bool(&output.json, "ok", is_fine(doctor));
		json_close_object(&output.json);
	}
	code = output_end(&output);
	if (code != CTL_FINE)
		return code;
	if (!doctor->complete)
		return ctl_say(CTL_UNAVAILABLE, "not enough memory for all checks");
	return is_fine(doctor) ? CTL_FINE : CTL_REFUSED;
}
