/* Throttling of sign-in against a database. */
#include "auth_world.h"

#include <pthread.h>

#include "signin.h"
#include "throttle.h"
#include "throttle_admin.h"

#define WRONG "the wrong password here"

static struct id account_of(struct world *w, const char *username, const char *email)
{
	struct account_request request = {
		.username = str_of(username),
		.email = str_of(email),
		.password = STR(WORLD_PASSWORD),
	};
	struct account_result result;

	assert_ok(account_create(&w->context, &request, &result));
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	return result.user.id;
}

/* One attempt: who, from where, with what. */
struct
try {
	const char *name;
	const char *password;
	const char *device;   /* NULL: none */
	struct str presented; /* a handle; absent: none */
	int64_t wait;         /* out */
};

static enum signin_verdict attempt_issued(struct world *w, struct try *t,
					  struct session_issued *issued)
{
	struct credential credential = credential_of(w, CARRIER_HANDLE, t->presented);
	struct session current = resolve(w, CARRIER_HANDLE, t->presented);
	unsigned char device[64] = {0};
	enum signin_verdict verdict = SIGNIN_REFUSED;
	struct signin_request request = {
		.identifier = str_of(t->name),
		.password = str_of(t->password),
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.presented = &credential,
		.current = &current,
	};

	if (t->device != NULL) {
		memcpy(device, t->device, strlen(t->device));
		request.device_kind = DEVICE_APP;
		request.device_ref = (struct secret){device, strlen(t->device)};
	}
	t->wait = -1;
	assert_ok(signin_password(&w->context, &request, &verdict, &t->wait, issued));
	return verdict;
}

static enum signin_verdict attempt(struct world *w, struct try *t)
{
	struct session_issued issued;

	return attempt_issued(w, t, &issued);
}

static enum signin_verdict quick(struct world *w, const char *name, const char *password)
{
	return attempt(w, &(struct try){.name = name, .password = password});
}

/* Without the cost of a hash: too long to be a password, so it is wrong before it is hashed. */
static const char *too_long(void)
{
	static char text[PASSWORD_BYTES_MAX + 2];

	memset(text, 'x', sizeof text - 1);
	return text;
}

static void fail_often(struct world *w, const char *name, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		assert_int_equal(quick(w, name, too_long()), SIGNIN_REFUSED);
}

static void from(struct world *w, unsigned n)
{
	static char text[32];

	snprintf(text, sizeof text, "198.51.%u.%u", n / 256, n % 256);
	w->context.ip = str_of(text);
}

/* TH-02: five are free; then a right password is not looked at, nothing is hashed, until the wait
 * ends. */
static void waits_after_five(void **state)
{
	struct world *w = *state;
	struct try t = {.name = "alice", .password = WORLD_PASSWORD};
	struct hasher *hasher = w->hasher;
	uint64_t hashes = 0;

	account_of(w, "alice", NULL);
	fail_often(w, "alice", 5);
	w->context.hasher = NULL; /* whoever hashes now ends the test */
	hashes = db_statement_count(w->hash_db);
	assert_int_equal(attempt(w, &t), SIGNIN_THROTTLED);
	assert_int_equal(t.wait, 30 * CLOCK_SECOND);
	w->context.now += 29 * CLOCK_SECOND;
	assert_int_equal(attempt(w, &t), SIGNIN_THROTTLED);
	assert_int_equal(t.wait, CLOCK_SECOND);
	assert_int_equal(db_statement_count(w->hash_db), hashes);
	/* Refused ones do not count: the wait does not grow. */
	w->context.now += CLOCK_SECOND;
	w->context.hasher = hasher;
	assert_int_equal(attempt(w, &t), SIGNIN_ACCEPTED);
	assert_int_equal(t.wait, 0);
}

/* TH-02: each further failure doubles the wait. */
static void waits_grow(void **state)
{
	struct world *w = *state;
	struct try t = {.name = "alice", .password = too_long()};
	int64_t wait = 30 * CLOCK_SECOND;

	account_of(w, "alice", NULL);
	fail_often(w, "alice", 5);
	for (int i = 0; i < 9; i++) {
		assert_int_equal(attempt(w, &t), SIGNIN_THROTTLED);
		assert_int_equal(t.wait, wait);
		w->context.now += wait;
		assert_int_equal(attempt(w, &t), SIGNIN_REFUSED);
		wait = 2 * wait < CLOCK_HOUR ? 2 * wait : CLOCK_HOUR;
	}
}

/* TH-10, TH-09: throttled or not, names of somebody and nobody cost the same statements and wait
 * the same. */
static void unknown_names_are_alike(void **state)
{
	static const char *const names[] = {"alice",  "nobody", "nobody@example.org",
					    "locked", "unset",  "not a name"};
	struct world *w = *state;
	uint64_t first[6][2] = {{0}};

	account_of(w, "alice", "alice@example.org");
	account_of(w, "locked", NULL);
	fixture_add_user(w->fixture, "unset");
	fixture_sql("UPDATE user SET state = 2 WHERE username = 'locked'");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		from(w, (unsigned)i);
		for (int n = 0; n < 6; n++) {
			struct try t = {.name = names[i],
					.password = too_long(),
					.device = n % 2 ? "of nobody" : NULL};
			uint64_t web = db_statement_count(w->db);
			uint64_t hash = db_statement_count(w->hash_db);

			assert_int_equal(attempt(w, &t), n < 5 ? SIGNIN_REFUSED : SIGNIN_THROTTLED);
			assert_int_equal(t.wait, n < 5 ? 0 : 30 * CLOCK_SECOND);
			web = db_statement_count(w->db) - web;
			hash = db_statement_count(w->hash_db) - hash;
			if (i == 0) {
				first[n][0] = web;
				first[n][1] = hash;
			}
			assert_int_equal(web, first[n][0]);
			assert_int_equal(hash, first[n][1]);
		}
	}
	/* The event of a refusal is a row; that of a throttled one only a line. */
	assert_int_equal(first[0][0], 8);
	assert_int_equal(first[5][0], 7);
	assert_int_equal(first[5][1], 0);
	/* Nobody's name stands in the table: rows are told by keyed hashes. */
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM throttle WHERE bucket = 1"), 6);
}

/* TH-04: a success forgets the account's failures, by whichever name, and not the source's. */
static void success_clears_the_account_only(void **state)
{
	struct world *w = *state;

	account_of(w, "alice", "alice@example.org");
	fail_often(w, "alice", 4);
	fail_often(w, "alice@example.org", 4);
	fail_often(w, "bob", 2);
	assert_int_equal(quick(w, "alice", WORLD_PASSWORD), SIGNIN_ACCEPTED);
	fail_often(w, "alice", 5);
	fail_often(w, "alice@example.org", 5);
	/* Ten before, ten after; the one that succeeded was given back. */
	assert_int_equal(fixture_number("SELECT short_count FROM throttle WHERE bucket = 3"), 20);
	assert_int_equal(fixture_number("SELECT long_count FROM throttle WHERE bucket = 3"), 20);
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM throttle WHERE bucket = 1 AND failures = 2"),
		1);
}

/* TH-03: one failure each from 20 sources trip the account. */
static void many_sources_trip_the_account(void **state)
{
	struct world *w = *state;
	unsigned throttled = 0;

	account_of(w, "alice", NULL);
	for (unsigned i = 0; i < 20; i++) {
		from(w, i);
		throttled += quick(w, "alice", too_long()) == SIGNIN_THROTTLED ? 1 : 0;
	}
	assert_int_equal(throttled, 15);
	from(w, 100);
	assert_int_equal(quick(w, "alice", WORLD_PASSWORD), SIGNIN_THROTTLED);
}

/* TH-03: one password on many accounts trips the source, and only it; no account has to wait for
 * that. */
static void many_accounts_trip_the_source(void **state)
{
	struct world *w = *state;
	struct try t = {.name = "alice", .password = WORLD_PASSWORD};
	unsigned refused = 0;
	char name[32];

	account_of(w, "alice", NULL);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "somebody%u", i);
		refused += quick(w, name, too_long()) == SIGNIN_REFUSED ? 1 : 0;
	}
	assert_int_equal(refused, 50);
	assert_int_equal(attempt(w, &t), SIGNIN_THROTTLED);
	assert_int_equal(t.wait, 10 * CLOCK_MINUTE);
	/* The attempt that the source refused is not the account's. */
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM throttle WHERE bucket = 1"), 50);
	w->context.ip = STR("192.0.2.8");
	assert_int_equal(attempt(w, &t), SIGNIN_ACCEPTED);
}

/* TH-03: the long window, 300 in a day, however slowly. */
static void the_long_window_trips_the_source(void **state)
{
	struct world *w = *state;
	struct try t = {.name = "alice", .password = too_long()};
	char name[32];

	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "somebody%u", i);
		assert_int_equal(quick(w, name, too_long()), SIGNIN_REFUSED);
		w->context.now += CLOCK_MINUTE;
	}
	assert_int_equal(attempt(w, &t), SIGNIN_THROTTLED);
	assert_int_equal(t.wait, 19 * CLOCK_HOUR);
	w->context.now += 19 * CLOCK_HOUR;
	assert_int_equal(attempt(w, &t), SIGNIN_REFUSED);
}

/* TH-03: an IPv6 source is its /64, an IPv4 one itself. Without an address there is none. */
static void sources_are_grouped(void **state)
{
	static const struct {
		const char *ip;
		int64_t rows;
	} cases[] = {
		{"2001:db8:1:2::1", 1},
		{"2001:db8:1:2:3:4:5:6", 1},
		{"2001:db8:1:3::1", 2},
		{"192.0.2.7", 3},
		{"::ffff:192.0.2.7", 3},
		{"192.0.2.8", 4},
		{"unix:", 5},
		{"", 5},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char name[16];

		snprintf(name, sizeof name, "somebody%zu", i);
		w->context.ip = str_of(cases[i].ip);
		assert_int_equal(quick(w, name, too_long()), SIGNIN_REFUSED);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM throttle WHERE bucket = 3"),
				 cases[i].rows);
	}
}

/*
 * TH-01: after 100 failures by both names nobody gets in from an unknown device for a day, while a
 * device that the account knows does, and a handle of the account too.
 */
static void the_known_device_gets_through(void **state)
{
	struct world *w = *state;
	struct try known = {.name = "alice", .password = WORLD_PASSWORD, .device = "her phone"};
	struct try stranger = {.name = "alice", .password = WORLD_PASSWORD, .device = "another"};
	struct try handle = {.name = "alice", .password = WORLD_PASSWORD};
	struct session_issued issued;
	unsigned judged = 0;

	account_of(w, "alice", "alice@example.org");
	account_of(w, "bob", NULL);
	assert_int_equal(attempt(w, &known), SIGNIN_ACCEPTED);
	handle.name = "alice@example.org";
	assert_int_equal(attempt_issued(w, &handle, &issued), SIGNIN_ACCEPTED);
	handle.presented = text_of(issued);
	for (unsigned i = 0; i < 1000; i++) {
		from(w, i);
		w->context.now += CLOCK_HOUR;
		judged += quick(w, i % 2 ? "alice" : "alice@example.org", too_long()) ==
					  SIGNIN_REFUSED
				  ? 1
				  : 0;
		if (judged == 100)
			break;
	}
	assert_int_equal(judged, 100);
	from(w, 2000);
	assert_int_equal(attempt(w, &stranger), SIGNIN_THROTTLED);
	assert_true(stranger.wait > 23 * CLOCK_HOUR);
	stranger.name = "alice@example.org";
	assert_int_equal(attempt(w, &stranger), SIGNIN_THROTTLED);
	/* Her phone on somebody else's name is as unknown as any. */
	fail_often(w, "bob", 5);
	known.name = "bob";
	assert_int_equal(attempt(w, &known), SIGNIN_THROTTLED);
	known.name = "alice";
	known.password = WRONG;
	assert_int_equal(attempt(w, &known), SIGNIN_REFUSED);
	assert_int_equal(fixture_number("SELECT failures FROM throttle WHERE bucket = 2"), 1);
	known.password = WORLD_PASSWORD;
	assert_int_equal(attempt(w, &known), SIGNIN_ACCEPTED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM throttle WHERE bucket = 2"), 0);
	/* That she got in gives the others no fresh attempts. */
	stranger.name = "alice";
	assert_int_equal(attempt(w, &stranger), SIGNIN_THROTTLED);
}

/* TH-01: a handle of the account that the request presents is as good as its device. */
static void the_known_handle_gets_through(void **state)
{
	struct world *w = *state;
	struct try t = {.name = "alice", .password = WORLD_PASSWORD};
	struct session_issued issued;
	struct session_issued other;

	account_of(w, "alice", NULL);
	account_of(w, "bob", NULL);
	assert_int_equal(attempt_issued(w, &t, &issued), SIGNIN_ACCEPTED);
	t.name = "bob";
	assert_int_equal(attempt_issued(w, &t, &other), SIGNIN_ACCEPTED);
	fail_often(w, "alice", 5);
	t.name = "alice";
	assert_int_equal(attempt(w, &t), SIGNIN_THROTTLED);
	t.presented = text_of(other);
	assert_int_equal(attempt(w, &t), SIGNIN_THROTTLED);
	t.presented = text_of(issued);
	assert_int_equal(attempt(w, &t), SIGNIN_ACCEPTED);
}

/* TH-01: after ten failures a known device is one no more, for longer than a day. */
static void a_device_is_lost(void **state)
{
	struct world *w = *state;
	struct try t = {.name = "alice", .password = WORLD_PASSWORD, .device = "her phone"};

	account_of(w, "alice", NULL);
	assert_int_equal(attempt(w, &t), SIGNIN_ACCEPTED);
	t.password = too_long();
	for (int i = 0; i < 10; i++)
		assert_int_equal(attempt(w, &t), SIGNIN_REFUSED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM throttle WHERE bucket = 1"), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(attempt(w, &t), SIGNIN_REFUSED);
	assert_int_equal(attempt(w, &t), SIGNIN_THROTTLED);
	assert_int_equal(fixture_number("SELECT failures FROM throttle WHERE bucket = 1"), 5);
	assert_int_equal(fixture_number("SELECT failures FROM throttle WHERE bucket = 2"), 10);
	w->context.now += 2 * CLOCK_DAY;
	assert_int_equal(attempt(w, &t), SIGNIN_REFUSED);
	assert_int_equal(fixture_number("SELECT failures FROM throttle WHERE bucket = 1"), 1);
	/* Who signs in with it makes it known again. */
	t.password = WORLD_PASSWORD;
	assert_int_equal(attempt(w, &t), SIGNIN_ACCEPTED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM throttle WHERE bucket <> 3"), 0);
}

struct guess {
	struct auth_context context;
	struct signin_request request;
	pthread_barrier_t *gate;
	enum signin_verdict verdict;
	enum err result;
};

static void *guess_run(void *opaque)
{
	struct guess *g = opaque;
	struct session_issued issued;
	int64_t wait = 0;

	db_thread_init();
	pthread_barrier_wait(g->gate);
	g->result = signin_password(&g->context, &g->request, &g->verdict, &wait, &issued);
	db_thread_done();
	return NULL;
}

/* TH-04: of 50 wrong guesses at once exactly five are judged, and five are counted. */
static void parallel_guesses_are_counted(void **state)
{
	enum { GUESSES = 50 };
	struct world *w = *state;
	struct credential credential = credential_of(w, CARRIER_HANDLE, STR_NONE);
	struct session current = resolve(w, CARRIER_HANDLE, STR_NONE);
	static struct guess guesses[GUESSES];
	pthread_t threads[GUESSES];
	pthread_barrier_t gate;
	unsigned judged = 0;
	unsigned throttled = 0;

	account_of(w, "alice", NULL);
	assert_int_equal(pthread_barrier_init(&gate, NULL, GUESSES), 0);
	for (size_t i = 0; i < GUESSES; i++) {
		struct guess *g = &guesses[i];

		*g = (struct guess){.context = w->context, .gate = &gate};
		g->request = (struct signin_request){
			.identifier = STR("alice"),
			.password = str_of(too_long()),
			.carrier = CARRIER_HANDLE,
			.client = STR("app"),
			.presented = &credential,
			.current = &current,
		};
		g->context.db = fixture_db(&w->config, DB_ROLE_WEB);
		g->context.hash_db = fixture_db(&w->config, DB_ROLE_HASH);
		assert_ok(arena_open(65536, (size_t)4 * 1024 * 1024, &g->context.arena));
		assert_int_equal(pthread_create(&threads[i], NULL, guess_run, g), 0);
	}
	for (size_t i = 0; i < GUESSES; i++) {
		struct guess *g = &guesses[i];

		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_ok(g->result);
		judged += g->verdict == SIGNIN_REFUSED ? 1 : 0;
		throttled += g->verdict == SIGNIN_THROTTLED ? 1 : 0;
		db_close(&g->context.db);
		db_close(&g->context.hash_db);
		arena_close(&g->context.arena);
	}
	pthread_barrier_destroy(&gate);
	assert_int_equal(judged, 5);
	assert_int_equal(throttled, 45);
	assert_int_equal(fixture_number("SELECT failures FROM throttle WHERE bucket = 1"), 5);
	assert_int_equal(fixture_number("SELECT short_count FROM throttle WHERE bucket = 3"), 5);
}

/* Never judged for want of a hash: not counted. Without the counters nobody gets in. */
static void faults_grant_nothing(void **state)
{
	struct world *w = *state;
	struct config elsewhere = w->config;
	struct credential credential = credential_of(w, CARRIER_HANDLE, STR_NONE);
	struct session current = resolve(w, CARRIER_HANDLE, STR_NONE);
	struct signin_request request = {
		.identifier = STR("alice"),
		.password = STR(WORLD_PASSWORD),
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.presented = &credential,
		.current = &current,
	};
	enum signin_verdict verdict = SIGNIN_REFUSED;
	struct session_issued issued;
	int64_t wait = 0;

	account_of(w, "alice", NULL);
	elsewhere.database.socket = STR("/nowhere/at/all.sock");
	w->context.hash_db = fixture_db(&elsewhere, DB_ROLE_HASH);
	for (int i = 0; i < 7; i++)
		assert_int_equal(signin_password(&w->context, &request, &verdict, &wait, &issued),
				 ERR_UNAVAILABLE);
	db_close(&w->context.hash_db);
	w->context.hash_db = w->hash_db;
	assert_int_equal(fixture_number("SELECT SUM(failures + short_count) FROM throttle"), 0);
	fixture_sql("RENAME TABLE throttle TO throttle_away");
	assert_int_not_equal(signin_password(&w->context, &request, &verdict, &wait, &issued), OK);
	fixture_sql("RENAME TABLE throttle_away TO throttle");
	assert_int_equal(verdict, SIGNIN_REFUSED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	assert_int_equal(quick(w, "alice", WORLD_PASSWORD), SIGNIN_ACCEPTED);
}

static uint64_t clear(struct world *w, struct throttle_choice choice)
{
	uint64_t cleared = 0;

	assert_ok(throttle_admin_clear(&w->context, &choice, &cleared));
	return cleared;
}

static size_t list(struct world *w, struct throttle_choice choice, struct throttle_view *views)
{
	struct digest after = {{0}};
	size_t n = 0;

	assert_ok(throttle_admin_list(&w->context, &choice, &after, views, &n));
	return n;
}

/* The keeper lists and clears by account, by name of nobody, by source, and all. */
static void the_keeper_clears(void **state)
{
	struct world *w = *state;
	struct throttle_view views[THROTTLE_PAGE];
	struct digest after = {{0}};
	struct throttle_choice bad = {.source = STR("nowhere")};
	size_t n = 0;

	account_of(w, "alice", "alice@example.org");
	fail_often(w, "alice", 5);
	fail_often(w, "Alice@example.org", 2);
	fail_often(w, "nobody", 3);
	assert_int_equal(list(w, (struct throttle_choice){.source = STR_NONE}, views), 4);
	assert_int_equal(list(w, (struct throttle_choice){.user = STR("alice@example.org")}, views),
			 2);
	assert_int_equal(views[0].row.failures + views[1].row.failures, 7);
	assert_int_equal(views[0].wait + views[1].wait, 30 * CLOCK_SECOND);
	assert_int_equal(list(w, (struct throttle_choice){.user = STR("nobody")}, views), 1);
	assert_int_equal(list(w, (struct throttle_choice){.source = STR("192.0.2.7")}, views), 1);
	assert_int_equal(views[0].row.short_count, 10);
	assert_int_equal(views[0].wait, 0);
	assert_int_equal(throttle_admin_list(&w->context, &bad, &after, views, &n), ERR_INPUT);

	assert_int_equal(quick(w, "alice", WORLD_PASSWORD), SIGNIN_THROTTLED);
	assert_int_equal(clear(w, (struct throttle_choice){.user = STR("alice")}), 2);
	assert_int_equal(quick(w, "alice", WORLD_PASSWORD), SIGNIN_ACCEPTED);
	assert_int_equal(clear(w, (struct throttle_choice){.user = STR("nobody")}), 1);
	assert_int_equal(clear(w, (struct throttle_choice){.source = STR("192.0.2.7")}), 1);
	assert_int_equal(clear(w, (struct throttle_choice){.source = STR("192.0.2.7")}), 0);
	fail_often(w, "alice", 1);
	fail_often(w, "bob", 1);
	assert_int_equal(clear(w, (struct throttle_choice){.source = STR_NONE}), 3);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM throttle"), 0);
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM audit_event WHERE event = 'throttle_cleared'"),
		5);
}

#define TEST(name) cmocka_unit_test_setup(name, world_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(waits_after_five),
		TEST(waits_grow),
		TEST(unknown_names_are_alike),
		TEST(success_clears_the_account_only),
		TEST(many_sources_trip_the_account),
		TEST(many_accounts_trip_the_source),
		TEST(the_long_window_trips_the_source),
		TEST(sources_are_grouped),
		TEST(the_known_device_gets_through),
		TEST(the_known_handle_gets_through),
		TEST(a_device_is_lost),
		TEST(parallel_guesses_are_counted),
		TEST(faults_grant_nothing),
		TEST(the_keeper_clears),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
