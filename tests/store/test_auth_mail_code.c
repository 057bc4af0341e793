/* MF-09, MF-10, RC-01, SE-26, SE-27, TH-08: codes and links that prove an address. */
#include "auth_world.h"

#include <pthread.h>

#include "codec.h"
#include "mail_code.h"

#define ALICE STR("alice@example.org")
#define BOB STR("bob@example.org")
#define ALL (~0U)
#define THREADS 50

static const struct mail_asker API = {.kind = MAIL_ASKER_API};

static struct mail_code_made put(struct world *w, const struct mail_code_request *request)
{
	struct mail_code_made made;

	assert_ok(db_begin(w->db));
	assert_ok(mail_code_put(&w->context, w->db, request, &made));
	assert_ok(db_commit(w->db));
	return made;
}

static struct mail_code_made ask(struct world *w, enum mail_purpose purpose, struct str address)
{
	const struct mail_code_request request = {
		.purpose = purpose, .address = address, .user_id = {{1}}, .asker = API};

	return put(w, &request);
}

static struct str text(struct secret s)
{
	return (struct str){(const char *)s.bytes, s.len};
}

static enum mail_verdict check(struct world *w, const struct mail_claim *claim)
{
	enum mail_verdict verdict = MAIL_RIGHT;
	struct mail_code_row row;
	int64_t wait = 0;

	assert_ok(mail_code_check(&w->context, claim, &verdict, &row, &wait));
	assert_int_equal(wait > 0, verdict == MAIL_THROTTLED);
	return verdict;
}

static struct mail_claim typed(enum mail_purpose purpose, struct str address, struct str code)
{
	return (struct mail_claim){.purpose = purpose,
				   .links = ALL,
				   .address = address,
				   .user_id = {{1}},
				   .code = code,
				   .asker = API};
}

static enum mail_verdict try(struct world *w, struct str code)
{
	struct mail_claim claim = typed(MAIL_RECOVERY, ALICE, code);

	return check(w, &claim);
}

/* Another code than that one. */
static struct str wrong(struct world *w, const struct mail_code_made *made)
{
	struct str out = STR_NONE;
	struct secret copy;

	assert_ok(secret_from_str(w->context.arena, text(made->code), &copy));
	copy.bytes[0] = copy.bytes[0] == '0' ? '1' : '0';
	out = text(copy);
	return out;
}

static void codes_and_links_look_as_promised(void **state)
{
	struct world *w = *state;
	unsigned counts[10] = {0};

	for (unsigned i = 0; i < 300; i++) {
		struct mail_code_made made = ask(w, MAIL_RECOVERY, ALICE);

		assert_int_equal(made.code.len, 8);
		assert_int_equal(made.link.len, 22);
		for (size_t at = 0; at < made.code.len; at++) {
			assert_in_range(made.code.bytes[at], '0', '9');
			counts[made.code.bytes[at] - '0']++;
		}
	}
	/* 240 of each are expected; a digit that is never, or twice as often, is no chance. */
	for (unsigned i = 0; i < 10; i++)
		assert_in_range(counts[i], 150, 330);
}

static void only_digests_are_stored(void **state)
{
	struct world *w = *state;
	struct mail_code_made made = ask(w, MAIL_RECOVERY, ALICE);
	char sql[512];

	(void)snprintf(sql, sizeof sql,
		       "SELECT COUNT(*) FROM mail_code WHERE CONCAT_WS(' ', HEX(id), slot_hash, "
		       "code_hash, link_hash, asker_hash, payload) LIKE '%%%.*s%%' OR "
		       "CONCAT_WS(' ', slot_hash, code_hash, link_hash) LIKE '%%%.*s%%'",
		       (int)made.code.len, made.code.bytes, (int)made.link.len, made.link.bytes);
	assert_int_equal(fixture_number(sql), 0);
}

/* Spaces and dashes are how people type. */
static void a_code_is_right_once_used_over_later(void **state)
{
	struct world *w = *state;
	struct mail_code_made made = ask(w, MAIL_RECOVERY, ALICE);
	struct mail_claim claim = typed(MAIL_RECOVERY, ALICE, STR_NONE);
	struct mail_code_row row;
	enum mail_verdict verdict = MAIL_WRONG;
	int64_t wait = 0;
	char spaced[16];

	(void)snprintf(spaced, sizeof spaced, " %.4s-%.4s ", made.code.bytes, made.code.bytes + 4);
	claim.code = str_of(spaced);
	assert_ok(mail_code_check(&w->context, &claim, &verdict, &row, &wait));
	assert_int_equal(verdict, MAIL_RIGHT);
	assert_int_equal(fixture_number("SELECT tries FROM mail_code"), 0);
	assert_ok(mail_code_use(&w->context, w->db, &row));
	assert_int_equal(mail_code_use(&w->context, w->db, &row), ERR_CONFLICT);
	assert_int_equal(check(w, &claim), MAIL_OVER);
	claim.code = text(made.link);
	assert_int_equal(check(w, &claim), MAIL_OVER);
}

/* The last microsecond is too late; the link lives on. */
static void ten_minutes_and_an_hour(void **state)
{
	struct world *w = *state;
	struct mail_code_made made = ask(w, MAIL_RECOVERY, ALICE);

	w->context.now += 10 * CLOCK_MINUTE - 1;
	assert_int_equal(try(w, text(made.code)), MAIL_RIGHT);
	w->context.now += 1;
	assert_int_equal(try(w, text(made.code)), MAIL_OVER);
	assert_int_equal(try(w, text(made.link)), MAIL_RIGHT);
	w->context.now = WORLD_START + CLOCK_HOUR - 1;
	assert_int_equal(try(w, text(made.link)), MAIL_RIGHT);
	w->context.now += 1;
	assert_int_equal(try(w, text(made.link)), MAIL_OVER);
}

/* Five wrong ones kill the code for everybody, and the link stays. */
static void five_tries(void **state)
{
	struct world *w = *state;
	struct mail_code_made made = ask(w, MAIL_RECOVERY, ALICE);

	w->config.throttle.free_failures = 100;
	for (unsigned i = 0; i < MAIL_CODE_TRIES; i++)
		assert_int_equal(try(w, wrong(w, &made)), MAIL_WRONG);
	assert_int_equal(try(w, text(made.code)), MAIL_WRONG);
	assert_int_equal(try(w, text(made.link)), MAIL_RIGHT);
	w->config.throttle.free_failures = 5;
}

/* TH-08: asking anew gives a new code, and no new patience. */
static void asking_anew_gives_no_fresh_attempts(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 5; i++) {
		struct mail_code_made made = ask(w, MAIL_RECOVERY, ALICE);

		assert_int_equal(try(w, wrong(w, &made)), MAIL_WRONG);
	}
	struct mail_code_made last = ask(w, MAIL_RECOVERY, ALICE);

	assert_int_equal(try(w, text(last.code)), MAIL_THROTTLED);
	assert_int_equal(try(w, text(last.link)), MAIL_RIGHT);
	w->context.now += 30 * CLOCK_SECOND;
	assert_int_equal(try(w, text(last.code)), MAIL_RIGHT);
}

static void a_newer_one_replaces_the_older(void **state)
{
	struct world *w = *state;
	struct mail_code_made older = ask(w, MAIL_RECOVERY, ALICE);
	struct mail_code_made newer = ask(w, MAIL_RECOVERY, ALICE);

	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code"), 1);
	assert_int_equal(try(w, text(older.code)), MAIL_WRONG);
	assert_int_equal(try(w, text(older.link)), MAIL_WRONG);
	assert_int_equal(try(w, text(newer.code)), MAIL_RIGHT);
}

/* One under the older root goes, too. */
static void a_root_key_that_is_rotated_meanwhile(void **state)
{
	struct world *w = *state;
	struct keyring *both = world_keys(WORLD_KEY_1 WORLD_KEY_2);
	struct mail_code_made older = ask(w, MAIL_RECOVERY, ALICE);
	struct mail_code_made newer;
	enum mail_verdict right = MAIL_WRONG;
	enum mail_verdict replaced = MAIL_RIGHT;
	enum mail_verdict link = MAIL_WRONG;

	w->context.keys = both;
	right = try(w, text(older.code));
	link = try(w, text(older.link));
	newer = ask(w, MAIL_RECOVERY, ALICE);
	replaced = try(w, text(older.code));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code"), 1);
	assert_int_equal(try(w, text(newer.code)), MAIL_RIGHT);
	w->context.keys = w->keys;
	keyring_free(&both);
	assert_int_equal(right, MAIL_RIGHT);
	assert_int_equal(link, MAIL_RIGHT);
	assert_int_equal(replaced, MAIL_WRONG);
}

/* MF-10: not for another purpose, address, user, or place. */
static void not_in_another_flow_or_account(void **state)
{
	struct world *w = *state;
	struct mail_code_made made = ask(w, MAIL_RECOVERY, ALICE);
	struct mail_code_made other = ask(w, MAIL_RECOVERY, BOB);
	struct mail_claim claim = typed(MAIL_REGISTRATION, ALICE, text(made.code));

	assert_int_equal(check(w, &claim), MAIL_WRONG);
	claim = typed(MAIL_RECOVERY, BOB, text(made.code));
	assert_int_equal(check(w, &claim), MAIL_WRONG);
	claim = typed(MAIL_RECOVERY, BOB, text(made.link));
	assert_int_equal(check(w, &claim), MAIL_WRONG);
	claim = typed(MAIL_RECOVERY, ALICE, text(other.link));
	assert_int_equal(check(w, &claim), MAIL_WRONG);
	claim = typed(MAIL_RECOVERY, ALICE, text(made.link));
	claim.links = ALL & ~(1U << MAIL_RECOVERY);
	assert_int_equal(check(w, &claim), MAIL_WRONG);
	claim = typed(MAIL_RECOVERY, ALICE, text(made.code));
	claim.asker = (struct mail_asker){MAIL_ASKER_BROWSER, STR("")};
	assert_int_equal(check(w, &claim), MAIL_WRONG);
	claim.asker = (struct mail_asker){.kind = MAIL_ASKER_NOWHERE};
	assert_int_equal(check(w, &claim), MAIL_WRONG);
}

static void of_one_browser_and_of_one_user(void **state)
{
	struct world *w = *state;
	struct mail_code_request request = {
		.purpose = MAIL_RECOVERY,
		.address = ALICE,
		.user_id = {{1}},
		.asker = {MAIL_ASKER_BROWSER, STR("one")},
	};
	struct mail_code_made made = put(w, &request);
	struct mail_claim claim = typed(MAIL_RECOVERY, ALICE, text(made.code));

	assert_int_equal(check(w, &claim), MAIL_WRONG);
	claim.asker = (struct mail_asker){MAIL_ASKER_BROWSER, STR("two")};
	assert_int_equal(check(w, &claim), MAIL_WRONG);
	claim.asker.value = STR("one");
	assert_int_equal(check(w, &claim), MAIL_RIGHT);
	request.purpose = MAIL_ADDRESS;
	made = put(w, &request);
	claim = typed(MAIL_ADDRESS, ALICE, text(made.link));
	assert_int_equal(check(w, &claim), MAIL_RIGHT);
	claim.user_id = (struct id){{2}};
	assert_int_equal(check(w, &claim), MAIL_WRONG);
}

/* The row is as any other, and nothing opens it. */
static void a_decoy_proves_nothing(void **state)
{
	struct world *w = *state;
	struct mail_code_request request = {
		.purpose = MAIL_RECOVERY, .address = ALICE, .asker = API, .decoy = true};
	uint64_t before = statements(w);
	struct mail_code_made made = put(w, &request);
	uint64_t took = statements(w) - before;

	before = statements(w);
	request.decoy = false;
	request.address = BOB;
	(void)put(w, &request);
	assert_int_equal(statements(w) - before, took);
	assert_int_equal(try(w, text(made.code)), MAIL_WRONG);
	assert_int_equal(try(w, text(made.link)), MAIL_WRONG);
}

/* TH-09, TH-10: a wrong code of a known address costs what one of an unknown address costs. */
static void known_and_unknown_are_alike(void **state)
{
	struct world *w = *state;
	struct mail_code_made made = ask(w, MAIL_RECOVERY, ALICE);
	struct mail_claim known = typed(MAIL_RECOVERY, ALICE, wrong(w, &made));
	struct mail_claim unknown = typed(MAIL_RECOVERY, STR("nobody@example.org"), known.code);
	uint64_t before = statements(w);
	uint64_t first = 0;

	assert_int_equal(check(w, &known), MAIL_WRONG);
	first = statements(w) - before;
	before = statements(w);
	assert_int_equal(check(w, &unknown), MAIL_WRONG);
	assert_int_equal(statements(w) - before, first);
}

static void tickets_are_of_one_browser(void **state)
{
	struct world *w = *state;
	struct mail_code_made made = ask(w, MAIL_RECOVERY, ALICE);
	struct mail_claim claim = {.links = ALL};
	struct str ticket = STR_NONE;
	struct id id = ID_NONE;

	assert_ok(mail_code_ticket(&w->context, &made.id, STR("one"), &ticket));
	assert_true(ticket.n <= MAIL_CODE_TICKET_MAX);
	assert_false(mail_code_read_ticket(&w->context, ticket, STR("two"), &id));
	assert_false(mail_code_read_ticket(&w->context, ticket, STR(""), &id));
	assert_false(mail_code_read_ticket(&w->context, ticket, STR_NONE, &id));
	assert_false(mail_code_read_ticket(&w->context, str_sub(ticket, 0, ticket.n - 1),
					   STR("one"), &id));
	assert_true(id_is_none(id));
	assert_true(mail_code_read_ticket(&w->context, ticket, STR("one"), &id));
	assert_true(id_equal(id, made.id));
	claim.ticket = id;
	assert_int_equal(check(w, &claim), MAIL_RIGHT);
	claim.links = 1U << MAIL_NOT_ME;
	assert_int_equal(check(w, &claim), MAIL_WRONG);
}

static void what_is_packed_is_read_again(void **state)
{
	struct world *w = *state;
	const struct mail_code_value values[] = {
		{"username", STR("alice")},
		{"nothing", STR_NONE},
		{"display_name", STR("A = B")},
		{"role", STR("")},
	};
	const struct mail_code_value bad[] = {{"x", STR("a\nrole=admin")}};
	struct mail_code_row row = {.purpose = MAIL_REGISTRATION};
	struct str out = STR_NONE;

	assert_ok(mail_code_pack(w->context.arena, values, 4, &row.payload));
	assert_true(str_equal(mail_code_unpack(&row, STR("username")), STR("alice")));
	assert_true(str_equal(mail_code_unpack(&row, STR("display_name")), STR("A = B")));
	assert_true(str_is_present(mail_code_unpack(&row, STR("role"))));
	assert_false(str_is_present(mail_code_unpack(&row, STR("nothing"))));
	assert_false(str_is_present(mail_code_unpack(&row, STR("name"))));
	assert_int_equal(mail_code_pack(w->context.arena, bad, 1, &out), ERR_INPUT);
}

static void what_is_void(void **state)
{
	struct world *w = *state;
	bool yes = false;

	for (unsigned i = MAIL_REGISTRATION; i < MAIL_PURPOSE_COUNT; i++)
		(void)ask(w, (enum mail_purpose)i, ALICE);
	assert_ok(mail_code_store_is_restorable(w->db, &(struct id){{1}}, w->context.now, &yes));
	assert_true(yes);
	assert_ok(mail_code_store_is_reserved(w->db, ALICE, w->context.now, &yes));
	assert_true(yes);
	assert_ok(mail_code_store_is_reserved(w->db, ALICE, w->context.now + 7 * CLOCK_DAY, &yes));
	assert_false(yes);
	assert_ok(mail_code_store_void_user(w->db, &(struct id){{1}}));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose IN (2,3)"),
			 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code"), 4);
	assert_ok(mail_code_store_void_address(w->db, ALICE));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose IN (4,5)"),
			 2);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code"), 2);
}

struct guesser {
	struct world *w;
	struct str code;
	pthread_barrier_t *start;
	enum mail_verdict verdict;
};

static void *guess(void *opaque)
{
	struct guesser *g = opaque;
	struct auth_context context = g->w->context;
	struct mail_claim claim = typed(MAIL_RECOVERY, ALICE, g->code);
	struct mail_code_row row;
	int64_t wait = 0;
	enum err e = OK;

	db_thread_init();
	context.db = fixture_db(&g->w->config, DB_ROLE_WEB);
	context.ip = STR("");
	e = arena_open(4096, 1048576, &context.arena);
	pthread_barrier_wait(g->start);
	if (e == OK)
		e = mail_code_check(&context, &claim, &g->verdict, &row, &wait);
	if (e != OK)
		g->verdict = MAIL_OVER;
	arena_close(&context.arena);
	db_close(&context.db);
	db_thread_done();
	return NULL;
}

/* SE-27, TH-04: fifty at once are five tries, each counted before it was looked at. */
static void many_guesses_at_once(void **state)
{
	struct world *w = *state;
	struct mail_code_made made = ask(w, MAIL_RECOVERY, ALICE);
	struct guesser guessers[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t start;

	w->config.throttle.free_failures = 100;
	w->config.throttle.most = 100;
	assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++) {
		guessers[i] = (struct guesser){w, wrong(w, &made), &start, MAIL_RIGHT};
		assert_int_equal(pthread_create(&threads[i], NULL, guess, &guessers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&start);
	w->config.throttle.free_failures = 5;
	for (size_t i = 0; i < THREADS; i++)
		assert_true(guessers[i].verdict == MAIL_WRONG ||
			    guessers[i].verdict == MAIL_THROTTLED);
	assert_int_equal(fixture_number("SELECT tries FROM mail_code"), MAIL_CODE_TRIES);
	w->context.now += CLOCK_DAY;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(codes_and_links_look_as_promised, world_clean),
		cmocka_unit_test_setup(only_digests_are_stored, world_clean),
		cmocka_unit_test_setup(a_code_is_right_once_used_over_later, world_clean),
		cmocka_unit_test_setup(ten_minutes_and_an_hour, world_clean),
		cmocka_unit_test_setup(five_tries, world_clean),
		cmocka_unit_test_setup(asking_anew_gives_no_fresh_attempts, world_clean),
		cmocka_unit_test_setup(a_newer_one_replaces_the_older, world_clean),
		cmocka_unit_test_setup(a_root_key_that_is_rotated_meanwhile, world_clean),
		cmocka_unit_test_setup(not_in_another_flow_or_account, world_clean),
		cmocka_unit_test_setup(of_one_browser_and_of_one_user, world_clean),
		cmocka_unit_test_setup(a_decoy_proves_nothing, world_clean),
		cmocka_unit_test_setup(known_and_unknown_are_alike, world_clean),
		cmocka_unit_test_setup(tickets_are_of_one_browser, world_clean),
		cmocka_unit_test_setup(what_is_packed_is_read_again, world_clean),
		cmocka_unit_test_setup(what_is_void, world_clean),
		cmocka_unit_test_setup(many_guesses_at_once, world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
