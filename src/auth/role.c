/* Roles and what is in them: made, changed and removed for all who have them. */
#include "role.h"

#include "account_admin.h"
#include "audit.h"
#include "buf.h"
#include "db.h"
#include "role_work.h"
#include "user_store.h"

#define NAME_MAX_BYTES 64
#define DETAIL_MAX 512
#define WORD_COST (sizeof " perm:" - 1)

/* One change; everything below "step" is made anew when the transaction runs again. */
struct doing {
	const struct auth_context *context;
	const struct role_request *request;
	enum err (*step)(struct doing *doing, struct db *db);
	struct role_effect effect;
	struct audit_trail trail;
};

static bool is_name_char(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return true;
	return !first && (c == ':' || c == '.' || c == '_' || c == '-');
}

bool role_is_name(struct str name)
{
	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!is_name_char(name.p[i], i == 0))
			return false;
	return true;
}

/* The transaction is undone; why is the result. */
static enum err refuse(struct doing *d, enum role_outcome outcome)
{
	d->effect = (struct role_effect){.outcome = outcome};
	return ERR_CONFLICT;
}

/* "editor +posts:edit: asked for by the owner" */
static enum err note(struct doing *d, enum audit_kind kind, struct str what)
{
	struct audit_event event = {.kind = kind};
	struct buf detail;

	buf_init(&detail, d->context->arena, DETAIL_MAX);
	buf_add(&detail, d->effect.role.name);
	buf_add(&detail, what);
	buf_add(&detail, d->request->permission);
	if (d->request->reason.n > 0) {
		buf_add(&detail, STR(": "));
		buf_add(&detail, d->request->reason);
	}
	TRY(buf_str(&detail, &event.detail));
	return audit_trail_add(d->context, &d->trail, &event);
}

static enum err work(struct db *db, void *opaque)
{
	struct doing *d = opaque;

	d->trail.n = 0;
	d->effect = (struct role_effect){.outcome = ROLE_DONE};
	TRY(role_store_take_turn(db, ROLE_ADMIN));
	return d->step(d, db);
}

static enum role_outcome flaw_of(const struct role_request *request)
{
	if (!role_is_name(request->name))
		return ROLE_BAD_NAME;
	if (str_is_present(request->permission) && !role_is_name(request->permission))
		return ROLE_BAD_PERMISSION;
	return account_is_reason(request->reason) ? ROLE_DONE : ROLE_BAD_REASON;
}

static enum err note_refusal(const struct doing *d)
{
	struct audit_event event = {
		.kind = AUDIT_ADMIN_REFUSED,
		.detail = STR("last administrator"),
	};

	return d->effect.outcome == ROLE_LAST_ADMIN ? audit_record(d->context, &event) : OK;
}

static enum err run(struct doing *d, struct role_effect *out)
{
	enum role_outcome flaw = flaw_of(d->request);
	enum err e = OK;

	if (flaw != ROLE_DONE) {
		*out = (struct role_effect){.outcome = flaw};
		return OK;
	}
	e = db_transact(d->context->db, work, d);
	if (e == ERR_CONFLICT && d->effect.outcome > ROLE_ALREADY)
		e = note_refusal(d);
	else if (e == OK)
		audit_trail_write(d->context, &d->trail);
	TRY(e);
	*out = d->effect;
	return OK;
}

static enum err create_step(struct doing *d, struct db *db)
{
	struct role_row *role = &d->effect.role;
	enum err e = OK;

	*role = (struct role_row){
		.id = id_random(),
		.name = d->request->name,
		.elevated = d->request->elevated,
		.created_at = d->context->now,
	};
	e = role_store_insert(db, role);
	if (e == ERR_CONFLICT)
		return refuse(d, ROLE_TAKEN);
	TRY(e);
	return note(d, AUDIT_ROLE_CREATED, role->elevated ? STR(" elevated") : STR(""));
}

enum err role_create(const struct auth_context *context, const struct role_request *request,
		     struct role_effect *out)
{
	struct doing doing = {.context = context, .request = request, .step = create_step};

	return run(&doing, out);
}

/* What is left of changes before comes first: their reckoning of what fits would be wrong. */
static enum err run_change(struct doing *d, struct role_effect *out)
{
	struct role_effect effect = {.outcome = ROLE_REFUSED};
	uint64_t batches = 0;

	TRY(role_go_on(d->context, INT64_MAX, &batches));
	TRY(run(d, &effect));
	/* What has begun is done sooner or later: no failure says that it was not. */
	if (effect.role.work != ROLE_WORK_NONE && role_go_on(d->context, INT64_MAX, &batches) == OK)
		effect.role.work = ROLE_WORK_NONE;
	*out = effect;
	return OK;
}

static enum err lock_role(struct doing *d, struct db *db)
{
	struct role_row other = {.work = ROLE_WORK_NONE};
	bool found = false;

	TRY(role_store_lock(db, d->context->arena, d->request->name, &d->effect.role, &found));
	if (!found)
		return refuse(d, ROLE_NOT_THERE);
	TRY(role_store_find_work(db, d->context->arena, &other, &found));
	if (found)
		return refuse(d, ROLE_BUSY);
	return role_store_count_holders(db, &d->effect.role.id, &d->effect.holders);
}

/* An administrator is left by another role than this one, or there was none. */
static enum err keep_admin(struct doing *d, struct db *db)
{
	uint64_t now = 0;
	uint64_t then = 0;

	TRY(role_store_count_managers(db, NULL, &now));
	TRY(role_store_count_managers(db, &d->effect.role.id, &then));
	return now > 0 && then == 0 ? refuse(d, ROLE_LAST_ADMIN) : OK;
}

static enum err begin(struct doing *d, struct db *db, enum role_work kind)
{
	struct role_row at = d->effect.role;

	at.work = kind;
	at.done = (struct member_key){.user_id = ID_NONE};
	TRY(role_work_batch(d->context, db, &at));
	d->effect.role.work = at.work;
	return OK;
}

static enum err remove_step(struct doing *d, struct db *db)
{
	TRY(lock_role(d, db));
	if (str_equal(d->effect.role.name, ROLE_ADMIN))
		return refuse(d, ROLE_BUILT_IN);
	TRY(keep_admin(d, db));
	TRY(note(d, AUDIT_ROLE_REMOVED, STR("")));
	return begin(d, db, ROLE_WORK_REMOVE);
}

enum err role_remove(const struct auth_context *context, const struct role_request *request,
		     struct role_effect *out)
{
	struct doing doing = {.context = context, .request = request, .step = remove_step};

	return run_change(&doing, out);
}

static enum err check_room(struct doing *d, struct db *db)
{
	uint64_t longest = 0;

	TRY(role_store_longest_grants(db, &d->effect.role.id, &longest));
	if (longest + WORD_COST + d->request->permission.n > ROLE_GRANTS_MAX)
		return refuse(d, ROLE_TOO_MUCH);
	return OK;
}

static enum err allow_step(struct doing *d, struct db *db)
{
	bool added = false;

	TRY(lock_role(d, db));
	if (str_equal(d->request->permission, ROLE_MANAGE) && !d->effect.role.elevated)
		return refuse(d, ROLE_NOT_ELEVATED);
	TRY(permission_store_add(db, &d->effect.role.id, d->request->permission, &added));
	if (!added) {
		d->effect.outcome = ROLE_ALREADY;
		return OK;
	}
	TRY(check_room(d, db));
	TRY(note(d, AUDIT_ROLE_REDEFINED, STR(" +")));
	return begin(d, db, ROLE_WORK_REWRITE);
}

enum err role_allow(const struct auth_context *context, const struct role_request *request,
		    struct role_effect *out)
{
	struct doing doing = {.context = context, .request = request, .step = allow_step};

	return run_change(&doing, out);
}

static enum err forbid_step(struct doing *d, struct db *db)
{
	bool removed = false;
	bool manage = str_equal(d->request->permission, ROLE_MANAGE);

	TRY(lock_role(d, db));
	if (manage && str_equal(d->effect.role.name, ROLE_ADMIN))
		return refuse(d, ROLE_BUILT_IN);
	if (manage)
		TRY(keep_admin(d, db));
	TRY(permission_store_remove(db, &d->effect.role.id, d->request->permission, &removed));
	if (!removed) {
		d->effect.outcome = ROLE_ALREADY;
		return OK;
	}
	TRY(note(d, AUDIT_ROLE_REDEFINED, STR(" -")));
	return begin(d, db, ROLE_WORK_REWRITE);
}

enum err role_forbid(const struct auth_context *context, const struct role_request *request,
		     struct role_effect *out)
{
	struct doing doing = {.context = context, .request = request, .step = forbid_step};

	return run_change(&doing, out);
}
