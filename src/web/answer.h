/* Small steps of an answer that several handlers take. */
#ifndef GATEPOST_WEB_ANSWER_H
#define GATEPOST_WEB_ANSWER_H

#include "err.h"
#include "json.h"
#include "str.h"

struct arena;
struct call;
struct template_data;

/* Shown with a form whose token has gone stale; nothing was done. */
#define ANSWER_STALE_FORM STR("This page was open too long. Please try again.")

/* Sets status and type and opens the body's object; answer_json_end closes it. */
void answer_json_begin(struct call *call, int status, struct json_out *out);
MUST_CHECK enum err answer_json_end(struct call *call, struct json_out *out);

/* A link of a page to a path below base_path. */
MUST_CHECK enum err answer_url(struct call *call, struct template_data *data, const char *name,
			       struct str own_path);

/* "There were too many attempts. Please try again in 2 minutes.": rounded up. */
MUST_CHECK enum err answer_wait_text(struct arena *arena, unsigned seconds, struct str *out);

/* 400 invalid_request naming the field. */
MUST_CHECK enum err answer_bad_field(struct call *call, struct str field, struct str reason);
MUST_CHECK enum err answer_not_found(struct call *call);

#endif
