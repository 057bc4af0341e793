/* Codes of 128 bits that a person can type. */
#ifndef GATEPOST_AUTH_TYPED_CODE_H
#define GATEPOST_AUTH_TYPED_CODE_H

#include <stdbool.h>

#include "err.h"
#include "secret.h"
#include "str.h"

struct arena;

#define TYPED_CODE_BYTES 16

/* Six groups of small letters and digits: "xxxx-xxxx-xxxxx-xxxx-xxxx-xxxxx". */
MUST_CHECK enum err typed_code_text(struct arena *arena, const unsigned char *code,
				    struct secret *out);
/*
 * The code of a typed text: groups and capitals do not matter, and what people misread stands for
 * what was meant. False: it cannot be one.
 */
bool typed_code_parse(struct str typed, unsigned char code[TYPED_CODE_BYTES]);

#endif
