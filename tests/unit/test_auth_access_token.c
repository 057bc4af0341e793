/* TK-06 to TK-09, TK-11: what a token claims, and which claims are believed when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access_token.h"
#include "arena.h"

#define NOW INT64_C(1795000000)
#define US CLOCK_SECOND
#define ISSUER STR("https://a.example/auth")

static struct config config_of(int64_t leeway)
{
	return (struct config){
		.server = {.origin = STR("https://a.example"), .base_path = STR("/auth")},
		.token = {.life = 10 * CLOCK_MINUTE, .leeway = leeway},
	};
}

static struct claims claims_of(void)
{
	return (struct claims){
		.issuer = ISSUER,
		.audiences = {ISSUER},
		.audience_count = 1,
		.issued_at = NOW,
		.expires_at = NOW + 600,
	};
}

static enum access_verdict judged(const struct claims *claims, int64_t now)
{
	struct config config = config_of(30 * CLOCK_SECOND);

	return access_token_judge(&config, ISSUER, claims, now * US);
}

/* TK-07 */
static void time_is_kept_with_a_little_leeway(void **state)
{
	struct claims claims = claims_of();

	(void)state;
	assert_int_equal(judged(&claims, NOW), ACCESS_VALID);
	assert_int_equal(judged(&claims, NOW + 599), ACCESS_VALID);
	assert_int_equal(judged(&claims, NOW + 629), ACCESS_VALID);
	assert_int_equal(judged(&claims, NOW + 630), ACCESS_EXPIRED);
	assert_int_equal(judged(&claims, NOW + 100000000), ACCESS_EXPIRED);
	assert_int_equal(judged(&claims, NOW - 30), ACCESS_VALID);
	assert_int_equal(judged(&claims, NOW - 31), ACCESS_REFUSED);
	claims.not_before = NOW + 100;
	assert_int_equal(judged(&claims, NOW + 69), ACCESS_REFUSED);
	assert_int_equal(judged(&claims, NOW + 70), ACCESS_VALID);
}

/* Whatever the configuration says: a minute of leeway, a quarter of an hour of life. */
static void bounds_hold_without_the_configuration(void **state)
{
	struct config config = config_of(CLOCK_DAY);
	struct claims claims = claims_of();

	(void)state;
	assert_int_equal(access_token_judge(&config, ISSUER, &claims, (NOW + 659) * US),
			 ACCESS_VALID);
	assert_int_equal(access_token_judge(&config, ISSUER, &claims, (NOW + 660) * US),
			 ACCESS_EXPIRED);
	claims.expires_at = NOW + 900;
	assert_int_equal(judged(&claims, NOW), ACCESS_VALID);
	claims.expires_at = NOW + 901;
	assert_int_equal(judged(&claims, NOW), ACCESS_REFUSED);
	claims.expires_at = INT64_C(253402300799);
	assert_int_equal(judged(&claims, NOW), ACCESS_REFUSED);
	claims.expires_at = NOW;
	assert_int_equal(judged(&claims, NOW), ACCESS_REFUSED);
	claims.expires_at = NOW - 1;
	assert_int_equal(judged(&claims, NOW), ACCESS_REFUSED);
}

/* TK-08 */
static void issuer_and_audience_are_compared_exactly(void **state)
{
	static const char *const others[] = {
		"https://a.example/auth/", "https://a.example",        "https://a.example/AUTH",
		"http://a.example/auth",   "https://a.example/auth/x", "https://a.example/aut",
		"https://b.example/auth",  "https://A.example/auth",   ""};
	struct config config = config_of(0);
	struct claims claims = claims_of();

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		claims = claims_of();
		claims.issuer = str_of(others[i]);
		assert_int_equal(judged(&claims, NOW), ACCESS_REFUSED);
		claims = claims_of();
		claims.audiences[0] = str_of(others[i]);
		assert_int_equal(judged(&claims, NOW), ACCESS_REFUSED);
		claims.audiences[1] = ISSUER;
		claims.audience_count = 2;
		assert_int_equal(judged(&claims, NOW), ACCESS_VALID);
	}
	claims = claims_of();
	claims.audience_count = 0;
	assert_int_equal(judged(&claims, NOW), ACCESS_REFUSED);
	claims.issuer = STR("");
	assert_int_equal(access_token_judge(&config, STR(""), &claims, NOW * US), ACCESS_REFUSED);
}

struct issue {
	struct arena *arena;
	struct config config;
	struct auth_context context;
	struct session session;
};

static struct issue *issue_of(struct arena *arena)
{
	struct issue *issue = arena_alloc(arena, sizeof *issue);

	issue->arena = arena;
	issue->config = config_of(0);
	issue->context = (struct auth_context){
		.config = &issue->config, .arena = arena, .now = NOW * US + 5};
	issue->session = (struct session){
		.standing = SESSION_LIVE,
		.aal = 2,
		.ends = {.idle = INT64_MAX, .absolute = (NOW + 86400) * US},
		.found.session =
			{
				.id = {{1}},
				.user_id = {{2}},
				.epoch = 7,
				.amr = STR("pwd otp"),
				.auth_time = (NOW - 60) * US + 999999,
			},
	};
	return issue;
}

static enum err issued(struct issue *issue, struct claims *claims)
{
	const struct access_grant grant = {
		.session = &issue->session,
		.client = STR("app"),
		.audience = STR("https://api.example"),
		.scope = STR("flows:read"),
	};

	return access_token_claims(&issue->context, &grant, claims);
}

static void a_token_says_what_the_row_says(void **state)
{
	struct issue *issue = issue_of(*state);
	struct claims claims;
	struct claims second;

	assert_int_equal(issued(issue, &claims), OK);
	assert_true(str_equal(claims.issuer, ISSUER));
	assert_int_equal(claims.audience_count, 2);
	assert_true(str_equal(claims.audiences[0], STR("https://api.example")));
	assert_true(str_equal(claims.audiences[1], ISSUER));
	assert_true(id_equal(claims.subject, issue->session.found.session.user_id));
	assert_true(id_equal(claims.session, issue->session.found.session.id));
	assert_int_equal(claims.version, 7);
	assert_int_equal(claims.issued_at, NOW);
	assert_int_equal(claims.expires_at, NOW + 600);
	assert_int_equal(claims.auth_time, NOW - 60);
	assert_int_equal(claims.method_count, 2);
	assert_true(str_equal(claims.methods[0], STR("pwd")));
	assert_true(str_equal(claims.methods[1], STR("otp")));
	assert_true(str_equal(claims.level, STR("aal2")));
	assert_true(str_equal(claims.client, STR("app")));
	assert_true(str_equal(claims.scope, STR("flows:read")));
	assert_int_equal(issued(issue, &second), OK);
	assert_false(id_equal(claims.token, second.token));
	assert_int_equal(access_token_judge(&issue->config, ISSUER, &claims, issue->context.now),
			 ACCESS_VALID);
}

/* TK-11, and CONTRACT §4: guests and pending sessions get none. */
static void no_token_outlives_its_session(void **state)
{
	struct issue *issue = issue_of(*state);
	struct claims claims;

	issue->session.ends.absolute = (NOW + 20) * US;
	assert_int_equal(issued(issue, &claims), OK);
	assert_int_equal(claims.expires_at, NOW + 20);
	issue->session.ends.absolute = NOW * US + 500000;
	assert_int_equal(issued(issue, &claims), ERR_CONFLICT);
	issue = issue_of(*state);
	issue->session.found.session.user_id = ID_NONE;
	assert_int_equal(issued(issue, &claims), ERR_CONFLICT);
	for (unsigned standing = 0; standing < 16; standing++) {
		issue = issue_of(*state);
		issue->session.standing = (enum session_standing)standing;
		assert_int_equal(issued(issue, &claims),
				 standing == SESSION_LIVE ? OK : ERR_CONFLICT);
	}
}

static int open_arena(void **state)
{
	static struct arena *arena;

	assert_int_equal(arena_open(4096, 1 << 20, &arena), OK);
	*state = arena;
	return 0;
}

static int close_arena(void **state)
{
	struct arena *arena = *state;

	arena_close(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_is_kept_with_a_little_leeway),
		cmocka_unit_test(bounds_hold_without_the_configuration),
		cmocka_unit_test(issuer_and_audience_are_compared_exactly),
		cmocka_unit_test(a_token_says_what_the_row_says),
		cmocka_unit_test(no_token_outlives_its_session),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
