/* Cookie and Set-Cookie (RFC 6265bis). */
#ifndef GATEPOST_HTTP_COOKIE_H
#define GATEPOST_HTTP_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "str.h"

struct buf;

/* Names are exact and case-sensitive. */
#define COOKIE_SESSION "__Host-gatepost"
#define COOKIE_PRE "__Host-gatepost-pre"
#define COOKIE_DEVICE "__Host-gatepost-device"

/*
 * Finds the value of one name in a Cookie header, without the quotes that may stand around it
 * (RFC 6265 §4.1.1); *value is STR_NONE when absent. ERR_INPUT when that name occurs twice or its
 * value has anything but cookie-octets.
 */
MUST_CHECK enum err cookie_find(struct str header, struct str name, struct str *value);

struct cookie {
	struct str name;
	struct str value;
	int64_t max_age; /* seconds; < 0: no Max-Age (a session cookie); 0: delete */
	bool strict;     /* SameSite=Strict, else Lax */
};

/*
 * Appends NAME=VALUE; Path=/; Secure; HttpOnly; SameSite=…[; Max-Age=…]. The buf fails with
 * ERR_INTERNAL on anything but cookie-octets, with ERR_TOO_LARGE from 4096 octets of name and
 * value.
 */
void cookie_add(struct buf *buf, const struct cookie *cookie);

#endif
