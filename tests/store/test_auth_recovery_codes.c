/* Recovery codes against a database. */
#include "totp_world.h"

#include "recovery_code_text.h"
#include "recovery_codes.h"

static struct str code_text(const struct secret *code)
{
	return (struct str){(const char *)code->bytes, code->len};
}

/* Somebody with an app, and the codes that came with it. */
struct keeper {
	struct person who;
	struct app app;
	struct secret codes[RECOVERY_SET_CODES];
};

static struct keeper keeper_of(struct world *w, const char *name)
{
	struct keeper keeper = {
		.who = add_person(w, name,
				  strcmp(name, "alice") == 0 ? "alice@example.org" : NULL)};
	struct totp_confirmed done = set_up_app(w, &keeper.who, &keeper.app);

	assert_int_equal(done.n, RECOVERY_SET_CODES);
	memcpy(keeper.codes, done.codes, sizeof keeper.codes);
	return keeper;
}

static bool match(struct world *w, const struct keeper *keeper, struct str typed,
		  struct recovery_match *out)
{
	bool right = true;

	assert_ok(recovery_codes_match(&w->context, &keeper->who.id, typed, out, &right));
	return right;
}

static bool is_right(struct world *w, const struct keeper *keeper, struct str typed)
{
	struct recovery_match ignored;

	return match(w, keeper, typed, &ignored);
}

static bool use(struct world *w, const struct recovery_match *of)
{
	bool won = false;

	assert_ok(recovery_store_use(w->db, &of->row, of->bit, w->context.now, &won));
	return won;
}

static struct recovery_left left_of(struct world *w, const struct keeper *keeper)
{
	struct recovery_left left;

	assert_ok(recovery_codes_left(&w->context, &keeper->who.id, &left));
	return left;
}

/* MF-13: each once, in whatever order, also of two that looked at the same time; what is left is
 * known. */
static void each_works_once(void **state)
{
	static const size_t ORDER[RECOVERY_SET_CODES] = {9, 0, 5, 3, 8, 1, 7, 2, 6, 4};
	struct world *w = *state;
	struct keeper alice = keeper_of(w, "alice");
	struct recovery_left left = left_of(w, &alice);

	assert_int_equal(left.left, RECOVERY_SET_CODES);
	assert_int_equal(left.made_at, w->context.now);
	assert_int_equal(left.used_at, 0);
	for (size_t i = 0; i < RECOVERY_SET_CODES; i++) {
		struct str code = code_text(&alice.codes[ORDER[i]]);
		struct recovery_match of;
		struct recovery_match same;

		w->context.now += CLOCK_SECOND;
		assert_true(match(w, &alice, code, &of));
		assert_int_equal(of.bit, ORDER[i]);
		assert_true(match(w, &alice, code, &same));
		assert_true(use(w, &of));
		assert_false(use(w, &same));
		assert_false(is_right(w, &alice, code));
		left = left_of(w, &alice);
		assert_int_equal(left.left, RECOVERY_SET_CODES - 1 - i);
		assert_int_equal(left.used_at, w->context.now);
	}
}

/* All are different, and are typed as people type. */
static void codes_are_read_as_typed(void **state)
{
	struct world *w = *state;
	struct keeper alice = keeper_of(w, "alice");
	char typed[64];
	size_t n = 0;

	for (size_t i = 0; i < RECOVERY_SET_CODES; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(
				str_equal(code_text(&alice.codes[i]), code_text(&alice.codes[k])));
	for (size_t i = 0; i < alice.codes[3].len; i++) {
		char c = (char)alice.codes[3].bytes[i];

		typed[n++] = c == '-' ? ' ' : (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
	}
	assert_true(is_right(w, &alice, (struct str){typed, n}));
	/* Another last character but one is another code. */
	typed[n - 3] = typed[n - 3] == '7' ? '8' : '7';
	assert_false(is_right(w, &alice, (struct str){typed, n}));
	assert_false(is_right(w, &alice, STR("")));
	assert_false(is_right(w, &alice, STR("0000-0000-00000-0000-0000-00000")));
	assert_false(is_right(w, &alice, app_code(w, &alice.app, w->context.now)));
}

static void nobody_elses_code_is_right(void **state)
{
	struct world *w = *state;
	struct keeper alice = keeper_of(w, "alice");
	struct keeper bob = {.who = add_person(w, "bob", NULL)};
	struct recovery_left left = left_of(w, &bob);

	assert_int_equal(left.left, 0);
	assert_int_equal(left.made_at, 0);
	assert_false(is_right(w, &bob, code_text(&alice.codes[0])));
	set_up_app(w, &bob.who, &bob.app);
	assert_false(is_right(w, &bob, code_text(&alice.codes[0])));
	/* Nor is a row of alice's any good as bob's: it opens in its place only. */
	fixture_sql("UPDATE recovery_set b JOIN user bob ON bob.id = b.user_id AND "
		    "bob.username = 'bob' JOIN recovery_set a JOIN user alice "
		    "ON alice.id = a.user_id AND alice.username = 'alice' "
		    "SET b.digests = a.digests");
	assert_false(is_right(w, &bob, code_text(&alice.codes[0])));
	assert_true(is_right(w, &alice, code_text(&alice.codes[0])));
}

static enum factors_verdict renew(struct world *w, const struct person *who,
				  struct recovery_codes *out)
{
	enum factors_verdict verdict = FACTORS_FULL;

	assert_ok(recovery_codes_renew(&w->context, &who->session.session, &verdict, out));
	return verdict;
}

/* MF-13: the new set kills the old, used codes too; a use that had begun is too late. */
static void a_new_set_kills_the_old(void **state)
{
	struct world *w = *state;
	struct keeper alice = keeper_of(w, "alice");
	struct recovery_codes codes;
	struct recovery_match begun;
	struct recovery_match of;

	assert_true(match(w, &alice, code_text(&alice.codes[0]), &of));
	assert_true(use(w, &of));
	assert_true(match(w, &alice, code_text(&alice.codes[1]), &begun));
	assert_int_equal(renew(w, &alice.who, &codes), FACTORS_DONE);
	assert_false(use(w, &begun));
	for (size_t i = 0; i < RECOVERY_SET_CODES; i++) {
		assert_false(is_right(w, &alice, code_text(&alice.codes[i])));
		assert_true(is_right(w, &alice, code_text(&codes.texts[i])));
	}
	assert_int_equal(left_of(w, &alice).left, RECOVERY_SET_CODES);
	assert_int_equal(left_of(w, &alice).used_at, 0);
	assert_int_equal(factors_of(), FACTOR_TOTP | FACTOR_RECOVERY);
	assert_int_equal(events("recovery_codes_made"), 1);
	assert_int_equal(mails("factor-added"), 2);
}

static void without_a_factor_there_are_none(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct keeper bob = keeper_of(w, "bob");
	struct recovery_codes codes;

	assert_int_equal(renew(w, &alice, &codes), FACTORS_GONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM recovery_set"), 1);
	assert_ok(session_end(&w->context, &bob.who.session.session));
	assert_int_equal(renew(w, &bob.who, &codes), FACTORS_GONE);
	assert_true(is_right(w, &bob, code_text(&bob.codes[0])));
	assert_int_equal(events("recovery_codes_made"), 0);
}

/* What lies in the row tells nothing of the codes, and opens with its root only. */
static void they_are_kept_sealed(void **state)
{
	struct world *w = *state;
	struct keeper alice = keeper_of(w, "alice");
	struct keyring *both = world_keys(WORLD_KEY_2 WORLD_KEY_1);
	struct keyring *other = world_keys(WORLD_KEY_2);
	struct recovery_row row;
	bool found = false;

	assert_ok(recovery_store_find(w->db, w->context.arena, &alice.who.id, &row, &found));
	assert_true(found);
	assert_int_equal(row.digests.box.len, RECOVERY_SET_CODES * DIGEST_BYTES + 40);
	for (size_t i = 0; i < RECOVERY_SET_CODES; i++) {
		unsigned char code[RECOVERY_CODE_BYTES];
		bool is_one = false;

		recovery_code_read(code_text(&alice.codes[i]), code, &is_one);
		assert_true(is_one);
		for (size_t k = 0; k + sizeof code <= row.digests.box.len; k++)
			assert_memory_not_equal(row.digests.box.bytes + k, code, sizeof code);
	}
	w->context.keys = both;
	assert_true(is_right(w, &alice, code_text(&alice.codes[4])));
	w->context.keys = other;
	assert_false(is_right(w, &alice, code_text(&alice.codes[4])));
	w->context.keys = w->keys;
	keyring_free(&both);
	keyring_free(&other);
}

#define TEST(name) cmocka_unit_test_setup(name, totp_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_works_once),
		TEST(codes_are_read_as_typed),
		TEST(nobody_elses_code_is_right),
		TEST(a_new_set_kills_the_old),
		TEST(without_a_factor_there_are_none),
		TEST(they_are_kept_sealed),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
