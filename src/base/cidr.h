/* Networks: an address and how many of its leading bits count (RFC 4632 §3.1, RFC 4291 §2.3). */
#ifndef GATEPOST_BASE_CIDR_H
#define GATEPOST_BASE_CIDR_H

#include <stdbool.h>

#include "err.h"
#include "str.h"

#define CIDR_BYTES 16

/* IPv4 as IPv4-mapped IPv6 (RFC 4291 §2.5.5.2), so that both ways of writing it are one. */
struct cidr {
	unsigned char bytes[CIDR_BYTES];
	unsigned bits; /* of all sixteen bytes */
};

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. ERR_INPUT also where bits behind the prefix
 * are set: whoever wrote that meant something else. */
MUST_CHECK enum err cidr_read(struct str text, struct cidr *out);
/* Whether the address is in it; what is no address is in none. */
bool cidr_has(const struct cidr *network, struct str address);

#endif
