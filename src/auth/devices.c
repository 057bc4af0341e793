/* Devices of accounts: the list, the key that an app keeps on its device, taking one away. */
#include "devices.h"

#include "arena.h"
#include "buf.h"
#include "db.h"
#include "factors.h"
#include "notice.h"

#define DETAIL_MAX 64

enum err devices_list(const struct auth_context *context, const struct id *user_id,
		      const struct page_cursor *from, struct devices_list *out)
{
	struct page_cursor page = *from;
	struct devices_list list = {.n = 0};

	if (from->limit < 1 || from->limit > DEVICES_LIST_MAX)
		return ERR_INPUT;
	page.limit = from->limit + 1;
	list.rows = arena_array(context->arena, page.limit, sizeof *list.rows);
	if (list.rows == NULL)
		return ERR_MEMORY;
	TRY(device_store_list(context->db, context->arena, user_id, &page, list.rows, &list.n));
	list.more = list.n > from->limit;
	if (list.more) {
		list.n = from->limit;
		list.next = (struct page_cursor){
			.at = list.rows[list.n - 1].created_at,
			.id = list.rows[list.n - 1].id,
			.limit = from->limit,
		};
	}
	*out = list;
	return OK;
}

/* An act on one device; what is behind id is made anew when the transaction runs again. */
struct act {
	struct factors_change change;
	const struct id *id;
	const struct device_key *key; /* a new one */
	struct device_row row;
	enum devices_verdict verdict;
};

static enum err refuse(struct act *act, enum devices_verdict verdict)
{
	act->verdict = verdict;
	return ERR_CONFLICT;
}

static const struct session_row *session_of(const struct act *act)
{
	return &act->change.person->session;
}

/* Under the user's lock. */
static enum err find(struct act *act, struct db *db)
{
	bool found = false;

	act->verdict = DEVICES_GONE;
	TRY(factors_lock(&act->change, db));
	TRY(device_store_find_by_id(db, act->change.context->arena, &session_of(act)->user_id,
				    act->id, &act->row, &found));
	return found ? OK : ERR_CONFLICT;
}

static enum err note(struct act *act, enum audit_kind kind, struct str detail)
{
	const struct audit_event event = {
		.kind = kind,
		.user_id = session_of(act)->user_id,
		.session_id = session_of(act)->id,
		.detail = detail,
	};

	return audit_trail_add(act->change.context, &act->change.trail, &event);
}

static enum err tell(const struct act *act, struct db *db, struct str kind)
{
	const struct session_found *person = act->change.person;
	const struct notice notice = {
		.kind = kind,
		.user_id = person->session.user_id,
		.recipient = person->email,
		.language = person->language,
		.display_name = person->display_name,
	};

	return notice_queue(act->change.context, db, &notice);
}

static struct str key_name(const struct device_key *key)
{
	return key->kind == DEVICE_KEY_P256 ? STR("P-256") : STR("Ed25519");
}

static bool has_it(const struct act *act)
{
	return act->row.key_kind == (uint32_t)act->key->kind &&
	       str_equal(act->row.public_key, act->key->public_key);
}

static enum err set_key_work(struct db *db, void *opaque)
{
	struct act *act = opaque;
	const struct device_key *key = act->key;

	TRY(find(act, db));
	if (!id_equal(act->row.id, session_of(act)->device_id))
		return refuse(act, DEVICES_ELSEWHERE);
	act->verdict = DEVICES_DONE;
	if (has_it(act))
		return OK;
	act->row.key_kind = (uint32_t)key->kind;
	act->row.public_key = key->public_key;
	act->row.key_set_at = act->change.context->now;
	TRY(device_store_set_key(db, &act->row));
	TRY(tell(act, db, STR("factor-added")));
	return note(act, AUDIT_DEVICE_KEY_SET, key_name(key));
}

static enum err note_ended(struct act *act, uint64_t n)
{
	struct buf text;
	struct str detail = STR_NONE;

	if (n == 0)
		return OK;
	buf_init(&text, act->change.context->arena, DETAIL_MAX);
	buf_add_u64(&text, n);
	buf_add(&text, STR(" of a device that was removed"));
	TRY(buf_str(&text, &detail));
	return note(act, AUDIT_SESSIONS_ENDED, detail);
}

static enum err remove_work(struct db *db, void *opaque)
{
	struct act *act = opaque;
	const struct id *user_id = &session_of(act)->user_id;
	bool deleted = false;
	uint64_t ended = 0;

	TRY(find(act, db));
	TRY(session_store_delete_of_device(db, user_id, act->id, &ended));
	TRY(device_store_delete(db, user_id, act->id, &deleted));
	if (!deleted)
		return ERR_CONFLICT;
	act->verdict = DEVICES_DONE;
	if (act->row.key_kind != DEVICE_KEY_NONE)
		TRY(tell(act, db, STR("factor-removed")));
	TRY(note(act, AUDIT_DEVICE_REMOVED, STR_NONE));
	return note_ended(act, ended);
}

static enum err run(struct act *act, enum err (*work)(struct db *db, void *opaque),
		    enum devices_verdict *verdict)
{
	const struct auth_context *context = act->change.context;
	enum err e = db_transact(context->db, work, act);

	if (e != OK && e != ERR_CONFLICT)
		return e;
	if (e == OK)
		audit_trail_write(context, &act->change.trail);
	*verdict = act->verdict;
	return OK;
}

enum err devices_set_key(const struct auth_context *context, const struct session *session,
			 const struct id *id, const struct device_key *key,
			 enum devices_verdict *verdict)
{
	struct act act = {
		.change = {.context = context, .person = &session->found},
		.id = id,
		.key = key,
	};

	return run(&act, set_key_work, verdict);
}

enum err devices_remove(const struct auth_context *context, const struct session *session,
			const struct id *id, enum devices_verdict *verdict)
{
	struct act act = {
		.change = {.context = context, .person = &session->found},
		.id = id,
	};

	return run(&act, remove_work, verdict);
}
