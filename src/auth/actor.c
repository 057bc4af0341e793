/* What an administrator may do to others and not to themselves. */
#include "actor.h"

#include "arena.h"
#include "grants.h"
#include "role_store.h"
#include "user_store.h"

#define PAGE 50
#define PERM STR("perm:")

const char *actor_text(enum actor_verdict verdict)
{
	switch (verdict) {
	case ACTOR_SELF:
		return "An administrator cannot do this to their own account.";
	case ACTOR_ABOVE:
		return "This role is above your own.";
	case ACTOR_FINE:
		return "";
	case ACTOR_DENIED:
		break;
	}
	return "You are no administrator any more.";
}

static enum err has_all(const struct auth_context *context, struct db *db,
			const struct role_row *role, struct str grants, bool *out)
{
	struct str names[PAGE];
	struct permission_page page = {.names = names, .room = PAGE, .n = PAGE};
	struct str after = STR("");
	bool all = true;
	bool any = false;

	while (page.n == PAGE && all) {
		TRY(permission_store_list(db, context->arena, &role->id, after, &page));
		for (size_t i = 0; i < page.n && all; i++)
			all = grants_has_named(grants, PERM, names[i]);
		any = any || page.n > 0;
		after = page.n > 0 ? names[page.n - 1] : after;
	}
	*out = all && any;
	return OK;
}

/* A role that does not exist is above nobody: whoever gives it will see. */
static enum err is_below(const struct auth_context *context, struct db *db, struct str name,
			 struct str grants, bool *out)
{
	struct role_row role = {.elevated = false};
	bool found = false;
	bool below = true;

	TRY(role_store_find(db, context->arena, name, &role, &found));
	if (found && role.elevated)
		below = grants_has_named(grants, STR("role:"), role.name);
	if (!below)
		TRY(has_all(context, db, &role, grants, &below));
	*out = below;
	return OK;
}

enum err actor_check(const struct auth_context *context, struct db *db,
		     const struct actor_wish *wish, enum actor_verdict *verdict)
{
	struct user_row actor = {.state = USER_NONE};
	bool found = false;
	bool manages = false;
	bool below = true;

	if (id_is_none(context->actor_id)) {
		*verdict = ACTOR_FINE;
		return OK;
	}
	TRY(user_store_find_by_id(db, context->arena, &context->actor_id, &actor, &found));
	manages = found && grants_has_named(actor.grants, PERM, ROLE_MANAGE);
	if (str_is_present(wish->gives) && manages)
		TRY(is_below(context, db, wish->gives, actor.grants, &below));
	if (!manages || actor.state != USER_ACTIVE)
		*verdict = ACTOR_DENIED;
	else if (!wish->own_too && id_equal(context->actor_id, wish->user_id))
		*verdict = ACTOR_SELF;
	else
		*verdict = below ? ACTOR_FINE : ACTOR_ABOVE;
	return OK;
}
