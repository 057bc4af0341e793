/* ST-07, IN-25: the statements about tenants, members, hand-overs and the outbox under every
 * failure of the database. */
#include "fault_trial.h"

#include "handover.h"
#include "outbox_store.h"
#include "tenant_store.h"

#define ARENA t->w->context.arena
#define DB t->w->db
#define SCENE t->scene
#define NOW (WORLD_START + CLOCK_HOUR)
#define FAR (WORLD_START + 1000 * CLOCK_DAY)

/* Of alice; in the tenant of all, in the other one. */
#define THERE ((struct member_key){.user_id = SCENE.alice, .tenant_id = SCENE.acme})
#define ELSEWHERE ((struct member_key){.user_id = SCENE.alice, .tenant_id = SCENE.beta})

static struct tenant_row new_tenant(void)
{
	return (struct tenant_row){
		.id = id_random(),
		.name = STR("gamma"),
		.title = STR("Gamma"),
		.created_at = NOW,
	};
}

ACT(tenant_insert, struct tenant_row row = new_tenant(); return tenant_store_insert(DB, &row);)
ACT(tenant_by_id, bool found = false; TRY(tenant_store_find(DB, ARENA, &SCENE.acme, out, &found));
    return must(found);)
ACT(tenant_by_name, bool found = false;
    TRY(tenant_store_find_named(DB, ARENA, STR("acme"), out, &found)); return must(found);)
ACT(tenant_set, struct tenant_row row = new_tenant(); row.id = SCENE.beta;
    return tenant_store_set(DB, &row);)
ACT(tenant_delete, return tenant_store_delete(DB, &SCENE.beta);)

static enum err tenant_list_it(struct trial *t, void *out)
{
	struct tenant_row rows[10];
	struct tenant_page page = {.rows = rows, .room = 10};

	TRY(tenant_store_list(DB, ARENA, STR(""), &page));
	PUT(out, page.n);
	return must(page.n == 2);
}

ACT(tenant_shared, bool found = false; TRY(tenant_store_share(DB, &SCENE.acme, &found));
    return must(found);)
ACT(tenant_locked, bool found = false; TRY(tenant_store_lock(DB, &SCENE.acme, &found));
    return must(found);)

ACT(member_add_it, struct member_key key = ELSEWHERE; return member_store_add(DB, &key, NOW, out);)
ACT(member_remove_it, struct member_key key = THERE; return member_store_remove(DB, &key, out);)
ACT(member_find, struct member_key key = THERE; bool found = false;
    TRY(member_store_find(DB, ARENA, &key, out, &found)); return must(found);)
ACT(member_default, struct member_key key = ELSEWHERE;
    return member_store_set_default(DB, &key, NOW);)
ACT(member_enter_it, struct member_key key = ELSEWHERE;
    return member_store_enter(DB, &key, &SCENE.handle_id, out);)
ACT(member_leave_it, struct member_key key = THERE; return member_store_leave(DB, &key, out);)
ACT(member_give_it, struct member_key key = THERE; bool known = false;
    TRY(member_store_give(DB, &key, STR("admin"), NOW, &known)); return must(known);)
ACT(member_take_it, struct member_key key = THERE; bool known = false;
    TRY(member_store_take(DB, &key, STR("editor"), &known)); return must(known);)

static enum err member_lists(struct trial *t, void *out)
{
	struct member_row rows[10];
	struct member_page page = {.rows = rows, .room = 10};
	struct page_cursor start = {.at = 0, .limit = 10};
	struct member_key all = {.tenant_id = SCENE.acme};

	TRY(member_store_list_of_user(DB, ARENA, &SCENE.alice, &start, &page));
	TRY(must(page.n == 1));
	TRY(member_store_list_of_tenant(DB, ARENA, &all, &page));
	PUT(out, page.n);
	return must(page.n == 3);
}

/* The row of the scene's code. */
static enum err the_handover(struct trial *t, struct handover_row *row)
{
	struct digest hashes[2];
	bool found = false;

	assert_true(handover_code_hashes(t->w->keys, SCENE.code, hashes));
	TRY(handover_store_find(DB, hashes, row, &found));
	return must(found);
}

ACT(handover_find, return the_handover(t, out);)
ACT(handover_delete, return handover_store_delete_of_session(DB, &SCENE.handle_id);)
ACT(handover_purge_it, uint64_t n = 0; return handover_store_purge(DB, FAR, 100, &n);)

static enum err handover_insert(struct trial *t, void *out)
{
	struct handover_row row = {
		.code_hash = fixture_digest(),
		.challenge = {{1}},
		.receiver = HANDOVER_BROWSER,
		.user_id = SCENE.bob,
		.session_id = SCENE.other_id,
		.epoch = 1,
		.created_at = NOW,
		.expires_at = NOW + CLOCK_MINUTE,
	};

	(void)out;
	return handover_store_insert(DB, &row);
}

static enum err handover_use(struct trial *t, void *out)
{
	struct handover_row row;
	bool used = false;

	(void)out;
	TRY(the_handover(t, &row));
	TRY(handover_store_use(DB, &row.code_hash, t->w->context.now, &used));
	return must(used);
}

static enum err outbox_insert(struct trial *t, void *out)
{
	struct outbox_row row = {
		.id = id_random(),
		.kind = STR("handover"),
		.user_id = SCENE.bob,
		.recipient = STR("bob@example.org"),
		.language = STR(""),
		.payload = STR("{}"),
		.due_at = NOW,
		.created_at = NOW,
	};

	(void)out;
	return outbox_store_insert(DB, &row);
}

/* With the hand-overs and memberships. */
ACT(user_delete_it, return user_store_delete(DB, &SCENE.alice);)

static void statements_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"tenant insert", tenant_insert, NULL, ACT_ATOMIC},
		{"tenant by id", tenant_by_id, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"tenant by name", tenant_by_name, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"tenant list", tenant_list_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"tenant set", tenant_set, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"tenant share", tenant_shared, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"tenant lock", tenant_locked, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"tenant delete", tenant_delete, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"member add", member_add_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"member remove", member_remove_it, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"member find", member_find, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"member lists", member_lists, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"member give", member_give_it, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"member take", member_take_it, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"member default", member_default, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"member enter", member_enter_it, NULL, ACT_ATOMIC},
		{"member leave", member_leave_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"hand-over insert", handover_insert, NULL, ACT_ATOMIC},
		{"hand-over find", handover_find, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"hand-over use", handover_use, NULL, ACT_ATOMIC},
		{"hand-over delete of session", handover_delete, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"hand-over purge", handover_purge_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"outbox insert", outbox_insert, NULL, ACT_ATOMIC},
		{"user delete", user_delete_it, NULL, ACT_ATOMIC | ACT_INSIDE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static void no_statement_is_left_out(void **state)
{
	(void)state;
	trial_demand(TRIAL_TENANCY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
