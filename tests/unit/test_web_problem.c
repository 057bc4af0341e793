/* The table of problems without holes, and the documents and headers made of it (HD-14, HD-15). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "view.h"
#include "web_calls.h"

static const struct route API_ROUTE = {.path = "/api/v1/test", .surface = SURFACE_API};

static void every_problem_has_code_status_and_sentences(void **state)
{
	(void)state;
	for (int i = 0; i < PROBLEM_COUNT; i++) {
		const struct problem_info *info = problem_info((enum problem)i);
		assert_non_null(info->code);
		assert_non_null(info->title);
		assert_non_null(info->text);
		assert_true(info->status >= 400 && info->status < 600);
		assert_string_not_equal(response_reason(info->status), "Error");
		assert_true(strspn(info->code, "abcdefghijklmnopqrstuvwxyz_") ==
			    strlen(info->code));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(info->code, problem_info((enum problem)k)->code);
	}
	assert_ptr_equal(problem_info(PROBLEM_COUNT), problem_info(PROBLEM_INTERNAL));
}

static void every_error_becomes_a_failure(void **state)
{
	(void)state;
	for (int e = ERR_INPUT; e < ERR_COUNT; e++)
		assert_true(problem_info(view_problem_of((enum err)e))->status >= 400);
	assert_int_equal(view_problem_of(ERR_UNAVAILABLE), PROBLEM_UNAVAILABLE);
	assert_int_equal(view_problem_of(ERR_UNCERTAIN), PROBLEM_UNAVAILABLE);
	assert_int_equal(view_problem_of(ERR_INTERNAL), PROBLEM_INTERNAL);
}

static void a_document_has_its_members(void **state)
{
	struct call *call = web_call(*state, METHOD_GET, &API_ROUTE);
	struct problem_detail detail = {.field = STR("iden\"tifier"), .reason = STR("is missing")};
	assert_int_equal(view_problem(call, PROBLEM_INVALID_REQUEST, &detail), OK);
	assert_int_equal(call->response.status, 400);
	assert_true(web_has(&call->response.headers,
			    "Content-Type: application/problem+json; charset=utf-8\r\n"));
	assert_true(web_has(&call->response.body,
			    "\"type\":\"" WEB_ORIGIN "/auth/problems#invalid_request\""));
	assert_true(web_has(&call->response.body, "\"status\":400"));
	assert_true(web_has(&call->response.body, "\"code\":\"invalid_request\""));
	assert_true(web_has(&call->response.body, "\"fields\":[{\"name\":\"iden\\\"tifier\","
						  "\"reason\":\"is missing\"}]"));
	assert_false(web_has(&call->response.body, "rotated"));
}

static void a_new_answer_replaces_what_was_begun(void **state)
{
	struct call *call = web_call(*state, METHOD_GET, &API_ROUTE);
	call->response.cacheable = true;
	response_header(&call->response, "Set-Cookie", STR("half=done"));
	buf_add(&call->response.body, STR("half"));
	assert_int_equal(view_problem(call, PROBLEM_INTERNAL, &(struct problem_detail){0}), OK);
	assert_false(call->response.cacheable);
	assert_false(web_has(&call->response.headers, "half"));
	assert_false(web_has(&call->response.body, "half"));
}

static void a_401_says_how_to_sign_in(void **state)
{
	struct call *call = web_call(*state, METHOD_GET, &API_ROUTE);
	const struct problem_detail none = {.rotated = false};
	assert_int_equal(view_problem(call, PROBLEM_UNAUTHENTICATED, &none), OK);
	assert_true(web_has(&call->response.headers,
			    "WWW-Authenticate: Bearer realm=\"gatepost\"\r\n"));
	call->request.authorization = STR("Bearer x");
	assert_int_equal(view_problem(call, PROBLEM_UNAUTHENTICATED,
				      &(struct problem_detail){.rotated = true}),
			 OK);
	assert_true(web_has(&call->response.headers, ", error=\"invalid_token\"\r\n"));
	assert_true(web_has(&call->response.body, "\"rotated\":true"));
	assert_int_equal(view_problem(call, PROBLEM_REAUTHENTICATION_REQUIRED, &none), OK);
	assert_true(web_has(&call->response.headers,
			    "error=\"insufficient_user_authentication\", max_age=900, "
			    "acr_values=\"aal1\"\r\n"));
	assert_true(web_has(&call->response.body, "\"methods\":[\"password\"]"));
}

static void a_503_and_a_429_say_when_to_come_again(void **state)
{
	struct call *call = web_call(*state, METHOD_GET, &API_ROUTE);
	assert_int_equal(view_problem(call, PROBLEM_UNAVAILABLE, &(struct problem_detail){0}), OK);
	assert_true(web_has(&call->response.headers, "Retry-After: 2\r\n"));
	assert_int_equal(view_problem(call, PROBLEM_TOO_MANY_ATTEMPTS,
				      &(struct problem_detail){.retry_after = 17}),
			 OK);
	assert_true(web_has(&call->response.headers, "Retry-After: 17\r\n"));
}

/* IN-11: absolute, and from the configuration alone. */
static void a_redirect_is_absolute(void **state)
{
	struct call *call = web_call(*state, METHOD_GET, &API_ROUTE);
	call->request.host = STR("evil.test");
	assert_int_equal(view_redirect(call, STR("/account")), OK);
	assert_int_equal(call->response.status, 303);
	assert_true(web_has(&call->response.headers, "Location: " WEB_ORIGIN "/auth/account\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_problem_has_code_status_and_sentences),
		cmocka_unit_test(every_error_becomes_a_failure),
		cmocka_unit_test(a_document_has_its_members),
		cmocka_unit_test(a_new_answer_replaces_what_was_begun),
		cmocka_unit_test(a_401_says_how_to_sign_in),
		cmocka_unit_test(a_503_and_a_429_say_when_to_come_again),
		cmocka_unit_test(a_redirect_is_absolute),
	};
	return cmocka_run_group_tests(tests, web_world_setup, web_world_teardown);
}
