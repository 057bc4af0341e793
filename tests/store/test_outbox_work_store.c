/* Mail on its way out, in the database: taken by one only, and what becomes of it. */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "outbox_work_store.h"

#define LEASE (2 * CLOCK_MINUTE)

/* n mails that have been due for a second, the first the longest. */
static void add_mails(unsigned n)
{
	char sql[512];

	(void)snprintf(sql, sizeof sql,
		       "INSERT INTO outbox (id, kind, recipient, language, payload, root, due_at, "
		       "created_at) SELECT UNHEX(MD5(seq)), 'test', CONCAT(seq, '@example.org'), "
		       "'pl', 'sealed', 7, UNIX_TIMESTAMP() * 1000000 - 1000000 * (%u - seq), %lld "
		       "FROM seq_1_to_%u",
		       n + 1, (long long)T0, n);
	fixture_sql(sql);
}

static int64_t count(const char *condition)
{
	char sql[512];

	(void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM outbox WHERE %s", condition);
	return fixture_number(sql);
}

static struct outbox_batch take(struct fixture *f)
{
	struct outbox_batch batch;

	assert_ok(outbox_work_take(f->mail, f->arena, LEASE, &batch));
	return batch;
}

static struct outbox_taken taken(const struct outbox_batch *batch, size_t i)
{
	return (struct outbox_taken){
		.id = batch->mails[i].id,
		.taker = batch->taker,
		.error = STR("why"),
	};
}

static void a_mail_is_taken_whole_and_once(void **state)
{
	struct outbox_batch batch;

	add_mails(3);
	fixture_sql("UPDATE outbox SET due_at = due_at + 86400000000 WHERE recipient = "
		    "'3@example.org'; UPDATE outbox SET recipient = NULL WHERE recipient = "
		    "'2@example.org'");
	batch = take(*state);
	assert_int_equal(batch.n, 2);
	assert_str(batch.mails[0].kind, "test");
	assert_str(batch.mails[0].recipient, "1@example.org");
	assert_str(batch.mails[0].language, "pl");
	assert_int_equal(batch.mails[0].payload.len, 6);
	assert_int_equal(batch.mails[0].root, 7);
	assert_int_equal(batch.mails[0].attempts, 1);
	assert_int_equal(batch.mails[0].created_at, T0);
	assert_in_range(batch.mails[0].taken_at, clock_now() - CLOCK_MINUTE,
			clock_now() + CLOCK_MINUTE);
	assert_false(str_is_present(batch.mails[1].recipient));
	assert_int_equal(count("state = 2 AND attempts = 1 AND taken_by IS NOT NULL"), 2);
	assert_int_equal(take(*state).n, 0);
}

static void a_batch_is_no_larger(void **state)
{
	struct outbox_batch first;
	struct outbox_batch second;

	add_mails(OUTBOX_BATCH + 5);
	first = take(*state);
	assert_int_equal(first.n, OUTBOX_BATCH);
	assert_str(first.mails[0].recipient, "1@example.org");
	assert_str(first.mails[1].recipient, "2@example.org");
	second = take(*state);
	assert_int_equal(second.n, 5);
	assert_str(second.mails[0].recipient, "21@example.org");
}

/* Whoever took it has not come back. */
static void a_lease_ends(void **state)
{
	struct fixture *f = *state;
	struct outbox_batch first;
	struct outbox_batch second;
	struct outbox_taken lost;

	add_mails(1);
	first = take(f);
	assert_int_equal(take(f).n, 0);
	fixture_sql("UPDATE outbox SET due_at = UNIX_TIMESTAMP() * 1000000 - 1000000");
	second = take(f);
	assert_int_equal(second.n, 1);
	assert_int_equal(second.mails[0].attempts, 2);
	/* The first one can neither put it back nor bury it, but it knows if it was sent. */
	lost = taken(&first, 0);
	assert_ok(outbox_work_failed(f->mail, &lost, 0));
	assert_ok(outbox_work_give_back(f->mail, &lost, 0));
	assert_ok(outbox_work_dead(f->mail, &lost, false));
	assert_int_equal(count("state = 2 AND attempts = 2 AND payload = 'sealed'"), 1);
	assert_ok(outbox_work_sent(f->mail, &first.mails[0].id));
	lost = taken(&second, 0);
	assert_ok(outbox_work_failed(f->mail, &lost, 0));
	assert_int_equal(count("state = 3 AND payload = ''"), 1);
}

static void what_became_of_it_is_noted(void **state)
{
	struct fixture *f = *state;
	struct outbox_batch batch;
	struct outbox_taken mail;

	add_mails(5);
	batch = take(f);
	assert_ok(outbox_work_sent(f->mail, &batch.mails[0].id));
	assert_int_equal(count("state = 3 AND payload = '' AND taken_by IS NULL AND done_at > 0 "
			       "AND recipient = '1@example.org'"),
			 1);
	mail = taken(&batch, 1);
	assert_ok(outbox_work_failed(f->mail, &mail, CLOCK_HOUR));
	assert_int_equal(count("state = 1 AND attempts = 1 AND last_error = 'why' AND taken_by IS "
			       "NULL AND due_at > UNIX_TIMESTAMP() * 1000000 + 3500000000"),
			 1);
	mail = taken(&batch, 2);
	assert_ok(outbox_work_give_back(f->mail, &mail, 0));
	assert_int_equal(count("state = 1 AND attempts = 0 AND last_error = 'why'"), 1);
	mail = taken(&batch, 3);
	assert_ok(outbox_work_dead(f->mail, &mail, true));
	mail = taken(&batch, 4);
	assert_ok(outbox_work_dead(f->mail, &mail, false));
	assert_int_equal(count("state = 4 AND payload = 'sealed' AND done_at > 0"), 1);
	assert_int_equal(count("state = 4 AND payload = '' AND done_at > 0"), 1);
}

/* The column takes 255 characters; an error is cut between two of them. */
static void a_long_error_is_cut(void **state)
{
	struct fixture *f = *state;
	struct outbox_batch batch;
	struct outbox_taken mail;
	char text[3 * OUTBOX_ERROR_MAX + 4];

	for (size_t i = 0; i < sizeof text - 1; i++)
		text[i] = i % 2 == 0 ? '\xc5' : '\x82';
	add_mails(1);
	batch = take(f);
	mail = taken(&batch, 0);
	mail.error = (struct str){.p = text, .n = sizeof text - 2};
	assert_ok(outbox_work_failed(f->mail, &mail, 0));
	assert_int_equal(fixture_number("SELECT CHAR_LENGTH(last_error) FROM outbox"),
			 OUTBOX_ERROR_MAX);
}

static void a_keeper_tries_again(void **state)
{
	struct fixture *f = *state;
	struct outbox_batch batch;
	struct outbox_taken mail;
	struct outbox_count counted;
	struct outbox_list list;
	bool found = false;
	uint64_t n = 0;

	add_mails(4);
	batch = take(f);
	for (size_t i = 0; i < 3; i++) {
		mail = taken(&batch, i);
		assert_ok(outbox_work_dead(f->mail, &mail, i != 2));
	}
	assert_ok(outbox_work_count(f->web, T0 + 1, &counted));
	assert_int_equal(counted.dead, 3);
	assert_int_equal(counted.waiting, 1);
	assert_int_equal(counted.late, 1);
	assert_ok(outbox_work_count(f->mail, T0, &counted));
	assert_int_equal(counted.late, 0);
	assert_ok(outbox_work_count_sealed(f->web, 7, &counted.waiting));
	assert_int_equal(counted.waiting, 1);
	assert_ok(outbox_work_count_sealed(f->web, 8, &counted.waiting));
	assert_int_equal(counted.waiting, 0);
	assert_ok(outbox_work_list(f->web, f->arena, OUTBOX_DEAD, 2, &list));
	assert_int_equal(list.n, 2);
	assert_str(list.items[0].last_error, "why");
	assert_true(list.items[0].done_at > 0);
	assert_ok(outbox_work_list(f->web, f->arena, OUTBOX_DEAD, 10, &list));
	assert_int_equal(list.n, 3);
	/* One with nothing in it is not tried again, nor one that somebody holds. */
	assert_ok(outbox_work_retry(f->web, &batch.mails[2].id, &found));
	assert_false(found);
	assert_ok(outbox_work_retry(f->web, &batch.mails[3].id, &found));
	assert_false(found);
	assert_ok(outbox_work_retry(f->web, &batch.mails[0].id, &found));
	assert_true(found);
	assert_ok(outbox_work_retry_dead(f->web, 10, &n));
	assert_int_equal(n, 1);
	assert_int_equal(count("state = 1 AND attempts = 0 AND done_at IS NULL"), 2);
	assert_int_equal(take(f).n, 2);
}

static void what_is_done_is_purged(void **state)
{
	struct fixture *f = *state;
	uint64_t n = 0;

	add_mails(6);
	fixture_sql("UPDATE outbox SET state = 3, due_at = 50 WHERE recipient < '3';"
		    "UPDATE outbox SET state = 4, due_at = 50 WHERE recipient LIKE '3%'");
	assert_ok(outbox_work_purge_sent(f->web, 50, 10, &n));
	assert_int_equal(n, 0);
	assert_ok(outbox_work_purge_sent(f->web, 51, 1, &n));
	assert_int_equal(n, 1);
	assert_ok(outbox_work_purge_sent(f->web, 51, 10, &n));
	assert_int_equal(n, 1);
	assert_int_equal(count("1"), 4);
	assert_ok(outbox_work_purge_dead(f->web, 51, 10, &n));
	assert_int_equal(n, 1);
	assert_int_equal(count("state = 1"), 3);
}

#define TAKERS 4
#define MAILS 400

struct greedy {
	const struct config *config;
	unsigned got;
	enum err failed;
};

static void *take_all(void *opaque)
{
	struct greedy *g = opaque;
	struct db *db = NULL;
	struct arena *arena = NULL;
	struct outbox_batch batch = {.n = 1};

	db_thread_init();
	g->failed = db_open(g->config, DB_ROLE_MAIL, &db);
	if (g->failed == OK)
		g->failed = arena_open(4096, (size_t)4 * 1024 * 1024, &arena);
	while (g->failed == OK && batch.n > 0) {
		g->failed = outbox_work_take(db, arena, LEASE, &batch);
		g->got += (unsigned)batch.n;
		arena_reset(arena);
	}
	arena_close(&arena);
	db_close(&db);
	db_thread_done();
	return NULL;
}

/* Each is taken once, by somebody. */
static void several_take_beside_each_other(void **state)
{
	struct fixture *f = *state;
	struct greedy takers[TAKERS];
	pthread_t threads[TAKERS];
	unsigned got = 0;

	add_mails(MAILS);
	for (size_t i = 0; i < TAKERS; i++) {
		takers[i] = (struct greedy){.config = &f->config};
		assert_int_equal(pthread_create(&threads[i], NULL, take_all, &takers[i]), 0);
	}
	for (size_t i = 0; i < TAKERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_ok(takers[i].failed);
		got += takers[i].got;
	}
	assert_int_equal(got, MAILS);
	assert_int_equal(count("state = 2 AND attempts = 1"), MAILS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_mail_is_taken_whole_and_once, fixture_clean),
		cmocka_unit_test_setup(a_batch_is_no_larger, fixture_clean),
		cmocka_unit_test_setup(a_lease_ends, fixture_clean),
		cmocka_unit_test_setup(what_became_of_it_is_noted, fixture_clean),
		cmocka_unit_test_setup(a_long_error_is_cut, fixture_clean),
		cmocka_unit_test_setup(a_keeper_tries_again, fixture_clean),
		cmocka_unit_test_setup(what_is_done_is_purged, fixture_clean),
		cmocka_unit_test_setup(several_take_beside_each_other, fixture_clean),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
