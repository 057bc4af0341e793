/* Secrets from a person's keyboard or from standard input, never from arguments. */
#ifndef GATEPOST_CTL_SECRET_INPUT_H
#define GATEPOST_CTL_SECRET_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "str.h"

struct arena;

/*
 * A new password. from_stdin: the whole of standard input, one line end at its end left out. Else
 * asked for twice on the terminal without echo. ERR_INPUT with the reason in fault: no terminal,
 * the two differ, nothing came, or over 4096 bytes. Lives in the arena, wiped with it.
 */
MUST_CHECK enum err secret_input_new(struct arena *arena, bool from_stdin, struct str *out,
				     struct fault *fault);

/* All of standard input, as it is: at most max bytes, else ERR_INPUT with the reason in fault. */
MUST_CHECK enum err secret_input_all(struct arena *arena, size_t max, struct str *out,
				     struct fault *fault);

#endif
