/* The beginning of a request as octets: whether its lengths can be believed. */
#include "fcgi_params.h"

#include <stdbool.h>

#include <fastcgi.h>

#define LENGTHS 2 /* of a name and of its value */

/* Where in the pairs one is; they do not care where records end. */
struct pairs {
	size_t lengths[LENGTHS];
	unsigned known;   /* lengths that are whole */
	unsigned missing; /* octets of the one that is not; 0: it has not begun */
	size_t skip;      /* octets of name and value that are still to come */
};

static void take_length(struct pairs *pairs, unsigned char octet)
{
	size_t *length = &pairs->lengths[pairs->known];

	if (pairs->missing > 0) {
		*length = *length << 8 | octet;
		pairs->missing--;
	} else {
		*length = octet & 0x7f;
		pairs->missing = octet > 0x7f ? 3 : 0;
	}
	if (pairs->missing == 0)
		pairs->known++;
}

/* False: a pair says that it is longer than all of them may be. */
static bool take(struct pairs *pairs, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t left = n - i;

		if (pairs->skip > 0) {
			size_t step = pairs->skip < left ? pairs->skip : left;
			pairs->skip -= step;
			i += step;
			continue;
		}
		take_length(pairs, bytes[i++]);
		if (pairs->known < LENGTHS)
			continue;
		pairs->skip = pairs->lengths[0] + pairs->lengths[1];
		pairs->known = 0;
		if (pairs->skip > FCGI_PARAMS_MAX)
			return false;
	}
	return true;
}

enum fcgi_params fcgi_params_of(const unsigned char *bytes, size_t n)
{
	struct pairs pairs = {.known = 0};

	for (size_t at = 0; n - at >= FCGI_HEADER_LEN;) {
		const unsigned char *content = bytes + at + FCGI_HEADER_LEN;
		size_t length = (size_t)bytes[at + 4] << 8 | bytes[at + 5];
		size_t there = n - at - FCGI_HEADER_LEN;
		unsigned expected = at == 0 ? FCGI_BEGIN_REQUEST : FCGI_PARAMS;

		if (bytes[at] != FCGI_VERSION_1 || bytes[at + 1] != expected)
			return FCGI_PARAMS_FAULTY;
		if (at > 0 && length == 0)
			return FCGI_PARAMS_SOUND;
		if (at > 0 && !take(&pairs, content, length < there ? length : there))
			return FCGI_PARAMS_FAULTY;
		if (there < length + bytes[at + 6])
			break;
		at += FCGI_HEADER_LEN + length + bytes[at + 6];
	}
	return FCGI_PARAMS_PART;
}
