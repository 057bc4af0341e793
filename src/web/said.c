/* The keys of all texts that the program itself asks for. A catalogue without one stops the start.
 */
#include "said.h"

#include <stddef.h>

static const char *const KEYS[] = {
	"login.ended",
	"login.failed",
	"register.flawed",
	"register.bad_email",
	"register.bad_username",
	"register.bad_display_name",
	"register.taken",
	"register.wrong_code",
	"register.wrong_link",
	"register.over",
	"register.address_taken",
	"invite.wrong",
	"invite.over",
	NULL,
};

const char *const *said_keys(void)
{
	return KEYS;
}
