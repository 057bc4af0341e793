/* A time as machines read it, beside the one for people. */
#include "moment.h"

#include "buf.h"
#include "clock.h"

#define MOMENT_MAX 64

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
