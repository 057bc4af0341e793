/* Numbered migrations with checksums, and the grants of the five accounts. */
#ifndef GATEPOST_STORE_MIGRATE_H
#define GATEPOST_STORE_MIGRATE_H

#include "config.h"
#include "err.h"

struct arena;

/* The newest migration this program was written for. It also runs on the next one. */
#define SCHEMA_VERSION 9

struct migrate_report {
	unsigned from, to; /* versions before and after */
	unsigned applied;
};

/*
 * Applies what is missing of sql_dir/NNN_*.sql, in order, then sql_dir/grants.sql, as the account
 * "migrate". A row of schema_migration taken by conditional UPDATE decides who migrates; a second
 * runner waits for the first (bounded) and then finds nothing to do. ERR_CONFIG: a file that was
 * applied has another checksum, a gap in the numbers, the database is newer than the files.
 * ERR_UNAVAILABLE: no database, or somebody else's migration did not end. ERR_INTERNAL: a script
 * failed. fault says which.
 */
MUST_CHECK enum err migrate_run(const struct config *config, struct arena *arena,
				struct migrate_report *report, struct fault *fault);
/*
 * Changes nothing: compares what was applied with the files, as the account "migrate". from is what
 * the database has, to the newest file. Errors as of migrate_run.
 */
MUST_CHECK enum err migrate_check(const struct config *config, struct arena *arena,
				  struct migrate_report *report, struct fault *fault);

#endif
