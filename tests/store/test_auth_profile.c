/* What a person changes about themselves. */
#include "address_world.h"

#include "profile.h"

static struct profile_effect set(struct world *w, const struct person *who,
				 struct profile_change change)
{
	struct profile_effect effect;

	change.user_id = who->id;
	change.session_id = who->session.session.found.session.id;
	assert_ok(profile_change(&w->context, &change, &effect));
	return effect;
}

/* From the next request on, in the session as it is. */
static void a_name_shows_at_the_next_request(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct profile_change change = {
		.display_name = STR("  Alice Ω Ångström  "),
		.language = STR("pl"),
	};
	struct session now;

	assert_int_equal(set(w, &alice, change).outcome, PROFILE_DONE);
	now = resolve(w, CARRIER_COOKIE, text_of(alice.session));
	assert_str(now.found.display_name, "Alice Ω Ångström");
	assert_str(user_of(w, alice.id).language, "pl");
	/* What is absent stays. */
	change = (struct profile_change){.language = STR("")};
	assert_int_equal(set(w, &alice, change).outcome, PROFILE_DONE);
	assert_str(user_of(w, alice.id).language, "");
	assert_str(user_of(w, alice.id).display_name, "Alice Ω Ångström");
	assert_int_equal(events("profile_changed"), 2);
}

static void bad_names_are_refused(void **state)
{
	static const char *const BAD[] = {
		"", "   ", "a\nb", "a\r\nBcc: b", "\x7f", "\xff\xfe", "\xc0\x80", "a\xe2\x80\xa8",
	};
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	char longer[101 + 1];

	memset(longer, 'x', 101);
	longer[101] = '\0';
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0] - 1; i++)
		assert_int_equal(
			set(w, &alice, (struct profile_change){.display_name = str_of(BAD[i])})
				.outcome,
			PROFILE_BAD_DISPLAY_NAME);
	assert_int_equal(
		set(w, &alice, (struct profile_change){.display_name = str_of(longer)}).outcome,
		PROFILE_BAD_DISPLAY_NAME);
	longer[100] = '\0';
	assert_int_equal(
		set(w, &alice, (struct profile_change){.display_name = str_of(longer)}).outcome,
		PROFILE_DONE);
}

/* IN-29: normal form, ASCII only, unique; all or nothing with the rest. */
static void a_user_name_is_one_of_its_own(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", "alice@example.org");
	struct profile_change change = {
		.display_name = STR("Somebody"),
		.username = STR("BOB"),
	};

	add_person(w, "bob", NULL);
	assert_int_equal(set(w, &alice, change).outcome, PROFILE_TAKEN);
	assert_str(user_of(w, alice.id).display_name, "Zażółć gęślą jaźń");
	change.username = STR("b\xd0\xbe"
			      "b"); /* a Cyrillic o */
	assert_int_equal(set(w, &alice, change).outcome, PROFILE_BAD_USERNAME);
	change.username = STR("bob@example.org");
	assert_int_equal(set(w, &alice, change).outcome, PROFILE_BAD_USERNAME);
	change.username = STR("ALICE");
	assert_int_equal(set(w, &alice, change).outcome, PROFILE_DONE);
	change.username = STR(" Carol ");
	assert_int_equal(set(w, &alice, change).outcome, PROFILE_DONE);
	assert_str(user_of(w, alice.id).username, "carol");
	assert_str(user_of(w, alice.id).email, "alice@example.org");
}

static void the_name_of_a_closed_account_is_taken(void **state)
{
	struct world *w = *state;
	struct person alice = add_person(w, "alice", NULL);
	struct person bob = add_person(w, "bob", NULL);

	assert_int_equal(close_account(w, &bob), ACCOUNT_DONE);
	assert_int_equal(set(w, &alice, (struct profile_change){.username = STR("bob")}).outcome,
			 PROFILE_TAKEN);
	assert_int_equal(set(w, &bob, (struct profile_change){.username = STR("bobby")}).outcome,
			 PROFILE_GONE);
}

#define TEST(name) cmocka_unit_test_setup(name, address_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_shows_at_the_next_request),
		TEST(bad_names_are_refused),
		TEST(a_user_name_is_one_of_its_own),
		TEST(the_name_of_a_closed_account_is_taken),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
