/* A guarded request from what is asked to what the web server reads; no database, no process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "authorizer.h"
#include "guarded.h"
#include "view.h"
#include "web_calls.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RECORD 8000
#define LONG_TEXT 7000

static void set_rules(struct config *config)
{
	static struct protect_config rules[8];
	const struct protect_config given[] = {
		{.path = STR("/open"),
		 .terms = {{.kind = PROTECT_PUBLIC, .closes = true}},
		 .term_count = 1},
		{.path = STR("/admin"),
		 .terms = {{.kind = PROTECT_ROLE, .name = STR("admin"), .closes = true}},
		 .term_count = 1},
		{.path = STR("/strong"),
		 .terms = {{.kind = PROTECT_AAL2, .closes = true}},
		 .term_count = 1},
		{.path = STR("/strong-admin"),
		 .terms = {{.kind = PROTECT_ROLE, .name = STR("admin"), .closes = true},
			   {.kind = PROTECT_AAL2, .closes = true}},
		 .term_count = 2},
		{.path = STR("/read"),
		 .methods_text = STR("GET"),
		 .terms = {{.kind = PROTECT_PUBLIC, .closes = true}},
		 .term_count = 1},
	};

	memcpy(rules, given, sizeof given);
	config->protects = rules;
	config->protect_count = COUNT(given);
}

static struct session somebody(void)
{
	struct session session = {
		.standing = SESSION_LIVE,
		.aal = 1,
		.found = {.user_state = USER_ACTIVE,
			  .username = STR("alice"),
			  .email = STR("alice@example.org"),
			  .user_grants = STR("role:user"),
			  .session = {.id = {{3}},
				      .user_id = {{7}},
				      .state = SESSION_ACTIVE,
				      .aal = 1,
				      .auth_time = WEB_NOW}},
	};

	return session;
}

/* An authorizer's question; by nobody. */
static struct call *asked(struct web_world *world, const char *target)
{
	struct call *call = web_call(world, METHOD_GET, &authorizer_route);

	set_rules(&world->config);
	call->authorizes = true;
	call->request.method_text = STR("GET");
	call->request.target = str_of(target);
	call->request.remote_addr = STR("192.0.2.1");
	call->session = (struct session){.standing = SESSION_ABSENT};
	return call;
}

/* As dispatch.c does it. */
static void answer(struct call *call)
{
	struct problem_detail none = {.rotated = false};

	assert_int_equal(guarded_open(call), OK);
	call->failed = authorizer_route.handle(call);
	if (call->failed != OK)
		assert_int_equal(view_problem(call, view_problem_of(call->failed), &none), OK);
	authorizer_shape(call);
}

static bool has_line(const struct buf *text, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n <= text->n; i++)
		if ((i == 0 || text->p[i - 1] == '\n') && memcmp(text->p + i, name, n) == 0)
			return true;
	return false;
}

/* A status that lets nobody in, none of the variables, one record, and no trap in the body. */
static void refuses(struct call *call, int status)
{
	const struct response *response = &call->response;

	assert_int_equal(response->status, status);
	assert_true(status >= 300);
	assert_false(has_line(&response->headers, "Variable-"));
	assert_true(response_size(response) <= RECORD);
	assert_false(response->cacheable);
	if (response->body.n > 0)
		assert_true(response->body.p[0] == '{' || response->body.p[0] == '<');
	if (str_is_present(call->request.apache_role)) {
		assert_int_equal(response->body.n, 0);
		assert_false(has_line(&response->headers, "Content-Type"));
	}
}

/* Nothing but the status and variables. */
static void grants(struct call *call)
{
	const struct response *response = &call->response;
	struct str rest = {.p = response->headers.p, .n = response->headers.n};
	struct str line = STR_NONE;

	assert_int_equal(response->status, 200);
	assert_true(has_line(&response->headers, "Variable-GATEPOST_VERDICT: granted"));
	while (str_cut(rest, '\n', &line, &rest))
		assert_true(str_starts(line, STR("Variable-")));
	assert_int_equal(response->body.n, 0);
	assert_true(response->bare && response->cacheable && !response->has_body);
	assert_true(response_size(response) < 8192);
}

static void strangers_and_users(void **state)
{
	static const struct {
		const char *target;
		int stranger, alice;
	} cases[] = {
		{"/", 401, 200},
		{"/a?b=c", 401, 200},
		{"/open", 200, 200},
		{"/open/%61", 200, 200},
		{"/opened", 401, 200},
		{"/admin/x", 401, 403},
		{"/strong/", 401, 401},
		{"/strong-admin", 401, 403},
		{"/read/x", 200, 200},
		/* Our own pages have rules of their own. */
		{"/auth/login", 200, 200},
		{"/auth/nothing", 401, 200},
		{"/authors", 401, 200},
		{"https://www.example.org/open", 200, 200},
		{"/open/../admin/", 400, 400},
		{"/open/%2e%2e/admin/", 400, 400},
		{"/open//x", 400, 400},
		{"/open%2f..%2fadmin", 400, 400},
		{"/open/x;y", 400, 400},
		{"/open/%3bx", 400, 400},
		{"/open/%00", 400, 400},
		{"", 400, 400},
		{"*", 400, 400},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int apache = 0; apache < 4; apache++) {
			struct call *call = asked(*state, cases[i].target);
			int expected = apache < 2 ? cases[i].stranger : cases[i].alice;

			if (apache % 2 == 1)
				call->request.apache_role = STR("AUTHENTICATOR");
			if (apache >= 2)
				call->session = somebody();
			answer(call);
			if (call->response.status != expected)
				fail_msg("%s: %d", cases[i].target, call->response.status);
			if (expected == 200)
				grants(call);
			else
				refuses(call, expected);
		}
	}
}

/* Whoever may not in any case is not asked for a second factor. */
static void the_reason_is_said(void **state)
{
	struct call *call = asked(*state, "/strong");

	call->session = somebody();
	answer(call);
	assert_true(web_has(&call->response.body, "\"reauthentication_required\""));
	assert_true(web_has(&call->response.body, "asks for a second factor"));
	call = asked(*state, "/strong-admin");
	call->session = somebody();
	answer(call);
	assert_true(web_has(&call->response.body, "\"forbidden\""));
	assert_false(web_has(&call->response.body, "second factor"));
	call = asked(*state, "/read/x");
	call->request.method_text = STR("POST");
	answer(call);
	refuses(call, 403);
	assert_true(web_has(&call->response.body, "allows this method"));
}

static void another_host_and_two_credentials_are_refused(void **state)
{
	struct call *call = asked(*state, "/open");

	call->request.host = STR("www.example.net");
	answer(call);
	refuses(call, 403);
	assert_true(web_has(&call->response.body, "origin"));
	call = asked(*state, "/open");
	call->request.host = STR_NONE;
	answer(call);
	refuses(call, 403);
	call = asked(*state, "/a");
	call->session = somebody();
	call->credential.syntax = CREDENTIAL_AMBIGUOUS;
	answer(call);
	refuses(call, 400);
}

/* A navigation is sent to a page of ours, however long what was asked for is. */
static void a_navigation_is_sent(void **state)
{
	char target[LONG_TEXT];

	for (size_t n = 1; n < 2100; n++) {
		memset(target, '%', n);
		for (size_t i = 0; i < n; i++)
			target[i] = "/%21"[i == 0 ? 0 : 1 + (i - 1) % 3];
		target[n] = '\0';
		struct call *call = asked(*state, target);
		call->request.sec_fetch_mode = STR("navigate");
		call->request.apache_role = n % 2 == 0 ? STR("AUTHENTICATOR") : STR_NONE;
		bool whole = n % 3 == 1 && n <= REQUEST_PATH_MAX;
		if (!whole)
			continue;
		answer(call);
		refuses(call, 303);
		assert_true(has_line(&call->response.headers,
				     "Location: " WEB_ORIGIN "/auth/login?return_to=%2F"));
	}
}

/* A user whose facts do not fit is not let in by halves. */
static void facts_that_do_not_fit_are_a_refusal(void **state)
{
	char roles[RECORD * 2];
	int grants_seen = 0, refusals_seen = 0;

	for (size_t n = LONG_TEXT; n < sizeof roles; n += 90) {
		struct call *call = asked(*state, "/a");
		memset(roles, 'r', n);
		memcpy(roles, "role:", 5);
		roles[n] = '\0';
		call->session = somebody();
		call->session.found.user_grants = str_of(roles);
		call->request.apache_role = n % 2 == 0 ? STR("AUTHENTICATOR") : STR_NONE;
		answer(call);
		if (call->response.status == 200) {
			grants(call);
			grants_seen++;
			continue;
		}
		refuses(call, call->response.status);
		assert_true(call->response.status >= 400);
		refusals_seen++;
	}
	assert_true(grants_seen > 0 && refusals_seen > 0);
}

/* IN-17, IN-25: a status alone opens nothing, whoever has set it. */
static void what_is_not_granted_is_503(void **state)
{
	static const int statuses[] = {0, 100, 199, 200, 201, 204, 206, 299};

	for (size_t i = 0; i < COUNT(statuses); i++) {
		for (int way = 0; way < 4; way++) {
			struct call *call = asked(*state, "/a");

			if (way > 0)
				assert_int_equal(guarded_open(call), OK);
			if (way == 2) {
				call->guarded->granted = true;
				call->failed = ERR_UNAVAILABLE;
			}
			if (way == 3)
				call->session = somebody(); /* who was not asked about */
			response_status(&call->response, statuses[i]);
			response_header(&call->response, "Variable-REMOTE_USER", STR("alice"));
			authorizer_shape(call);
			refuses(call, 503);
		}
	}
}

/* What is too long for one record goes without its body. */
static void a_long_answer_loses_its_body(void **state)
{
	for (size_t n = LONG_TEXT; n < 2 * RECORD; n += 100) {
		struct call *call = asked(*state, "/a");

		response_status(&call->response, 403);
		response_type(&call->response, "text/html; charset=utf-8");
		for (size_t i = 0; i < n; i++)
			buf_add_char(&call->response.body, '<');
		bool fits = response_size(&call->response) <= RECORD;
		authorizer_shape(call);
		refuses(call, 403);
		assert_int_equal(call->response.body.n, fits ? n : 0);
	}
}

/* Headers alone may be too many, as well. */
static void too_many_headers_are_503(void **state)
{
	char value[LONG_TEXT];

	memset(value, 'x', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	for (int apache = 0; apache < 2; apache++) {
		struct call *call = asked(*state, "/a");

		if (apache == 1)
			call->request.apache_role = STR("AUTHENTICATOR");
		response_status(&call->response, 303);
		response_header(&call->response, "Location", str_of(value));
		response_header(&call->response, "X-Other", str_of(value));
		authorizer_shape(call);
		refuses(call, 503);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, web_world_setup, web_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(strangers_and_users),
		TEST(the_reason_is_said),
		TEST(another_host_and_two_credentials_are_refused),
		TEST(a_navigation_is_sent),
		TEST(facts_that_do_not_fit_are_a_refusal),
		TEST(what_is_not_granted_is_503),
		TEST(a_long_answer_loses_its_body),
		TEST(too_many_headers_are_503),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
