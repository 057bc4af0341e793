/* A short label for a device, from what its program calls itself. */
#ifndef GATEPOST_HTTP_USER_AGENT_H
#define GATEPOST_HTTP_USER_AGENT_H

#include "err.h"
#include "str.h"

struct buf;
struct language;

/*
 * Appends "Firefox on Linux", "Safari on iPhone", "curl", "App on Android" or "Unknown device", in
 * that language. A help for the eye: nothing is decided by it, and nothing of the text itself is
 * passed on.
 */
MUST_CHECK enum err user_agent_add_label(struct buf *buf, const struct language *language,
					 struct str user_agent);

#endif
