/* Access tokens as text: what is recalled of one without a statement and without a verification. */
#include "token_world.h"

#include "access_call.h"
#include "json.h"
#include "jws.h"
#include "key_set.h"
#include "signing_key.h"

#define REMEMBERED 64

static int clean(void **state)
{
	struct world *w = *state;

	if (token_world_clean(state) != 0)
		return -1;
	w->config.token.signature_cache = REMEMBERED;
	key_box_close(&w->context.signing);
	assert_ok(key_box_open(REMEMBERED, &w->context.signing));
	json_init();
	return 0;
}

static int done(void **state)
{
	struct world *w = *state;

	key_box_close(&w->context.signing);
	return 0;
}

/* Of alice's session; row: what it tells of. */
static struct str token_text(struct world *w, struct session_row *row)
{
	struct client c = token_client(w, "alice");
	struct session_issued signed_in = sign_in(w, c);
	struct access_grant grant = {.session = &signed_in.session, .client = STR("app")};
	struct access_issued token;

	grant.token = signed_in.session.found.session.pair_id;
	assert_ok(access_call_issue(&w->context, &grant, &token));
	*row = signed_in.session.found.session;
	return (struct str){(const char *)token.text.bytes, token.text.len};
}

static enum access_verdict read_now(struct world *w, struct str text)
{
	struct access_reading reading = {.verdict = ACCESS_VERDICT_COUNT};

	assert_ok(access_call_read(&w->context, text, &reading));
	return reading.verdict;
}

/* ACCESS_VERDICT_COUNT: it is not known. Never a statement. */
static enum access_verdict recalled(struct world *w, struct str text, struct claims *claims)
{
	struct access_reading reading = {.verdict = ACCESS_VERDICT_COUNT};
	uint64_t before = db_statement_count(w->db);
	bool known = true;

	assert_ok(access_call_recall(&w->context, text, &reading, &known));
	assert_int_equal(db_statement_count(w->db), before);
	assert_int_equal(known, reading.verdict != ACCESS_VERDICT_COUNT);
	if (known && claims != NULL)
		*claims = reading.claims;
	return reading.verdict;
}

static void what_was_verified_is_known(void **state)
{
	struct world *w = *state;
	struct session_row row;
	struct claims claims;
	struct str text = token_text(w, &row);

	assert_int_equal(recalled(w, text, NULL), ACCESS_VERDICT_COUNT);
	assert_int_equal(read_now(w, text), ACCESS_VALID);
	assert_int_equal(recalled(w, text, &claims), ACCESS_VALID);
	assert_true(id_equal(claims.session, row.id));
	assert_true(id_equal(claims.subject, row.user_id));
	assert_true(id_equal(claims.token, row.pair_id));
	assert_int_equal(claims.version, row.epoch);
}

/* One octet anywhere, and it is another text, which nobody has verified. */
static void nothing_else_is(void **state)
{
	struct world *w = *state;
	struct session_row row;
	struct str text = token_text(w, &row);
	char other[JWS_MAX + 2];

	assert_true(text.n < JWS_MAX);
	assert_int_equal(read_now(w, text), ACCESS_VALID);
	for (size_t i = 0; i < text.n; i++) {
		memcpy(other, text.p, text.n);
		other[i] = other[i] == 'A' ? 'B' : 'A';
		struct str changed = {other, text.n};
		assert_int_equal(recalled(w, changed, NULL), ACCESS_VERDICT_COUNT);
	}
	assert_int_equal(read_now(w, (struct str){other, text.n}), ACCESS_REFUSED);
	assert_int_equal(recalled(w, (struct str){other, text.n}, NULL), ACCESS_VERDICT_COUNT);
	memset(other, '.', sizeof other);
	assert_int_equal(recalled(w, (struct str){other, sizeof other}, NULL),
			 ACCESS_VERDICT_COUNT);
	assert_int_equal(recalled(w, STR(""), NULL), ACCESS_VERDICT_COUNT);
}

/* The arithmetic is remembered, and nothing but it. */
static void time_and_keys_decide_each_time(void **state)
{
	struct world *w = *state;
	struct key_outcome outcome;
	struct session_row row;
	struct str text = token_text(w, &row);

	assert_int_equal(read_now(w, text), ACCESS_VALID);
	w->context.now = WORLD_START + 11 * CLOCK_MINUTE;
	assert_int_equal(recalled(w, text, NULL), ACCESS_EXPIRED);
	w->context.now = WORLD_START - 10 * CLOCK_MINUTE;
	assert_int_equal(recalled(w, text, NULL), ACCESS_REFUSED);
	w->context.now = WORLD_START;
	w->config.server.origin = STR("https://other.example.org");
	assert_int_equal(recalled(w, text, NULL), ACCESS_REFUSED);
	w->config.server.origin = STR("https://www.example.org");
	assert_int_equal(recalled(w, text, NULL), ACCESS_VALID);
	/* Its key is published no longer: whether another one is there must be asked. */
	assert_ok(signing_key_replace(&w->context, &outcome));
	assert_ok(key_box_refresh(&w->context));
	assert_int_equal(recalled(w, text, NULL), ACCESS_VERDICT_COUNT);
	assert_int_equal(read_now(w, text), ACCESS_REFUSED);
}

static void without_a_memory_nothing_is(void **state)
{
	struct world *w = *state;
	struct session_row row;
	struct str text = token_text(w, &row);

	w->config.token.signature_cache = 0;
	assert_int_equal(read_now(w, text), ACCESS_VALID);
	assert_int_equal(recalled(w, text, NULL), ACCESS_VERDICT_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_verified_is_known, clean, done),
		cmocka_unit_test_setup_teardown(nothing_else_is, clean, done),
		cmocka_unit_test_setup_teardown(time_and_keys_decide_each_time, clean, done),
		cmocka_unit_test_setup_teardown(without_a_memory_nothing_is, clean, done),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
