/* A time as people read it and as machines do. */
#include "moment.h"

#include "buf.h"
#include "clock.h"

#define MOMENT_MAX 64

enum err moment_text(struct arena *arena, int64_t at, struct str *out)
{
	if (at == 0) {
		*out = STR_NONE;
		return OK;
	}
	struct buf http, text;
	struct str date;
	buf_init(&http, arena, MOMENT_MAX);
	clock_add_http_date(&http, at); /* Sat, 21 Nov 2026 02:24:44 GMT */
	TRY(buf_str(&http, &date));
	struct str day = str_sub(date, 5, 16);
	if (str_starts(day, STR("0")))
		day = str_sub(day, 1, day.n);
	buf_init(&text, arena, MOMENT_MAX);
	buf_add(&text, day);
	buf_add(&text, STR(", "));
	buf_add(&text, str_sub(date, 17, 22));
	buf_add(&text, STR(" UTC"));
	return buf_str(&text, out);
}

enum err moment_iso(struct arena *arena, int64_t at, struct str *out)
{
	if (at == 0) {
		*out = STR_NONE;
		return OK;
	}
	struct buf text;
	buf_init(&text, arena, MOMENT_MAX);
	clock_add_rfc3339(&text, at);
	return buf_str(&text, out);
}
