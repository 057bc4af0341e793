/* How much there is of what, for who watches the database grow: estimates and short counts. */
#include "survey_store.h"

#include "row.h"

/* Whom to tell of the row that was read last. */
struct taking {
	void (*take)(void *context, const struct survey_table *table);
	void *context;
};

static enum err pass_on(struct row_sink *sink)
{
	const struct taking *taking = sink->context;

	taking->take(taking->context, sink->into.row);
	return OK;
}

enum err survey_store_tables(struct db *db, struct arena *arena,
			     void (*take)(void *context, const struct survey_table *table),
			     void *context)
{
	struct survey_table table = {.rows = 0};
	struct taking taking = {.take = take, .context = context};
	struct row_sink sink = {
		.into = {.arena = arena, .row = &table},
		.take = pass_on,
		.context = &taking,
	};

	return row_each(db, STMT_SURVEY_TABLES, ARGS_NONE, &sink);
}

enum err survey_store_counts(struct db *db, struct survey_counts *out)
{
	struct survey_counts there = {.waiting = 0};
	bool found = false;

	TRY(row_find(db, STMT_SURVEY_COUNTS, ARGS_NONE, (struct row_into){.row = &there}, &found));
	*out = there;
	return OK;
}
