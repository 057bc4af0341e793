/* The keys of all texts that the program itself asks for. A catalogue without one stops the start.
 */
#include "said.h"

#include <stddef.h>

static const char *const KEYS[] = {
	"login.ended",
	"login.failed",
	"login.recovered",
	"not_me.over",
	"not_me.over_text",
	"recover.bad_code",
	"recover.bad_email",
	"recover.code_over",
	"recover.nothing_changed",
	"recover.nothing_sent",
	"recover.over",
	"recover.over_text",
	NULL,
};

const char *const *said_keys(void)
{
	return KEYS;
}
