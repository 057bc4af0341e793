/* What happened to a person's account, for that person: their events without what is internal. */
#include "activity.h"

#include "arena.h"
#include "audit.h"
#include "session.h"

#define LIST_MAX 100
#define SESSIONS_PAGE 100

const char *activity_by_name(enum activity_by by)
{
	static const char *const names[ACTIVITY_BY_COUNT] = {
		[ACTIVITY_BY_PERSON] = "person",
		[ACTIVITY_BY_ADMINISTRATOR] = "administrator",
		[ACTIVITY_BY_SERVICE] = "service",
		[ACTIVITY_BY_OPERATOR] = "operator",
	};

	return by < ACTIVITY_BY_COUNT ? names[by] : names[ACTIVITY_BY_OPERATOR];
}

/* Kinds whose detail says something to the person, and nothing of others. */
static bool tells(struct str event)
{
	static const enum audit_kind kinds[] = {
		AUDIT_LOGIN_SUCCESS,    AUDIT_SESSION_CREATED, AUDIT_SESSION_RENEWED,
		AUDIT_SESSION_PROMOTED, AUDIT_ROLE_CHANGED,    AUDIT_MEMBER_ADDED,
		AUDIT_MEMBER_REMOVED,   AUDIT_TENANT_CHOSEN,
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (str_equal(event, str_of(audit_kind_name(kinds[i]))))
			return true;
	return false;
}

/* "+editor @acme: asked for by the owner": the reason is the administrator's. */
static struct str detail_of(const struct audit_row *row)
{
	struct str detail = row->detail;

	if (!tells(row->event))
		return STR_NONE;
	for (size_t i = 0; i + 1 < detail.n; i++)
		if (detail.p[i] == ':' && detail.p[i + 1] == ' ')
			detail.n = i;
	return detail.n > 0 ? detail : STR_NONE;
}

/* What services do has "by NAME" before its detail; a hand-over's "by a browser" is none. */
static bool is_by_service(const struct audit_row *row)
{
	return str_starts(row->detail, STR("by ")) &&
	       !str_equal(row->event, str_of(audit_kind_name(AUDIT_HANDOVER_TAKEN)));
}

static enum activity_by by_of(const struct audit_row *row)
{
	if (!id_is_none(row->actor_id) && !id_equal(row->actor_id, row->user_id))
		return ACTIVITY_BY_ADMINISTRATOR;
	if (is_by_service(row))
		return ACTIVITY_BY_SERVICE;
	if (id_is_none(row->request_id) && row->source.n == 0)
		return ACTIVITY_BY_OPERATOR;
	return ACTIVITY_BY_PERSON;
}

static const struct session_row *find_session(const struct session_list *sessions, struct id id)
{
	for (size_t i = 0; !id_is_none(id) && i < sessions->n; i++)
		if (id_equal(sessions->rows[i].id, id))
			return &sessions->rows[i];
	return NULL;
}

static void fill_item(const struct audit_row *row, const struct session_list *sessions,
		      struct activity_item *item)
{
	*item = (struct activity_item){
		.at = row->at,
		.event = row->event,
		.outcome = row->outcome,
		.by = by_of(row),
		.source = STR_NONE,
		.session_id = row->session_id,
		.session = find_session(sessions, row->session_id),
		.detail = detail_of(row),
	};
	if (item->by == ACTIVITY_BY_PERSON && row->source.n > 0)
		item->source = row->source;
}

/* One row more than asked for tells whether there are more. */
static enum err read_rows(const struct auth_context *context, const struct id *user_id,
			  const struct page_cursor *from, struct audit_page *page)
{
	struct audit_query query = {.user_id = *user_id, .event = STR(""), .from = *from};

	query.from.limit = from->limit + 1;
	page->rows = arena_array(context->arena, query.from.limit, sizeof *page->rows);
	if (page->rows == NULL)
		return ERR_MEMORY;
	return audit_store_list(context->db, context->arena, &query, page);
}

enum err activity_list(const struct auth_context *context, const struct id *user_id,
		       const struct page_cursor *from, struct activity_list *out)
{
	const struct page_cursor newest = {.limit = SESSIONS_PAGE};
	struct activity_list list = {.n = 0};
	struct session_list sessions;
	struct audit_page page = {.n = 0};

	if (from->limit < 1 || from->limit > LIST_MAX || id_is_none(*user_id))
		return ERR_INPUT;
	TRY(read_rows(context, user_id, from, &page));
	TRY(session_list(context, user_id, &newest, &sessions));
	list.more = page.n > from->limit;
	list.n = list.more ? from->limit : page.n;
	list.items = arena_array(context->arena, from->limit, sizeof *list.items);
	if (list.items == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < list.n; i++)
		fill_item(&page.rows[i], &sessions, &list.items[i]);
	if (list.more)
		list.next = (struct page_cursor){.at = page.rows[list.n - 1].at,
						 .id = page.rows[list.n - 1].id,
						 .limit = from->limit};
	*out = list;
	return OK;
}
