/* Who belongs to which tenant, and with which roles there: one transaction each. */
#include "member.h"

#include "account_admin.h"
#include "audit.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "grants.h"
#include "role_store.h"
#include "user_store.h"

#define DETAIL_MAX 1000

/* One act; everything below "step" is made anew when the transaction runs again. */
struct doing {
	const struct auth_context *context;
	const struct member_act *act;
	enum err (*step)(struct doing *doing, struct db *db);
	size_t gives; /* so many of act->roles */
	struct member_effect effect;
	struct buf changed; /* "+editor +author" */
	struct audit_trail trail;
};

/* The transaction is undone; why is the result. */
static enum err refuse(struct doing *d, enum member_outcome outcome)
{
	d->effect = (struct member_effect){.outcome = outcome};
	return ERR_CONFLICT;
}

/* "+editor @acme: asked for by the owner" */
static enum err note(struct doing *d, enum audit_kind kind, struct str what)
{
	struct audit_event event = {.kind = kind, .user_id = d->act->key.user_id};
	struct buf detail;

	buf_init(&detail, d->context->arena, DETAIL_MAX);
	buf_add(&detail, what);
	buf_add(&detail, what.n > 0 ? STR(" @") : STR("@"));
	buf_add(&detail, d->effect.member.tenant.name);
	if (d->act->reason.n > 0) {
		buf_add(&detail, STR(": "));
		buf_add(&detail, d->act->reason);
	}
	TRY(buf_str(&detail, &event.detail));
	return audit_trail_add(d->context, &d->trail, &event);
}

static enum err find(struct doing *d, struct db *db)
{
	bool found = false;

	TRY(member_store_find(db, d->context->arena, &d->act->key, &d->effect.member, &found));
	return found ? OK : refuse(d, MEMBER_NOT_A_MEMBER);
}

static enum err check_actor(struct doing *d, struct db *db, struct str role)
{
	struct actor_wish wish = {.user_id = d->act->key.user_id, .gives = role};
	enum actor_verdict verdict = ACTOR_DENIED;

	TRY(actor_check(d->context, db, &wish, &verdict));
	if (verdict == ACTOR_FINE)
		return OK;
	d->effect = (struct member_effect){.outcome = MEMBER_NOT_ALLOWED, .verdict = verdict};
	return ERR_CONFLICT;
}

/* What comes before the user's lock, in the order that all keep. */
static enum err prepare(struct doing *d, struct db *db)
{
	bool known = false;

	for (size_t i = 0; i < d->gives; i++) {
		TRY(role_store_share(db, d->act->roles[i], &known));
		if (!known)
			return refuse(d, MEMBER_NO_SUCH_ROLE);
		TRY(check_actor(d, db, d->act->roles[i]));
	}
	return d->gives > 0 ? OK : check_actor(d, db, STR_NONE);
}

static enum err note_refusal(const struct doing *d)
{
	struct audit_event event = {
		.kind = AUDIT_ADMIN_REFUSED,
		.user_id = d->act->key.user_id,
		.detail = str_of(actor_text(d->effect.verdict)),
	};

	return d->effect.outcome == MEMBER_NOT_ALLOWED ? audit_record(d->context, &event) : OK;
}

static enum err work(struct db *db, void *opaque)
{
	struct doing *d = opaque;
	uint32_t state = USER_NONE;
	bool found = false;

	d->trail.n = 0;
	d->effect = (struct member_effect){.outcome = MEMBER_DONE};
	buf_init(&d->changed, d->context->arena, DETAIL_MAX);
	TRY(prepare(d, db));
	TRY(user_store_lock(db, &d->act->key.user_id, &state, &found));
	if (!found)
		return refuse(d, MEMBER_NO_SUCH_USER);
	return d->step(d, db);
}

static enum err run(struct doing *d, struct member_effect *out)
{
	enum err e = OK;

	if (!account_is_reason(d->act->reason)) {
		*out = (struct member_effect){.outcome = MEMBER_BAD_REASON};
		return OK;
	}
	e = db_transact(d->context->db, work, d);
	if (e == ERR_CONFLICT && d->effect.outcome > MEMBER_ALREADY)
		e = note_refusal(d);
	else if (e == OK)
		audit_trail_write(d->context, &d->trail);
	TRY(e);
	*out = d->effect;
	return OK;
}

static bool holds(const struct doing *d, struct str role)
{
	return grants_has_named(d->effect.member.grants, STR("role:"), role);
}

static void note_change(struct doing *d, char sign, struct str role)
{
	if (d->changed.n > 0)
		buf_add_char(&d->changed, ' ');
	buf_add_char(&d->changed, sign);
	buf_add(&d->changed, role);
}

static enum err lower_sessions(struct doing *d, struct db *db, struct str role)
{
	bool elevated = false;

	TRY(role_store_is_elevated(db, role, &elevated));
	if (!elevated)
		return OK;
	return session_store_lower_of_user(db, &d->act->key.user_id,
					   d->context->now - account_stale_age(d->context->config),
					   &d->effect.sessions);
}

/* Given again in either case: so grants that were wrong are right afterwards. */
static enum err give(struct doing *d, struct db *db, struct str role)
{
	bool known = false;

	enum err e = member_store_give(db, &d->act->key, role, d->context->now, &known);
	if (e == ERR_TOO_LARGE)
		return refuse(d, MEMBER_TOO_MUCH);
	TRY(e);
	if (!known)
		return refuse(d, MEMBER_NO_SUCH_ROLE);
	if (holds(d, role))
		return OK;
	note_change(d, '+', role);
	return lower_sessions(d, db, role);
}

static enum err note_roles(struct doing *d)
{
	struct str roles = STR_NONE;

	TRY(buf_str(&d->changed, &roles));
	return roles.n > 0 ? note(d, AUDIT_ROLE_CHANGED, roles) : OK;
}

/* *first: has none that is still the user's. */
static enum err has_default(struct doing *d, struct db *db, bool *has)
{
	struct user_row user = {.state = USER_NONE};
	struct member_row there = {.created_at = 0};
	struct member_key key = {.user_id = d->act->key.user_id};
	bool found = false;

	*has = false;
	TRY(user_store_find_by_id(db, d->context->arena, &key.user_id, &user, &found));
	if (!found || id_is_none(user.default_tenant))
		return OK;
	key.tenant_id = user.default_tenant;
	return member_store_find(db, d->context->arena, &key, &there, has);
}

static enum err choose_default(struct doing *d, struct db *db, bool *set)
{
	bool has = false;

	*set = false;
	TRY(has_default(d, db, &has));
	if (d->effect.member.is_default || (has && !d->act->make_default))
		return OK;
	*set = true;
	return member_store_set_default(db, &d->act->key, d->context->now);
}

static enum err add_step(struct doing *d, struct db *db)
{
	bool found = false;
	bool added = false;
	bool set = false;

	TRY(tenant_store_share(db, &d->act->key.tenant_id, &found));
	if (!found)
		return refuse(d, MEMBER_NO_SUCH_TENANT);
	TRY(member_store_add(db, &d->act->key, d->context->now, &added));
	TRY(find(d, db));
	TRY(choose_default(d, db, &set));
	for (size_t i = 0; i < d->act->role_count; i++)
		TRY(give(d, db, d->act->roles[i]));
	if (added)
		TRY(note(d, AUDIT_MEMBER_ADDED, STR_NONE));
	TRY(note_roles(d));
	if (!added && !set && d->changed.n == 0)
		d->effect.outcome = MEMBER_ALREADY;
	return find(d, db);
}

enum err member_add(const struct auth_context *context, const struct member_act *act,
		    struct member_effect *out)
{
	struct doing doing = {
		.context = context, .act = act, .step = add_step, .gives = act->role_count};

	return run(&doing, out);
}

/* The oldest that is left, or none. */
static enum err replace_default(struct doing *d, struct db *db)
{
	struct member_row oldest = {.created_at = 0};
	struct member_page page = {.rows = &oldest, .room = 1};
	struct page_cursor start = {.limit = 1};
	struct member_key key = {.user_id = d->act->key.user_id};

	if (!d->effect.member.is_default)
		return OK;
	TRY(member_store_list_of_user(db, d->context->arena, &key.user_id, &start, &page));
	if (page.n > 0)
		key.tenant_id = oldest.tenant.id;
	return member_store_set_default(db, &key, d->context->now);
}

static enum err remove_step(struct doing *d, struct db *db)
{
	bool removed = false;

	TRY(find(d, db));
	TRY(member_store_remove(db, &d->act->key, &removed));
	if (!removed)
		return refuse(d, MEMBER_NOT_A_MEMBER);
	TRY(member_store_leave(db, &d->act->key, &d->effect.sessions));
	TRY(replace_default(d, db));
	return note(d, AUDIT_MEMBER_REMOVED, STR_NONE);
}

enum err member_remove(const struct auth_context *context, const struct member_act *act,
		       struct member_effect *out)
{
	struct doing doing = {.context = context, .act = act, .step = remove_step};

	return run(&doing, out);
}

static enum err give_step(struct doing *d, struct db *db)
{
	TRY(find(d, db));
	TRY(give(d, db, d->act->roles[0]));
	if (d->changed.n == 0)
		d->effect.outcome = MEMBER_ALREADY;
	TRY(note_roles(d));
	return find(d, db);
}

enum err member_give_role(const struct auth_context *context, const struct member_act *act,
			  struct member_effect *out)
{
	struct doing doing = {.context = context, .act = act, .step = give_step, .gives = 1};

	return run(&doing, out);
}

static enum err take_step(struct doing *d, struct db *db)
{
	struct str role = d->act->roles[0];
	bool known = false;

	TRY(find(d, db));
	TRY(member_store_take(db, &d->act->key, role, &known));
	if (!known)
		return refuse(d, MEMBER_NO_SUCH_ROLE);
	if (holds(d, role))
		note_change(d, '-', role);
	else
		d->effect.outcome = MEMBER_ALREADY;
	TRY(note_roles(d));
	return find(d, db);
}

enum err member_take_role(const struct auth_context *context, const struct member_act *act,
			  struct member_effect *out)
{
	struct doing doing = {.context = context, .act = act, .step = take_step};

	return run(&doing, out);
}
