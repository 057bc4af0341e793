/* A time as people read it and as machines do. */
#ifndef GATEPOST_WEB_MOMENT_H
#define GATEPOST_WEB_MOMENT_H

#include <stdint.h>

#include "err.h"
#include "str.h"

struct arena;

/* "21 Nov 2026, 02:24 UTC"; 0: absent. */
MUST_CHECK enum err moment_text(struct arena *arena, int64_t at, struct str *out);
/* RFC 3339, for the datetime attribute; 0: absent. */
MUST_CHECK enum err moment_iso(struct arena *arena, int64_t at, struct str *out);

#endif
