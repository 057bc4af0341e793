/* Memory for private keys: locked, fenced, read-only once filled, wiped when given back. */
#include "pages.h"

#include <sodium.h>

void *pages_take(size_t n)
{
	void *p = sodium_malloc(n);

	if (p != NULL)
		sodium_memzero(p, n);
	return p;
}

enum err pages_close(void *p)
{
	return sodium_mprotect_readonly(p) == 0 ? OK : ERR_INTERNAL;
}

void pages_give(void *p)
{
	sodium_free(p);
}
