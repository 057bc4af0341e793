/* Flows: the state of a journey, kept on the server. */
#include "flow.h"

#include "arena.h"
#include "buf.h"
#include "flow_change.h"

#define DETAIL_MAX 300

struct flow_reach flow_reach_of(const struct session *session)
{
	const struct session_row *row = &session->found.session;

	return (struct flow_reach){.user_id = row->user_id, .session_id = row->id};
}

static enum err run(const struct auth_context *context, const struct flow_key *key,
		    enum err (*act)(struct flow_change *, struct db *), const void *request,
		    struct flow_outcome *out)
{
	struct flow_change *change = arena_alloc(context->arena, sizeof *change);

	if (change == NULL)
		return ERR_MEMORY;
	*change = (struct flow_change){
		.context = context,
		.key = key,
		.act = act,
		.request = request,
	};
	return flow_change_run(change, out);
}

static struct str or_else(struct str s, struct str other)
{
	return str_is_present(s) ? s : other;
}

static struct flow_row new_row(const struct flow_change *change)
{
	const struct flow_beginning *beginning = change->request;
	const struct flow_reach *reach = &change->key->reach;
	bool is_users = !id_is_none(reach->user_id) && change->kind.scope == FLOW_SCOPE_USER;
	int64_t now = change->context->now;

	return (struct flow_row){
		.id = id_random(),
		.owner_id = is_users ? reach->user_id : reach->session_id,
		.owner_kind = is_users ? FLOW_OWNER_USER : FLOW_OWNER_SESSION,
		.scope = (uint32_t)change->kind.scope,
		.kind = change->kind.name,
		.step = change->kind.first,
		.return_to = or_else(beginning->return_to, STR("")),
		.data = or_else(beginning->data, STR("{}")),
		.facts = STR("{}"),
		.version = 1,
		.created_at = now,
		.updated_at = now,
		.expires_at = now + change->kind.expires,
	};
}

/* One that has expired gives way. */
static enum err start_act(struct flow_change *change, struct db *db)
{
	const struct flow_row *there = &change->current.row;
	struct flow_row row;
	bool fits = false;
	bool deleted = false;

	if (!id_is_none(there->id) && there->expires_at > change->context->now) {
		TRY(flow_change_drop_offer(change, db));
		return flow_change_end(change, FLOW_DONE);
	}
	row = new_row(change);
	TRY(flow_change_check_size(change, db, row.data.n, &fits));
	if (!fits)
		return OK;
	TRY(flow_change_drop_offer(change, db));
	if (!id_is_none(there->id))
		TRY(flow_store_delete(db, &there->id, &deleted));
	TRY(flow_store_insert(db, &row));
	change->current.row = row;
	return flow_change_end(change, FLOW_CREATED);
}

enum err flow_start(const struct auth_context *context, const struct flow_key *key,
		    const struct flow_beginning *beginning, struct flow_outcome *out)
{
	return run(context, key, start_act, beginning, out);
}

/* *fits false: the outcome says why. */
static enum err merge_data(struct flow_change *change, struct db *db, struct flow_row *row,
			   bool *fits)
{
	const struct flow_patch *patch = change->request;
	size_t before = row->data.n;
	enum err e = OK;

	*fits = true;
	if (patch->clears_data)
		row->data = STR("{}");
	if (!str_is_present(patch->data))
		return OK;
	e = patch->merge(change->context->arena, row->data, patch->data,
			 flow_change_data_max(change), &row->data);
	if (e == ERR_TOO_LARGE) {
		*fits = false;
		return flow_change_end_over(change, FLOW_TOO_LARGE, flow_change_data_max(change));
	}
	TRY(e);
	return row->data.n > before ? flow_change_check_size(change, db, row->data.n, fits) : OK;
}

static enum err patch_act(struct flow_change *change, struct db *db)
{
	const struct flow_patch *patch = change->request;
	const struct flow_row *there = &change->current.row;
	struct flow_row row = *there;
	bool fits = false;

	if (!flow_change_is_on(change, patch->match))
		return OK;
	TRY(merge_data(change, db, &row, &fits));
	if (!fits)
		return OK;
	if (str_is_present(patch->return_to))
		row.return_to = patch->return_to;
	if (str_equal(row.data, there->data) && str_equal(row.return_to, there->return_to)) {
		TRY(flow_change_drop_offer(change, db));
		return flow_change_end(change, FLOW_DONE);
	}
	return flow_change_write(change, db, row);
}

enum err flow_patch(const struct auth_context *context, const struct flow_key *key,
		    const struct flow_patch *patch, struct flow_outcome *out)
{
	return run(context, key, patch_act, patch, out);
}

struct move {
	const struct flow_match *match;
	struct str to;
};

static enum err step_act(struct flow_change *change, struct db *db)
{
	const struct move *move = change->request;
	struct flow_row row = change->current.row;

	if (!flow_change_is_on(change, move->match))
		return OK;
	if (!flow_rule_may_move(&change->current, move->to))
		return flow_change_end(change, FLOW_NO_MOVE);
	row.step = move->to;
	return flow_change_write(change, db, row);
}

enum err flow_step(const struct auth_context *context, const struct flow_key *key,
		   const struct flow_match *match, struct str to, struct flow_outcome *out)
{
	struct move move = {.match = match, .to = to};

	return run(context, key, step_act, &move, out);
}

static enum err end_act(struct flow_change *change, struct db *db)
{
	bool deleted = false;

	if (!flow_change_is_on(change, change->request))
		return OK;
	TRY(flow_change_drop_offer(change, db));
	TRY(flow_store_delete(db, &change->current.row.id, &deleted));
	return deleted ? flow_change_end(change, FLOW_DONE) : ERR_INTERNAL;
}

enum err flow_end(const struct auth_context *context, const struct flow_key *key,
		  const struct flow_match *match, struct flow_outcome *out)
{
	return run(context, key, end_act, match, out);
}

/* "fund-wallet: kyc > otp, facts" */
static enum err note_service(struct flow_change *change)
{
	const struct flow_service *service = change->request;
	struct audit_event event = {
		.kind = AUDIT_FLOW_SERVED,
		.user_id = change->key->reach.user_id,
		.session_id = change->key->reach.session_id,
	};
	struct buf detail;

	buf_init(&detail, change->context->arena, DETAIL_MAX);
	buf_add(&detail, change->kind.name);
	buf_add(&detail, STR(": "));
	buf_add(&detail, change->current.row.step);
	if (str_is_present(service->to)) {
		buf_add(&detail, STR(" > "));
		buf_add(&detail, service->to);
	}
	if (str_is_present(service->facts) || service->clears_facts)
		buf_add(&detail, STR(", facts"));
	if (service->ends)
		buf_add(&detail, STR(", ended"));
	TRY(buf_str(&detail, &event.detail));
	return audit_trail_add(change->context, &change->trail, &event);
}

static enum err end_for_service(struct flow_change *change, struct db *db)
{
	bool deleted = false;

	TRY(flow_store_delete(db, &change->current.row.id, &deleted));
	if (!deleted)
		return ERR_CONFLICT;
	TRY(note_service(change));
	return flow_change_end(change, FLOW_DONE);
}

static enum err serve_act(struct flow_change *change, struct db *db)
{
	const struct flow_service *service = change->request;
	struct flow_row row = change->current.row;
	enum err e = OK;

	if (!flow_change_is_on(change, service->match))
		return OK;
	if (service->ends)
		return end_for_service(change, db);
	if (str_is_present(service->to) && !flow_rule_is_step(&change->current, service->to))
		return flow_change_end(change, FLOW_NO_MOVE);
	if (str_is_present(service->to))
		row.step = service->to;
	if (service->clears_facts)
		row.facts = STR("{}");
	if (str_is_present(service->facts))
		e = service->merge(change->context->arena, row.facts, service->facts, FLOW_DATA_MAX,
				   &row.facts);
	if (e == ERR_TOO_LARGE)
		return flow_change_end_over(change, FLOW_TOO_LARGE, FLOW_DATA_MAX);
	TRY(e);
	TRY(note_service(change));
	/* It is not the session that writes: what is offered to it stays. */
	change->offer_id = ID_NONE;
	return flow_change_write(change, db, row);
}

enum err flow_serve(const struct auth_context *context, const struct flow_key *key,
		    const struct flow_service *service, struct flow_outcome *out)
{
	return run(context, key, serve_act, service, out);
}

static const struct flow_counter_config *find_counter(const struct flow_config *declared,
						      struct str name, size_t *at)
{
	for (*at = 0; declared != NULL && *at < declared->counter_count; ++*at) {
		if (str_equal(declared->counters[*at].name, name))
			return &declared->counters[*at];
	}
	return NULL;
}

/* What is left after it is read again, under the same lock. */
static enum err attempt_act(struct flow_change *change, struct db *db)
{
	const struct flow_reach *reach = &change->key->reach;
	const struct str *name = change->request;
	size_t at = 0;
	const struct flow_counter_config *counter = find_counter(change->kind.declared, *name, &at);
	struct flow_count_row count = {
		.owner_id = id_is_none(reach->user_id) ? reach->session_id : reach->user_id,
		.kind = change->kind.name,
		.name = *name,
	};
	bool taken = false;

	if (!flow_change_is_on(change, NULL))
		return OK;
	if (counter == NULL)
		return flow_change_end(change, FLOW_NO_COUNTER);
	struct flow_take take = {
		.row = &count,
		.now = change->context->now,
		.attempts = counter->attempts,
		.cooldown = counter->cooldown,
		.reset = counter->reset,
	};
	TRY(flow_count_store_ensure(db, &count));
	TRY(flow_count_store_take(db, &take, &taken));
	if (taken)
		TRY(flow_change_drop_offer(change, db));
	TRY(flow_change_read(change, db));
	struct flow_counter left = change->current.counters[at];
	TRY(flow_change_end(change, taken           ? FLOW_DONE
				    : left.left > 0 ? FLOW_COOLING_DOWN
						    : FLOW_USED_UP));
	change->outcome.counter = left;
	return OK;
}

enum err flow_attempt(const struct auth_context *context, const struct flow_key *key,
		      struct str counter, struct flow_outcome *out)
{
	return run(context, key, attempt_act, &counter, out);
}
