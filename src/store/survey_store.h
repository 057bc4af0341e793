/* How much there is of what, for who watches the database grow: estimates and short counts. */
#ifndef GATEPOST_STORE_SURVEY_STORE_H
#define GATEPOST_STORE_SURVEY_STORE_H

#include <stdint.h>

#include "err.h"
#include "str.h"

struct arena;
struct db;

struct survey_table {
	struct str name;
	int64_t rows; /* as the server estimates them */
};
/* take is called for each table of the database. */
MUST_CHECK enum err
survey_store_tables(struct db *db, struct arena *arena,
		    void (*take)(void *context, const struct survey_table *table), void *context);

struct survey_counts {
	int64_t waiting, dead; /* mails, by an index, each counted up to 10000 */
	int64_t key_since;     /* when the newest active signing key became so; 0: there is none */
};
MUST_CHECK enum err survey_store_counts(struct db *db, struct survey_counts *out);

#endif
