/* FastCGI framing: what more octets say never takes back what fewer have said. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "fcgi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* From PART to anything, from PARAMS to PARAMS, WHOLE or OTHER; the rest is final. */
static bool may_follow(enum fcgi_arrival before, enum fcgi_arrival after)
{
	if (before == FCGI_ARRIVAL_PART || before == after)
		return true;
	return before == FCGI_ARRIVAL_PARAMS &&
	       (after == FCGI_ARRIVAL_WHOLE || after == FCGI_ARRIVAL_OTHER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum fcgi_arrival before = fcgi_arrival_of(data, 0, false);

	require(before == FCGI_ARRIVAL_PART);
	for (size_t n = 1; n <= size && n <= 512; n++) {
		enum fcgi_arrival now = fcgi_arrival_of(data, n, false);
		require(may_follow(before, now));
		/* A buffer that is full never leaves anybody waiting for more. */
		require(fcgi_arrival_of(data, n, true) != FCGI_ARRIVAL_PART);
		before = now;
	}
	(void)fcgi_arrival_of(data, size, true);
	return 0;
}
