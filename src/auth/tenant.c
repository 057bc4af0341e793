/* Tenants: made, renamed, and removed when the last member has left. */
#include "tenant.h"

#include "account.h"
#include "account_admin.h"
#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "db.h"
#include "member.h"

#define TITLE_MAX 100
#define DETAIL_MAX 1000
#define BATCH 50
#define ROUNDS 20

/* One act; effect and trail are made anew when the transaction runs again. */
struct doing {
	const struct auth_context *context;
	const struct id *id;
	const struct tenant_request *request;
	struct tenant_row wanted; /* absent: as it is */
	struct tenant_effect effect;
	struct audit_trail trail;
};

static enum err refuse(struct doing *d, enum tenant_outcome outcome)
{
	d->effect = (struct tenant_effect){.outcome = outcome};
	return ERR_CONFLICT;
}

static enum err note(struct doing *d, enum audit_kind kind, struct str was)
{
	struct audit_event event = {.kind = kind};
	struct buf detail;

	buf_init(&detail, d->context->arena, DETAIL_MAX);
	buf_add(&detail, STR("@"));
	buf_add(&detail, d->effect.tenant.name);
	if (was.n > 0) {
		buf_add(&detail, STR(", was @"));
		buf_add(&detail, was);
	}
	if (d->request->reason.n > 0) {
		buf_add(&detail, STR(": "));
		buf_add(&detail, d->request->reason);
	}
	TRY(buf_str(&detail, &event.detail));
	return audit_trail_add(d->context, &d->trail, &event);
}

/* What needs no database. */
static enum err read_request(struct doing *d)
{
	struct str title = str_trim(d->request->title);
	enum err e = OK;

	if (!account_is_reason(d->request->reason)) {
		d->effect.outcome = TENANT_BAD_REASON;
		return OK;
	}
	if (str_is_present(d->request->name))
		e = account_normal_username(d->context->arena, d->request->name, &d->wanted.name);
	if (e == ERR_INPUT) {
		d->effect.outcome = TENANT_BAD_NAME;
		return OK;
	}
	TRY(e);
	if (!str_is_utf8(title) || str_has_any_control(title) || str_code_points(title) > TITLE_MAX)
		d->effect.outcome = TENANT_BAD_TITLE;
	else if (title.n > 0)
		d->wanted.title = title;
	return OK;
}

static enum err run(struct doing *d, enum err (*work)(struct db *, void *),
		    struct tenant_effect *out)
{
	enum err e = OK;

	TRY(read_request(d));
	if (d->effect.outcome == TENANT_REFUSED) {
		e = db_transact(d->context->db, work, d);
		if (e == ERR_CONFLICT && d->effect.outcome > TENANT_ALREADY)
			e = OK;
		else if (e == OK)
			audit_trail_write(d->context, &d->trail);
	}
	TRY(e);
	*out = d->effect;
	return OK;
}

static enum err create_work(struct db *db, void *opaque)
{
	struct doing *d = opaque;
	enum err e = OK;

	d->trail.n = 0;
	d->effect = (struct tenant_effect){.outcome = TENANT_DONE, .tenant = d->wanted};
	e = tenant_store_insert(db, &d->wanted);
	if (e == ERR_CONFLICT)
		return refuse(d, TENANT_TAKEN);
	TRY(e);
	return note(d, AUDIT_TENANT_CREATED, STR_NONE);
}

enum err tenant_create(const struct auth_context *context, const struct tenant_request *request,
		       struct tenant_effect *out)
{
	struct doing d = {.context = context, .request = request};

	d.wanted.id = id_random();
	d.wanted.created_at = context->now;
	if (!str_is_present(request->name)) {
		*out = (struct tenant_effect){.outcome = TENANT_BAD_NAME};
		return OK;
	}
	TRY(read_request(&d));
	if (d.wanted.title.n == 0)
		d.wanted.title = d.wanted.name;
	return run(&d, create_work, out);
}

static enum err rename_work(struct db *db, void *opaque)
{
	struct doing *d = opaque;
	struct tenant_row row = {.created_at = 0};
	struct str was;
	bool found = false;
	enum err e = OK;

	d->trail.n = 0;
	TRY(tenant_store_lock(db, d->id, &found));
	if (found)
		TRY(tenant_store_find(db, d->context->arena, d->id, &row, &found));
	if (!found)
		return refuse(d, TENANT_NOT_THERE);
	d->effect = (struct tenant_effect){.outcome = TENANT_ALREADY, .tenant = row};
	was = row.name;
	if (d->wanted.name.n > 0)
		row.name = d->wanted.name;
	if (d->wanted.title.n > 0)
		row.title = d->wanted.title;
	if (str_equal(row.name, was) && str_equal(row.title, d->effect.tenant.title))
		return OK;
	e = tenant_store_set(db, &row);
	if (e == ERR_CONFLICT)
		return refuse(d, TENANT_TAKEN);
	TRY(e);
	d->effect = (struct tenant_effect){.outcome = TENANT_DONE, .tenant = row};
	return note(d, AUDIT_TENANT_CHANGED, str_equal(row.name, was) ? STR_NONE : was);
}

enum err tenant_rename(const struct auth_context *context, const struct id *id,
		       const struct tenant_request *request, struct tenant_effect *out)
{
	struct doing d = {.context = context, .id = id, .request = request};

	return run(&d, rename_work, out);
}

/* Those that the page shows leave; who has left meanwhile is no failure. */
static enum err empty_page(const struct doing *d, const struct member_page *page, uint64_t *left)
{
	for (size_t i = 0; i < page->n; i++) {
		struct member_act act = {
			.key = {.user_id = page->rows[i].user_id, .tenant_id = *d->id},
			.reason = d->request->reason,
		};
		struct member_effect effect = {.outcome = MEMBER_REFUSED};

		TRY(member_remove(d->context, &act, &effect));
		*left += effect.outcome == MEMBER_DONE ? 1 : 0;
	}
	return OK;
}

static enum err empty(const struct doing *d, uint64_t *left)
{
	struct member_row *rows = arena_array(d->context->arena, BATCH, sizeof *rows);
	struct member_page page = {.rows = rows, .room = BATCH, .n = BATCH};
	struct member_key from = {.tenant_id = *d->id};

	if (rows == NULL)
		return ERR_MEMORY;
	while (page.n == BATCH) {
		TRY(member_store_list_of_tenant(d->context->db, d->context->arena, &from, &page));
		TRY(empty_page(d, &page, left));
	}
	return OK;
}

/* TENANT_REFUSED: somebody has joined, and it stays for now. */
static enum err remove_work(struct db *db, void *opaque)
{
	struct doing *d = opaque;
	struct tenant_row row = {.created_at = 0};
	struct member_row member = {.created_at = 0};
	struct member_page page = {.rows = &member, .room = 1};
	struct member_key from = {.tenant_id = *d->id};
	bool found = false;

	d->trail.n = 0;
	d->effect = (struct tenant_effect){.outcome = TENANT_REFUSED};
	TRY(tenant_store_lock(db, d->id, &found));
	if (found)
		TRY(tenant_store_find(db, d->context->arena, d->id, &row, &found));
	if (!found)
		return refuse(d, TENANT_NOT_THERE);
	TRY(member_store_list_of_tenant(db, d->context->arena, &from, &page));
	if (page.n > 0)
		return OK;
	TRY(tenant_store_delete(db, d->id));
	d->effect = (struct tenant_effect){.outcome = TENANT_DONE, .tenant = row};
	return note(d, AUDIT_TENANT_REMOVED, STR_NONE);
}

enum err tenant_remove(const struct auth_context *context, const struct id *id,
		       const struct tenant_request *request, struct tenant_effect *out)
{
	struct doing d = {.context = context, .id = id, .request = request};
	struct tenant_effect effect = {.outcome = TENANT_REFUSED};
	uint64_t left = 0;

	for (unsigned round = 0; round < ROUNDS && effect.outcome == TENANT_REFUSED; round++) {
		if (account_is_reason(request->reason))
			TRY(empty(&d, &left));
		TRY(run(&d, remove_work, &effect));
	}
	if (effect.outcome == TENANT_REFUSED)
		return ERR_CONFLICT;
	effect.members = left;
	*out = effect;
	return OK;
}

enum err tenant_find(const struct auth_context *context, struct str typed, struct tenant_row *row,
		     bool *found)
{
	struct str name = STR_NONE;
	struct id id = ID_NONE;
	enum err e = OK;

	*found = false;
	/* First: a name that looks like the id of another must not stand in front of it. */
	if (id_parse(typed, &id) == OK)
		TRY(tenant_store_find(context->db, context->arena, &id, row, found));
	if (*found)
		return OK;
	e = account_normal_username(context->arena, typed, &name);
	if (e == ERR_INPUT)
		return OK;
	TRY(e);
	return tenant_store_find_named(context->db, context->arena, name, row, found);
}
