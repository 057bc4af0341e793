/* The rules of throttling as pure functions of a counter, configuration and time. */
#ifndef GATEPOST_AUTH_THROTTLE_POLICY_H
#define GATEPOST_AUTH_THROTTLE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "err.h"
#include "str.h"
#include "throttle_store.h"

/* What a counter counts. Part of the key: the numbers never change. */
enum throttle_bucket {
	THROTTLE_NONE = 0,
	THROTTLE_ACCOUNT,        /* a name that was typed, from devices unknown to its account */
	THROTTLE_DEVICE,         /* a device that the account knows */
	THROTTLE_SOURCE,         /* an address: /32 of IPv4, /64 of IPv6 */
	THROTTLE_GUEST,          /* guest sessions that an address began */
	THROTTLE_SERVICE,        /* a name with which a service tried a wrong secret */
	THROTTLE_SERVICE_SOURCE, /* an address where one did */
	THROTTLE_MAIL,           /* an e-mail address that mail was asked for */
	THROTTLE_MAIL_SOURCE,    /* an address that asked for mail */
	THROTTLE_CODE,           /* an e-mail address for which codes were typed */
	THROTTLE_NAME,           /* a proven code with which user names were tried */
	THROTTLE_FACTOR,         /* a second factor of an account, from wherever */
	THROTTLE_CHALLENGE,      /* an address that asked for challenges before any sign-in */
	THROTTLE_BUCKET_COUNT
};

/* "account", "device", "source", "guest", "service", "service source", "mail",
 * "mail source", "code", "name", "factor", "challenge"; static. */
const char *throttle_policy_name(enum throttle_bucket bucket);

struct throttle_spans throttle_policy_spans(enum throttle_bucket bucket);
/* How long an account waits after the newest of so many failures in a row. */
int64_t throttle_policy_wait(const struct config *config, uint32_t failures);
/*
 * How long an attempt must still wait that was counted into row at now; 0: it may go on. At most
 * what the rule can ask for, whatever clocks did. A device does not wait: see below.
 */
int64_t throttle_policy_remaining(const struct config *config, const struct throttle_row *row,
				  int64_t now);
/* The attempt counted into row is one too many: the device is as good as unknown. */
bool throttle_policy_is_lost(const struct config *config, const struct throttle_row *row);
/* The row as it would be with one more attempt at now: what throttle_store_take does. */
struct throttle_row throttle_policy_counted(const struct throttle_row *row, int64_t now);

#define THROTTLE_SOURCE_BYTES 8
/* The part of an address that counts as one source. */
struct throttle_source {
	unsigned char b[THROTTLE_SOURCE_BYTES];
	size_t n; /* 4: IPv4, also when mapped into IPv6; 8: IPv6 */
};
/* ERR_INPUT: not an address. */
MUST_CHECK enum err throttle_policy_source(struct str ip, struct throttle_source *out);

#endif
