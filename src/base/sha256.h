/* SHA-256 (FIPS 180-4), where others compute it too: never for what only we compare. */
#ifndef GATEPOST_BASE_SHA256_H
#define GATEPOST_BASE_SHA256_H

#include "ident.h"
#include "str.h"

struct digest sha256(struct str bytes);

#endif
