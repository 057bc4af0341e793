/* Which language a call is answered in, and links that keep on asking for it. */
#ifndef GATEPOST_WEB_LANGUAGE_CALL_H
#define GATEPOST_WEB_LANGUAGE_CALL_H

#include "err.h"
#include "str.h"
#include "url.h"

struct call;
struct language;

/*
 * Sets call->language by the request: of a page by the parameter ui_locales (BCP 47 tags with
 * blanks between), else by Accept-Language, else the configured one. ERR_MEMORY.
 */
MUST_CHECK enum err language_read(struct call *call);
/* The account's, once the session was found; else the request's. Never NULL. */
const struct language *language_of_call(const struct call *call);
/* A path below base_path; with ui_locales, if the request had it. Not for files. */
MUST_CHECK enum err language_url(struct call *call, struct str own_path, struct url *out);

#endif
