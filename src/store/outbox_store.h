/* Rows of outbox: mail that waits to be sent. */
#ifndef GATEPOST_STORE_OUTBOX_STORE_H
#define GATEPOST_STORE_OUTBOX_STORE_H

#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "str.h"

struct db;

struct outbox_row {
	struct id id;
	struct str kind; /* names the mail's template */
	struct id user_id;
	struct str recipient; /* absent: a decoy, which nobody is sent */
	struct str language;  /* not absent; "": the server's */
	struct str payload;   /* JSON for the template, sealed */
	uint32_t root;        /* under which root of the key file */
	int64_t due_at, created_at;
};

/* In the transaction of what it tells of. */
MUST_CHECK enum err outbox_store_insert(struct db *db, const struct outbox_row *row);

#endif
