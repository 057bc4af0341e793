/* ST-07, IN-25: roles, permissions and their holders under every failure of the database: each
 * statement, each act, and a change of a role with more holders than a batch, cut off anywhere. */
#include "fault_trial.h"

#include "account_admin.h"
#include "member.h"
#include "role.h"
#include "role_work.h"

#define ARENA t->w->context.arena
#define DB t->w->db
#define SCENE t->scene
#define NOW (WORLD_START + CLOCK_HOUR)
#define MANY 230

/* The scene's role, which alice has in a tenant. */
static struct id editor(void)
{
	struct id id;

	memset(id.b, 0x13, sizeof id.b);
	return id;
}

ACT(role_find, bool found = false; TRY(role_store_find(DB, ARENA, STR("editor"), out, &found));
    return must(found);)
ACT(role_share, bool known = false; TRY(role_store_share(DB, STR("editor"), &known));
    return must(known);)
ACT(role_lock, bool found = false; TRY(role_store_lock(DB, ARENA, STR("editor"), out, &found));
    return must(found);)
ACT(role_insert,
    struct role_row row = {.id = id_random(), .name = STR("author"), .created_at = NOW};
    return role_store_insert(DB, &row);)
ACT(role_delete, struct id id = editor(); return role_store_delete(DB, &id);)
ACT(role_set_work, struct role_row row = {.id = editor(), .work = ROLE_WORK_REWRITE};
    row.done.user_id = SCENE.alice; return role_store_set_work(DB, &row);)
ACT(role_count_holders, struct id id = editor(); uint64_t n = 0;
    TRY(role_store_count_holders(DB, &id, &n)); return must(n == 1);)
ACT(role_longest, struct id id = editor(); uint64_t n = 0;
    TRY(role_store_longest_grants(DB, &id, &n)); return must(n == strlen("role:editor"));)
ACT(role_managers, uint64_t n = 0; TRY(role_store_count_managers(DB, NULL, &n));
    return must(n == 1);)
ACT(role_drop, struct id id = editor();
    struct member_key key = {.user_id = SCENE.alice, .tenant_id = SCENE.acme};
    return role_store_drop(DB, &id, &key);)
ACT(permission_add_it, struct id id = editor();
    return permission_store_add(DB, &id, STR("posts:edit"), out);)

static enum err find_work(struct trial *t, void *out)
{
	struct role_row row = {.work = ROLE_WORK_NONE};
	bool found = true;

	TRY(role_store_find_work(DB, ARENA, &row, &found));
	PUT(out, found);
	return must(!found);
}

static enum err role_lists(struct trial *t, void *out)
{
	struct role_row roles[5];
	struct member_key keys[5];
	struct str names[5];
	struct held_role held[5];
	struct role_page role_page = {.rows = roles, .room = 5};
	struct holder_page holders = {.rows = keys, .room = 5};
	struct permission_page permissions = {.names = names, .room = 5};
	struct held_page held_page = {.rows = held, .room = 5};
	const struct member_key start = {.user_id = ID_NONE};
	struct held_place first = {.role_id = ID_NONE};
	struct id id = editor();

	TRY(role_store_list(DB, ARENA, STR(""), &role_page));
	TRY(must(role_page.n == 2));
	TRY(role_store_holders(DB, &id, &start, &holders));
	TRY(must(holders.n == 1));
	TRY(permission_store_list(DB, ARENA, &roles[0].id, STR(""), &permissions));
	TRY(must(permissions.n == 1));
	TRY(role_store_list_of_user(DB, ARENA, &SCENE.alice, &first, &held_page));
	PUT(out, held_page.n);
	return must(held_page.n == 1);
}

static enum err permission_remove_it(struct trial *t, void *out)
{
	struct id id = editor();
	bool removed = false;

	(void)out;
	TRY(permission_store_add(DB, &id, STR("posts:edit"), &removed));
	TRY(permission_store_remove(DB, &id, STR("posts:edit"), &removed));
	return must(removed);
}

static enum err search(struct trial *t, void *out)
{
	struct user_search search = {.prefix = STR("alice"), .limit = 5};
	struct user_match matches[5];
	size_t n = 0;

	TRY(user_store_search(DB, ARENA, &search, matches, &n));
	PUT(out, n);
	return must(n == 1);
}

static void statements_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"role find", role_find, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"role share", role_share, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"role lock", role_lock, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"role insert", role_insert, NULL, ACT_ATOMIC},
		{"role delete", role_delete, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"role set work", role_set_work, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"role find work", find_work, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"role count holders", role_count_holders, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"role longest grants", role_longest, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"role count managers", role_managers, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"role drop", role_drop, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"role lists", role_lists, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"permission add", permission_add_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"permission remove", permission_remove_it, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"user search", search, NULL, ACT_ATOMIC | ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static void no_statement_is_left_out(void **state)
{
	(void)state;
	trial_demand(TRIAL_ROLES);
}

typedef enum err (*change_fn)(const struct auth_context *, const struct role_request *,
			      struct role_effect *);

static enum err change(struct trial *t, change_fn fn, struct role_request request, void *out)
{
	struct role_effect effect = {.outcome = ROLE_REFUSED};

	TRY(fn(&t->w->context, &request, &effect));
	TRY(must(effect.outcome == ROLE_DONE || effect.outcome == ROLE_ALREADY));
	PUT(out, effect);
	return OK;
}

static enum err run_create(struct trial *t, void *out)
{
	return change(t, role_create, (struct role_request){.name = STR("author")}, out);
}

static enum err run_remove(struct trial *t, void *out)
{
	return change(t, role_remove, (struct role_request){.name = STR("editor")}, out);
}

static enum err run_allow(struct trial *t, void *out)
{
	return change(t, role_allow,
		      (struct role_request){.name = STR("editor"), .permission = STR("posts:edit")},
		      out);
}

static enum err run_forbid(struct trial *t, void *out)
{
	struct role_effect before;

	TRY(run_allow(t, &before));
	return change(t, role_forbid,
		      (struct role_request){.name = STR("editor"), .permission = STR("posts:edit")},
		      out);
}

/* By an administrator, whose right is read as well. */
static enum err run_give_as_admin(struct trial *t, void *out)
{
	struct account_act act = {.user_id = SCENE.bob, .role = STR("admin")};
	struct account_effect effect = {.outcome = ACCOUNT_REFUSED};
	enum err e = OK;

	t->w->context.actor_id = SCENE.admin;
	e = account_give_role(&t->w->context, &act, &effect);
	t->w->context.actor_id = ID_NONE;
	TRY(e);
	TRY(must(effect.outcome == ACCOUNT_DONE || effect.outcome == ACCOUNT_ALREADY));
	PUT(out, effect);
	return OK;
}

static enum err run_refused_as_admin(struct trial *t, void *out)
{
	struct account_act act = {.user_id = SCENE.admin, .role = STR("admin")};
	struct account_effect effect = {.outcome = ACCOUNT_REFUSED};
	enum err e = OK;

	t->w->context.actor_id = SCENE.admin;
	e = account_take_role(&t->w->context, &act, &effect);
	t->w->context.actor_id = ID_NONE;
	TRY(e);
	TRY(must(effect.outcome == ACCOUNT_NOT_ALLOWED && effect.verdict == ACTOR_SELF));
	PUT(out, effect);
	return OK;
}

static void acts_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"create a role", run_create, NULL, ACT_ATOMIC},
		{"remove a role", run_remove, NULL, ACT_ATOMIC},
		{"put a permission in", run_allow, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"take a permission out", run_forbid, NULL, 0},
		{"give as administrator", run_give_as_admin, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"refused to oneself", run_refused_as_admin, NULL, ACT_ATOMIC | ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

/* MANY more people with the role editor everywhere, whose grants are as they should be. */
static void add_many(void)
{
	char sql[700];

	snprintf(sql, sizeof sql,
		 "INSERT INTO user (id, username, display_name, grants, created_at, updated_at) "
		 "SELECT UNHEX(LPAD(HEX(seq), 32, '0')), CONCAT('many', seq), 'x', 'role:editor', "
		 "1, 1 FROM seq_1_to_%d; "
		 "INSERT INTO user_role SELECT id, UNHEX(REPEAT('00',16)), "
		 "UNHEX(REPEAT('13',16)), 1 FROM user WHERE username LIKE 'many%%'",
		 MANY);
	fixture_sql(sql);
}

static int64_t with(const char *grants)
{
	char sql[200];

	snprintf(sql, sizeof sql,
		 "SELECT COUNT(*) FROM user WHERE username LIKE 'many%%' AND grants = '%s'",
		 grants);
	return fixture_number(sql);
}

/* All of them before the note have the one, all behind it the other, and there is no note when all
 * have the new one. */
static void is_as_the_note_says(const char *was, const char *is)
{
	int64_t changed = with(is);
	bool noted = fixture_number("SELECT COUNT(*) FROM role WHERE work <> 0") == 1;

	assert_int_equal(changed + with(was), MANY);
	assert_int_equal(changed % ROLE_WORK_BATCH == 0 || changed == MANY, 1);
	assert_int_equal(noted, changed > 0 && changed < MANY);
}

/* Cut off in each of the four transactions, before and after what lasts; then somebody goes on. */
static void a_long_change_is_never_half_unnoticed(void **state)
{
	static const char *const was = "role:editor", *const is = "perm:posts:edit role:editor";
	struct trial *t = *state;
	unsigned cut = 0;

	for (unsigned at = 1; at < 1500; at += at < 30 ? 1 : 41) {
		struct role_effect effect;
		struct role_request request = {.name = STR("editor"),
					       .permission = STR("posts:edit")};
		uint64_t batches = 0;

		trial_restore(t);
		add_many();
		fault_arm(at % 2 ? FAULT_GONE_BEFORE : FAULT_GONE_AFTER, FAULT_RUNNING, at);
		enum err e = role_allow(&t->w->context, &request, &effect);
		cut += fault_disarm() ? 1 : 0;
		assert_true(e == OK || e == ERR_UNAVAILABLE || e == ERR_UNCERTAIN);
		is_as_the_note_says(was, is);
		bool begun = with(is) > 0;
		assert_ok(role_go_on(&t->w->context, INT64_MAX, &batches));
		assert_int_equal(with(begun ? is : was), MANY);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM role WHERE work <> 0"), 0);
		arena_reset(t->w->context.arena);
	}
	assert_true(cut > 20);
	trial_restore(t);
}

/* The same of a removal: nobody has it in grants and not in the table, or the other way round. */
static void a_long_removal_is_never_half_unnoticed(void **state)
{
	struct trial *t = *state;

	for (unsigned at = 5; at < 2000; at += 127) {
		struct role_effect effect;
		struct role_request request = {.name = STR("editor")};
		uint64_t batches = 0;

		trial_restore(t);
		add_many();
		fault_arm(at % 2 ? FAULT_GONE_BEFORE : FAULT_GONE_AFTER, FAULT_RUNNING, at);
		enum err e = role_remove(&t->w->context, &request, &effect);
		(void)fault_disarm();
		assert_true(e == OK || e == ERR_UNAVAILABLE || e == ERR_UNCERTAIN);
		int64_t left = fixture_number("SELECT COUNT(*) FROM user_role g JOIN user u "
					      "ON u.id = g.user_id WHERE u.username LIKE 'many%'");
		assert_int_equal(with("role:editor"), left);
		assert_int_equal(with(""), MANY - left);
		bool noted = fixture_number("SELECT COUNT(*) FROM role WHERE work = 2") == 1;
		assert_int_equal(noted, left > 0 && left < MANY);
		assert_ok(role_go_on(&t->w->context, INT64_MAX, &batches));
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM role WHERE name = 'editor'"),
				 left == MANY ? 1 : 0);
		assert_int_equal(with("role:editor"), left == MANY ? MANY : 0);
		arena_reset(t->w->context.arena);
	}
	trial_restore(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
		cmocka_unit_test(acts_under_every_failure),
		cmocka_unit_test(a_long_change_is_never_half_unnoticed),
		cmocka_unit_test(a_long_removal_is_never_half_unnoticed),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
