/* What the guards decide before any query: the calls of these tests have no database at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cookie.h"
#include "csrf.h"
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
	};
	return cmocka_run_group_tests(tests, web_world_setup, web_world_teardown);
}
