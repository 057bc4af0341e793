/* Texts for people, in the language of the call; their words are in the catalogue. */
#ifndef GATEPOST_WEB_SAY_H
#define GATEPOST_WEB_SAY_H

#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "err.h"
#include "str.h"

struct call;

/* A text without slots; lives as long as the call. The keys are those of said.c. */
struct str say(const struct call *call, const char *key);
/* A text with its slots filled, plain: for a slot of a page, which escapes it. In the arena. */
MUST_CHECK enum err say_with(struct call *call, const char *key, const struct say_value *values,
			     size_t n, struct str *out);
/* A text with plural forms, {count} filled. */
MUST_CHECK enum err say_count(struct call *call, const char *key, uint64_t count, struct str *out);
/* What a program calls itself, as people call it: "Firefox on Linux". */
MUST_CHECK enum err say_device(struct call *call, struct str user_agent, struct str *out);
/* A time as people read it; 0: absent. */
MUST_CHECK enum err say_time(struct call *call, int64_t at, struct str *out);

/* Every key that the program asks for is in the catalogue. ERR_CONFIG names one that is not. */
MUST_CHECK enum err say_check(const struct catalogue *texts, struct fault *fault);

#endif
