/* A new secret on its way out: a file of its own that nobody else can read. */
#ifndef GATEPOST_CTL_SECRET_OUTPUT_H
#define GATEPOST_CTL_SECRET_OUTPUT_H

#include "err.h"
#include "secret.h"

/* A place for one, taken before it is made. */
struct secret_place {
	const char *path;
	int fd;
};

/*
 * Makes the file, 0600 and empty. ERR_INPUT with the reason in fault: it is there already, or
 * cannot be made.
 */
MUST_CHECK enum err secret_place_open(const char *path, struct secret_place *out,
				      struct fault *fault);
/* Writes it, with a line's end, durably. ERR_IO: it is not there whole. Closes the place. */
MUST_CHECK enum err secret_place_fill(struct secret_place *place, struct secret secret);
/* Nothing came of it: the file goes. */
void secret_place_drop(struct secret_place *place);

#endif
