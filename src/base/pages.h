/* Memory for private keys: locked, fenced, read-only once filled, wiped when given back. */
#ifndef GATEPOST_BASE_PAGES_H
#define GATEPOST_BASE_PAGES_H

#include <stddef.h>

#include "err.h"

/* n zeroed octets (sodium_malloc). NULL: there are none. */
void *pages_take(size_t n) __attribute__((warn_unused_result));
/* From now on nobody can write to them. */
MUST_CHECK enum err pages_close(void *p);
/* Wipes. NULL is fine. */
void pages_give(void *p);

#endif
