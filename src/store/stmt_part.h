/* How a row of the statement table is written, and its parts that lie in files of their own. */
#ifndef GATEPOST_STORE_STMT_PART_H
#define GATEPOST_STORE_STMT_PART_H

#include "db.h"
#include "row.h"
#include "stmt.h"

#define MIGRATE (1U << DB_ROLE_MIGRATE)
#define WEB (1U << DB_ROLE_WEB | MIGRATE)
#define HASH (1U << DB_ROLE_HASH)
#define GUARD (1U << DB_ROLE_GUARD)
#define MAIL (1U << DB_ROLE_MAIL)

#define DEF(id, ...) [id] = {.name = #id, __VA_ARGS__}
#define COLS(table) .cols = (table), .col_count = sizeof(table) / sizeof((table)[0])

/* By enum stmt, as the table itself; what a part does not define has no name there. */
extern const struct stmt_def stmt_part_tenants[STMT_COUNT];
extern const struct stmt_def stmt_part_handover[STMT_COUNT];
extern const struct stmt_def stmt_part_mail_code[STMT_COUNT];
extern const struct stmt_def stmt_part_flow[STMT_COUNT];
extern const struct stmt_def stmt_part_key[STMT_COUNT];
extern const struct stmt_def stmt_part_token[STMT_COUNT];
extern const struct stmt_def stmt_part_service[STMT_COUNT];
extern const struct stmt_def stmt_part_roles[STMT_COUNT];
extern const struct stmt_def stmt_part_overview[STMT_COUNT];
extern const struct stmt_def stmt_part_account[STMT_COUNT];
extern const struct stmt_def stmt_part_mail[STMT_COUNT];
extern const struct stmt_def stmt_part_factor[STMT_COUNT];

#endif
