/* Roles of users, and the grants column that every check reads instead of them. */
#include "user_store.h"

#include "arena.h"
#include "buf.h"
#include "role_store.h"
#include "row.h"

#define ROOM ((size_t)64 * 1024)

static enum err find_role(struct db *db, struct str name, struct id *id, bool *found)
{
	return row_find(db, STMT_ROLE_BY_NAME, ARGS(arg_bytes(name)), (struct row_into){.row = id},
			found);
}

/* tenant none: everywhere. */
static enum err rewrite_in(struct db *db, struct arena *arena, const struct member_key *key);

/* The caller has no arena to lend: the words live as long as the call. */
enum err member_store_rewrite(struct db *db, const struct member_key *key)
{
	struct arena *arena = NULL;
	enum err e = OK;

	TRY(arena_open(ROOM / 16, ROOM, &arena));
	e = rewrite_in(db, arena, key);
	arena_close(&arena);
	return e;
}

enum err member_store_give(struct db *db, const struct member_key *key, struct str role,
			   int64_t now, bool *known)
{
	struct id role_id = ID_NONE;
	bool found = false;

	TRY(role_store_share(db, role, &found));
	if (found)
		TRY(find_role(db, role, &role_id, &found));
	if (!found) {
		*known = false;
		return OK;
	}
	TRY(row_run(db, STMT_USER_ROLE_GIVE,
		    ARGS(arg_id(&key->user_id), arg_id_or_zero(&key->tenant_id), arg_id(&role_id),
			 arg_int(now)),
		    NULL));
	TRY(member_store_rewrite(db, key));
	*known = true;
	return OK;
}

enum err member_store_take(struct db *db, const struct member_key *key, struct str role,
			   bool *known)
{
	struct id role_id = ID_NONE;
	bool found = false;

	TRY(find_role(db, role, &role_id, &found));
	if (found) {
		TRY(row_run(db, STMT_USER_ROLE_TAKE,
			    ARGS(arg_id(&key->user_id), arg_id_or_zero(&key->tenant_id),
				 arg_id(&role_id)),
			    NULL));
		TRY(member_store_rewrite(db, key));
	}
	*known = found;
	return OK;
}

enum err role_store_give(struct db *db, const struct id *user_id, struct str role, int64_t now,
			 bool *known)
{
	const struct member_key everywhere = {.user_id = *user_id};

	return member_store_give(db, &everywhere, role, now, known);
}

enum err role_store_take(struct db *db, const struct id *user_id, struct str role, bool *known)
{
	const struct member_key everywhere = {.user_id = *user_id};

	return member_store_take(db, &everywhere, role, known);
}

enum err role_store_is_elevated(struct db *db, struct str role, bool *elevated)
{
	int64_t number = 0;
	bool found = false;

	TRY(row_find(db, STMT_ROLE_IS_ELEVATED, ARGS(arg_bytes(role)),
		     (struct row_into){.row = &number}, &found));
	*elevated = found && number != 0;
	return OK;
}

/* A lock would hold on this node only; a change is what all nodes of a Galera cluster agree on. */
enum err role_store_take_turn(struct db *db, struct str role)
{
	return row_run(db, STMT_ROLE_TAKE_TURN, ARGS(arg_bytes(role)), NULL);
}

static enum err add_word(struct row_sink *sink)
{
	const struct str *word = sink->into.row;
	struct buf *grants = sink->context;

	if (grants->n > 0)
		buf_add_char(grants, ' ');
	buf_add(grants, *word);
	return OK;
}

/* Too many to fit is refused: a role that is left out silently could be the one that matters. */
static enum err rewrite_in(struct db *db, struct arena *arena, const struct member_key *key)
{
	struct str word = STR_NONE;
	struct str text = STR_NONE;
	struct buf grants;
	struct row_sink sink = {
		.into = {.arena = arena, .row = &word},
		.take = add_word,
		.context = &grants,
	};
	struct arg user = arg_id(&key->user_id);
	struct arg tenant = arg_id_or_zero(&key->tenant_id);

	buf_init(&grants, arena, ROLE_GRANTS_MAX);
	TRY(row_each(db, STMT_USER_ROLE_WORDS, ARGS(user, tenant, user, tenant, user, tenant),
		     &sink));
	TRY(buf_str(&grants, &text));
	if (id_is_none(key->tenant_id))
		return row_run(db, STMT_USER_SET_GRANTS, ARGS(arg_bytes(text), user), NULL);
	return row_run(db, STMT_MEMBERSHIP_SET_GRANTS, ARGS(arg_bytes(text), user, tenant), NULL);
}

enum err role_store_rewrite_grants(struct db *db, struct arena *arena, const struct id *user_id)
{
	const struct member_key everywhere = {.user_id = *user_id};

	return rewrite_in(db, arena, &everywhere);
}
