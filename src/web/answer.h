/* Small steps of an answer that several handlers take. */
#ifndef GATEPOST_WEB_ANSWER_H
#define GATEPOST_WEB_ANSWER_H

#include "err.h"
#include "json.h"
#include "str.h"
#include "url.h"

struct arena;
struct asset;
struct call;
struct password_opinion;
struct session_found;
struct template_data;

/* Sets status and type and opens the body's object; answer_json_end closes it. */
void answer_json_begin(struct call *call, int status, struct json_out *out);
MUST_CHECK enum err answer_json_end(struct call *call, struct json_out *out);

/* A link of a page to a path below base_path. */
MUST_CHECK enum err answer_url(struct call *call, struct template_data *data, const char *name,
			       struct str own_path);

/* "There were too many attempts. Please try again in 2 minutes.": rounded up, for a page. */
MUST_CHECK enum err answer_wait_text(struct call *call, unsigned seconds, struct str *out);

/* 201: the header Location, of a path below base_path and what is appended to it. */
MUST_CHECK enum err answer_location(struct call *call, struct str own_path, struct str name);

/* 400 invalid_request naming the field. */
MUST_CHECK enum err answer_bad_field(struct call *call, struct str field, struct str reason);
MUST_CHECK enum err answer_not_found(struct call *call);

/* 200 with the bytes, or 304 where the client has them; either may be kept for an hour. */
void answer_asset(struct call *call, const struct asset *asset);
/* The same for a span in microseconds. ERR_MEMORY. */
MUST_CHECK enum err answer_asset_for(struct call *call, const struct asset *asset, int64_t span);

/* "person" and "identity": the name and the user name or address of whose session it is. */
void answer_person(struct template_data *data, const struct session_found *found);
/* The configured number "min_length". */
void answer_min_length(const struct call *call, struct template_data *data);
/* What is wrong with a new password, and a hint. */
MUST_CHECK enum err answer_password_text(struct call *call, const struct password_opinion *opinion,
					 struct str *out);

/* 429 too_many_attempts of the API. */
MUST_CHECK enum err answer_throttled(struct call *call, unsigned wait);
/* Whole seconds of a span in microseconds, rounded up. */
unsigned answer_seconds(int64_t span);

#endif
