/* The rules about sessions, table-driven. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdint.h>

#include "clock.h"
#include "factor_store.h"
#include "policy.h"

#define NOW (INT64_C(1800000000) * CLOCK_SECOND)

static struct config config_of_tests(void)
{
	struct config config = {.file = STR("")};

	config.session.classes[CLASS_BROWSER] =
		(struct class_limits){30 * CLOCK_MINUTE, 12 * CLOCK_HOUR};
	config.session.classes[CLASS_REMEMBERED] =
		(struct class_limits){14 * CLOCK_DAY, 30 * CLOCK_DAY};
	config.session.classes[CLASS_NATIVE] =
		(struct class_limits){14 * CLOCK_DAY, 30 * CLOCK_DAY};
	config.session.classes[CLASS_GUEST] = (struct class_limits){24 * CLOCK_HOUR, 7 * CLOCK_DAY};
	config.session.elevated = (struct class_limits){15 * CLOCK_MINUTE, 12 * CLOCK_HOUR};
	config.session.aal2 = (struct class_limits){CLOCK_HOUR, 12 * CLOCK_HOUR};
	return config;
}

/* A session of the class, signed in and last seen at NOW. */
static struct session_found found_of(const struct config *config, enum session_class class)
{
	struct session_found found = {
		.user_state = USER_ACTIVE,
		.user_grants = STR("role:user"),
		.session =
			{
				.class = class,
				.state = SESSION_ACTIVE,
				.user_id = {{7}},
				.aal = 1,
				.value_used = true,
				.auth_time = NOW,
				.created_at = NOW,
				.last_seen = NOW,
				.expires_at = NOW + config->session.classes[class].absolute,
			},
	};

	found.session.idle_end = policy_idle_end(config, &found.session, NOW);
	return found;
}

/* SE-11, SE-12: both ends of every class, to the microsecond. */
static void classes_end(void **state)
{
	static const struct {
		enum session_class class;
		bool elevated;
		int64_t idle, absolute;
	} cases[] = {
		{CLASS_BROWSER, false, 30 * CLOCK_MINUTE, 12 * CLOCK_HOUR},
		{CLASS_REMEMBERED, false, 14 * CLOCK_DAY, 30 * CLOCK_DAY},
		{CLASS_NATIVE, false, 14 * CLOCK_DAY, 30 * CLOCK_DAY},
		{CLASS_GUEST, false, 24 * CLOCK_HOUR, 7 * CLOCK_DAY},
		{CLASS_BROWSER, true, 15 * CLOCK_MINUTE, 12 * CLOCK_HOUR},
		{CLASS_REMEMBERED, true, 15 * CLOCK_MINUTE, 12 * CLOCK_HOUR},
		{CLASS_NATIVE, true, 15 * CLOCK_MINUTE, 12 * CLOCK_HOUR},
	};
	struct config config = config_of_tests();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct session_found found = found_of(&config, cases[i].class);
		int64_t idle = NOW + cases[i].idle;
		int64_t absolute = NOW + cases[i].absolute;

		if (cases[i].elevated)
			found.user_grants = STR("elevated role:admin");
		assert_int_equal(policy_standing(&config, &found, NOW), SESSION_LIVE);
		assert_int_equal(policy_standing(&config, &found, idle - 1), SESSION_LIVE);
		assert_int_equal(policy_standing(&config, &found, idle), SESSION_EXPIRED);
		/* Kept in use to the last moment: the absolute end comes all the same. */
		found.session.last_seen = absolute - 1;
		found.session.idle_end = policy_idle_end(&config, &found.session, absolute - 1);
		assert_true(found.session.idle_end <= found.session.expires_at);
		assert_int_equal(policy_standing(&config, &found, absolute - 1), SESSION_LIVE);
		assert_int_equal(policy_standing(&config, &found, absolute), SESSION_EXPIRED);
	}
}

/* An elevated role in the session's tenant shortens as well. */
static void elevated_in_a_tenant(void **state)
{
	struct config config = config_of_tests();
	struct session_found found = found_of(&config, CLASS_NATIVE);

	(void)state;
	found.tenant_grants = STR("elevated role:owner");
	assert_true(policy_is_elevated(&found));
	assert_int_equal(policy_standing(&config, &found, NOW + 15 * CLOCK_MINUTE),
			 SESSION_EXPIRED);
	found.tenant_grants = STR_NONE;
	assert_false(policy_is_elevated(&found));
}

/* A clock that steps back lengthens nothing: only stored ends count. */
static void clock_back_does_not_lengthen(void **state)
{
	struct config config = config_of_tests();
	struct session_found found = found_of(&config, CLASS_BROWSER);
	int64_t end = found.session.idle_end;

	(void)state;
	assert_int_equal(policy_standing(&config, &found, NOW - CLOCK_HOUR), SESSION_LIVE);
	assert_false(policy_must_touch(&found.session, NOW - CLOCK_HOUR));
	assert_true(policy_idle_end(&config, &found.session, NOW - CLOCK_HOUR) < end);
	assert_int_equal(policy_standing(&config, &found, end), SESSION_EXPIRED);
}

/* SE-17: only an active user's session is one. A guest has no user to be active. */
static void user_must_be_active(void **state)
{
	static const struct {
		uint32_t user_state;
		enum session_standing standing;
	} cases[] = {
		{USER_ACTIVE, SESSION_LIVE},    {USER_NONE, SESSION_UNKNOWN},
		{USER_LOCKED, SESSION_UNKNOWN}, {USER_CLOSED, SESSION_UNKNOWN},
		{99, SESSION_UNKNOWN},
	};
	struct config config = config_of_tests();
	struct session_found found = found_of(&config, CLASS_BROWSER);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		found.user_state = cases[i].user_state;
		assert_int_equal(policy_standing(&config, &found, NOW), cases[i].standing);
	}
	found.session.user_id = ID_NONE;
	found.user_state = USER_NONE;
	assert_int_equal(policy_standing(&config, &found, NOW), SESSION_LIVE);
}

static void states_and_holds(void **state)
{
	static const struct {
		uint32_t session_state;
		bool held;
		enum session_standing standing;
	} cases[] = {
		{SESSION_ACTIVE, false, SESSION_LIVE},
		{SESSION_ACTIVE, true, SESSION_HELD},
		{SESSION_SECOND_FACTOR_REQUIRED, false, SESSION_PENDING},
		{SESSION_SECOND_FACTOR_REQUIRED, true, SESSION_HELD},
		{SESSION_ENROLMENT_REQUIRED, false, SESSION_PENDING},
		{SESSION_PASSWORD_CHANGE_REQUIRED, false, SESSION_PENDING},
		{SESSION_ADDRESS_UNPROVEN, false, SESSION_PENDING},
		{SESSION_STATE_NONE, false, SESSION_UNKNOWN},
		{SESSION_STATE_COUNT, false, SESSION_UNKNOWN},
	};
	struct config config = config_of_tests();
	struct session_found found = found_of(&config, CLASS_BROWSER);
	const struct session_found zeroed = {.user_state = USER_NONE};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		found.session.state = cases[i].session_state;
		found.session.held = cases[i].held;
		assert_int_equal(policy_standing(&config, &found, NOW), cases[i].standing);
		assert_int_equal(policy_standing(&config, &found, found.session.idle_end) ==
					 SESSION_EXPIRED,
				 cases[i].standing != SESSION_UNKNOWN);
	}
	/* Zeroed memory denies. */
	assert_int_equal(policy_standing(&config, &zeroed, NOW), SESSION_UNKNOWN);
}

/* A class that nobody knows has no time at all. */
static void unknown_class_is_over(void **state)
{
	struct config config = config_of_tests();
	struct session_found found = found_of(&config, CLASS_BROWSER);

	(void)state;
	found.session.class = 99;
	assert_int_equal(policy_idle_end(&config, &found.session, NOW), NOW);
	found.session.class = CLASS_NONE;
	assert_int_equal(policy_idle_end(&config, &found.session, NOW), NOW);
}

/* SE-12: a second factor counts 12 h and one idle hour; then the session goes on as aal1. */
static void second_factor_lapses(void **state)
{
	struct config config = config_of_tests();
	struct session_found found = found_of(&config, CLASS_NATIVE);
	struct session_row *row = &found.session;

	(void)state;
	assert_int_equal(policy_aal(&config, row, NOW), 1);
	row->aal = 2;
	row->aal2_end = NOW + 12 * CLOCK_HOUR;
	assert_int_equal(policy_aal(&config, row, NOW), 2);
	assert_int_equal(policy_aal(&config, row, NOW + CLOCK_HOUR - 1), 2);
	assert_int_equal(policy_aal(&config, row, NOW + CLOCK_HOUR), 1);
	row->last_seen = row->aal2_end - 1;
	assert_int_equal(policy_aal(&config, row, row->aal2_end - 1), 2);
	assert_int_equal(policy_aal(&config, row, row->aal2_end), 1);
	assert_int_equal(policy_standing(&config, &found, row->aal2_end), SESSION_LIVE);
}

static void freshness(void **state)
{
	struct session_row row = {.auth_time = NOW};

	(void)state;
	assert_true(policy_is_fresh(&row, 15 * CLOCK_MINUTE, NOW));
	assert_true(policy_is_fresh(&row, 15 * CLOCK_MINUTE, NOW + 15 * CLOCK_MINUTE));
	assert_false(policy_is_fresh(&row, 15 * CLOCK_MINUTE, NOW + 15 * CLOCK_MINUTE + 1));
	assert_true(policy_is_fresh(&row, 15 * CLOCK_MINUTE, NOW - CLOCK_MINUTE));
	assert_false(policy_is_fresh(&row, 15 * CLOCK_MINUTE, NOW - CLOCK_MINUTE - 1));
	row.auth_time = 0;
	assert_false(policy_is_fresh(&row, INT64_MAX, NOW));
}

/* last_seen is written at most once a minute, and when a rotated value is used for the first time.
 */
static void touching(void **state)
{
	struct session_row row = {.last_seen = NOW, .value_used = true};

	(void)state;
	assert_false(policy_must_touch(&row, NOW));
	assert_false(policy_must_touch(&row, NOW + CLOCK_MINUTE - 1));
	assert_true(policy_must_touch(&row, NOW + CLOCK_MINUTE));
	row.value_used = false;
	assert_true(policy_must_touch(&row, NOW));
}

/* One person in one session: what is configured, who they are, what the session has shown. */
struct state_case {
	enum factor_require require;
	unsigned factors;
	const char *user_grants, *tenant_grants; /* NULL: none */
	const char *amr;
	enum session_state state;
	bool required;
};

static struct str grants_of(const char *text)
{
	return text == NULL ? STR_NONE : str_of(text);
}

static void check_state(const struct state_case *c)
{
	struct config config = config_of_tests();
	struct session_found found = found_of(&config, CLASS_NATIVE);

	config.second_factor.require = c->require;
	config.second_factor.roles = STR("elevated auditor");
	found.user_grants = grants_of(c->user_grants);
	found.tenant_grants = grants_of(c->tenant_grants);
	found.factors = c->factors;
	found.session.amr = str_of(c->amr);
	assert_int_equal(policy_requires_factor(&config, &found), c->required);
	assert_int_equal(policy_state(&config, &found), c->state);
	assert_int_equal(policy_standing(&config, &found, NOW),
			 c->state == SESSION_ACTIVE ? SESSION_LIVE : SESSION_PENDING);
}

#define ACTIVE SESSION_ACTIVE
#define FACTOR SESSION_SECOND_FACTOR_REQUIRED
#define ENROL SESSION_ENROLMENT_REQUIRED
#define ELEVATED "elevated role:admin"
#define AUDITOR "role:auditor"

/* MF-17: of whom one is required goes nowhere without it, by whatever role, wherever held. */
static void a_required_factor_is_waited_for(void **state)
{
	static const struct state_case cases[] = {
		{FACTOR_OFF, FACTOR_TOTP, ELEVATED, NULL, "pwd", ACTIVE, false},
		{FACTOR_OPTIONAL, FACTOR_TOTP, ELEVATED, NULL, "pwd", ACTIVE, false},
		{FACTOR_ROLES, FACTOR_TOTP, "role:user", NULL, "pwd", ACTIVE, false},
		{FACTOR_ROLES, 0, "role:user", NULL, "pwd", ACTIVE, false},
		{FACTOR_ROLES, FACTOR_TOTP, ELEVATED, NULL, "pwd", FACTOR, true},
		{FACTOR_ROLES, FACTOR_PASSKEY, ELEVATED, NULL, "pwd", FACTOR, true},
		{FACTOR_ROLES, 0, ELEVATED, NULL, "pwd", ENROL, true},
		{FACTOR_ROLES, FACTOR_RECOVERY, ELEVATED, NULL, "pwd", ENROL, true},
		{FACTOR_ROLES, FACTOR_TOTP, ELEVATED, NULL, "pwd otp mfa", ACTIVE, true},
		{FACTOR_ROLES, 0, ELEVATED, NULL, "pwd otp mfa", ACTIVE, true},
		{FACTOR_ROLES, FACTOR_TOTP, "role:user", ELEVATED, "pwd", FACTOR, true},
		{FACTOR_ROLES, FACTOR_TOTP, AUDITOR, NULL, "pwd", FACTOR, true},
		{FACTOR_ROLES, FACTOR_TOTP, "role:user", AUDITOR, "pwd", FACTOR, true},
		{FACTOR_ROLES, FACTOR_TOTP, "role:auditors", NULL, "pwd", ACTIVE, false},
		{FACTOR_ROLES, FACTOR_TOTP, "perm:auditor", NULL, "pwd", ACTIVE, false},
		{FACTOR_ROLES, FACTOR_TOTP, "role:user", "", "pwd", ACTIVE, false},
		{FACTOR_ALL, FACTOR_TOTP, NULL, NULL, "pwd", FACTOR, true},
		{FACTOR_ALL, 0, NULL, NULL, "pwd", ENROL, true},
		{FACTOR_ALL, FACTOR_TOTP, NULL, NULL, "", FACTOR, true},
		{FACTOR_ALL, FACTOR_TOTP, NULL, NULL, "mfas amfa", FACTOR, true},
		{FACTOR_ALL, FACTOR_PASSKEY, NULL, NULL, "hwk mfa", ACTIVE, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_state(&cases[i]);
}

/* A trusted device stands for a factor that there is, and for no elevated role's. */
static void a_trusted_device_has_limits(void **state)
{
	static const struct state_case cases[] = {
		{FACTOR_ALL, FACTOR_TOTP, "role:user", NULL, "pwd rba", ACTIVE, true},
		{FACTOR_ALL, 0, "role:user", NULL, "pwd rba", ENROL, true},
		{FACTOR_ALL, FACTOR_TOTP, ELEVATED, NULL, "pwd rba", FACTOR, true},
		{FACTOR_ALL, FACTOR_TOTP, "role:user", ELEVATED, "pwd rba", FACTOR, true},
		{FACTOR_ALL, FACTOR_TOTP, ELEVATED, NULL, "pwd rba otp mfa", ACTIVE, true},
		{FACTOR_ROLES, FACTOR_TOTP, AUDITOR, NULL, "pwd rba", ACTIVE, true},
		{FACTOR_ROLES, FACTOR_TOTP, AUDITOR " elevated", NULL, "pwd rba", FACTOR, true},
		{FACTOR_ROLES, FACTOR_TOTP, ELEVATED, NULL, "pwd rba", FACTOR, true},
		{FACTOR_OPTIONAL, FACTOR_TOTP, ELEVATED, NULL, "pwd rba", ACTIVE, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_state(&cases[i]);
}

/* What a row waits for already is not made less, and a guest is nobody who has a factor. */
static void what_is_waited_for_stays(void **state)
{
	static const uint32_t waits[] = {SESSION_SECOND_FACTOR_REQUIRED, SESSION_ENROLMENT_REQUIRED,
					 SESSION_PASSWORD_CHANGE_REQUIRED, SESSION_ADDRESS_UNPROVEN,
					 SESSION_STATE_NONE};
	struct config config = config_of_tests();
	struct session_found found = found_of(&config, CLASS_NATIVE);

	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		found.session.state = waits[i];
		found.session.amr = STR("pwd otp mfa");
		found.factors = FACTOR_TOTP;
		config.second_factor.require = FACTOR_ALL;
		assert_int_equal(policy_state(&config, &found), waits[i]);
		config.second_factor.require = FACTOR_OFF;
		assert_int_equal(policy_state(&config, &found), waits[i]);
	}
	config.second_factor.require = FACTOR_ALL;
	found.session.state = SESSION_ACTIVE;
	found.session.user_id = ID_NONE;
	found.session.amr = STR("");
	assert_false(policy_requires_factor(&config, &found));
	assert_int_equal(policy_state(&config, &found), SESSION_ACTIVE);
}

/*
 * Who has only the password and a device that is trusted shall not choose another password, where
 * such a device stands for nothing.
 */
static void a_factor_comes_before_a_new_password(void **state)
{
	struct config config = config_of_tests();
	struct session_found found = found_of(&config, CLASS_NATIVE);

	(void)state;
	config.second_factor.require = FACTOR_ROLES;
	config.second_factor.roles = STR("elevated");
	found.session.state = SESSION_PASSWORD_CHANGE_REQUIRED;
	found.session.amr = STR("pwd rba");
	found.factors = FACTOR_TOTP;
	assert_int_equal(policy_state(&config, &found), SESSION_PASSWORD_CHANGE_REQUIRED);
	found.user_grants = STR(ELEVATED);
	assert_int_equal(policy_state(&config, &found), SESSION_SECOND_FACTOR_REQUIRED);
	found.session.amr = STR("pwd rba otp mfa");
	assert_int_equal(policy_state(&config, &found), SESSION_PASSWORD_CHANGE_REQUIRED);
	found.session.amr = STR("pwd");
	found.factors = 0;
	assert_int_equal(policy_state(&config, &found), SESSION_PASSWORD_CHANGE_REQUIRED);
}

static void what_can_be_asked_for(void **state)
{
	struct config config = config_of_tests();

	(void)state;
	config.second_factor.require = FACTOR_OPTIONAL;
	assert_false(policy_has_factor(&config, 0));
	assert_false(policy_has_factor(&config, FACTOR_RECOVERY));
	assert_true(policy_has_factor(&config, FACTOR_TOTP));
	assert_true(policy_has_factor(&config, FACTOR_PASSKEY | FACTOR_RECOVERY));
	config.second_factor.require = FACTOR_ALL;
	assert_true(policy_has_factor(&config, FACTOR_TOTP));
	config.second_factor.require = FACTOR_OFF;
	assert_false(policy_has_factor(&config, FACTORS_ALL));
}

/* MF-15, MF-16: shown at most so long ago, to the microsecond, and not lapsed since. */
static void a_factor_is_fresh_for_a_time(void **state)
{
	struct config config = config_of_tests();
	struct session_found found = found_of(&config, CLASS_NATIVE);
	struct session_row *row = &found.session;
	const int64_t age = 5 * CLOCK_MINUTE;

	(void)state;
	assert_false(policy_is_factor_fresh(&config, row, age, NOW));
	row->aal = 2;
	row->aal2_end = NOW + config.session.aal2.absolute;
	assert_true(policy_is_factor_fresh(&config, row, age, NOW));
	assert_true(policy_is_factor_fresh(&config, row, age, NOW + age));
	assert_false(policy_is_factor_fresh(&config, row, age, NOW + age + 1));
	assert_true(policy_is_factor_fresh(&config, row, age, NOW - CLOCK_MINUTE));
	assert_false(policy_is_factor_fresh(&config, row, age, NOW - CLOCK_MINUTE - 1));
	/* The password typed since makes it no fresher. */
	row->auth_time = NOW + age + 1;
	assert_false(policy_is_factor_fresh(&config, row, age, NOW + age + 1));
	/* Fresh for a day, but lapsed by an idle hour. */
	assert_true(policy_is_factor_fresh(&config, row, CLOCK_DAY, NOW + CLOCK_HOUR - 1));
	assert_false(policy_is_factor_fresh(&config, row, CLOCK_DAY, NOW + CLOCK_HOUR));
	row->aal = 1;
	assert_false(policy_is_factor_fresh(&config, row, age, NOW));
}

/* A sign-in waits 15 minutes for its factor, and no request makes that longer. */
static void a_wait_for_a_factor_does_not_move(void **state)
{
	struct config config = config_of_tests();
	struct session_found found = found_of(&config, CLASS_NATIVE);
	struct session_row *row = &found.session;
	int64_t end = NOW + POLICY_FACTOR_SPAN;

	(void)state;
	row->state = SESSION_SECOND_FACTOR_REQUIRED;
	assert_int_equal(policy_idle_end(&config, row, NOW), end);
	assert_int_equal(policy_idle_end(&config, row, NOW + 14 * CLOCK_MINUTE), end);
	row->idle_end = policy_idle_end(&config, row, end - 1);
	row->last_seen = end - 1;
	assert_int_equal(policy_standing(&config, &found, end - 1), SESSION_PENDING);
	assert_int_equal(policy_standing(&config, &found, end), SESSION_EXPIRED);
	row->expires_at = NOW + CLOCK_MINUTE;
	assert_int_equal(policy_idle_end(&config, row, NOW), NOW + CLOCK_MINUTE);
}

static void classes_of_sign_ins(void **state)
{
	(void)state;
	assert_int_equal(policy_class(CARRIER_COOKIE, false), CLASS_BROWSER);
	assert_int_equal(policy_class(CARRIER_COOKIE, true), CLASS_REMEMBERED);
	assert_int_equal(policy_class(CARRIER_HANDLE, false), CLASS_NATIVE);
	assert_int_equal(policy_class(CARRIER_HANDLE, true), CLASS_NATIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_end),
		cmocka_unit_test(elevated_in_a_tenant),
		cmocka_unit_test(clock_back_does_not_lengthen),
		cmocka_unit_test(user_must_be_active),
		cmocka_unit_test(states_and_holds),
		cmocka_unit_test(unknown_class_is_over),
		cmocka_unit_test(second_factor_lapses),
		cmocka_unit_test(freshness),
		cmocka_unit_test(touching),
		cmocka_unit_test(a_required_factor_is_waited_for),
		cmocka_unit_test(a_trusted_device_has_limits),
		cmocka_unit_test(what_is_waited_for_stays),
		cmocka_unit_test(a_factor_comes_before_a_new_password),
		cmocka_unit_test(what_can_be_asked_for),
		cmocka_unit_test(a_factor_is_fresh_for_a_time),
		cmocka_unit_test(a_wait_for_a_factor_does_not_move),
		cmocka_unit_test(classes_of_sign_ins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
