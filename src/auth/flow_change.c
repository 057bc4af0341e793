/* One transaction over one flow: its owner locked, its row read, an act, what a guest left cleared.
 */
#include "flow_change.h"

#include "db.h"
#include "user_store.h"

enum err flow_change_end(struct flow_change *change, enum flow_verdict verdict)
{
	change->outcome = (struct flow_outcome){.verdict = verdict, .flow = change->current};
	return OK;
}

enum err flow_change_end_over(struct flow_change *change, enum flow_verdict verdict, size_t limit)
{
	change->outcome = (struct flow_outcome){.verdict = verdict, .limit = limit};
	return OK;
}

static bool is_guests(const struct flow_change *change)
{
	return id_is_none(change->key->reach.user_id);
}

size_t flow_change_data_max(const struct flow_change *change)
{
	return is_guests(change) ? FLOW_DATA_MAX_OF_GUEST : FLOW_DATA_MAX;
}

/* *held false: a guest's session that was promoted or ended, a user who may do nothing now. */
static enum err hold_owner(const struct flow_change *change, struct db *db, bool *held)
{
	const struct flow_reach *reach = &change->key->reach;
	uint32_t state = USER_NONE;

	if (is_guests(change))
		return flow_store_hold_guest(db, &reach->session_id, held);
	TRY(user_store_lock(db, &reach->user_id, &state, held));
	*held = *held && state == USER_ACTIVE;
	return OK;
}

static const struct flow_count_row *find_count(const struct flow_lines *lines, struct str kind,
					       struct str name)
{
	for (const struct flow_line *line = lines->first; line != NULL; line = line->next) {
		if (line->is_count && str_equal(line->count.kind, kind) &&
		    str_equal(line->count.name, name))
			return &line->count;
	}
	return NULL;
}

void flow_change_build(const struct flow_kind *kind, const struct flow_row *row,
		       const struct flow_lines *lines, int64_t now, struct flow *out)
{
	*out = (struct flow){.row = *row, .declared = kind->declared};
	if (kind->declared == NULL)
		return;
	out->counter_count = kind->declared->counter_count;
	for (size_t i = 0; i < out->counter_count; i++) {
		const struct flow_counter_config *counter = &kind->declared->counters[i];

		out->counters[i] =
			flow_rule_left(counter, find_count(lines, row->kind, counter->name), now);
	}
}

/* The counters of a flow that does not run yet are read with it. */
enum err flow_change_read(struct flow_change *change, struct db *db)
{
	const struct auth_context *context = change->context;
	const struct flow_reach *reach = &change->key->reach;
	struct flow_search search = {
		.reach = reach,
		.kind = change->kind.name,
		.now = context->now,
	};
	struct flow_row none = {.id = ID_NONE, .kind = change->kind.name};
	struct flow_lines lines;
	bool offer = false;

	TRY(flow_store_find(db, context->arena, &search, &lines));
	flow_change_build(&change->kind, &none, &lines, context->now, &change->current);
	change->offer_id = ID_NONE;
	for (const struct flow_line *line = lines.first; line != NULL; line = line->next) {
		if (line->is_count)
			continue;
		if (flow_rule_is_current(context->config, reach, &line->flow, &offer))
			flow_change_build(&change->kind, &line->flow, &lines, context->now,
					  &change->current);
		else if (offer)
			change->offer_id = line->flow.id;
	}
	return OK;
}

static enum err change_work(struct db *db, void *opaque)
{
	struct flow_change *change = opaque;
	bool held = false;

	change->outcome = (struct flow_outcome){.verdict = FLOW_REFUSED};
	change->trail.n = 0;
	TRY(hold_owner(change, db, &held));
	if (!held)
		return flow_change_end(change, FLOW_GONE);
	TRY(flow_change_read(change, db));
	return change->act(change, db);
}

enum err flow_change_run(struct flow_change *change, struct flow_outcome *out)
{
	*out = (struct flow_outcome){.verdict = FLOW_UNKNOWN};
	if (!flow_rule_kind(change->context->config, change->key->kind, &change->kind))
		return OK;
	TRY(db_transact(change->context->db, change_work, change));
	audit_trail_write(change->context, &change->trail);
	*out = change->outcome;
	return OK;
}

bool flow_change_is_on(struct flow_change *change, const struct flow_match *match)
{
	const struct flow_row *row = &change->current.row;
	enum flow_verdict verdict = FLOW_DONE;

	if (id_is_none(row->id))
		verdict = FLOW_UNKNOWN;
	else if (row->expires_at <= change->context->now)
		verdict = FLOW_OVER;
	else if (match != NULL && !flow_rule_matches(match, row))
		verdict = FLOW_STALE;
	change->outcome = (struct flow_outcome){.verdict = verdict, .flow = change->current};
	return verdict == FLOW_DONE;
}

enum err flow_change_drop_offer(struct flow_change *change, struct db *db)
{
	bool deleted = false;

	return id_is_none(change->offer_id) ? OK
					    : flow_store_delete(db, &change->offer_id, &deleted);
}

enum err flow_change_check_size(struct flow_change *change, struct db *db, size_t bytes, bool *fits)
{
	const struct flow_row *row = &change->current.row;
	bool begins = id_is_none(row->id) || row->expires_at <= change->context->now;
	int64_t most = is_guests(change) ? FLOWS_OF_GUEST : FLOWS_OF_USER;
	struct flow_usage usage = {.flows = 0};

	*fits = false;
	if (bytes > flow_change_data_max(change))
		return flow_change_end_over(change, FLOW_TOO_LARGE, flow_change_data_max(change));
	TRY(flow_store_usage(db, &change->key->reach, &row->id, change->context->now, &usage));
	if (begins && usage.flows >= most)
		return flow_change_end_over(change, FLOW_TOO_MANY, (size_t)most);
	if (usage.bytes + (int64_t)bytes > FLOW_DATA_MAX_OF_USER)
		return flow_change_end_over(change, FLOW_TOO_LARGE, FLOW_DATA_MAX_OF_USER);
	*fits = true;
	return OK;
}

enum err flow_change_write(struct flow_change *change, struct db *db, struct flow_row row)
{
	bool won = false;

	row.version++;
	row.updated_at = change->context->now;
	TRY(flow_change_drop_offer(change, db));
	TRY(flow_store_update(db, &row, &won));
	if (!won)
		return ERR_INTERNAL; /* under the owner's lock */
	change->current.row = row;
	return flow_change_end(change, FLOW_DONE);
}
