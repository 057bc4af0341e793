/* TK-02, TK-22: the keys that a process knows: read when needed, looked for once, replaced whole.
 */
#include "auth_world.h"

#include "json.h"
#include "json_claims.h"
#include "jws.h"
#include "key_set.h"
#include "signing_key.h"

static int clean(void **state)
{
	struct world *w = *state;

	if (world_clean(state) != 0)
		return -1;
	key_box_close(&w->context.signing);
	assert_ok(key_box_open(16, &w->context.signing));
	json_init();
	return 0;
}

static int done(void **state)
{
	struct world *w = *state;

	key_box_close(&w->context.signing);
	return 0;
}

static size_t published(struct key_set *set)
{
	size_t n = 0;

	(void)key_set_all(set, &n);
	return n;
}

static struct key_set *taken(struct world *w)
{
	struct key_set *set = NULL;

	assert_ok(key_box_take(&w->context, &set));
	return set;
}

static void the_first_signer_makes_the_keys(void **state)
{
	struct world *w = *state;
	struct key_set *set = taken(w);
	uint64_t before;

	assert_int_equal(published(set), 0);
	assert_null(key_set_signer(set).key);
	key_set_release(&set);
	assert_null(set);
	assert_ok(key_box_take_to_sign(&w->context, &set));
	assert_int_equal(published(set), 2);
	assert_non_null(key_set_signer(set).key);
	key_set_release(&set);

	/* And from then on takes no statement. */
	before = db_statement_count(w->db);
	assert_ok(key_box_take_to_sign(&w->context, &set));
	key_set_release(&set);
	assert_int_equal(db_statement_count(w->db), before);
}

static void none_is_made_inside_a_transaction(void **state)
{
	struct world *w = *state;
	struct key_set *set = NULL;

	assert_ok(db_begin(w->db));
	assert_int_equal(key_box_take_to_sign(&w->context, &set), ERR_UNAVAILABLE);
	db_rollback(w->db);
	assert_null(set);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM signing_key"), 0);
}

static struct secret signed_by(struct world *w, struct key_set *set)
{
	struct signing_secret signing = key_set_signer(set);
	struct jws_signer signer = {signing.key->alg, signing.key->kid, signing.secret};
	struct secret token = SECRET_NONE;

	assert_ok(jws_sign(w->context.arena, &signer, STR("{}"), &token));
	return token;
}

static bool is_good(struct world *w, struct secret token)
{
	struct str text = {(const char *)token.bytes, token.len};
	const struct published_key *key = NULL;
	struct key_set *set = taken(w);
	struct jws jws;

	assert_ok(jws_parse(w->context.arena, text, &jws));
	assert_ok(key_box_find(&w->context, &jws.kid, &set, &key));
	bool good = key != NULL && jws_is_signed_by(&jws, &key->public);
	key_set_release(&set);
	return good;
}

/* TK-22: through a rotation no token is lost, and afterwards none is good that should not be. */
static void a_rotation_loses_no_token(void **state)
{
	struct world *w = *state;
	struct key_outcome outcome;
	struct key_set *held = NULL;

	assert_ok(key_box_take_to_sign(&w->context, &held));
	struct secret before = signed_by(w, held);
	w->context.now = WORLD_START + CLOCK_DAY;
	assert_ok(signing_key_rotate(&w->context, &outcome));
	assert_true(outcome.changed);
	/* Who has not read yet goes on signing with the former key, which all still know. */
	struct secret between = signed_by(w, held);
	assert_ok(key_box_refresh(&w->context));
	struct key_set *now = taken(w);
	struct secret after = signed_by(w, now);
	key_set_release(&now);
	assert_true(is_good(w, before));
	assert_true(is_good(w, between));
	assert_true(is_good(w, after));
	w->context.now += 18 * CLOCK_MINUTE;
	assert_ok(signing_key_tend(&w->context, &outcome));
	assert_ok(key_box_refresh(&w->context));
	assert_false(is_good(w, before));
	assert_true(is_good(w, after));
	/* The set that somebody held all the time was theirs until now. */
	assert_int_equal(published(held), 2);
	key_set_release(&held);
}

/* TK-02: an unknown name costs one look, whatever clients send; one that is there then is found. */
static void an_unknown_name_is_looked_for_once(void **state)
{
	struct world *w = *state;
	struct key_outcome outcome;
	struct digest unknown = {{9}};
	const struct published_key *key = NULL;
	struct key_set *set = NULL;
	struct key_box *mine = w->context.signing;
	struct key_set *theirs = NULL;
	uint64_t before;

	assert_ok(key_box_take_to_sign(&w->context, &set));
	/* Another process replaces all keys and signs with the new one. */
	w->context.signing = NULL;
	assert_ok(key_box_open(0, &w->context.signing));
	assert_ok(signing_key_replace(&w->context, &outcome));
	assert_ok(key_box_take_to_sign(&w->context, &theirs));
	struct digest kid = key_set_signer(theirs).key->kid;
	key_set_release(&theirs);
	key_box_close(&w->context.signing);
	w->context.signing = mine;

	before = db_statement_count(w->db);
	assert_ok(key_box_find(&w->context, &kid, &set, &key));
	assert_non_null(key);
	assert_int_equal(db_statement_count(w->db), before + 1);

	/* It has just looked: for a few seconds it does not again. */
	before = db_statement_count(w->db);
	for (unsigned i = 0; i < 100; i++) {
		unknown.b[1] = (unsigned char)i;
		assert_ok(key_box_find(&w->context, &unknown, &set, &key));
		assert_null(key);
	}
	assert_int_equal(db_statement_count(w->db), before);
	key_set_release(&set);
}

/* A key that does not open is not published, and nothing is signed with it. */
static void what_does_not_open_is_left_out(void **state)
{
	struct world *w = *state;
	struct key_outcome outcome;
	struct key_set *set = NULL;
	struct fault fault;

	assert_ok(signing_key_tend(&w->context, &outcome));
	fixture_sql("UPDATE signing_key SET public_key = UNHEX(REPEAT('11',32)) WHERE state = 2");
	set = taken(w);
	assert_int_equal(published(set), 1);
	assert_null(key_set_signer(set).key);
	key_set_release(&set);
	assert_int_equal(key_box_take_to_sign(&w->context, &set), ERR_CONFIG);
	assert_null(set);
	key_box_fault(w->context.signing, &fault);
	assert_non_null(strstr(fault.text, "(active): does not open under root 1"));
	/* A row that somebody put there is no key of ours. */
	fixture_sql("INSERT INTO signing_key VALUES (UNHEX(REPEAT('14',32)), 3, 1, "
		    "UNHEX(REPEAT('15',32)), 1, UNHEX(REPEAT('16',72)), 1, 2, 3, NULL)");
	assert_ok(key_box_refresh(&w->context));
	set = taken(w);
	assert_int_equal(published(set), 1);
	key_set_release(&set);
}

/* A database that does not answer takes nothing away from who knows the keys. */
static void what_is_known_stays_known(void **state)
{
	struct world *w = *state;
	struct key_set *set = NULL;
	struct secret token;

	assert_ok(key_box_take_to_sign(&w->context, &set));
	token = signed_by(w, set);
	fixture_server("stop");
	db_rollback(w->db);
	assert_int_not_equal(key_box_refresh(&w->context), OK);
	assert_true(is_good(w, token));
	key_set_release(&set);
	key_box_close(&w->context.signing);
	assert_ok(key_box_open(0, &w->context.signing));
	assert_int_equal(key_box_take(&w->context, &set), ERR_UNAVAILABLE);
	assert_null(set);
	fixture_server("restart");
}

/* Without a statement: what is there, and not when it is to be read. */
static void a_peek_takes_no_statement(void **state)
{
	struct world *w = *state;
	struct key_set *set = NULL;
	uint64_t before = db_statement_count(w->db);

	assert_false(key_box_peek(w->context.signing, &set));
	assert_null(set);
	assert_int_equal(db_statement_count(w->db), before);
	assert_ok(key_box_take_to_sign(&w->context, &set));
	key_set_release(&set);
	before = db_statement_count(w->db);
	assert_true(key_box_peek(w->context.signing, &set));
	assert_int_equal(published(set), 2);
	key_set_release(&set);
	assert_int_equal(db_statement_count(w->db), before);
}

/* The authorizer's account knows the keys as the web's does, and can neither make nor move one. */
static void the_guard_account_reads_keys_and_writes_none(void **state)
{
	struct world *w = *state;
	struct key_outcome outcome;
	struct key_set *set = NULL;

	w->context.db = w->fixture->guard;
	set = taken(w);
	assert_int_equal(published(set), 0);
	key_set_release(&set);
	assert_int_equal(key_box_take_to_sign(&w->context, &set), ERR_INTERNAL);
	assert_null(set);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM signing_key"), 0);

	w->context.db = w->db;
	assert_ok(key_box_take_to_sign(&w->context, &set));
	struct secret token = signed_by(w, set);
	key_set_release(&set);
	key_box_close(&w->context.signing);
	assert_ok(key_box_open(16, &w->context.signing));
	w->context.db = w->fixture->guard;
	assert_true(is_good(w, token));
	assert_int_equal(signing_key_rotate(&w->context, &outcome), ERR_INTERNAL);
	assert_int_equal(signing_key_replace(&w->context, &outcome), ERR_INTERNAL);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM signing_key"), 2);
}

static void signatures_are_remembered_one_by_one(void **state)
{
	struct world *w = *state;
	struct digest one = {{1}};
	struct digest two = {{2}};

	assert_false(key_box_remembers(w->context.signing, &one));
	key_box_remember(w->context.signing, &one);
	assert_true(key_box_remembers(w->context.signing, &one));
	assert_false(key_box_remembers(w->context.signing, &two));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_signer_makes_the_keys, clean, done),
		cmocka_unit_test_setup_teardown(none_is_made_inside_a_transaction, clean, done),
		cmocka_unit_test_setup_teardown(a_rotation_loses_no_token, clean, done),
		cmocka_unit_test_setup_teardown(an_unknown_name_is_looked_for_once, clean, done),
		cmocka_unit_test_setup_teardown(what_does_not_open_is_left_out, clean, done),
		cmocka_unit_test_setup_teardown(what_is_known_stays_known, clean, done),
		cmocka_unit_test_setup_teardown(a_peek_takes_no_statement, clean, done),
		cmocka_unit_test_setup_teardown(the_guard_account_reads_keys_and_writes_none, clean,
						done),
		cmocka_unit_test_setup_teardown(signatures_are_remembered_one_by_one, clean, done),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
