/* Time: microseconds since 1970-01-01T00:00:00Z, and its text form. */
#ifndef GATEPOST_BASE_CLOCK_H
#define GATEPOST_BASE_CLOCK_H

#include <stdint.h>

#include "err.h"
#include "str.h"

struct buf;

#define CLOCK_MS INT64_C(1000)
#define CLOCK_SECOND INT64_C(1000000)
#define CLOCK_MINUTE (60 * CLOCK_SECOND)
#define CLOCK_HOUR (60 * CLOCK_MINUTE)
#define CLOCK_DAY (24 * CLOCK_HOUR)

/* Wall clock (CLOCK_REALTIME). Read once a request; everything below takes it as a parameter. */
int64_t clock_now(void);
/* CLOCK_MONOTONIC, for durations and deadlines only. */
int64_t clock_monotonic(void);
/* Waits so many microseconds; a signal may end it sooner. */
void clock_pause(int64_t span);
/* The text forms know 1970 to 9999; what is outside shows as the nearer end. */
#define CLOCK_MS_TEXT 24 /* characters of clock_rfc3339_ms, without NUL */
/* Writes RFC 3339 UTC with milliseconds and a NUL: 2026-11-21T02:24:44.123Z. For log lines. */
void clock_rfc3339_ms(int64_t at, char *text);
/* Appends RFC 3339 UTC in whole seconds: 2026-11-21T02:24:44Z. */
void clock_add_rfc3339(struct buf *buf, int64_t at);
/* Appends an HTTP date (RFC 9110 §5.6.7): Sat, 21 Nov 2026 02:24:44 GMT. */
void clock_add_http_date(struct buf *buf, int64_t at);
/* The same way back: whole seconds, UTC, in 1970 to 9999. ERR_INPUT on anything else. */
MUST_CHECK enum err clock_parse_rfc3339(struct str text, int64_t *out);
/* "90s", "30m", "12h", "14d", or plain digits (seconds) to microseconds. ERR_INPUT; at most 10
 * years. */
MUST_CHECK enum err clock_parse_span(struct str text, int64_t *out);

#endif
