/* CBOR (RFC 8949) that strangers send, read without allocating: what passes here may be given to
 * decoders that allocate what a header declares.
 */
#ifndef GATEPOST_AUTH_CBOR_GUARD_H
#define GATEPOST_AUTH_CBOR_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

#define CBOR_GUARD_DEPTH 6  /* arrays and maps inside each other */
#define CBOR_GUARD_PAIRS 16 /* of one map */

enum cbor_guard_kind {
	CBOR_GUARD_REFUSED = 0,
	CBOR_GUARD_INTEGER,
	CBOR_GUARD_BYTES,
	CBOR_GUARD_TEXT, /* UTF-8 */
	CBOR_GUARD_ARRAY,
	CBOR_GUARD_MAP,
	CBOR_GUARD_SIMPLE /* true, false, null */
};

struct cbor_guard_value {
	enum cbor_guard_kind kind;
	int64_t number;  /* INTEGER; of ARRAY and MAP, how many members or pairs */
	struct str text; /* BYTES, TEXT: what is inside */
	struct str raw;  /* its octets from its first to its last */
};

struct cbor_guard_pair {
	struct cbor_guard_value key;
	struct cbor_guard_value value;
};

struct cbor_guard_map {
	struct cbor_guard_pair pairs[CBOR_GUARD_PAIRS];
	size_t n;
};

/*
 * How many octets the one item takes with which bytes begin. False, *n untouched: cut short, an
 * indefinite length, a tag, a float, an undefined or unassigned simple value, an integer that does
 * not fit 64 bits with a sign, a text that is not UTF-8, more declared than octets are left, a map
 * with more than CBOR_GUARD_PAIRS pairs, with a key that is neither integer nor text, or with one
 * twice, or deeper than CBOR_GUARD_DEPTH.
 */
bool cbor_guard_reach(struct str bytes, size_t *n);
/* One such item and no octet behind it. */
bool cbor_guard_is_whole(struct str bytes);
/* One such map and no octet behind it; slices of bytes. */
bool cbor_guard_read_map(struct str bytes, struct cbor_guard_map *out);
/* NULL: none under that name. */
const struct cbor_guard_value *cbor_guard_named(const struct cbor_guard_map *map, struct str name);
const struct cbor_guard_value *cbor_guard_numbered(const struct cbor_guard_map *map,
						   int64_t number);

#endif
