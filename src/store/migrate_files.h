/* The numbered files of sql_dir. For migrate.c only. */
#ifndef GATEPOST_STORE_MIGRATE_FILES_H
#define GATEPOST_STORE_MIGRATE_FILES_H

#include <stddef.h>

#include "err.h"
#include "str.h"

struct arena;

#define MIGRATE_FILES_MAX 999

struct migrate_file {
	struct str name;
	struct str text;
};

/*
 * All of NNN_name.sql, in order: number i + 1 is files[i]. ERR_CONFIG: the folder cannot be read, a
 * number is missing or there twice, a name that begins with a digit is no such name.
 */
MUST_CHECK enum err migrate_files_read(struct arena *arena, struct str dir,
				       struct migrate_file **files, size_t *n, struct fault *fault);
/* One file of dir, at most 1 MiB. ERR_CONFIG. */
MUST_CHECK enum err migrate_file_read(struct arena *arena, struct str dir, struct str name,
				      struct str *text, struct fault *fault);

#endif
