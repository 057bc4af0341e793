/* The keys of all texts that the program itself asks for. A catalogue without one stops the start.
 */
#include "said.h"

#include <stddef.h>

static const char *const KEYS[] = {
	"address.bad",
	"address.done",
	"address.not_yours",
	"address.over",
	"address.pending",
	"address.same",
	"address.taken",
	"address.wrong",
	"close.last_admin",
	"close.not_sure",
	"login.ended",
	"login.failed",
	"profile.bad_name",
	"profile.done",
	"profile.not_saved",
	"restore.over",
	"restore.taken",
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
