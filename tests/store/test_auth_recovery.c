/* Recovery in the database: who asks learns nothing, one code sets one password, and all else ends.
 */
#include "recovery_world.h"

#include <pthread.h>

#include "recovery.h"
#include "token_world.h"

#define RESETTERS 50

static void ask_from(struct world *w, const char *email, struct mail_asker asker)
{
	const struct recovery_wish wish = {.email = str_of(email), .asker = asker};

	assert_ok(recovery_ask(&w->context, &wish));
}

static void ask(struct world *w, const char *email)
{
	ask_from(w, email, (struct mail_asker){.kind = MAIL_ASKER_API});
}

static struct recovery_request typed(const char *email, struct str code)
{
	return (struct recovery_request){
		.claim = {.address = str_of(email),
			  .code = code,
			  .asker = {.kind = MAIL_ASKER_API}},
		.new_password = STR(RECOVERY_PASSWORD),
	};
}

static enum recovery_verdict reset(struct world *w, struct recovery_request request)
{
	struct recovery_outcome outcome;

	assert_ok(recovery_reset(&w->context, &request, &outcome));
	return outcome.verdict;
}

static enum recovery_verdict type(struct world *w, struct str code)
{
	return reset(w, typed(RECOVERY_ADDRESS, code));
}

/* A link without the address, as a page has it. */
static enum recovery_verdict follow(struct world *w, struct str link)
{
	struct recovery_request request = typed(RECOVERY_ADDRESS, link);

	request.claim.address = STR_NONE;
	return reset(w, request);
}

static struct str another(struct world *w, struct str code)
{
	char *text = arena_array(w->context.arena, code.n, 1);

	assert_non_null(text);
	memcpy(text, code.p, code.n);
	text[code.n - 1] = text[code.n - 1] == '7' ? '8' : '7';
	return (struct str){text, code.n};
}

/* TH-11: the same statements and rows of one size, but the decoy has nobody to go to. */
static void asking_is_alike_for_everybody(void **state)
{
	static const char *const addresses[] = {RECOVERY_ADDRESS, "nobody@example.org",
						"locked@example.org", "closed@example.org"};
	struct world *w = *state;
	uint64_t work[4];
	size_t size[4];

	mail_person(w, "alice", RECOVERY_ADDRESS);
	mail_person(w, "locked", "locked@example.org");
	mail_person(w, "closed", "closed@example.org");
	fixture_sql("UPDATE user SET state = 2 WHERE username = 'locked';"
		    "UPDATE user SET state = 3 WHERE username = 'closed'");
	for (size_t i = 0; i < 4; i++) {
		uint64_t before = statements(w);

		ask(w, addresses[i]);
		work[i] = statements(w) - before;
		struct mail_seen seen = mail_take(w, "recover");
		size[i] = seen.sealed;
		assert_string_equal(seen.recipient, i == 0 ? RECOVERY_ADDRESS : "");
		assert_int_equal(work[i], work[0]);
		assert_int_equal(size[i], size[0]);
		/* What a decoy says opens nothing. */
		assert_int_equal(follow(w, mail_link_of(&seen)),
				 i == 0 ? RECOVERY_DONE : RECOVERY_WRONG);
	}
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_recovery_asked'"),
			 4);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose = 2"), 4);
}

/* The same for what does not match: known and unknown, by code. */
static void wrong_codes_are_alike(void **state)
{
	struct world *w = *state;

	mail_person(w, "alice", RECOVERY_ADDRESS);
	ask(w, RECOVERY_ADDRESS);
	ask(w, "nobody@example.org");
	uint64_t before = statements(w);
	assert_int_equal(reset(w, typed(RECOVERY_ADDRESS, STR("0000 0000"))), RECOVERY_WRONG);
	uint64_t known = statements(w) - before;
	before = statements(w);
	assert_int_equal(reset(w, typed("nobody@example.org", STR("0000 0000"))), RECOVERY_WRONG);
	assert_int_equal(statements(w) - before, known);
}

/* RC-03: asking changes nothing; RC-01, RC-05: what one code does. */
static void a_code_sets_the_password_and_all_else_ends(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);
	struct session_issued old;

	assert_int_equal(mail_sign_in(w, "alice", WORLD_PASSWORD, &old), SIGNIN_ACCEPTED);
	ask(w, RECOVERY_ADDRESS);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(old)), SESSION_LIVE);
	assert_true(mail_signs_in(w, WORLD_PASSWORD));
	struct mail_seen seen = mail_take(w, "recover");
	fixture_sql("UPDATE device SET public_key = 'k', key_kind = 1, key_set_at = 1, "
		    "trusted_until = 1 << 60");
	assert_int_equal(type(w, mail_value_of(&seen, "code")), RECOVERY_DONE);
	assert_int_equal(count_of(w, alice), 0);
	assert_int_equal(standing(w, CARRIER_HANDLE, text_of(old)), SESSION_UNKNOWN);
	assert_false(mail_signs_in(w, WORLD_PASSWORD));
	assert_true(mail_signs_in(w, RECOVERY_PASSWORD));
	/* Once. The link is of the same proof. */
	assert_int_equal(type(w, mail_value_of(&seen, "code")), RECOVERY_OVER);
	assert_int_equal(follow(w, mail_link_of(&seen)), RECOVERY_OVER);
	struct mail_seen notice = mail_take(w, "recovered");
	assert_string_equal(notice.recipient, RECOVERY_ADDRESS);
	assert_int_equal(mail_link_of(&notice).n, MAIL_CODE_LINK);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM device WHERE public_key IS NOT NULL "
					"OR key_kind IS NOT NULL OR key_set_at IS NOT NULL "
					"OR trusted_until IS NOT NULL"),
			 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_password_recovered'"),
			 1);
}

/* TK: the family that lived before is no way in. */
static void tokens_and_hand_overs_end(void **state)
{
	struct world *w = *state;
	struct id alice = mail_person(w, "alice", RECOVERY_ADDRESS);
	struct session_issued issued =
		sign_in(w, (struct client){.user = alice, .carrier = CARRIER_TOKEN});
	const struct refresh_request request = {.token = text_of(issued)};
	struct refresh_outcome outcome;

	fixture_sql("INSERT INTO handover (code_hash, challenge, receiver, user_id, session_id, "
		    "epoch, created_at, expires_at) SELECT REPEAT('c', 32), REPEAT('v', 32), 2, "
		    "user_id, id, epoch, 1, 1 << 60 FROM session");
	ask(w, RECOVERY_ADDRESS);
	struct mail_seen seen = mail_take(w, "recover");
	assert_int_equal(follow(w, mail_link_of(&seen)), RECOVERY_DONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM token_family "
					"WHERE ended_at IS NULL"),
			 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM handover"), 0);
	assert_ok(refresh_exchange(&w->context, &request, &outcome));
	assert_int_not_equal(outcome.verdict, REFRESH_EXCHANGED);
	assert_int_equal(mail_count("token-reuse"), 0);
}

/* MF-10: only where it was asked for; the link goes anywhere. */
static void a_code_is_typed_where_it_was_asked_for(void **state)
{
	const struct mail_asker one = {.kind = MAIL_ASKER_BROWSER, .value = STR("pre of one")};
	const struct mail_asker two = {.kind = MAIL_ASKER_BROWSER, .value = STR("pre of two")};
	struct world *w = *state;

	mail_person(w, "alice", RECOVERY_ADDRESS);
	mail_person(w, "bob", "bob@example.org");
	ask_from(w, RECOVERY_ADDRESS, one);
	struct mail_seen seen = mail_take(w, "recover");
	struct recovery_request request = typed(RECOVERY_ADDRESS, mail_value_of(&seen, "code"));
	assert_int_equal(reset(w, request), RECOVERY_WRONG);
	request.claim.asker = two;
	assert_int_equal(reset(w, request), RECOVERY_WRONG);
	request.claim.asker = one;
	request.claim.address = STR("bob@example.org");
	assert_int_equal(reset(w, request), RECOVERY_WRONG);
	/* Another address beside a link. */
	request.claim.code = mail_link_of(&seen);
	assert_int_equal(reset(w, request), RECOVERY_WRONG);
	request.claim.address = STR(RECOVERY_ADDRESS);
	request.claim.asker = two;
	assert_int_equal(reset(w, request), RECOVERY_DONE);
}

/* A notice's link is of another flow, and so is an administrator's mail without a code. */
static void other_flows_open_nothing(void **state)
{
	struct world *w = *state;

	mail_person(w, "alice", RECOVERY_ADDRESS);
	assert_true(mail_signs_in(w, WORLD_PASSWORD));
	struct mail_seen notice = mail_take(w, "new-device");
	assert_int_equal(follow(w, mail_link_of(&notice)), RECOVERY_WRONG);
	fixture_sql("UPDATE mail_code SET purpose = 1");
	assert_int_equal(follow(w, mail_link_of(&notice)), RECOVERY_WRONG);
	assert_true(mail_signs_in(w, WORLD_PASSWORD));
}

/* TH-08, MF-09: five tries, then the code is dead; the link lives. */
static void guessing_kills_the_code_and_not_the_link(void **state)
{
	struct world *w = *state;

	mail_person(w, "alice", RECOVERY_ADDRESS);
	ask(w, RECOVERY_ADDRESS);
	struct mail_seen seen = mail_take(w, "recover");
	struct str code = mail_value_of(&seen, "code");

	for (unsigned i = 0; i < MAIL_CODE_TRIES; i++)
		assert_int_equal(type(w, another(w, code)), RECOVERY_WRONG);
	/* As many as there may be at once are waited for: the sixth is not even looked at. */
	assert_int_equal(type(w, code), RECOVERY_THROTTLED);
	w->context.now += 2 * CLOCK_MINUTE;
	assert_int_equal(type(w, code), RECOVERY_WRONG);
	assert_int_equal(follow(w, mail_link_of(&seen)), RECOVERY_DONE);
}

/* A bad password leaves code, tries and account as they are. */
static void a_bad_password_uses_nothing_up(void **state)
{
	static const char *const bad[] = {"short", "alice@example.org", "\xff\xfe not text at all"};
	struct world *w = *state;

	mail_person(w, "alice", RECOVERY_ADDRESS);
	ask(w, RECOVERY_ADDRESS);
	struct mail_seen seen = mail_take(w, "recover");
	struct recovery_request request = typed(RECOVERY_ADDRESS, mail_value_of(&seen, "code"));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		request.new_password = str_of(bad[i]);
		assert_int_equal(reset(w, request), RECOVERY_BAD_PASSWORD);
	}
	assert_int_equal(fixture_number("SELECT tries FROM mail_code WHERE purpose = 2"), 0);
	assert_true(mail_signs_in(w, WORLD_PASSWORD));
	assert_int_equal(type(w, mail_value_of(&seen, "code")), RECOVERY_DONE);
}

/* RC-01: a newer one kills the older one; RC-02: and so does the time. */
static void older_and_late_ones_are_dead(void **state)
{
	struct world *w = *state;

	mail_person(w, "alice", RECOVERY_ADDRESS);
	ask(w, RECOVERY_ADDRESS);
	struct mail_seen first = mail_take(w, "recover");
	ask(w, RECOVERY_ADDRESS);
	struct mail_seen second = mail_take(w, "recover");
	assert_int_equal(type(w, mail_value_of(&first, "code")), RECOVERY_WRONG);
	assert_int_equal(follow(w, mail_link_of(&first)), RECOVERY_WRONG);
	w->context.now += 10 * CLOCK_MINUTE;
	assert_int_equal(type(w, mail_value_of(&second, "code")), RECOVERY_OVER);
	w->context.now += 50 * CLOCK_MINUTE - 1;
	struct recovery_request request = typed(RECOVERY_ADDRESS, mail_link_of(&second));
	request.new_password = STR("short");
	assert_int_equal(reset(w, request), RECOVERY_BAD_PASSWORD);
	w->context.now += 1;
	assert_int_equal(reset(w, request), RECOVERY_OVER);
}

/* A clock that jumps back revives nothing that was used, and forth ends what waits. */
static void clocks_jump(void **state)
{
	struct world *w = *state;

	mail_person(w, "alice", RECOVERY_ADDRESS);
	ask(w, RECOVERY_ADDRESS);
	struct mail_seen seen = mail_take(w, "recover");
	w->context.now += 365 * CLOCK_DAY;
	assert_int_equal(follow(w, mail_link_of(&seen)), RECOVERY_OVER);
	w->context.now = WORLD_START - CLOCK_DAY;
	assert_int_equal(follow(w, mail_link_of(&seen)), RECOVERY_DONE);
	w->context.now = WORLD_START;
	assert_int_equal(follow(w, mail_link_of(&seen)), RECOVERY_OVER);
}

static struct recovery_request link_request(struct str link)
{
	struct recovery_request request = typed(RECOVERY_ADDRESS, link);

	request.claim.address = STR_NONE;
	return request;
}

struct resetter {
	struct world *w;
	struct str link;
	pthread_barrier_t *start;
	enum err e;
	enum recovery_verdict verdict;
};

static void *run(void *opaque)
{
	struct resetter *r = opaque;
	struct auth_context context = r->w->context;
	const struct recovery_request request = link_request(r->link);
	struct recovery_outcome outcome = {.verdict = RECOVERY_WRONG};

	assert_ok(arena_open(65536, (size_t)4 * 1024 * 1024, &context.arena));
	context.db = fixture_db(&r->w->config, DB_ROLE_WEB);
	context.ip = STR("");
	pthread_barrier_wait(r->start);
	r->e = recovery_reset(&context, &request, &outcome);
	r->verdict = outcome.verdict;
	db_close(&context.db);
	arena_close(&context.arena);
	return NULL;
}

/* Of fifty with one code one is the password's. */
static void of_many_at_once_exactly_one_sets_it(void **state)
{
	struct world *w = *state;
	struct resetter resetters[RESETTERS];
	pthread_t threads[RESETTERS];
	pthread_barrier_t start;
	unsigned done = 0;

	mail_person(w, "alice", RECOVERY_ADDRESS);
	ask(w, RECOVERY_ADDRESS);
	struct mail_seen seen = mail_take(w, "recover");
	assert_int_equal(pthread_barrier_init(&start, NULL, RESETTERS), 0);
	for (unsigned i = 0; i < RESETTERS; i++) {
		resetters[i] =
			(struct resetter){.w = w, .link = mail_link_of(&seen), .start = &start};
		assert_int_equal(pthread_create(&threads[i], NULL, run, &resetters[i]), 0);
	}
	for (unsigned i = 0; i < RESETTERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_ok(resetters[i].e);
		done += resetters[i].verdict == RECOVERY_DONE ? 1 : 0;
		if (resetters[i].verdict != RECOVERY_DONE)
			assert_int_equal(resetters[i].verdict, RECOVERY_OVER);
	}
	assert_int_equal(pthread_barrier_destroy(&start), 0);
	assert_int_equal(done, 1);
	assert_int_equal(mail_count("recovered"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(asking_is_alike_for_everybody, recovery_world_clean),
		cmocka_unit_test_setup(wrong_codes_are_alike, recovery_world_clean),
		cmocka_unit_test_setup(a_code_sets_the_password_and_all_else_ends,
				       recovery_world_clean),
		cmocka_unit_test_setup(tokens_and_hand_overs_end, recovery_world_clean),
		cmocka_unit_test_setup(a_code_is_typed_where_it_was_asked_for,
				       recovery_world_clean),
		cmocka_unit_test_setup(other_flows_open_nothing, recovery_world_clean),
		cmocka_unit_test_setup(guessing_kills_the_code_and_not_the_link,
				       recovery_world_clean),
		cmocka_unit_test_setup(a_bad_password_uses_nothing_up, recovery_world_clean),
		cmocka_unit_test_setup(older_and_late_ones_are_dead, recovery_world_clean),
		cmocka_unit_test_setup(clocks_jump, recovery_world_clean),
		cmocka_unit_test_setup(of_many_at_once_exactly_one_sets_it, recovery_world_clean),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
