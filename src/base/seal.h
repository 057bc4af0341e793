/* Secrets at rest: XChaCha20-Poly1305 under a sub-key of a root, bound to the row they lie in. */
#ifndef GATEPOST_BASE_SEAL_H
#define GATEPOST_BASE_SEAL_H

#include <stdint.h>

#include "err.h"
#include "keyring.h"
#include "secret.h"
#include "str.h"

#define SEAL_OVERHEAD 40 /* nonce and tag */

/*
 * Seals under the newest root, whose number is stored beside the box. place names the row ("table"
 * and its key): a box moved to another row does not open. box: plain.len + SEAL_OVERHEAD octets.
 */
void seal_close(const struct keyring *keyring, struct str place, struct secret plain,
		unsigned char *box, uint32_t *root);
/*
 * plain: box.len - SEAL_OVERHEAD octets of the caller's, who wipes them. ERR_CONFIG: the key file
 * has no root of that number. ERR_INPUT: it does not open: another key, another place, changed.
 */
MUST_CHECK enum err seal_open(const struct keyring *keyring, uint32_t root, struct str place,
			      struct secret box, unsigned char *plain);

#endif
