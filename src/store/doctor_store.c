/* What only "gatepost doctor" reads: the database's clock, and rows that nobody purged. */
#include "doctor_store.h"

#include "row.h"

enum err doctor_store_clock(struct db *db, int64_t *now)
{
	int64_t there = 0;
	bool found = false;

	TRY(row_find(db, STMT_DOCTOR_CLOCK, ARGS_NONE, (struct row_into){.row = &there}, &found));
	*now = there;
	return OK;
}

enum err doctor_store_overdue(struct db *db, int64_t sessions_before, int64_t before,
			      struct doctor_overdue *out)
{
	struct doctor_overdue there = {.sessions = 0};
	bool found = false;

	TRY(row_find(db, STMT_DOCTOR_OVERDUE,
		     ARGS(arg_int(sessions_before), arg_int(before), arg_int(before)),
		     (struct row_into){.row = &there}, &found));
	*out = there;
	return OK;
}
