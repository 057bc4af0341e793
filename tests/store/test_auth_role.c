/* Roles and permissions as administrators define them, what that does to those who have them, and
 * what an administrator may do to whom. */
#include "auth_world.h"

#include <pthread.h>

#include "account_admin.h"
#include "grants_store.h"
#include "member.h"
#include "policy.h"
#include "role.h"
#include "role_work.h"
#include "tenant.h"

typedef enum err (*change_fn)(const struct auth_context *, const struct role_request *,
			      struct role_effect *);

static enum role_outcome change(struct world *w, change_fn fn, const char *role,
				const char *permission)
{
	struct role_request request = {.name = str_of(role), .permission = str_of(permission)};
	struct role_effect effect = {.outcome = ROLE_REFUSED};

	assert_ok(fn(&w->context, &request, &effect));
	return effect.outcome;
}

static enum role_outcome create_elevated(struct world *w, const char *role)
{
	struct role_request request = {.name = str_of(role), .elevated = true};
	struct role_effect effect = {.outcome = ROLE_REFUSED};

	assert_ok(role_create(&w->context, &request, &effect));
	return effect.outcome;
}

/* Before every test: only the role that comes with the schema. */
static int clean(void **state)
{
	fixture_sql("DELETE FROM permission WHERE role_id <> (SELECT id FROM role WHERE name = "
		    "'admin') OR name <> 'users:manage'; DELETE FROM role WHERE name <> 'admin'; "
		    "UPDATE role SET work = 0");
	return world_clean(state);
}

static void grants_are(struct id user, const char *expected)
{
	char sql[600];
	char hex[2 * ID_BYTES + 1];

	for (size_t i = 0; i < ID_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", user.b[i]);
	snprintf(sql, sizeof sql, "SELECT grants = '%s' FROM user WHERE id = UNHEX('%s')", expected,
		 hex);
	assert_int_equal(fixture_number(sql), 1);
}

static int64_t events(const char *event)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM audit_event WHERE event = '%s'", event);
	return fixture_number(sql);
}

static void names_are_checked(void **state)
{
	static const struct {
		const char *name;
		bool fine;
	} cases[] = {
		{"a", true},         {"0", true},       {"posts:edit", true}, {"a.b_c-d:e", true},
		{"", false},         {"A", false},      {":a", false},        {".a", false},
		{"-a", false},       {"a b", false},    {"a/b", false},       {"a\n", false},
		{"\xc3\xa4", false}, {"users*", false},
	};
	struct world *w = *state;
	char longest[66];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(role_is_name(str_of(cases[i].name)), cases[i].fine);
	memset(longest, 'x', sizeof longest);
	assert_true(role_is_name((struct str){longest, 64}));
	assert_false(role_is_name((struct str){longest, 65}));
	assert_int_equal(change(w, role_create, "No", NULL), ROLE_BAD_NAME);
	assert_int_equal(change(w, role_create, "editor", NULL), ROLE_DONE);
	assert_int_equal(change(w, role_create, "editor", NULL), ROLE_TAKEN);
	assert_int_equal(change(w, role_allow, "editor", "Posts"), ROLE_BAD_PERMISSION);
	assert_int_equal(change(w, role_allow, "nobody", "posts:edit"), ROLE_NOT_THERE);
	assert_int_equal(change(w, role_remove, "nobody", NULL), ROLE_NOT_THERE);
	assert_int_equal(events("role_created"), 1);
}

/* AZ-04 */
static void a_change_reaches_all_who_have_it_at_the_next_request(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct id bob = fixture_add_user(w->fixture, "bob");
	struct session_issued handle =
		sign_in(w, (struct client){.user = alice, .carrier = CARRIER_HANDLE});

	assert_int_equal(change(w, role_create, "editor", NULL), ROLE_DONE);
	world_give_role(w, alice, "editor");
	assert_int_equal(change(w, role_allow, "editor", "posts:edit"), ROLE_DONE);
	assert_int_equal(change(w, role_allow, "editor", "posts:edit"), ROLE_ALREADY);
	assert_str(resolve(w, CARRIER_HANDLE, text_of(handle)).found.user_grants,
		   "perm:posts:edit role:editor");
	grants_are(bob, "");
	assert_int_equal(change(w, role_forbid, "editor", "posts:edit"), ROLE_DONE);
	assert_int_equal(change(w, role_forbid, "editor", "posts:edit"), ROLE_ALREADY);
	assert_str(resolve(w, CARRIER_HANDLE, text_of(handle)).found.user_grants, "role:editor");
	assert_int_equal(change(w, role_remove, "editor", NULL), ROLE_DONE);
	assert_str(resolve(w, CARRIER_HANDLE, text_of(handle)).found.user_grants, "");
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM role"), 1);
	assert_int_equal(events("role_changed"), 2);
	assert_int_equal(events("role_removed"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event WHERE detail = "
					"'-editor: the role is removed'"),
			 1);
}

static void in_tenants_too(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct tenant_effect tenant;
	struct str role = STR("editor");
	struct member_act act = {.key.user_id = alice, .roles = &role, .role_count = 1};
	struct member_effect member;

	assert_int_equal(change(w, role_create, "editor", NULL), ROLE_DONE);
	assert_ok(
		tenant_create(&w->context, &(struct tenant_request){.name = STR("acme")}, &tenant));
	act.key.tenant_id = tenant.tenant.id;
	assert_ok(member_add(&w->context, &act, &member));
	assert_int_equal(member.outcome, MEMBER_DONE);
	assert_int_equal(change(w, role_allow, "editor", "posts:edit"), ROLE_DONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM membership WHERE grants = "
					"'perm:posts:edit role:editor'"),
			 1);
	grants_are(alice, "");
	assert_int_equal(change(w, role_remove, "editor", NULL), ROLE_DONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM membership WHERE grants = ''"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user_role"), 0);
}

/* More than a batch, and all are as the doctor says they should be. */
static void many_have_it(void **state)
{
	struct world *w = *state;
	struct grants_batch batch = {.end = false};
	struct arena *arena = NULL;
	struct role_effect effect;
	struct role_request request = {.name = STR("editor"), .permission = STR("posts:edit")};

	assert_int_equal(change(w, role_create, "editor", NULL), ROLE_DONE);
	fixture_sql("INSERT INTO user (id, username, display_name, grants, created_at, updated_at) "
		    "SELECT UNHEX(LPAD(HEX(seq), 32, '0')), CONCAT('many', seq), 'x', "
		    "'role:editor', 1, 1 FROM seq_1_to_200; "
		    "INSERT INTO user_role SELECT u.id, UNHEX(REPEAT('00',16)), r.id, 1 "
		    "FROM user u JOIN role r WHERE r.name = 'editor'");
	assert_ok(role_allow(&w->context, &request, &effect));
	assert_int_equal(effect.holders, 2 * ROLE_WORK_BATCH);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE grants = "
					"'perm:posts:edit role:editor'"),
			 200);
	assert_ok(arena_open(0, (size_t)4 * 1024 * 1024, &arena));
	assert_ok(grants_store_compare(w->db, arena, &batch));
	assert_int_equal(batch.wrong_count, 0);
	arena_close(&arena);
	assert_int_equal(change(w, role_remove, "editor", NULL), ROLE_DONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE grants = ''"), 200);
}

/* While a change is not through: nobody begins another, a role that goes is given to nobody. */
static void what_is_not_finished(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct account_act act = {.user_id = alice, .role = STR("editor")};
	struct account_effect effect;
	uint64_t batches = 0;

	assert_int_equal(change(w, role_create, "editor", NULL), ROLE_DONE);
	assert_int_equal(change(w, role_create, "author", NULL), ROLE_DONE);
	world_give_role(w, alice, "author");
	fixture_sql("UPDATE role SET work = 2 WHERE name = 'editor'");
	assert_ok(account_give_role(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_NO_SUCH_ROLE);
	/* The next change goes on with it first. */
	fixture_sql("UPDATE user SET grants = 'stale'");
	fixture_sql("UPDATE role SET work = 1 WHERE name = 'author'");
	assert_int_equal(change(w, role_allow, "admin", "logs:read"), ROLE_DONE);
	grants_are(alice, "role:author");
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM role WHERE work <> 0"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM role WHERE name = 'editor'"), 0);
	assert_ok(role_go_on(&w->context, 0, &batches));
	assert_int_equal(batches, 0);
	/* One batch at least, however little time there is. */
	fixture_sql("UPDATE role SET work = 1");
	assert_ok(role_go_on(&w->context, 0, &batches));
	assert_int_equal(batches, 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM role WHERE work <> 0"), 1);
}

static void too_much_is_refused_before_anything_is_done(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct account_act act = {.user_id = alice, .role = STR("large")};
	struct account_effect effect;

	assert_int_equal(change(w, role_create, "large", NULL), ROLE_DONE);
	assert_int_equal(change(w, role_create, "small", NULL), ROLE_DONE);
	world_give_role(w, alice, "small");
	fixture_sql("INSERT INTO permission SELECT id, CONCAT(REPEAT('p', 58), seq) FROM role, "
		    "seq_10_to_70 WHERE name = 'large'");
	assert_ok(account_give_role(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_TOO_MUCH);
	grants_are(alice, "role:small");
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user_role"), 1);
	fixture_sql("DELETE FROM permission WHERE name LIKE 'p%' AND RIGHT(name, 2) > 65");
	assert_ok(account_give_role(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_DONE);
	/* 3720 octets are taken, each of these takes 70 more. */
	char name[65] = "0zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
	for (; name[0] < '4'; name[0]++)
		assert_int_equal(change(w, role_allow, "large", name), ROLE_DONE);
	assert_int_equal(change(w, role_allow, "large", name), ROLE_TOO_MUCH);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM permission WHERE name LIKE '4%'"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM role WHERE work <> 0"), 0);
	assert_int_equal(fixture_number("SELECT LENGTH(grants) FROM user"), 3997);
}

/* AZ-05: whatever the role is called that makes somebody an administrator. */
static void an_administrator_is_always_left(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct account_act act = {.user_id = alice, .role = STR("keeper")};
	struct account_effect effect;

	assert_int_equal(change(w, role_create, "plain", NULL), ROLE_DONE);
	assert_int_equal(change(w, role_allow, "plain", "users:manage"), ROLE_NOT_ELEVATED);
	assert_int_equal(create_elevated(w, "keeper"), ROLE_DONE);
	assert_int_equal(change(w, role_allow, "keeper", "users:manage"), ROLE_DONE);
	assert_ok(account_give_role(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_DONE);
	assert_int_equal(change(w, role_remove, "keeper", NULL), ROLE_LAST_ADMIN);
	assert_int_equal(change(w, role_forbid, "keeper", "users:manage"), ROLE_LAST_ADMIN);
	assert_ok(account_take_role(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_LAST_ADMIN);
	assert_ok(account_lock(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, ACCOUNT_LAST_ADMIN);
	grants_are(alice, "elevated perm:users:manage role:keeper");
	assert_int_equal(events("authz_fail"), 4);
	/* By another role as well: then either may go. */
	world_give_role(w, alice, "admin");
	assert_int_equal(change(w, role_forbid, "keeper", "users:manage"), ROLE_DONE);
	assert_int_equal(change(w, role_remove, "keeper", NULL), ROLE_DONE);
	assert_int_equal(change(w, role_remove, "admin", NULL), ROLE_BUILT_IN);
	assert_int_equal(change(w, role_forbid, "admin", "users:manage"), ROLE_BUILT_IN);
	grants_are(alice, "elevated perm:users:manage role:admin");
}

static enum account_outcome as(struct world *w, struct id actor,
			       enum err (*fn)(const struct auth_context *,
					      const struct account_act *, struct account_effect *),
			       struct account_act act)
{
	struct account_effect effect = {.outcome = ACCOUNT_REFUSED};

	w->context.actor_id = actor;
	assert_ok(fn(&w->context, &act, &effect));
	w->context.actor_id = ID_NONE;
	return effect.outcome;
}

/* AZ-05: neither for oneself, nor above the own, nor when one is administrator no more. */
static void what_an_administrator_may_give(void **state)
{
	struct world *w = *state;
	struct id admin = fixture_add_user(w->fixture, "admin");
	struct id alice = fixture_add_user(w->fixture, "alice");
	const struct account_act own = {.user_id = admin, .role = STR("editor")};
	const struct account_act others = {.user_id = alice, .role = STR("editor")};
	const struct account_act above = {.user_id = alice, .role = STR("cashier")};
	const struct account_act same = {.user_id = alice, .role = STR("admin")};

	assert_int_equal(change(w, role_create, "editor", NULL), ROLE_DONE);
	assert_int_equal(change(w, role_allow, "editor", "posts:edit"), ROLE_DONE);
	assert_int_equal(create_elevated(w, "cashier"), ROLE_DONE);
	world_give_role(w, admin, "admin");
	assert_int_equal(as(w, admin, account_give_role, own), ACCOUNT_NOT_ALLOWED);
	assert_int_equal(as(w, admin, account_lock, own), ACCOUNT_NOT_ALLOWED);
	assert_int_equal(as(w, admin, account_hold, own), ACCOUNT_ALREADY);
	assert_int_equal(as(w, admin, account_give_role, others), ACCOUNT_DONE);
	assert_int_equal(as(w, admin, account_take_role, others), ACCOUNT_DONE);
	/* Elevated, and without permissions only for whoever has it. */
	assert_int_equal(as(w, admin, account_give_role, above), ACCOUNT_NOT_ALLOWED);
	assert_int_equal(change(w, role_allow, "cashier", "money:pay"), ROLE_DONE);
	assert_int_equal(as(w, admin, account_give_role, above), ACCOUNT_NOT_ALLOWED);
	assert_int_equal(change(w, role_allow, "admin", "money:pay"), ROLE_DONE);
	assert_int_equal(as(w, admin, account_give_role, above), ACCOUNT_DONE);
	assert_int_equal(as(w, admin, account_give_role, same), ACCOUNT_DONE);
	assert_int_equal(as(w, alice, account_take_role,
			    (struct account_act){.user_id = admin, .role = STR("admin")}),
			 ACCOUNT_DONE);
	assert_int_equal(as(w, admin, account_lock, same), ACCOUNT_NOT_ALLOWED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event e JOIN user u ON "
					"u.id = e.actor_id WHERE u.username = 'admin' AND "
					"e.event = 'authz_fail'"),
			 5);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event e JOIN user u ON "
					"u.id = e.actor_id JOIN user s ON s.id = e.user_id "
					"WHERE u.username = 'admin' AND s.username = 'alice' "
					"AND e.event = 'authz_change'"),
			 4);
}

/* The same in a tenant; and who has users:manage in a tenant only administers nothing. */
static void in_a_tenant_as_everywhere(void **state)
{
	struct world *w = *state;
	struct id admin = fixture_add_user(w->fixture, "admin");
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct id bob = fixture_add_user(w->fixture, "bob");
	struct str role = STR("admin");
	struct member_act act = {.key.user_id = alice, .roles = &role, .role_count = 1};
	struct member_effect effect;
	struct tenant_effect tenant;

	world_give_role(w, admin, "admin");
	assert_ok(
		tenant_create(&w->context, &(struct tenant_request){.name = STR("acme")}, &tenant));
	act.key.tenant_id = tenant.tenant.id;
	assert_ok(member_add(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, MEMBER_DONE);
	act.key.user_id = admin;
	w->context.actor_id = admin;
	assert_ok(member_give_role(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, MEMBER_NOT_ALLOWED);
	assert_int_equal(effect.verdict, ACTOR_SELF);
	act.key.user_id = alice;
	assert_ok(member_take_role(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, MEMBER_DONE);
	assert_ok(member_give_role(&w->context, &act, &effect));
	assert_int_equal(effect.outcome, MEMBER_DONE);
	w->context.actor_id = ID_NONE;
	assert_int_equal(as(w, alice, account_lock, (struct account_act){.user_id = bob}),
			 ACCOUNT_NOT_ALLOWED);
}

/* Two administrators against each other by whatever act: one is always left, and it is one who
 * may. */
struct duellist {
	struct world *w;
	struct id actor, target;
	enum err (*fn)(const struct auth_context *, const struct account_act *,
		       struct account_effect *);
	pthread_barrier_t *start;
	struct account_effect effect;
	enum err e;
};

static void *duel(void *opaque)
{
	struct duellist *d = opaque;
	struct auth_context context = d->w->context;
	struct account_act what = {.user_id = d->target, .role = STR("keeper")};

	db_thread_init();
	context.db = fixture_db(&d->w->config, DB_ROLE_WEB);
	context.actor_id = d->actor;
	d->e = arena_open(4096, 1048576, &context.arena);
	pthread_barrier_wait(d->start);
	if (d->e == OK)
		d->e = d->fn(&context, &what, &d->effect);
	arena_close(&context.arena);
	db_close(&context.db);
	db_thread_done();
	return NULL;
}

static void of_two_administrators_at_once_one_is_left(void **state)
{
	struct world *w = *state;
	struct id ids[2] = {fixture_add_user(w->fixture, "alice"),
			    fixture_add_user(w->fixture, "bob")};

	assert_int_equal(create_elevated(w, "keeper"), ROLE_DONE);
	assert_int_equal(change(w, role_allow, "keeper", "users:manage"), ROLE_DONE);
	for (unsigned round = 0; round < 24; round++) {
		struct duellist two[2];
		pthread_barrier_t start;
		pthread_t threads[2];
		unsigned done = 0;

		fixture_sql("UPDATE user SET state = 1");
		world_give_role(w, ids[0], "keeper");
		world_give_role(w, ids[1], "keeper");
		assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
		for (unsigned i = 0; i < 2; i++) {
			two[i] = (struct duellist){
				.w = w, .actor = ids[i], .target = ids[1 - i], .start = &start};
			two[i].fn = round / (i + 1) % 2 ? account_lock : account_take_role;
			assert_int_equal(pthread_create(&threads[i], NULL, duel, &two[i]), 0);
		}
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(pthread_barrier_destroy(&start), 0);
		for (unsigned i = 0; i < 2; i++) {
			assert_ok(two[i].e);
			done += two[i].effect.outcome == ACCOUNT_DONE ? 1 : 0;
			if (two[i].effect.outcome != ACCOUNT_DONE)
				assert_int_equal(two[i].effect.outcome, ACCOUNT_NOT_ALLOWED);
		}
		assert_int_equal(done, 1);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE state = 1 AND "
						"grants LIKE '%perm:users:manage%'"),
				 1);
	}
}

/* Somebody is given a role while it gets a permission: whoever comes first, they have both. */
struct racer {
	struct world *w;
	struct id user;
	bool gives;
	unsigned round;
	pthread_barrier_t *start;
	bool done;
};

static void *race(void *opaque)
{
	struct racer *r = opaque;
	struct auth_context context = r->w->context;
	char name[20];
	struct account_act act = {.user_id = r->user, .role = STR("editor")};
	struct account_effect account = {.outcome = ACCOUNT_REFUSED};
	struct role_effect role = {.outcome = ROLE_REFUSED};
	struct role_request request = {.name = STR("editor")};
	enum err e = OK;

	snprintf(name, sizeof name, "posts:%u", r->round);
	request.permission = str_of(name);
	db_thread_init();
	context.db = fixture_db(&r->w->config, DB_ROLE_WEB);
	e = arena_open(4096, 1048576, &context.arena);
	pthread_barrier_wait(r->start);
	if (e == OK)
		e = r->gives ? account_give_role(&context, &act, &account)
			     : role_allow(&context, &request, &role);
	r->done = e == OK && (account.outcome == ACCOUNT_DONE || role.outcome == ROLE_DONE);
	arena_close(&context.arena);
	db_close(&context.db);
	db_thread_done();
	return NULL;
}

static void given_while_it_changes(void **state)
{
	struct world *w = *state;

	assert_int_equal(change(w, role_create, "editor", NULL), ROLE_DONE);
	for (unsigned round = 0; round < 24; round++) {
		char name[20];
		char sql[200];
		struct racer two[2];
		pthread_barrier_t start;
		pthread_t threads[2];

		snprintf(name, sizeof name, "racer%u", round);
		struct id user = fixture_add_user(w->fixture, name);
		assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
		for (unsigned i = 0; i < 2; i++) {
			two[i] = (struct racer){.w = w,
						.user = user,
						.gives = i == 0,
						.round = round,
						.start = &start};
			assert_int_equal(pthread_create(&threads[i], NULL, race, &two[i]), 0);
		}
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(pthread_barrier_destroy(&start), 0);
		assert_true(two[0].done && two[1].done);
		snprintf(sql, sizeof sql,
			 "SELECT COUNT(*) FROM user WHERE username = '%s' AND grants LIKE "
			 "'%%perm:posts:%u %%role:editor'",
			 name, round);
		assert_int_equal(fixture_number(sql), 1);
	}
}

static size_t found(struct world *w, const char *prefix, const char *after, struct user_match *out)
{
	struct user_search search = {.prefix = str_of(prefix), .after = str_of(after), .limit = 2};
	size_t n = 9;

	assert_ok(user_store_search(w->db, w->context.arena, &search, out, &n));
	return n;
}

static void people_are_found_by_the_beginning_of_a_name(void **state)
{
	struct world *w = *state;
	struct user_match m[2];

	fixture_sql("INSERT INTO user (id, username, email, display_name, created_at, updated_at) "
		    "VALUES ('1---------------', 'ann', 'ann@example.org', 'x', 1, 1), "
		    "('2---------------', 'bob', 'anna@example.org', 'x', 1, 1), "
		    "('3---------------', NULL, 'anton@example.org', 'x', 1, 1), "
		    "('4---------------', 'an-other', NULL, 'x', 1, 1), "
		    "('5---------------', 'zoe', NULL, 'x', 1, 1)");
	assert_int_equal(found(w, "an", NULL, m), 2);
	assert_str(m[0].name, "an-other");
	assert_str(m[1].name, "ann");
	assert_int_equal(found(w, "an", "ann", m), 2);
	assert_str(m[0].name, "anna@example.org");
	assert_str(m[1].name, "anton@example.org");
	assert_int_equal(found(w, "an", "anton@example.org", m), 0);
	assert_int_equal(found(w, "ann@", NULL, m), 1);
	assert_int_equal(found(w, "zoe", NULL, m), 1);
	assert_int_equal(found(w, "%", NULL, m), 0);
	assert_int_equal(found(w, "\xff", NULL, m), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(names_are_checked, clean),
		cmocka_unit_test_setup(a_change_reaches_all_who_have_it_at_the_next_request, clean),
		cmocka_unit_test_setup(in_tenants_too, clean),
		cmocka_unit_test_setup(many_have_it, clean),
		cmocka_unit_test_setup(what_is_not_finished, clean),
		cmocka_unit_test_setup(too_much_is_refused_before_anything_is_done, clean),
		cmocka_unit_test_setup(an_administrator_is_always_left, clean),
		cmocka_unit_test_setup(what_an_administrator_may_give, clean),
		cmocka_unit_test_setup(in_a_tenant_as_everywhere, clean),
		cmocka_unit_test_setup(of_two_administrators_at_once_one_is_left, clean),
		cmocka_unit_test_setup(given_while_it_changes, clean),
		cmocka_unit_test_setup(people_are_found_by_the_beginning_of_a_name, clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
