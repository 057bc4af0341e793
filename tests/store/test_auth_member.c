/* Members in the database: a tenant that is removed while people join, and changes in one
 * transaction. */
#include "auth_world.h"

#include <pthread.h>

#include "member.h"
#include "role_store.h"
#include "tenant.h"

static struct id make(struct world *w, const char *name)
{
	struct tenant_request request = {.name = str_of(name)};
	struct tenant_effect effect = {.outcome = TENANT_REFUSED};

	assert_ok(tenant_create(&w->context, &request, &effect));
	assert_int_equal(effect.outcome, TENANT_DONE);
	return effect.tenant.id;
}

static enum member_outcome add(struct world *w, struct id user, struct id tenant, const char *role)
{
	struct str roles[] = {str_of(role)};
	struct member_act act = {
		.key = {.user_id = user, .tenant_id = tenant},
		.roles = roles,
		.role_count = role != NULL ? 1 : 0,
	};
	struct member_effect effect = {.outcome = MEMBER_REFUSED};

	assert_ok(member_add(&w->context, &act, &effect));
	return effect.outcome;
}

/* The row and its words go in together, or neither: the doctor's own comparison is the judge. */
static void an_unknown_role_undoes_the_membership(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct id acme = make(w, "acme");

	assert_int_equal(add(w, alice, acme, "nobody"), MEMBER_NO_SUCH_ROLE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM membership"), 0);
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM audit_event WHERE event = 'member_added'"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE default_tenant IS NULL"),
			 1);
	assert_int_equal(add(w, alice, acme, "admin"), MEMBER_DONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM membership WHERE grants = "
					"'elevated perm:users:manage role:admin'"),
			 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user WHERE grants = ''"), 1);
}

/* An administrator in a tenant is none of the server's. */
static void a_tenants_admin_is_not_the_last_administrator(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	uint64_t holders = 1;

	assert_int_equal(add(w, alice, make(w, "acme"), "admin"), MEMBER_DONE);
	assert_ok(role_store_count_managers(w->db, NULL, &holders));
	assert_int_equal(holders, 0);
}

struct joiner {
	struct world *w;
	struct id user, tenant;
	pthread_barrier_t *start;
	enum err e;
	enum member_outcome outcome;
};

static void *join(void *opaque)
{
	struct joiner *j = opaque;
	struct auth_context context = j->w->context;
	struct member_act act = {.key = {.user_id = j->user, .tenant_id = j->tenant}};
	struct member_effect effect = {.outcome = MEMBER_REFUSED};

	db_thread_init();
	context.db = fixture_db(&j->w->config, DB_ROLE_WEB);
	j->e = arena_open(4096, 1048576, &context.arena);
	pthread_barrier_wait(j->start);
	if (j->e == OK)
		j->e = member_add(&context, &act, &effect);
	j->outcome = effect.outcome;
	arena_close(&context.arena);
	db_close(&context.db);
	db_thread_done();
	return NULL;
}

/* Whoever was first: no membership is ever left of a tenant that is gone. */
static void nobody_joins_a_tenant_that_is_being_removed(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct id bob = fixture_add_user(w->fixture, "bob");

	for (unsigned round = 0; round < 20; round++) {
		struct id acme = make(w, "acme");
		struct tenant_request nothing = {.name = STR_NONE};
		struct tenant_effect effect = {.outcome = TENANT_REFUSED};
		pthread_barrier_t start;
		pthread_t thread;
		struct joiner joiner = {.w = w, .user = bob, .tenant = acme, .start = &start};

		assert_int_equal(add(w, alice, acme, NULL), MEMBER_DONE);
		assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
		assert_int_equal(pthread_create(&thread, NULL, join, &joiner), 0);
		pthread_barrier_wait(&start);
		assert_ok(tenant_remove(&w->context, &acme, &nothing, &effect));
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(pthread_barrier_destroy(&start), 0);
		assert_int_equal(effect.outcome, TENANT_DONE);
		assert_ok(joiner.e);
		assert_true(joiner.outcome == MEMBER_DONE ||
			    joiner.outcome == MEMBER_NO_SUCH_TENANT);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM membership"), 0);
		assert_int_equal(
			fixture_number(
				"SELECT COUNT(*) FROM user WHERE default_tenant IS NOT NULL"),
			0);
	}
}

/* A write of the row as it was before the choice loses: the session stays where it was put. */
static void a_choice_outlasts_a_stale_write(void **state)
{
	struct world *w = *state;
	struct id alice = fixture_add_user(w->fixture, "alice");
	struct id acme = make(w, "acme");
	struct session_issued issued =
		sign_in(w, (struct client){.user = alice, .carrier = CARRIER_HANDLE});
	struct credential credential = credential_of(w, CARRIER_HANDLE, text_of(issued));
	struct session_row stale = issued.session.found.session;
	struct session session = {.standing = SESSION_UNKNOWN};
	enum member_choice choice = MEMBER_CHOICE_NONE;
	bool won = true;

	assert_ok(member_choose(&w->context, &credential, &acme, &choice, &session));
	assert_int_equal(choice, MEMBER_CHOICE_NONE);
	assert_int_equal(add(w, alice, acme, NULL), MEMBER_DONE);
	assert_ok(member_choose(&w->context, &credential, &acme, &choice, &session));
	assert_int_equal(choice, MEMBER_CHOICE_MADE);
	assert_str(session.found.tenant_name, "acme");
	stale.epoch++;
	assert_ok(session_store_rotate(w->db, &stale.hash, &stale, &won));
	assert_false(won);
	assert_ok(session_end(&w->context, &session));
	assert_int_equal(member_choose(&w->context, &credential, &acme, &choice, &session),
			 ERR_CONFLICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_unknown_role_undoes_the_membership, world_clean),
		cmocka_unit_test_setup(a_tenants_admin_is_not_the_last_administrator, world_clean),
		cmocka_unit_test_setup(nobody_joins_a_tenant_that_is_being_removed, world_clean),
		cmocka_unit_test_setup(a_choice_outlasts_a_stale_write, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
