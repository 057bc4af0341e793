/* Addresses of mail: what may stand in a command to a mail server and in a header. */
#include "mailbox.h"

#define ADDRESS_MAX 254
#define LOCAL_MAX 64
#define DOMAIN_MAX 253

static bool is_plain_part(struct str part, size_t most)
{
	if (part.n == 0 || part.n > most)
		return false;
	for (size_t i = 0; i < part.n; i++) {
		if (part.p[i] <= ' ' || part.p[i] > '~' ||
		    str_contains(STR("<>()[],;:\\\"@"), part.p[i]))
			return false;
	}
	return true;
}

bool mailbox_is_plain(struct str address)
{
	struct str local = STR_NONE;
	struct str domain = STR_NONE;

	return address.n <= ADDRESS_MAX && str_cut(address, '@', &local, &domain) &&
	       is_plain_part(local, LOCAL_MAX) && is_plain_part(domain, DOMAIN_MAX);
}
