/* Recovery codes as a person keeps and types them: 128 random bits each. */
#ifndef GATEPOST_AUTH_RECOVERY_CODE_TEXT_H
#define GATEPOST_AUTH_RECOVERY_CODE_TEXT_H

#include <stdbool.h>

#include "err.h"
#include "secret.h"
#include "str.h"

struct arena;

#define RECOVERY_CODE_BYTES 16

/*
 * A new code: its bytes, of which a keyed hash is stored, and the text that is shown once, in the
 * groups and the alphabet of typed_code.h. Both in the arena. ERR_MEMORY.
 */
MUST_CHECK enum err recovery_code_make(struct arena *arena, struct secret *bytes,
				       struct secret *text);
/*
 * The bytes of what was typed: capitals, spaces and dashes do not matter, and what people misread
 * stands for what was meant. *is_one false: it cannot be a code, and the bytes are zero.
 */
void recovery_code_read(struct str typed, unsigned char bytes[RECOVERY_CODE_BYTES], bool *is_one);

#endif
