/* What the guards decide before any query: the calls of these tests have no database at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cookie.h"
#include "csrf.h"
#include "factor_store.h"
#include "form.h"
#include "guard.h"
#include "view.h"
#include "web_calls.h"

#define FORTY_THREE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct route CLOSED = {.path = "/api/v1/test", .surface = SURFACE_API};
static const struct route OPEN_API = {
	.path = "/api/v1/test", .surface = SURFACE_API, .exempt = ROUTE_ANONYMOUS};
static const struct route CLOSED_PAGE = {.path = "/test", .surface = SURFACE_PAGE};
static const struct route OPEN_PAGE = {
	.path = "/test", .surface = SURFACE_PAGE, .exempt = ROUTE_ANONYMOUS | ROUTE_STALE_FORM};

static enum guard_verdict check(struct call *call)
{
	enum guard_verdict verdict = GUARD_ANSWERED;
	assert_int_equal(guard_check(call, &verdict), OK);
	return verdict;
}

static void refused(struct call *call, int status, const char *code)
{
	assert_int_equal(check(call), GUARD_ANSWERED);
	assert_int_equal(call->response.status, status);
	assert_true(web_has(&call->response.body, code));
}

static void nobody_is_refused_where_a_session_is_required(void **state)
{
	struct call *call = web_call(*state, METHOD_GET, &CLOSED);
	refused(call, 401, "\"unauthenticated\"");
	assert_false(web_has(&call->response.headers, "error="));
}

/* SE-10: no query, or the missing connection would be used. */
static void malformed_credentials_are_401_without_a_query(void **state)
{
	static const char *const VALUES[] = {
		"gps_",          "x", "", "gps_" FORTY_THREE "A", FORTY_THREE, "gpr_" FORTY_THREE,
		"gps_\"' OR 1=1"};
	for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
		struct call *call = web_call(*state, METHOD_GET, &CLOSED);
		call->request.session_id_header = str_of(VALUES[i]);
		refused(call, 401, "\"unauthenticated\"");
		assert_true(web_has(&call->response.headers, "error=\"invalid_token\""));
	}
}

static void a_cookie_with_what_no_cookie_may_have_is_malformed(void **state)
{
	struct call *call = web_call(*state, METHOD_GET, &CLOSED);
	call->request.cookie = STR(COOKIE_SESSION "=\"" FORTY_THREE);
	refused(call, 401, "\"unauthenticated\"");
}

/* SE-08, CO-07 */
static void two_credentials_are_400(void **state)
{
	const struct route *const routes[] = {&CLOSED, &OPEN_API};
	for (size_t i = 0; i < 2; i++) {
		struct call *call = web_call(*state, METHOD_GET, routes[i]);
		call->request.cookie = STR(COOKIE_SESSION "=" FORTY_THREE);
		call->request.session_id_header = STR("gps_" FORTY_THREE);
		refused(call, 400, "\"ambiguous_credentials\"");
		call = web_call(*state, METHOD_GET, routes[i]);
		call->request.authorization = STR("Bearer gps_" FORTY_THREE);
		call->request.session_id_header = STR("gps_" FORTY_THREE);
		refused(call, 400, "\"ambiguous_credentials\"");
		call = web_call(*state, METHOD_GET, routes[i]);
		call->request.cookie =
			STR(COOKIE_SESSION "=" FORTY_THREE "; a=b; " COOKIE_SESSION "=x");
		refused(call, 400, "\"ambiguous_credentials\"");
	}
}

static void a_visitor_is_sent_to_sign_in_and_back(void **state)
{
	struct call *call = web_call(*state, METHOD_GET, &CLOSED_PAGE);
	call->request.query = STR("a=1&b=%2F");
	assert_int_equal(check(call), GUARD_ANSWERED);
	assert_int_equal(call->response.status, 303);
	assert_true(web_has(&call->response.headers,
			    "Location: " WEB_ORIGIN "/auth/login?return_to="
			    "%2Fauth%2Ftest%3Fa%3D1%26b%3D%252F\r\n"));
}

/* IN-20: what could not be a place of ours is not offered as one. */
static void an_odd_place_is_not_come_back_to(void **state)
{
	struct call *call = web_call(*state, METHOD_GET, &CLOSED_PAGE);
	call->request.path = STR("/auth/t\xc3\xa9st");
	assert_int_equal(check(call), GUARD_ANSWERED);
	assert_true(web_has(&call->response.headers, "Location: " WEB_ORIGIN "/auth/login\r\n"));
}

/* Pages know the cookie only, and another password of the site is none of theirs. */
static void pages_do_not_take_what_programs_send(void **state)
{
	struct call *call = web_call(*state, METHOD_GET, &CLOSED_PAGE);
	call->request.authorization = STR("Basic YWxpY2U6eA==");
	assert_int_equal(check(call), GUARD_ANSWERED);
	assert_int_equal(call->response.status, 303);
	call = web_call(*state, METHOD_GET, &CLOSED_PAGE);
	call->request.session_id_header = STR("gps_" FORTY_THREE);
	assert_int_equal(check(call), GUARD_ANSWERED);
	assert_int_equal(call->response.status, 303);
	assert_int_equal(call->session.standing, SESSION_ABSENT);
}

/* CS-04 */
static void a_foreign_page_may_not_call_without_a_credential(void **state)
{
	struct call *call = web_call(*state, METHOD_POST, &OPEN_API);
	assert_int_equal(check(call), GUARD_PASS);
	call = web_call(*state, METHOD_POST, &OPEN_API);
	call->request.sec_fetch_site = STR("cross-site");
	refused(call, 403, "\"csrf_failed\"");
	call = web_call(*state, METHOD_POST, &OPEN_API);
	call->request.origin = STR("https://evil.test");
	refused(call, 403, "\"csrf_failed\"");
	call = web_call(*state, METHOD_POST, &OPEN_API);
	call->request.origin = STR(WEB_ORIGIN);
	assert_int_equal(check(call), GUARD_PASS);
}

static const struct form *form_with(struct call *call, struct str token)
{
	struct form *form = arena_alloc(call->arena, sizeof(*form));
	assert_non_null(form);
	form->fields[0] = (struct form_field){STR("csrf_token"), token};
	form->n = 1;
	return form;
}

/* A page's POST from ourselves with the cookie and the token given. */
static struct call *post(struct web_world *world, struct str pre, struct str token)
{
	char cookie[512];
	struct str header;
	struct call *call = web_call(world, METHOD_POST, &OPEN_PAGE);
	(void)snprintf(cookie, sizeof(cookie), "%s=%.*s", COOKIE_PRE, (int)pre.n, pre.p);
	assert_int_equal(str_copy(call->arena, str_of(cookie), &header), OK);
	call->request.cookie = header;
	call->request.sec_fetch_site = STR("same-origin");
	call->form = form_with(call, token);
	return call;
}

struct kept {
	char pre[256], token[256];
};

static struct kept visit(struct web_world *world)
{
	struct kept kept;
	struct str token;
	struct call *call = web_call(world, METHOD_GET, &OPEN_PAGE);
	assert_int_equal(check(call), GUARD_PASS);
	assert_int_equal(guard_form_token(call, &token), OK);
	assert_true(call->pre_is_new);
	(void)snprintf(kept.pre, sizeof(kept.pre), "%.*s", (int)call->pre_cookie.n,
		       call->pre_cookie.p);
	(void)snprintf(kept.token, sizeof(kept.token), "%.*s", (int)token.n, token.p);
	return kept;
}

/* CS-01, CS-03 */
static void a_form_before_sign_in_is_bound_to_the_visitor(void **state)
{
	struct kept one = visit(*state), two = visit(*state);
	struct call *call = post(*state, str_of(one.pre), str_of(one.token));
	assert_int_equal(check(call), GUARD_PASS);
	assert_false(call->csrf_stale);
	assert_true(str_equal(call->pre_cookie, str_of(one.pre)));
	call = post(*state, str_of(one.pre), str_of(two.token));
	assert_int_equal(check(call), GUARD_PASS);
	assert_true(call->csrf_stale);
	call = post(*state, STR("AAAA"), str_of(one.token));
	assert_int_equal(check(call), GUARD_PASS);
	assert_true(call->csrf_stale);
	assert_false(str_is_present(call->pre_cookie));
}

static void two_tokens_of_one_answer_are_bound_alike(void **state)
{
	struct str one, two;
	struct csrf_binding binding;
	struct call *call = web_call(*state, METHOD_GET, &OPEN_PAGE);
	assert_int_equal(guard_form_token(call, &one), OK);
	assert_int_equal(guard_form_token(call, &two), OK);
	assert_false(str_equal(one, two));
	binding = csrf_bind_pre(call->app->keys, call->pre_cookie);
	assert_true(csrf_token_matches(&binding, one));
	assert_true(csrf_token_matches(&binding, two));
}

/* Freshness is a number in the route row; none there is the setting. */
static void freshness_is_the_routes(void **state)
{
	static const struct route strict = {
		.path = "/api/v1/test", .surface = SURFACE_API, .max_age = 300};
	struct call *call = web_call(*state, METHOD_GET, &strict);
	assert_int_equal(guard_max_age(call), 5 * CLOCK_MINUTE);
	assert_int_equal(view_problem(call, PROBLEM_REAUTHENTICATION_REQUIRED,
				      &(struct problem_detail){.rotated = false}),
			 OK);
	assert_true(web_has(&call->response.headers, "max_age=300,"));
	call = web_call(*state, METHOD_GET, &CLOSED);
	assert_int_equal(guard_max_age(call), 15 * CLOCK_MINUTE);
}

/* Where a factor may be asked for, and how old it may be. */
#define AGE (5 * CLOCK_MINUTE)
static const struct route STRICT = {.path = "/api/v1/test", .surface = SURFACE_API, .max_age = 300};
static const struct route TAKES_AWAY = {
	.path = "/api/v1/test", .surface = SURFACE_API, .max_age = 300, .exempt = ROUTE_AAL1_OK};
static const struct route READS = {
	.path = "/api/v1/test", .surface = SURFACE_API, .max_age = 300, .exempt = ROUTE_STALE_OK};
static const struct route READS_WITH_FACTOR = {.path = "/api/v1/test",
					       .surface = SURFACE_API,
					       .max_age = 300,
					       .exempt = ROUTE_STALE_OK,
					       .factor = true};
static const struct route SETS_UP = {.path = "/api/v1/test",
				     .surface = SURFACE_API,
				     .max_age = 300,
				     .exempt = ROUTE_ENROLMENT_OK};
static const struct route FINISHES = {
	.path = "/api/v1/test", .surface = SURFACE_API, .exempt = ROUTE_PENDING_OK};
static const struct route STRICT_PAGE = {.path = "/test", .surface = SURFACE_PAGE, .max_age = 300};
static const struct route SETS_UP_PAGE = {
	.path = "/test", .surface = SURFACE_PAGE, .max_age = 300, .exempt = ROUTE_ENROLMENT_OK};

/* A session as the check would have found it: in use just now, so that nothing is written. */
static struct call *with_session(struct web_world *world, const struct route *route)
{
	struct call *call = web_call(world, METHOD_GET, route);
	world->config.session.aal2 = (struct class_limits){CLOCK_HOUR, 12 * CLOCK_HOUR};
	world->config.second_factor.require = FACTOR_OPTIONAL;
	world->config.second_factor.roles = STR("elevated");
	call->resolved = true;
	if (route->surface == SURFACE_PAGE)
		call->request.cookie = STR(COOKIE_SESSION "=" FORTY_THREE);
	else
		call->request.session_id_header = STR("gps_" FORTY_THREE);
	call->session.found = (struct session_found){
		.user_state = USER_ACTIVE,
		.factors = FACTORS_ALL,
		.user_grants = STR("role:user"),
		.session = {.id = {{1}},
			    .user_id = {{7}},
			    .class = CLASS_NATIVE,
			    .state = SESSION_ACTIVE,
			    .value_used = true,
			    .aal = 1,
			    .amr = STR("pwd"),
			    .auth_time = WEB_NOW,
			    .last_seen = WEB_NOW,
			    .idle_end = WEB_NOW + CLOCK_DAY,
			    .expires_at = WEB_NOW + CLOCK_DAY},
	};
	return call;
}

static void judge(struct call *call)
{
	struct session session;
	session_judge(&call->auth, &call->session.found, &session);
	call->session = session;
}

/* Identifies first: that forgets whatever session there is. */
static enum guard_verdict check_judged(struct call *call)
{
	struct session_found found = call->session.found;
	assert_int_equal(guard_identify(call), OK);
	assert_int_equal(call->credential.syntax, CREDENTIAL_WELL_FORMED);
	call->session.found = found;
	judge(call);
	return check(call);
}

static void refused_judged(struct call *call, int status, const char *code)
{
	assert_int_equal(check_judged(call), GUARD_ANSWERED);
	assert_int_equal(call->response.status, status);
	assert_true(web_has(&call->response.body, code));
}

static void show_factor(struct call *call, int64_t ago)
{
	struct session_row *row = &call->session.found.session;
	row->aal = 2;
	row->aal2_end = WEB_NOW - ago + call->app->config->session.aal2.absolute;
	row->amr = STR("pwd otp mfa");
}

static void asks_for_factor(struct call *call)
{
	refused_judged(call, 401, "\"reauthentication_required\"");
	assert_true(web_has(&call->response.headers,
			    "error=\"insufficient_user_authentication\", max_age=300, "
			    "acr_values=\"aal2\"\r\n"));
	assert_true(web_has(&call->response.body,
			    "\"methods\":[\"totp\",\"recovery_code\",\"passkey\"]"));
}

/* MF-15: of who has a second factor the session alone changes nothing, nor does the password. */
static void who_has_a_factor_shows_it_to_change_anything(void **state)
{
	const struct route *const asking[] = {&STRICT, &READS_WITH_FACTOR, &SETS_UP};
	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++) {
		struct call *call = with_session(*state, asking[i]);
		asks_for_factor(call);
		call = with_session(*state, asking[i]);
		show_factor(call, AGE);
		assert_int_equal(check_judged(call), GUARD_PASS);
		call = with_session(*state, asking[i]);
		show_factor(call, AGE + 1);
		asks_for_factor(call);
		call = with_session(*state, asking[i]);
		show_factor(call, AGE);
		call->session.found.session.aal = 1;
		asks_for_factor(call);
		call = with_session(*state, asking[i]);
		call->session.found.session.amr = STR("pwd rba");
		asks_for_factor(call);
	}
}

/* MF-15: a factor is no fresher than the person, nor the other way round. */
static void a_fresh_factor_needs_a_fresh_person_too(void **state)
{
	struct call *call = with_session(*state, &STRICT);
	show_factor(call, 0);
	call->session.found.session.auth_time = WEB_NOW - AGE - 1;
	refused_judged(call, 401, "\"reauthentication_required\"");
	assert_true(web_has(&call->response.headers, "acr_values=\"aal2\"\r\n"));
	assert_true(web_has(&call->response.body, "\"methods\":[\"totp\","));
}

static void where_no_factor_is_asked_for(void **state)
{
	struct call *call = with_session(*state, &TAKES_AWAY);
	assert_int_equal(check_judged(call), GUARD_PASS);
	call = with_session(*state, &TAKES_AWAY);
	call->session.found.session.auth_time = WEB_NOW - AGE - 1;
	refused_judged(call, 401, "\"reauthentication_required\"");
	assert_true(web_has(&call->response.headers, "acr_values=\"aal1\"\r\n"));
	call = with_session(*state, &READS);
	call->session.found.session.auth_time = WEB_NOW - CLOCK_DAY;
	assert_int_equal(check_judged(call), GUARD_PASS);
	call = with_session(*state, &STRICT);
	call->session.found.factors = FACTOR_RECOVERY;
	assert_int_equal(check_judged(call), GUARD_PASS);
	call = with_session(*state, &STRICT);
	((struct web_world *)*state)->config.second_factor.require = FACTOR_OFF;
	assert_int_equal(check_judged(call), GUARD_PASS);
}

/* MF-15: what is asked for in vain is asked for where the page can be come back to. */
static void a_page_is_sent_to_show_a_factor(void **state)
{
	struct call *call = with_session(*state, &STRICT_PAGE);
	assert_int_equal(check_judged(call), GUARD_ANSWERED);
	assert_int_equal(call->response.status, 303);
	assert_true(web_has(&call->response.headers, "Location: " WEB_ORIGIN "/auth/reauth?factor=1"
						     "&return_to=%2Fauth%2Ftest\r\n"));
	call = with_session(*state, &STRICT_PAGE);
	call->session.found.factors = 0;
	call->session.found.session.auth_time = WEB_NOW - AGE - 1;
	assert_int_equal(check_judged(call), GUARD_ANSWERED);
	assert_true(web_has(&call->response.headers,
			    "Location: " WEB_ORIGIN "/auth/reauth?return_to=%2Fauth%2Ftest\r\n"));
}

/* MF-17: by the row, or because one is required meanwhile: it opens what completes it, only. */
static void pends(struct web_world *world, bool by_policy, const struct route *route)
{
	struct call *call = with_session(world, route);
	call->session.found.factors = FACTOR_TOTP | FACTOR_RECOVERY;
	if (by_policy)
		world->config.second_factor.require = FACTOR_ALL;
	else
		call->session.found.session.state = SESSION_SECOND_FACTOR_REQUIRED;
	refused_judged(call, 403, "\"second_factor_required\"");
	assert_true(web_has(&call->response.body, "\"methods\":[\"totp\",\"recovery_code\"]"));
	assert_false(web_has(&call->response.headers, "WWW-Authenticate"));
}

static void a_sign_in_that_waits_for_its_factor_opens_nothing(void **state)
{
	const struct route *const closed[] = {
		&CLOSED, &STRICT, &TAKES_AWAY, &READS, &READS_WITH_FACTOR, &SETS_UP};
	struct web_world *world = *state;
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		pends(world, false, closed[i]);
		pends(world, true, closed[i]);
	}
	struct call *call = with_session(world, &FINISHES);
	call->session.found.session.state = SESSION_SECOND_FACTOR_REQUIRED;
	assert_int_equal(check_judged(call), GUARD_PASS);
}

static void pages_of_who_waits_lead_to_what_completes_it(void **state)
{
	struct web_world *world = *state;
	struct call *call = with_session(world, &STRICT_PAGE);
	call->session.found.session.state = SESSION_SECOND_FACTOR_REQUIRED;
	assert_int_equal(check_judged(call), GUARD_ANSWERED);
	assert_int_equal(call->response.status, 303);
	assert_true(web_has(&call->response.headers,
			    "/auth/second-factor?return_to=%2Fauth%2Ftest\r\n"));
	call = with_session(world, &STRICT_PAGE);
	world->config.second_factor.require = FACTOR_ALL;
	call->session.found.factors = 0;
	assert_int_equal(check_judged(call), GUARD_ANSWERED);
	assert_int_equal(call->response.status, 303);
	assert_true(web_has(&call->response.headers,
			    "/auth/account/security?return_to=%2Fauth%2Ftest\r\n"));
}

/* MF-06, MF-17: who has to set one up comes to do just that, and shows again who they are. */
static void who_has_to_set_one_up_may_do_that(void **state)
{
	const struct route *const closed[] = {&CLOSED, &STRICT, &TAKES_AWAY, &READS,
					      &READS_WITH_FACTOR};
	struct web_world *world = *state;
	struct call *call;
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		call = with_session(world, closed[i]);
		world->config.second_factor.require = FACTOR_ALL;
		call->session.found.factors = 0;
		refused_judged(call, 403, "\"forbidden\"");
	}
	call = with_session(world, &SETS_UP);
	world->config.second_factor.require = FACTOR_ALL;
	call->session.found.factors = 0;
	assert_int_equal(check_judged(call), GUARD_PASS);
	call = with_session(world, &SETS_UP);
	world->config.second_factor.require = FACTOR_ALL;
	call->session.found.factors = 0;
	call->session.found.session.auth_time = WEB_NOW - AGE - 1;
	refused_judged(call, 401, "\"reauthentication_required\"");
	assert_true(web_has(&call->response.headers, "max_age=300, acr_values=\"aal1\"\r\n"));
	assert_true(web_has(&call->response.body, "\"methods\":[\"password\"]"));
	call = with_session(world, &SETS_UP_PAGE);
	world->config.second_factor.require = FACTOR_ALL;
	call->session.found.factors = 0;
	call->session.found.session.auth_time = WEB_NOW - AGE - 1;
	assert_int_equal(check_judged(call), GUARD_ANSWERED);
	assert_true(web_has(&call->response.headers, "/auth/reauth?return_to=%2Fauth%2Ftest\r\n"));
}

/* What asks for a permission says so before it asks for a factor. */
static void nobody_shows_a_factor_to_be_told_that_they_may_not(void **state)
{
	static const struct route manages = {
		.path = "/api/v1/test", .surface = SURFACE_API, .permission = "users:manage"};
	struct call *call = with_session(*state, &manages);
	refused_judged(call, 403, "\"forbidden\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_refused_where_a_session_is_required),
		cmocka_unit_test(malformed_credentials_are_401_without_a_query),
		cmocka_unit_test(a_cookie_with_what_no_cookie_may_have_is_malformed),
		cmocka_unit_test(two_credentials_are_400),
		cmocka_unit_test(a_visitor_is_sent_to_sign_in_and_back),
		cmocka_unit_test(an_odd_place_is_not_come_back_to),
		cmocka_unit_test(pages_do_not_take_what_programs_send),
		cmocka_unit_test(a_foreign_page_may_not_call_without_a_credential),
		cmocka_unit_test(a_form_before_sign_in_is_bound_to_the_visitor),
		cmocka_unit_test(two_tokens_of_one_answer_are_bound_alike),
		cmocka_unit_test(freshness_is_the_routes),
		cmocka_unit_test(who_has_a_factor_shows_it_to_change_anything),
		cmocka_unit_test(a_fresh_factor_needs_a_fresh_person_too),
		cmocka_unit_test(where_no_factor_is_asked_for),
		cmocka_unit_test(a_page_is_sent_to_show_a_factor),
		cmocka_unit_test(a_sign_in_that_waits_for_its_factor_opens_nothing),
		cmocka_unit_test(pages_of_who_waits_lead_to_what_completes_it),
		cmocka_unit_test(who_has_to_set_one_up_may_do_that),
		cmocka_unit_test(nobody_shows_a_factor_to_be_told_that_they_may_not),
	};
	return cmocka_run_group_tests(tests, web_world_setup, web_world_teardown);
}
