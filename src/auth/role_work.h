/* The part of a changed role that concerns those who have it, a batch at a time. */
#ifndef GATEPOST_AUTH_ROLE_WORK_H
#define GATEPOST_AUTH_ROLE_WORK_H

#include "context.h"
#include "err.h"
#include "role_store.h"

struct db;

#define ROLE_WORK_BATCH 100

/*
 * Inside a transaction that holds the role's lock: the next batch of role->work after role->done,
 * and the note in the role's row, which is gone with the last one; with REMOVE the role is.
 * Updates *role.
 */
MUST_CHECK enum err role_work_batch(const struct auth_context *context, struct db *db,
				    struct role_row *role);

#endif
