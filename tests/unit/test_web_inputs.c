/* Declared inputs: what is refused, and by which name (IN-04, IN-05, CS-06); and the Host header.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "admit.h"
#include "inputs.h"
#include "web_calls.h"

static const struct field_def QUERY[] = {
	{.name = "limit", .max = 4, .optional = true},
	{.name = "scope", .max = 8},
	{.name = NULL},
};
static const struct field_def BODY[] = {
	{.name = "identifier", .max = 8},
	{.name = "remember", .kind = FIELD_BOOL, .max = 8, .optional = true},
	{.name = NULL},
};
static const struct route API_QUERY = {
	.path = "/api/v1/test", .surface = SURFACE_API, .query = QUERY};
static const struct route API_BODY = {.path = "/api/v1/test", .surface = SURFACE_API, .body = BODY};
static const struct route PAGE_QUERY = {.path = "/test", .surface = SURFACE_PAGE, .query = QUERY};
static const struct route PAGE_BODY = {.path = "/test", .surface = SURFACE_PAGE, .body = BODY};

static bool query(struct call *call, const char *text)
{
	bool answered = false;
	call->request.query = str_of(text);
	assert_int_equal(inputs_read_query(call, &answered), OK);
	return !answered;
}

static void a_query_is_declared_or_refused_by_name(void **state)
{
	static const struct {
		const char *query, *name;
	} CASES[] = {
		{"limit=1", "\"scope\""},
		{"scope=a&limit=12345", "\"limit\""},
		{"scope=a&scope=b", "\"scope\""},
		{"scope=a&other=1", "\"other\""},
	};
	struct call *call = web_call(*state, METHOD_GET, &API_QUERY);
	assert_true(query(call, "scope=all&limit=5"));
	assert_true(str_equal(call_query(call, "scope"), STR("all")));
	assert_true(str_equal(call_query(call, "limit"), STR("5")));
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		call = web_call(*state, METHOD_GET, &API_QUERY);
		assert_false(query(call, CASES[i].query));
		assert_int_equal(call->response.status, 400);
		assert_true(web_has(&call->response.body, CASES[i].name));
	}
}

static void links_to_pages_may_carry_what_is_not_ours(void **state)
{
	struct call *call = web_call(*state, METHOD_GET, &PAGE_QUERY);
	assert_true(query(call, "utm_source=mail&scope=a"));
	assert_true(str_equal(call_query(call, "scope"), STR("a")));
}

static void a_long_made_up_name_is_not_repeated(void **state)
{
	char text[300];
	struct call *call = web_call(*state, METHOD_GET, &API_QUERY);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_false(query(call, text));
	assert_false(web_has(&call->response.body, "xxxxxxxx"));
}

/* IN-04: query and body */
static void a_field_of_the_body_is_not_taken_from_the_query(void **state)
{
	struct call *call = web_call(*state, METHOD_POST, &API_BODY);
	assert_true(query(call, "other=1"));
	assert_false(query(call, "identifier=mallory"));
	assert_int_equal(call->response.status, 400);
}

static int status_of_body(struct call *call, struct str type, size_t length)
{
	bool answered = false;
	call->request.content_type = type;
	call->request.content_length = length;
	assert_int_equal(inputs_check_body(call, &answered), OK);
	return answered ? call->response.status : 0;
}

static void bodies_have_a_type_and_a_limit(void **state)
{
	struct call *call = web_call(*state, METHOD_POST, &API_BODY);
	assert_int_equal(status_of_body(call, STR("application/json"), 2), 0);
	assert_int_equal(status_of_body(call, STR("text/plain"), 2), 415);
	assert_int_equal(status_of_body(call, STR_NONE, 0), 415);
	assert_int_equal(status_of_body(call, STR("application/json"), REQUEST_BODY_MAX), 0);
	assert_int_equal(status_of_body(call, STR("application/json"), REQUEST_BODY_MAX + 1), 413);
	call = web_call(*state, METHOD_POST, &PAGE_BODY);
	assert_int_equal(status_of_body(call, STR("application/x-www-form-urlencoded"), 2), 0);
	assert_int_equal(status_of_body(call, STR_NONE, 0), 0);
}

static void the_host_is_ours_with_and_without_the_default_port(void **state)
{
	const struct str own = STR("www.example.org"), odd = STR("www.example.org:8443");
	(void)state;
	assert_true(admit_host_is_own(STR("www.example.org"), own));
	assert_true(admit_host_is_own(STR("WWW.Example.ORG"), own));
	assert_true(admit_host_is_own(STR("www.example.org:443"), own));
	assert_true(admit_host_is_own(STR("www.example.org:8443"), odd));
	assert_false(admit_host_is_own(STR("www.example.org"), odd));
	assert_false(admit_host_is_own(STR("www.example.org:443"), odd));
	assert_false(admit_host_is_own(STR("www.example.org:8443"), own));
	assert_false(admit_host_is_own(STR("www.example.org."), own));
	assert_false(admit_host_is_own(STR("www.example.org:443.evil.test"), own));
	assert_false(admit_host_is_own(STR(""), own));
	assert_false(admit_host_is_own(STR_NONE, own));
}

/* IN-19, CS-10: the order in which requests are turned away. */
static void requests_are_turned_away_in_order(void **state)
{
	static const struct {
		struct str path, host;
		bool https;
		enum method method;
		enum request_flaw flaw;
		int status;
	} CASES[] = {
		{{"/auth/api/v1/user", 17}, {"x", 1}, false, METHOD_PUT, REQUEST_TWICE, 400},
		{{"/auth/api/v1/user", 17}, {"x", 1}, false, METHOD_PUT, REQUEST_FINE, 421},
		{{"/auth/api/v1/user", 17}, {"x", 1}, true, METHOD_PUT, REQUEST_FINE, 421},
		{{"/auth/api/v1/none", 17},
		 {"www.example.org", 15},
		 true,
		 METHOD_PUT,
		 REQUEST_FINE,
		 404},
		{{"/auth/api/v1/user", 17},
		 {"www.example.org", 15},
		 true,
		 METHOD_PUT,
		 REQUEST_FINE,
		 405},
		{{"/auth/api/v1/user", 17},
		 {"www.example.org", 15},
		 true,
		 METHOD_OPTIONS,
		 REQUEST_FINE,
		 204},
	};
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		bool answered = false;
		struct call *call = web_call(*state, CASES[i].method, &API_QUERY);
		call->request.path = CASES[i].path;
		call->request.host = CASES[i].host;
		call->request.https = CASES[i].https;
		call->request.flaw = CASES[i].flaw;
		admit_match(call);
		assert_int_equal(admit_check(call, &answered), OK);
		assert_true(answered);
		assert_int_equal(call->response.status, CASES[i].status);
		if (CASES[i].status == 405 || CASES[i].status == 204)
			assert_true(web_has(&call->response.headers,
					    "Allow: GET, HEAD, PATCH, DELETE, OPTIONS\r\n"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_is_declared_or_refused_by_name),
		cmocka_unit_test(links_to_pages_may_carry_what_is_not_ours),
		cmocka_unit_test(a_long_made_up_name_is_not_repeated),
		cmocka_unit_test(a_field_of_the_body_is_not_taken_from_the_query),
		cmocka_unit_test(bodies_have_a_type_and_a_limit),
		cmocka_unit_test(the_host_is_ours_with_and_without_the_default_port),
		cmocka_unit_test(requests_are_turned_away_in_order),
	};
	return cmocka_run_group_tests(tests, web_world_setup, web_world_teardown);
}
