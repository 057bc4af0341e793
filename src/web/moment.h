/* A time as machines read it, beside the one for people (say_time). */
#ifndef GATEPOST_WEB_MOMENT_H
#define GATEPOST_WEB_MOMENT_H

#include <stdint.h>

#include "err.h"
#include "str.h"

struct arena;

/* RFC 3339, for the datetime attribute; 0: absent. */
MUST_CHECK enum err moment_iso(struct arena *arena, int64_t at, struct str *out);

#endif
