/* A list of breached passwords that may be far larger than memory: a sorted file, searched in
 * place. */
#ifndef GATEPOST_AUTH_BREACHED_H
#define GATEPOST_AUTH_BREACHED_H

#include <stdbool.h>

#include "err.h"
#include "secret.h"

/*
 * The file is one of Pwned Passwords "ordered by hash": a line for each password, its SHA-1 as 40
 * upper-case hexadecimal digits, then maybe ":" and a count; sorted; lines end in LF or CRLF, the
 * last one maybe in nothing.
 */

/*
 * Whether it is a file of that form, as far as some of its lines show: the first, the last, and
 * some between, whose order is looked at. Not one that everybody may write. ERR_CONFIG.
 */
MUST_CHECK enum err breached_check(const char *path, struct fault *fault);
/*
 * Whether a password in normal form is listed: at most some forty reads of a hundred octets. The
 * file is opened anew each time, so another one in its place counts at once. ERR_UNAVAILABLE with
 * the reason: it cannot be read, or is not of that form where it was; so nothing is known.
 */
MUST_CHECK enum err breached_has(const char *path, struct secret normal, bool *found,
				 struct fault *fault);

#endif
