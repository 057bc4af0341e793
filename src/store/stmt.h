/* THE statement table: every SQL text of the program, by id. Private to store. */
#ifndef GATEPOST_STORE_STMT_H
#define GATEPOST_STORE_STMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "ident.h"
#include "str.h"

/* Named TABLE_VERB. The batch ids of one statement lie together, smallest first. */
enum stmt {
	STMT_SCHEMA_VERSION,

	STMT_SESSION_BY_HASH_1,
	STMT_SESSION_BY_HASH_2,
	STMT_SESSION_BY_HASH_4,
	STMT_SESSION_BY_HASH_8,
	STMT_SESSION_BY_HASH_16,
	STMT_SESSION_BY_HASH_32,
	STMT_SESSION_INSERT,
	STMT_SESSION_TOUCH,
	STMT_SESSION_TOUCH_GUARD,
	STMT_SESSION_ROTATE,
	STMT_SESSION_DELETE_BY_HASH,
	STMT_SESSION_DELETE_BY_ID,
	STMT_SESSION_DELETE_BY_ID_OF_USER,
	STMT_SESSION_DELETE_OF_USER,
	STMT_SESSION_DELETE_OF_DEVICE,
	STMT_SESSION_DELETE_ANY,
	STMT_SESSION_DELETE_IDLEST,
	STMT_SESSION_COUNT,
	STMT_SESSION_LIST,
	STMT_SESSION_PURGE,
	STMT_SESSION_OWNER,

	STMT_ROTATION_INSERT,
	STMT_ROTATION_FIND,
	STMT_ROTATION_PURGE,

	STMT_USER_BY_USERNAME,
	STMT_USER_BY_EMAIL,
	STMT_USER_BY_ID,
	STMT_USER_LOCK,
	STMT_USER_INSERT,
	STMT_USER_LIST,
	STMT_USER_SET_GRANTS,

	STMT_PASSWORD_UPDATE,
	STMT_PASSWORD_INSERT,
	STMT_PASSWORD_GET,
	STMT_PASSWORD_STRENGTHEN,
	STMT_PASSWORD_CHANGED_AT,

	STMT_ROLE_BY_NAME,
	STMT_ROLE_COUNT_HOLDERS,
	STMT_USER_ROLE_GIVE,
	STMT_USER_ROLE_WORDS,

	STMT_SETUP_PUT,
	STMT_SETUP_CONSUME,

	STMT_DEVICE_ENSURE,
	STMT_DEVICE_BY_REF,
	STMT_DEVICE_PURGE,

	STMT_AUDIT_INSERT,
	STMT_AUDIT_PURGE,

	STMT_MIGRATION_ACCOUNT,
	STMT_MIGRATION_LOCK,
	STMT_MIGRATION_UNLOCK,
	STMT_MIGRATION_LIST,
	STMT_MIGRATION_DIGEST,
	STMT_MIGRATION_INSERT,

	STMT_COUNT
};

struct col;

/* What a lost connection means for it. */
enum stmt_kind {
	STMT_WRITE = 0, /* lost while it ran: ERR_UNCERTAIN (outside a transaction) */
	STMT_READ,      /* lost: tried once more on a new connection */
	STMT_IDEMPOTENT /* a write that may be sent again */
};

struct stmt_def {
	const char *name; /* as in enum stmt, for the log */
	const char *sql;
	const char *params;     /* a letter each: i b t (row.h) */
	const struct col *cols; /* NULL: no rows */
	size_t col_count;
	enum stmt_kind kind;
	unsigned roles; /* bit (1u << enum db_role): who may run it */
};

/* Static. Every id below STMT_COUNT has a definition (a test walks the table). */
const struct stmt_def *stmt_def(enum stmt stmt);

/* A row of STMT_MIGRATION_LIST. */
struct stmt_migration {
	int64_t version;
	struct str name;
	struct digest sha256;
};

#endif
