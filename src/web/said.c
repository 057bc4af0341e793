/* The keys of all texts that the program itself asks for. A catalogue without one stops the start.
 */
#include "said.h"

#include <stddef.h>

static const char *const KEYS[] = {
	"login.ended",
	"login.failed",
	NULL,
};

const char *const *said_keys(void)
{
	return KEYS;
}
