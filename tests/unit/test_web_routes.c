/* THE route table walked row by row, and finding a row by method and path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "own_path.h"
#include "routes.h"
#include "service.h"

static bool changes(enum method method)
{
	return method == METHOD_POST || method == METHOD_PUT || method == METHOD_PATCH ||
	       method == METHOD_DELETE;
}

static size_t field_count(const struct field_def *defs)
{
	size_t n = 0;
	while (defs != NULL && defs[n].name != NULL)
		n++;
	return n;
}

static void check_fields(const struct field_def *defs)
{
	size_t n = field_count(defs);
	assert_true(n <= ROUTE_FIELDS_MAX);
	for (size_t i = 0; i < n; i++) {
		assert_true(defs[i].max > 0 || defs[i].kind == FIELD_OBJECT);
		assert_string_not_equal(defs[i].name, "csrf_token");
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(defs[i].name, defs[k].name);
	}
}

static void every_row_is_whole(void **state)
{
	const struct route *row;
	(void)state;
	assert_non_null(routes_at(0));
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++) {
		assert_non_null(row->handle);
		assert_non_null(row->path);
		assert_true(row->method == METHOD_GET || changes(row->method));
		assert_true(row->path[0] == '/' || row->path[0] == '\0');
		check_fields(row->query);
		check_fields(row->body);
	}
}

static void no_row_stands_twice(void **state)
{
	const struct route *row;
	(void)state;
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(row->method == routes_at(k)->method &&
				     strcmp(row->path, routes_at(k)->path) == 0);
}

/* CS-01, CS-05: what changes something is checked; a GET has no body and no need of a check. */
static void no_change_is_exempt_from_the_token(void **state)
{
	const struct route *row;
	(void)state;
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++) {
		const unsigned open = ROUTE_NO_CSRF | ROUTE_NO_CREDENTIAL | ROUTE_CACHEABLE;
		/* They look at nothing that a browser sends by itself. */
		if (row->surface == SURFACE_OAUTH)
			continue;
		if (changes(row->method))
			assert_int_equal(row->exempt & open, 0);
		else
			assert_null(row->body);
	}
}

/* What anybody may do without a session: every addition belongs here, with a reason in review. */
static void what_changes_something_without_a_session_is_listed(void **state)
{
	static const char *const LISTED[] = {
		"/login", "/logout", "/setup", "/api/v1/sessions", "/api/v1/sessions/guest",
		"/handover", "/recover", "/reset", "/not-me", "/api/v1/password/recover",
		"/api/v1/password/reset",
		/* What asks for an account, and what proves an address by what was mailed. */
		"/register", "/verify", "/invite", "/api/v1/users", "/api/v1/email/verify",
		/* A challenge, which nobody is named by. */
		"/api/v1/sessions/passkey/options"};
	const struct route *row;
	(void)state;
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++) {
		bool listed = false;
		if (!changes(row->method) || (row->exempt & ROUTE_ANONYMOUS) == 0)
			continue;
		for (size_t k = 0; k < sizeof(LISTED) / sizeof(LISTED[0]); k++)
			listed = listed || strcmp(row->path, LISTED[k]) == 0;
		if (!listed)
			fail_msg("%s is open to everybody", row->path);
	}
}

/* TK-18: who comes there proves itself in the handler, or by the token; every one is listed. */
static void what_oauth_clients_may_call_is_listed(void **state)
{
	static const char *const LISTED[] = {"/oauth/introspect", "/oauth/token", "/oauth/revoke"};
	const struct route *row;
	size_t seen = 0;
	(void)state;
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++) {
		bool listed = false;
		if (row->surface != SURFACE_OAUTH)
			continue;
		seen++;
		assert_int_equal(row->method, METHOD_POST);
		assert_int_equal(row->exempt, ROUTE_NO_CREDENTIAL | ROUTE_NO_CSRF);
		assert_int_equal(row->service, SERVICE_NOTHING);
		for (size_t k = 0; k < sizeof(LISTED) / sizeof(LISTED[0]); k++)
			listed = listed || strcmp(row->path, LISTED[k]) == 0;
		assert_true(listed);
	}
	assert_int_equal(seen, sizeof(LISTED) / sizeof(LISTED[0]));
}

/* Where a service may come in a client's place, and with which scope. */
static void what_is_open_to_services_is_listed(void **state)
{
	static const struct {
		enum method method;
		const char *path;
		unsigned scope;
	} LISTED[] = {
		{METHOD_GET, "/api/v1/flows/{kind}", SERVICE_FLOWS_READ},
		{METHOD_PATCH, "/api/v1/flows/{kind}", SERVICE_FLOWS_WRITE},
		{METHOD_DELETE, "/api/v1/flows/{kind}", SERVICE_FLOWS_WRITE},
		{METHOD_POST, "/api/v1/flows/{kind}/step", SERVICE_FLOWS_WRITE},
		{METHOD_DELETE, "/api/v1/session", SERVICE_SESSIONS_END},
		{METHOD_DELETE, "/api/v1/sessions/{id}", SERVICE_SESSIONS_END},
		{METHOD_POST, "/api/v1/sessions/{id}/hold", SERVICE_SESSIONS_HOLD},
	};
	const struct route *row;
	size_t seen = 0;
	(void)state;
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++) {
		bool listed = false;
		bool names_session = strncmp(row->path, "/api/v1/sessions/{id}", 21) == 0;
		if (row->service == SERVICE_NOTHING)
			continue;
		seen++;
		assert_int_equal(row->surface, SURFACE_API);
		assert_int_equal(row->names_session, names_session);
		for (size_t k = 0; k < sizeof(LISTED) / sizeof(LISTED[0]); k++)
			listed = listed || (strcmp(row->path, LISTED[k].path) == 0 &&
					    row->method == LISTED[k].method &&
					    row->service == LISTED[k].scope);
		if (!listed)
			fail_msg("%s is open to services", row->path);
	}
	assert_int_equal(seen, sizeof(LISTED) / sizeof(LISTED[0]));
}

/* Their handlers look at csrf_stale first: a new one is added here when it does. */
static void who_is_shown_a_stale_form_is_listed(void **state)
{
	static const char *const LISTED[] = {
		"/login",
		"/logout",
		"/setup",
		"/reauth",
		"/account/sessions",
		"/account/password",
		"/handover",
		"/handover/give",
		"/admin/users/{id}",
		"/recover",
		"/reset",
		"/not-me",
		"/account",
		"/account/address",
		"/account/close",
		"/register",
		"/verify",
		"/invite",
		"/second-factor",
		"/account/security",
		"/account/security/app",
		"/account/security/codes",
		"/account/security/passkey",
		"/account/security/remove",
	};
	const struct route *row;
	(void)state;
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++) {
		bool listed = false;
		if ((row->exempt & ROUTE_STALE_FORM) == 0)
			continue;
		assert_int_equal(row->surface, SURFACE_PAGE);
		assert_int_equal(row->method, METHOD_POST);
		for (size_t k = 0; k < sizeof(LISTED) / sizeof(LISTED[0]); k++)
			listed = listed || strcmp(row->path, LISTED[k]) == 0;
		assert_true(listed);
	}
}

/* MF-16: stale is enough to read, and to change only what makes it fresh, takes away, or asks for
 * the password itself. */
static void stale_routes_only_read(void **state)
{
	static const char *const LISTED[] = {
		"/login",
		"/logout",
		"/setup",
		"/reauth",
		"/second-factor",
		"/account/password",
		"/api/v1/sessions",
		"/api/v1/sessions/guest",
		"/api/v1/sessions/passkey/options",
		"/api/v1/session",
		"/api/v1/session/reauth",
		"/api/v1/session/challenge", /* what reauth and second factor are asked with */
		"/api/v1/session/second-factor",
		"/api/v1/password",
		"/handover",
		"/recover",
		"/reset",
		"/not-me",
		"/api/v1/password/recover",
		"/api/v1/password/reset",
		"/api/v1/session/tenant", /* its handler asks for freshness where it matters */
		"/api/v1/user",           /* likewise */
		"/account",               /* name and language */
		/* Where somebody is in a journey; what it is worth, services say. */
		"/api/v1/flows/{kind}",
		"/api/v1/flows/{kind}/step",
		"/api/v1/flows/{kind}/attempts",
		/* Says no more than the session does; how old its sign-in is, the token says. */
		"/api/v1/session/token",
		/* Of an account that is nobody's yet: whose session comes along is no matter. */
		"/register",
		"/verify",
		"/invite",
		"/api/v1/users",
		"/api/v1/email/verify",
	};
	const struct route *row;
	(void)state;
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++) {
		bool listed = false;
		if ((row->exempt & ROUTE_STALE_OK) == 0 || !changes(row->method))
			continue;
		assert_int_equal(row->max_age, 0);
		for (size_t k = 0; k < sizeof(LISTED) / sizeof(LISTED[0]); k++)
			listed = listed || strcmp(row->path, LISTED[k]) == 0;
		if (!listed)
			fail_msg("%s changes something however old the sign-in is", row->path);
	}
}

/* Their handlers look at the standing themselves: a new one is added here when it does. */
static void who_meets_a_replaced_or_held_session_is_listed(void **state)
{
	static const char *const LISTED[] = {"/reauth",
					     "/second-factor",
					     "/account/password",
					     "/account/security/app",
					     "/account/security/passkey",
					     "/api/v1/session/reauth",
					     "/api/v1/session/challenge",
					     "/api/v1/session/second-factor",
					     "/api/v1/password",
					     "/api/v1/totp/confirm",
					     "/api/v1/passkeys"};
	const struct route *row;
	(void)state;
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++) {
		bool listed = false;
		if ((row->exempt & (ROUTE_REPLACED_OK | ROUTE_HELD_OK)) == 0)
			continue;
		for (size_t k = 0; k < sizeof(LISTED) / sizeof(LISTED[0]); k++)
			listed = listed || strcmp(row->path, LISTED[k]) == 0;
		assert_true(listed);
	}
}

/* AZ-01: whatever lies below /admin asks for the permission, a person, and a fresh sign-in. */
static void administration_is_for_administrators(void **state)
{
	const struct route *row;
	unsigned found = 0;
	(void)state;
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++) {
		bool admin = strncmp(row->path, "/admin/", 7) == 0 ||
			     strncmp(row->path, "/api/v1/admin/", 14) == 0;
		if (!admin) {
			assert_null(row->permission);
			continue;
		}
		found++;
		assert_string_equal(row->permission, "users:manage");
		assert_int_equal(row->exempt & ~(unsigned)ROUTE_STALE_FORM, 0);
		assert_int_equal(row->max_age, 0);
	}
	assert_int_equal(found, 18);
}

static void two_names_of_a_path_are_found(void **state)
{
	struct route_match match =
		routes_match(METHOD_PUT, STR("/api/v1/admin/users/abc/roles/posts:edit"));
	(void)state;
	assert_non_null(match.route);
	assert_true(str_equal(match.segment, STR("abc")));
	assert_true(str_equal(match.second, STR("posts:edit")));
	match = routes_match(METHOD_PUT, STR("/api/v1/admin/users/abc/roles/a/b"));
	assert_int_equal(match.allowed, 0);
	match = routes_match(METHOD_PUT, STR("/api/v1/admin/users//roles/b"));
	assert_int_equal(match.allowed, 0);
	match = routes_match(METHOD_POST, STR("/api/v1/admin/users/abc/lock"));
	assert_true(str_equal(match.segment, STR("abc")));
	assert_false(str_is_present(match.second));
}

static void the_surface_is_that_of_the_path(void **state)
{
	const struct route *row;
	(void)state;
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++) {
		bool api = strncmp(row->path, "/api/", 5) == 0 ||
			   strncmp(row->path, "/.well-known/", 13) == 0 ||
			   strcmp(row->path, "/health") == 0 ||
			   strcmp(row->path, "/metrics") == 0 ||
			   strcmp(row->path, "/verify-access") == 0;
		bool oauth = strncmp(row->path, "/oauth/", 7) == 0;
		assert_int_equal(row->surface, oauth ? SURFACE_OAUTH
					       : api ? SURFACE_API
						     : SURFACE_PAGE);
	}
}

static void a_path_is_found_with_its_methods(void **state)
{
	struct route_match match = routes_match(METHOD_POST, STR("/login"));
	(void)state;
	assert_non_null(match.route);
	assert_string_equal(match.route->path, "/login");
	assert_int_equal(match.route->method, METHOD_POST);
	assert_int_equal(match.allowed, 1U << METHOD_GET | 1U << METHOD_HEAD | 1U << METHOD_POST |
						1U << METHOD_OPTIONS);
	assert_int_equal(match.surface, SURFACE_PAGE);
}

static void head_finds_the_row_of_get(void **state)
{
	struct route_match match = routes_match(METHOD_HEAD, STR("/api/v1/session"));
	(void)state;
	assert_non_null(match.route);
	assert_int_equal(match.route->method, METHOD_GET);
	assert_null(routes_match(METHOD_HEAD, STR("/api/v1/nothing")).route);
}

/* CS-10: 405 and not 404, whatever the method is called. */
static void another_method_leaves_only_what_is_allowed(void **state)
{
	const enum method others[] = {METHOD_OTHER, METHOD_PUT, METHOD_PATCH, METHOD_OPTIONS};
	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct route_match match = routes_match(others[i], STR("/api/v1/session"));
		assert_null(match.route);
		assert_int_equal(match.allowed, 1U << METHOD_GET | 1U << METHOD_HEAD |
							1U << METHOD_DELETE | 1U << METHOD_OPTIONS);
	}
}

static void a_named_segment_takes_one_segment(void **state)
{
	struct route_match match = routes_match(METHOD_DELETE, STR("/api/v1/sessions/abc"));
	(void)state;
	assert_non_null(match.route);
	assert_true(str_equal(match.segment, STR("abc")));
	assert_int_equal(routes_match(METHOD_DELETE, STR("/api/v1/sessions/")).allowed, 0);
	assert_int_equal(routes_match(METHOD_DELETE, STR("/api/v1/sessions/a/b")).allowed, 0);
	assert_int_equal(routes_match(METHOD_DELETE, STR("/api/v1/sessions/abc/")).allowed, 0);
}

static void unknown_paths_keep_their_surface(void **state)
{
	static const struct {
		struct str path;
		enum surface surface;
	} CASES[] = {
		{{"/nothing", 8}, SURFACE_PAGE},  {{"/Login", 6}, SURFACE_PAGE},
		{{"/login/", 7}, SURFACE_PAGE},   {{"/loginx", 7}, SURFACE_PAGE},
		{{"/api/v1", 7}, SURFACE_API},    {{"/api/v1/nothing", 15}, SURFACE_API},
		{{"/oauth/x", 8}, SURFACE_OAUTH}, {{"/oauth", 6}, SURFACE_PAGE},
		{{"/api/v10", 8}, SURFACE_PAGE},  {{"/api/v2/session", 15}, SURFACE_PAGE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct route_match match = routes_match(METHOD_GET, CASES[i].path);
		assert_null(match.route);
		assert_int_equal(match.allowed, 0);
		assert_int_equal(match.surface, CASES[i].surface);
	}
}

/* Who has no handlers can tell our paths as well: the list has each of the table, and no other. */
static void own_paths_are_those_of_the_table(void **state)
{
	const struct route *row;
	const char *pattern;
	(void)state;
	for (size_t i = 0; (row = routes_at(i)) != NULL; i++) {
		bool listed = false;
		for (size_t k = 0; (pattern = own_path_at(k)) != NULL; k++)
			listed = listed || strcmp(pattern, row->path) == 0;
		if (!listed)
			fail_msg("own_path.c lacks %s", row->path);
	}
	for (size_t k = 0; (pattern = own_path_at(k)) != NULL; k++) {
		bool routed = false;
		for (size_t i = 0; (row = routes_at(i)) != NULL; i++)
			routed = routed || strcmp(pattern, row->path) == 0;
		if (!routed)
			fail_msg("own_path.c has %s, which no route is about", pattern);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_whole),
		cmocka_unit_test(no_row_stands_twice),
		cmocka_unit_test(no_change_is_exempt_from_the_token),
		cmocka_unit_test(what_changes_something_without_a_session_is_listed),
		cmocka_unit_test(what_oauth_clients_may_call_is_listed),
		cmocka_unit_test(what_is_open_to_services_is_listed),
		cmocka_unit_test(who_is_shown_a_stale_form_is_listed),
		cmocka_unit_test(stale_routes_only_read),
		cmocka_unit_test(who_meets_a_replaced_or_held_session_is_listed),
		cmocka_unit_test(administration_is_for_administrators),
		cmocka_unit_test(two_names_of_a_path_are_found),
		cmocka_unit_test(the_surface_is_that_of_the_path),
		cmocka_unit_test(a_path_is_found_with_its_methods),
		cmocka_unit_test(head_finds_the_row_of_get),
		cmocka_unit_test(another_method_leaves_only_what_is_allowed),
		cmocka_unit_test(a_named_segment_takes_one_segment),
		cmocka_unit_test(unknown_paths_keep_their_surface),
		cmocka_unit_test(own_paths_are_those_of_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
