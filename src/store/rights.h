/* What the database accounts may do: as sql/grants.sql gives it, and as the server has it. */
#ifndef GATEPOST_STORE_RIGHTS_H
#define GATEPOST_STORE_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "err.h"
#include "str.h"

struct arena;
struct db;

/* One privilege on one thing. An empty table or column stands for all of them. */
struct right {
	struct str place; /* "": Gatepost's database; "*": the whole server; else another one */
	struct str table, column;
	struct str privilege; /* "SELECT"; "ROLE x" for a role of the server's */
	bool grantable;       /* may be passed on */
};

#define RIGHTS_MAX 512

struct right_list {
	struct right *rights;
	size_t n;
};

/* Whoever has wide needs no narrow. grantable is not looked at. */
bool right_covers(const struct right *wide, const struct right *narrow);

/*
 * What the text of grants.sql gives to role; of migrate, what accounts.sql does and a migration
 * needs. ERR_CONFIG: a statement of another form than GRANT … ON {database}.TABLE TO {ROLE}.
 */
MUST_CHECK enum err rights_parse(struct arena *arena, struct str text, enum db_role role,
				 struct right_list *out, struct fault *fault);
/* The same of sql_dir's file. */
MUST_CHECK enum err rights_expected(const struct config *config, struct arena *arena,
				    enum db_role role, struct right_list *out, struct fault *fault);
/* What the account of this connection was given. ERR_TOO_LARGE beyond RIGHTS_MAX. */
MUST_CHECK enum err rights_actual(struct db *db, struct arena *arena, struct right_list *out);

#endif
