/* Rows of flow and flow_counter: where somebody is in a journey, and what they have used up. */
#include "flow_store.h"

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "row.h"

struct reading {
	struct arena *arena;
	struct flow_lines *out;
	struct id counts;       /* the owner of the counters */
	struct flow_line *room; /* for the next one */
};

static enum err make_room(struct reading *reading, struct row_sink *sink)
{
	reading->room = arena_alloc(reading->arena, sizeof *reading->room);
	if (reading->room == NULL)
		return ERR_MEMORY;
	*reading->room = (struct flow_line){.next = NULL};
	sink->into.row = reading->room;
	return OK;
}

/* The columns of a counter have arrived in the places of a flow's. */
static void put_in_place(struct flow_line *line)
{
	const struct flow_row *as_flow = &line->flow;

	line->count = (struct flow_count_row){
		.owner_id = as_flow->owner_id,
		.kind = as_flow->kind,
		.name = as_flow->step,
		.taken = as_flow->version,
		.started_at = as_flow->created_at,
		.last_at = as_flow->updated_at,
		.purge_at = as_flow->expires_at,
	};
	line->flow = (struct flow_row){.id = ID_NONE};
}

/* Whether it comes before the other: counters before flows, the one that changed last first. */
static bool is_before(const struct flow_line *line, const struct flow_line *other)
{
	if (line->is_count || other->is_count)
		return line->is_count && !other->is_count;
	return line->flow.updated_at > other->flow.updated_at;
}

static void hang_up(struct flow_lines *lines, struct flow_line *line)
{
	struct flow_line **at = &lines->first;

	while (*at != NULL && !is_before(line, *at))
		at = &(*at)->next;
	line->next = *at;
	*at = line;
	lines->n++;
}

static enum err take_line(struct row_sink *sink)
{
	struct reading *reading = sink->context;
	struct flow_line *line = reading->room;

	if (line->is_count)
		put_in_place(line);
	hang_up(reading->out, line);
	return make_room(reading, sink);
}

static bool has_flow(const struct flow_lines *lines, const struct id *id)
{
	for (const struct flow_line *line = lines->first; line != NULL; line = line->next)
		if (!line->is_count && id_equal(line->flow.id, *id))
			return true;
	return false;
}

static enum err add_count(struct reading *reading, const struct flow_line *joined)
{
	struct flow_line *line = arena_alloc(reading->arena, sizeof *line);

	if (line == NULL)
		return ERR_MEMORY;
	*line = (struct flow_line){.is_count = true, .count = joined->count};
	line->count.owner_id = reading->counts;
	line->count.kind = joined->flow.kind;
	hang_up(reading->out, line);
	return OK;
}

/* A flow, again for each of its counters. */
static enum err take_joined(struct row_sink *sink)
{
	struct reading *reading = sink->context;
	struct flow_line *line = reading->room;

	if (line->is_count)
		TRY(add_count(reading, line));
	line->is_count = false;
	if (has_flow(reading->out, &line->flow.id))
		return OK;
	hang_up(reading->out, line);
	return make_room(reading, sink);
}

static enum err read_lines(struct db *db, struct reading *reading, enum stmt stmt, struct args args)
{
	struct row_sink sink = {
		.into = {.arena = reading->arena},
		.take = stmt == STMT_FLOW_REACHED ? take_joined : take_line,
		.context = reading,
	};

	*reading->out = (struct flow_lines){.n = 0};
	TRY(make_room(reading, &sink));
	return row_each(db, stmt, args, &sink);
}

/* Within it a counter may still cool down after its window; no span of one is longer. */
#define COUNTS_KEPT CLOCK_DAY

/* Counters are a user's, in whatever session they were used up. */
static const struct id *counts_of(const struct flow_reach *reach)
{
	return id_is_none(reach->user_id) ? &reach->session_id : &reach->user_id;
}

static void cut_off(struct flow_lines *lines)
{
	struct flow_line *line = lines->first;

	if (lines->n <= FLOW_LINES_MAX)
		return;
	for (size_t i = 1; i < FLOW_LINES_MAX; i++)
		line = line->next;
	line->next = NULL;
	lines->n = FLOW_LINES_MAX;
}

enum err flow_store_list(struct db *db, struct arena *arena, const struct flow_reach *reach,
			 int64_t now, struct flow_lines *out)
{
	struct reading reading = {.arena = arena, .out = out, .counts = *counts_of(reach)};

	TRY(read_lines(db, &reading, STMT_FLOW_REACHED,
		       ARGS(arg_id(&reading.counts), arg_int(now - COUNTS_KEPT),
			    arg_id(&reading.counts), arg_id(&reach->session_id), arg_int(now))));
	cut_off(out);
	return OK;
}

enum err flow_store_find(struct db *db, struct arena *arena, const struct flow_search *search,
			 struct flow_lines *out)
{
	struct reading reading = {.arena = arena, .out = out, .counts = *counts_of(search->reach)};

	return read_lines(db, &reading, STMT_FLOW_FIND,
			  ARGS(arg_id(&reading.counts), arg_id(&search->reach->session_id),
			       arg_bytes(search->kind), arg_id(&reading.counts),
			       arg_bytes(search->kind), arg_int(search->now - COUNTS_KEPT)));
}

enum err flow_store_hold_guest(struct db *db, const struct id *session_id, bool *found)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_FLOW_HOLD_GUEST, ARGS(arg_id(session_id)), &affected));
	*found = affected == 1;
	return OK;
}

enum err flow_store_usage(struct db *db, const struct flow_reach *reach, const struct id *but,
			  int64_t now, struct flow_usage *out)
{
	struct flow_usage usage = {.flows = 0};
	bool found = false;

	TRY(row_find(db, STMT_FLOW_USAGE,
		     ARGS(arg_id(counts_of(reach)), arg_id_or_zero(&reach->user_id),
			  arg_id_or_zero(but), arg_int(now)),
		     (struct row_into){.row = &usage}, &found));
	*out = usage;
	return OK;
}

enum err flow_store_insert(struct db *db, const struct flow_row *row)
{
	return row_run(db, STMT_FLOW_INSERT,
		       ARGS(arg_id(&row->id), arg_id(&row->owner_id), arg_int(row->owner_kind),
			    arg_int(row->scope), arg_bytes(row->kind), arg_bytes(row->step),
			    arg_bytes(row->return_to), arg_text(row->data), arg_text(row->facts),
			    arg_int(row->from_guest), arg_int(row->version),
			    arg_int(row->created_at), arg_int(row->updated_at),
			    arg_int(row->expires_at)),
		       NULL);
}

enum err flow_store_update(struct db *db, const struct flow_row *row, bool *won)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_FLOW_UPDATE,
		    ARGS(arg_bytes(row->step), arg_bytes(row->return_to), arg_text(row->data),
			 arg_text(row->facts), arg_int(row->version), arg_int(row->updated_at),
			 arg_id(&row->id), arg_int(row->version - 1)),
		    &affected));
	*won = affected == 1;
	return OK;
}

enum err flow_store_delete(struct db *db, const struct id *id, bool *deleted)
{
	uint64_t affected = 0;

	TRY(row_run(db, STMT_FLOW_DELETE, ARGS(arg_id(id)), &affected));
	*deleted = affected == 1;
	return OK;
}

enum err flow_count_store_ensure(struct db *db, const struct flow_count_row *row)
{
	return row_run(db, STMT_FLOW_COUNTER_ENSURE,
		       ARGS(arg_id(&row->owner_id), arg_bytes(row->kind), arg_bytes(row->name)),
		       NULL);
}

enum err flow_count_store_take(struct db *db, const struct flow_take *take, bool *taken)
{
	const struct flow_count_row *row = take->row;
	/* Of two at once the one that began first may come second. */
	int64_t latest = take->cooldown > 0 ? take->now - take->cooldown : INT64_MAX;
	uint64_t affected = 0;

	TRY(row_run(db, STMT_FLOW_COUNTER_TAKE,
		    ARGS(arg_int(take->now), arg_int(take->now), arg_int(take->now),
			 arg_int(take->now), arg_int(take->now), arg_int(take->now + take->reset),
			 arg_id(&row->owner_id), arg_bytes(row->kind), arg_bytes(row->name),
			 arg_int(latest), arg_int(take->now), arg_int(take->attempts)),
		    &affected));
	*taken = affected == 1;
	return OK;
}

enum err flow_store_delete_of_user(struct db *db, const struct id *user_id)
{
	struct args args = ARGS(arg_id(user_id), arg_id(user_id));

	TRY(row_run(db, STMT_FLOW_DELETE_OF_USER, args, NULL));
	return row_run(db, STMT_FLOW_COUNTER_DELETE_OF_USER, args, NULL);
}

static enum err purge(struct db *db, enum stmt stmt, int64_t before, unsigned limit,
		      uint64_t *deleted)
{
	return row_run(db, stmt, ARGS(arg_int(before), arg_int(limit)), deleted);
}

enum err flow_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return purge(db, STMT_FLOW_PURGE, before, limit, deleted);
}

enum err flow_count_store_purge(struct db *db, int64_t before, unsigned limit, uint64_t *deleted)
{
	return purge(db, STMT_FLOW_COUNTER_PURGE, before - COUNTS_KEPT, limit, deleted);
}
