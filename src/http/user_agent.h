/* A short label for a device, from what its program calls itself. */
#ifndef GATEPOST_HTTP_USER_AGENT_H
#define GATEPOST_HTTP_USER_AGENT_H

#include "str.h"

struct buf;

/*
 * Appends "Firefox on Linux", "Safari on iPhone", "curl", "App on Android" or "Unknown device". A
 * help for the eye: nothing is decided by it, and nothing of the text itself is passed on.
 */
void user_agent_add_label(struct buf *buf, struct str user_agent);
/* The same in no language: "Firefox, Linux"; nothing of an unknown one. */
void user_agent_add_names(struct buf *buf, struct str user_agent);

#endif
