/* In which of the user's tenants a session is. */
#include "member.h"

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "db.h"
#include "grants.h"

/* Everything below "tenant_id" is made anew when the transaction runs again. */
struct choosing {
	const struct auth_context *context;
	const struct credential *presented;
	const struct id *tenant_id;
	struct session session;
	enum member_choice choice;
	struct audit_trail trail;
};

/* Under the user's lock: a membership that is found now is there until the commit. */
static enum err resolve(struct choosing *c, struct db *db)
{
	uint32_t state = USER_NONE;
	bool found = false;

	TRY(session_resolve(c->context, c->presented, 1, &c->session));
	if (c->session.standing != SESSION_LIVE || id_is_none(c->session.found.session.user_id))
		return ERR_CONFLICT;
	TRY(user_store_lock(db, &c->session.found.session.user_id, &state, &found));
	return found && state == USER_ACTIVE ? OK : ERR_CONFLICT;
}

/* Stricter limits and greater rights: no less is asked for than where they are given. */
static bool needs_fresh(const struct choosing *c, const struct member_row *member)
{
	const struct auth_context *context = c->context;

	const struct config *config = context->config;
	const struct session_row *row = &c->session.found.session;
	bool shown = !policy_has_factor(config, c->session.found.factors) ||
		     policy_is_factor_fresh(config, row, config->session.fresh, context->now);

	return grants_has(member->grants, STR("elevated")) && !c->session.elevated &&
	       !(shown && policy_is_fresh(row, config->session.fresh, context->now));
}

static enum err note(struct choosing *c, const struct member_row *member)
{
	struct audit_event event = {
		.kind = AUDIT_TENANT_CHOSEN,
		.user_id = member->user_id,
		.session_id = c->session.found.session.id,
	};
	struct buf detail;

	buf_init(&detail, c->context->arena, 128);
	buf_add_char(&detail, '@');
	buf_add(&detail, member->tenant.name);
	TRY(buf_str(&detail, &event.detail));
	return audit_trail_add(c->context, &c->trail, &event);
}

/* By its id: an access token that was presented is of the version before. */
static enum err read_again(struct choosing *c, struct db *db)
{
	struct session_found *row = arena_alloc(c->context->arena, sizeof *row);
	size_t count = 0;

	if (row == NULL)
		return ERR_MEMORY;
	TRY(session_store_find_named(db, c->context->arena, &c->session.found.session.id, 1, row,
				     &count));
	if (count == 0)
		return ERR_CONFLICT;
	session_judge(c->context, row, &c->session);
	return OK;
}

static enum err enter(struct choosing *c, struct db *db, const struct member_key *key)
{
	bool found = false;

	if (id_equal(c->session.found.session.tenant_id, *c->tenant_id))
		return OK;
	TRY(member_store_enter(db, key, &c->session.found.session.id, &found));
	return found ? read_again(c, db) : ERR_CONFLICT;
}

static enum err choose_work(struct db *db, void *opaque)
{
	struct choosing *c = opaque;
	struct member_row member = {.created_at = 0};
	struct member_key key = {.tenant_id = *c->tenant_id};
	bool is_member = false;

	c->trail.n = 0;
	c->choice = MEMBER_CHOICE_NONE;
	TRY(resolve(c, db));
	key.user_id = c->session.found.session.user_id;
	TRY(member_store_find(db, c->context->arena, &key, &member, &is_member));
	if (!is_member)
		return OK;
	if (needs_fresh(c, &member)) {
		c->choice = MEMBER_CHOICE_STALE;
		return OK;
	}
	c->choice = MEMBER_CHOICE_MADE;
	if (!id_equal(c->session.found.session.tenant_id, *c->tenant_id))
		TRY(note(c, &member));
	return enter(c, db, &key);
}

enum err member_choose(const struct auth_context *context, const struct credential *presented,
		       const struct id *tenant_id, enum member_choice *choice, struct session *out)
{
	struct choosing *c = arena_alloc(context->arena, sizeof *c);

	if (c == NULL)
		return ERR_MEMORY;
	*c = (struct choosing){.context = context, .presented = presented, .tenant_id = tenant_id};
	TRY(db_transact(context->db, choose_work, c));
	audit_trail_write(context, &c->trail);
	*choice = c->choice;
	*out = c->session;
	return OK;
}
