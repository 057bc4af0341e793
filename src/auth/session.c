/* Sessions: what a row is worth, keeping it alive, listing, ending. */
#include "session.h"

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "grants.h"

#define LIST_MAX 100

bool session_is_guest(const struct session *session)
{
	return session->standing == SESSION_LIVE && id_is_none(session->found.session.user_id);
}

void session_judge(const struct auth_context *context, const struct session_found *found,
		   struct session *out)
{
	const struct config *config = context->config;
	struct session session = {.standing = policy_standing(config, found, context->now)};

	if (session.standing != SESSION_UNKNOWN) {
		session.found = *found;
		session.state = policy_state(config, found);
		session.elevated = policy_is_elevated(found);
		session.ends = policy_ends(config, &found->session, session.elevated);
		session.aal = policy_aal(config, &found->session, context->now);
	}
	*out = session;
}

enum err session_keep(struct arena *arena, struct session *session)
{
	struct session_found found = session->found;
	struct str *const strings[] = {
		&found.session.client, &found.session.amr,        &found.session.device_name,
		&found.session.ip,     &found.session.user_agent, &found.username,
		&found.email,          &found.display_name,       &found.user_grants,
		&found.language,       &found.tenant_name,        &found.tenant_grants,
	};

	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
		TRY(str_copy(arena, *strings[i], strings[i]));
	session->found = found;
	return OK;
}

/*
 * A second factor that has lapsed by idleness must not come back because last_seen moves on: the
 * row steps down for good, and epoch counts the change of level. Lost to another change: its turn.
 */
static enum err step_down(const struct auth_context *context, struct session *session)
{
	struct session_row *row = &session->found.session;
	bool won = false;

	TRY(session_store_step_down(context->db, &row->id, row->epoch, &won));
	if (!won)
		return OK;
	row->aal = 1;
	row->aal2_end = 0;
	row->epoch++;
	return OK;
}

bool session_must_touch(const struct session *session, int64_t now)
{
	const struct session_row *row = &session->found.session;

	if (session->standing != SESSION_LIVE && session->standing != SESSION_PENDING)
		return false;
	return session->is_older_pair ? policy_is_seen_late(row, now) : policy_must_touch(row, now);
}

enum err session_touch(const struct auth_context *context, struct session *session)
{
	struct session_row row = session->found.session;

	if (!session_must_touch(session, context->now))
		return OK;
	if (row.aal >= 2 && session->aal < 2) {
		TRY(step_down(context, session));
		row = session->found.session;
	}
	row.last_seen = context->now;
	row.idle_end = policy_idle_end(context->config, &row, context->now);
	row.value_used = row.value_used || !session->is_older_pair;
	row.ip = str_is_present(context->ip) ? context->ip : STR("");
	TRY(session_store_touch(context->db, &row));
	session->found.session = row;
	session->ends = policy_ends(context->config, &row, session->elevated);
	return OK;
}

/* By idleness: last_seen has to stay where it is, or what lapsed by it would count again. */
static bool has_lapsed(const struct auth_context *context, const struct session *session)
{
	const struct session_row *row = &session->found.session;

	return row->aal >= 2 && session->aal < 2 && context->now < row->aal2_end;
}

bool session_must_touch_guarded(const struct auth_context *context, const struct session *session)
{
	const struct session_row *row = &session->found.session;

	if (session->standing != SESSION_LIVE || !policy_is_seen_late(row, context->now))
		return false;
	return !has_lapsed(context, session) ||
	       policy_idle_end(context->config, row, context->now) - row->idle_end >= CLOCK_MINUTE;
}

enum err session_touch_guarded(const struct auth_context *context, struct session *session)
{
	struct session_row row = session->found.session;

	if (!session_must_touch_guarded(context, session))
		return OK;
	row.idle_end = policy_idle_end(context->config, &row, context->now);
	if (!has_lapsed(context, session))
		row.last_seen = context->now;
	TRY(session_store_touch(context->db, &row));
	session->found.session = row;
	session->ends = policy_ends(context->config, &row, session->elevated);
	return OK;
}

/* What one of the ending transactions does; user_id none: no user to lock, a guest. */
struct ending {
	const struct auth_context *context;
	struct id user_id;
	const struct id *owner;   /* whose it must be */
	const struct id *session; /* the one to end, or with all the one to keep */
	bool all;
	uint64_t ended;
	struct audit_trail trail;
};

static enum err count_in(const struct auth_context *context, uint64_t n, struct str *out)
{
	struct buf text;

	buf_init(&text, context->arena, 20);
	buf_add_u64(&text, n);
	return buf_str(&text, out);
}

static enum err note_ending(struct ending *ending)
{
	struct audit_event event = {
		.kind = ending->all ? AUDIT_SESSIONS_ENDED : AUDIT_SESSION_ENDED,
		.user_id = ending->user_id,
		.session_id = ending->all ? ID_NONE : *ending->session,
	};

	if (ending->ended == 0)
		return OK;
	if (ending->all)
		TRY(count_in(ending->context, ending->ended, &event.detail));
	return audit_trail_add(ending->context, &ending->trail, &event);
}

static enum err end_work(struct db *db, void *opaque)
{
	struct ending *ending = opaque;
	uint32_t state = USER_NONE;
	bool found = false;

	ending->trail.n = 0;
	ending->ended = 0;
	if (!id_is_none(ending->user_id))
		TRY(user_store_lock(db, &ending->user_id, &state, &found));
	if (ending->all) {
		TRY(session_store_delete_of_user(db, &ending->user_id,
						 ending->session ? ending->session : &ID_NONE,
						 &ending->ended));
		return note_ending(ending);
	}
	TRY(session_store_delete_by_id(db, ending->session, ending->owner, &found));
	ending->ended = found ? 1 : 0;
	return note_ending(ending);
}

static enum err run_ending(struct ending *ending)
{
	TRY(db_transact(ending->context->db, end_work, ending));
	audit_trail_write(ending->context, &ending->trail);
	return OK;
}

enum err session_end(const struct auth_context *context, const struct session *session)
{
	const struct id anybody = ID_NONE;
	struct ending ending = {
		.context = context,
		.user_id = session->found.session.user_id,
		.owner = &anybody, /* who shows the value owns it; by id, so that a rotation cannot
				      outrun it */
		.session = &session->found.session.id,
	};

	if (id_is_none(session->found.session.id))
		return OK;
	return run_ending(&ending);
}

enum err session_end_one(const struct auth_context *context, const struct id *user_id,
			 const struct id *session_id, bool *ended)
{
	struct ending ending = {
		.context = context,
		.user_id = *user_id,
		.owner = user_id,
		.session = session_id,
	};

	if (id_is_none(*user_id) || id_is_none(*session_id)) {
		*ended = false;
		return OK;
	}
	TRY(run_ending(&ending));
	*ended = ending.ended > 0;
	return OK;
}

enum err session_end_all(const struct auth_context *context, const struct id *user_id,
			 const struct id *keep, uint64_t *ended)
{
	struct ending ending = {
		.context = context,
		.user_id = *user_id,
		.session = keep,
		.all = true,
	};

	if (id_is_none(*user_id)) {
		*ended = 0;
		return OK;
	}
	TRY(run_ending(&ending));
	*ended = ending.ended;
	return OK;
}

/* Leaves out what the shorter limits of an elevated user have ended already. */
static enum err drop_over(const struct auth_context *context, const struct id *user_id,
			  struct session_list *list)
{
	struct user_row user = {.state = USER_NONE};
	bool found = false;
	bool elevated = false;
	size_t kept = 0;

	TRY(user_store_find_by_id(context->db, context->arena, user_id, &user, &found));
	elevated = found && grants_has(user.grants, STR("elevated"));
	for (size_t i = 0; i < list->n; i++) {
		struct policy_ends ends = policy_ends(context->config, &list->rows[i], elevated);

		if (context->now < ends.idle)
			list->rows[kept++] = list->rows[i];
	}
	list->n = kept;
	return OK;
}

enum err session_list(const struct auth_context *context, const struct id *user_id,
		      const struct page_cursor *from, struct session_list *out)
{
	struct page_cursor page = *from;
	struct session_list list = {.n = 0};

	if (from->limit < 1 || from->limit > LIST_MAX)
		return ERR_INPUT;
	page.limit = from->limit + 1;
	list.rows = arena_array(context->arena, page.limit, sizeof *list.rows);
	if (list.rows == NULL)
		return ERR_MEMORY;
	TRY(session_store_list(context->db, context->arena, user_id, context->now, &page, list.rows,
			       &list.n));
	list.more = list.n > from->limit;
	if (list.more) {
		list.n = from->limit;
		list.next = (struct page_cursor){
			.at = list.rows[list.n - 1].created_at,
			.id = list.rows[list.n - 1].id,
			.limit = from->limit,
		};
	}
	TRY(drop_over(context, user_id, &list));
	*out = list;
	return OK;
}
