/* ST-07, IN-25: the statements of the mailer, and of who looks after it, under every failure. */
#include "fault_trial.h"

#include "outbox_work_store.h"

#define ARENA t->w->context.arena
#define DB t->w->fixture->mail
#define SCENE t->scene
#define LEASE (2 * CLOCK_MINUTE)

/* Alice's mail is taken by this one. */
#define TAKER "UNHEX(REPEAT('77', 16))"
static const struct id taker = {{0x77, 0x77, 0x77, 0x77, 0x77, 0x77, 0x77, 0x77, 0x77, 0x77, 0x77,
				 0x77, 0x77, 0x77, 0x77, 0x77}};

static struct outbox_taken taken(struct trial *t)
{
	return (struct outbox_taken){
		.id = t->scene.alice,
		.taker = taker,
		.error = STR("zaj\xc4\x99te"),
	};
}

/* Nobody else can have them too: what is not taken for sure is not given out. */
static enum err take_them(struct trial *t, void *out)
{
	struct outbox_batch batch = {.n = 77};
	enum err e = outbox_work_take(DB, ARENA, LEASE, &batch);

	if (e != OK)
		assert_int_equal(batch.n, 77);
	TRY(e);
	(void)out;
	return must(batch.n == 2 && batch.mails[0].attempts == 1);
}

ACT(note_sent, return outbox_work_sent(DB, &SCENE.alice);)
ACT(note_failed, struct outbox_taken mail = taken(t);
    return outbox_work_failed(DB, &mail, CLOCK_HOUR);)
ACT(give_it_back, struct outbox_taken mail = taken(t);
    return outbox_work_give_back(DB, &mail, CLOCK_HOUR);)
ACT(let_it_die, struct outbox_taken mail = taken(t); return outbox_work_dead(DB, &mail, true);)
ACT(retry_it, bool found = false; TRY(outbox_work_retry(t->w->db, &SCENE.bob, &found)); (void)found;
    return OK;)
ACT(retry_the_dead, uint64_t n = 0; return outbox_work_retry_dead(t->w->db, 10, &n);)
ACT(purge_them, uint64_t n = 0; return outbox_work_purge_dead(t->w->db, 5, 10, &n);)

static enum err list_them(struct trial *t, void *out)
{
	struct outbox_list list = {.n = 0};

	TRY(outbox_work_list(t->w->db, ARENA, OUTBOX_TAKEN, 10, &list));
	PUT(out, list.n);
	return must(list.n == 1 && id_equal(list.items[0].id, t->scene.alice));
}

static enum err count_them(struct trial *t, void *out)
{
	struct outbox_count count = {.waiting = 0};

	TRY(outbox_work_count(DB, 1, &count));
	PUT(out, count);
	return must(count.waiting == 3 && count.late == 3 && count.dead == 0);
}

static enum err count_sealed(struct trial *t, void *out)
{
	int64_t n = 0;

	TRY(outbox_work_count_sealed(t->w->db, 0, &n));
	PUT(out, n);
	return must(n == 3);
}

static void statements_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"outbox take", take_them, NULL, ACT_ATOMIC},
		{"outbox sent", note_sent, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"outbox failed", note_failed, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"outbox give back", give_it_back, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"outbox dead", let_it_die, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"outbox list", list_them, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"outbox count", count_them, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"outbox count sealed", count_sealed, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"outbox retry", retry_it, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"outbox retry dead", retry_the_dead, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"outbox purge", purge_them, NULL, ACT_ATOMIC | ACT_REPEATABLE},
	};
	struct trial *t = *state;

	/* The scene's notices come and go with its sign-ins. */
	fixture_sql("DELETE FROM outbox WHERE kind <> 'hello';"
		    "UPDATE outbox o JOIN user u ON u.id = o.user_id SET o.state = 2, "
		    "o.attempts = 1, o.taken_by = " TAKER ", o.due_at = 9000000000000000 "
		    "WHERE u.username = 'alice'");
	trial_keep(t);
	trial_run(t, acts, sizeof acts / sizeof acts[0]);
}

static void no_statement_is_left_out(void **state)
{
	(void)state;
	trial_demand(TRIAL_MAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
