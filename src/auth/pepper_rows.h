/* All stored passwords: under which pepper each lies, and sealed anew. */
#ifndef GATEPOST_AUTH_PEPPER_ROWS_H
#define GATEPOST_AUTH_PEPPER_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "err.h"

#define PEPPER_COUNTS_MAX 66 /* as many as a file has keys, unsealed ones, and one for the rest */

/* Those of one number; 0: not sealed. */
struct pepper_count {
	uint32_t number;
	uint64_t rows;
	uint64_t closed; /* of them, what does not open with the peppers that there are */
};

struct pepper_counts {
	struct pepper_count of[PEPPER_COUNTS_MAX]; /* by number; what finds no room, in the last */
	size_t n;
};

/* Both need context->hash_db and read every password, in pages; memory is their own. */
MUST_CHECK enum err pepper_count_rows(const struct auth_context *context,
				      struct pepper_counts *out);
/*
 * Seals what is not under the newest pepper (without peppers: takes the seal off), in small
 * transactions that hold the users' locks. *changed rows; *closed: what could not be opened, and
 * stays. An error leaves those that were done.
 */
MUST_CHECK enum err pepper_reseal_rows(const struct auth_context *context, uint64_t *changed,
				       uint64_t *closed);

#endif
