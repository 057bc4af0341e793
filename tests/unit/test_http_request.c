/* Requests: what is taken from the parameters, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "arena.h"
#include "request.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PARAMS_MAX 40
#define ORIGIN STR("https://www.example.org")

/* A plain-CGI call, because its parameters are environ, which a test can set. */
struct fixture {
	struct arena *arena;
	struct fcgi_call *call;
	struct request request;
	char **environ_before;
	char *params[PARAMS_MAX];
};

static int open_fixture(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){.environ_before = environ};
	*state = &fixture;
	return arena_open(4096, 1048576, &fixture.arena) == OK ? 0 : -1;
}

/* The answer to what nobody answered has no place on the test's own stdout. */
static void drop_call(struct fixture *fixture)
{
	char answer[] = "Status: 200 OK\r\n\r\n";

	if (fixture->call == NULL)
		return;
	(void)fflush(stdout);
	int before = dup(STDOUT_FILENO);
	FILE *sink = tmpfile();
	assert_non_null(sink);
	(void)dup2(fileno(sink), STDOUT_FILENO);
	assert_int_equal(fcgi_write(fixture->call, STR(answer)), OK);
	(void)dup2(before, STDOUT_FILENO);
	(void)close(before);
	(void)fclose(sink);
	fcgi_call_close(&fixture->call);
	environ = fixture->environ_before;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;

	drop_call(fixture);
	arena_close(&fixture->arena);
	return 0;
}

/* Reads a request of these parameters, NULL at their end. */
static void read_params(struct fixture *fixture, const char *const *params)
{
	size_t n = 0;

	drop_call(fixture);
	for (; params[n] != NULL; n++) {
		struct str copy = STR_NONE;
		assert_true(n + 1 < PARAMS_MAX);
		assert_int_equal(str_copy(fixture->arena, str_of(params[n]), &copy), OK);
		fixture->params[n] = arena_alloc(fixture->arena, copy.n + 1);
		assert_non_null(fixture->params[n]);
		memcpy(fixture->params[n], copy.p, copy.n + 1);
	}
	fixture->params[n] = NULL;
	environ = fixture->params;
	assert_int_equal(fcgi_call_open_cgi(&fixture->call), OK);
	assert_int_equal(fcgi_accept(fixture->call), OK);
	assert_int_equal(
		request_read(fixture->call, fixture->arena, id_random(), &fixture->request), OK);
}

#define READ(fixture, ...) read_params((fixture), (const char *const[]){__VA_ARGS__, NULL})

static void assert_text(struct str text, const char *expected)
{
	if (expected == NULL) {
		assert_false(str_is_present(text));
		return;
	}
	assert_true(str_is_present(text));
	assert_int_equal(text.n, strlen(expected));
	assert_memory_equal(text.p, expected, text.n);
}

static void takes_what_it_names(void **state)
{
	struct fixture *fixture = *state;
	const struct request *request = &fixture->request;

	READ(fixture, "FCGI_ROLE=RESPONDER", "FCGI_ROLE=RESPONDER", "NOT A PARAMETER",
	     "CONTENT_LENGTH=12", "REQUEST_METHOD=POST", "REQUEST_URI=/auth/log%69n?a=b?c",
	     "HTTPS=on", "CONTENT_TYPE=application/json", "REMOTE_ADDR=192.0.2.1",
	     "HTTP_HOST=www.example.org", "HTTP_ORIGIN=null", "HTTP_REFERER=r",
	     "HTTP_SEC_FETCH_SITE=none", "HTTP_ACCEPT=*/*", "HTTP_USER_AGENT=ua=1",
	     "HTTP_X_CSRF_TOKEN=t", "HTTP_COOKIE=c=d", "HTTP_AUTHORIZATION=Bearer x",
	     "HTTP_X_SESSION_ID=s", "HTTP_IF_MATCH=\"1\"", "HTTP_IF_NONE_MATCH=\"2\"");
	assert_int_equal(request->flaw, REQUEST_FINE);
	assert_int_equal(request->method, METHOD_POST);
	assert_text(request->method_text, "POST");
	assert_text(request->path, "/auth/login");
	assert_text(request->query, "a=b?c");
	assert_true(request->https);
	assert_int_equal(request->content_length, 12);
	assert_text(request->content_type, "application/json");
	assert_text(request->remote_addr, "192.0.2.1");
	assert_text(request->host, "www.example.org");
	assert_text(request->origin, "null");
	assert_text(request->referer, "r");
	assert_text(request->sec_fetch_site, "none");
	assert_text(request->accept, "*/*");
	assert_text(request->user_agent, "ua=1");
	assert_text(request->csrf_header, "t");
	assert_text(request->cookie, "c=d");
	assert_text(request->authorization, "Bearer x");
	assert_text(request->session_id_header, "s");
	assert_text(request->if_match, "\"1\"");
	assert_text(request->if_none_match, "\"2\"");
	assert_false(id_is_none(request->id));
	assert_true(request->now > 0 && request->started > 0);
}

static void absent_is_absent(void **state)
{
	struct fixture *fixture = *state;
	const struct request *request = &fixture->request;

	READ(fixture, "REQUEST_URI=/", "HTTP_ACCEPT=");
	assert_int_equal(request->flaw, REQUEST_FINE);
	assert_int_equal(request->method, METHOD_OTHER);
	assert_text(request->path, "/");
	assert_text(request->query, NULL);
	assert_false(request->https);
	assert_int_equal(request->content_length, 0);
	assert_text(request->content_type, NULL);
	assert_text(request->remote_addr, "");
	assert_text(request->host, NULL);
	assert_text(request->origin, NULL);
	assert_text(request->referer, NULL);
	assert_text(request->sec_fetch_site, NULL);
	assert_text(request->accept, "");
	assert_text(request->user_agent, NULL);
	assert_text(request->csrf_header, NULL);
	assert_text(request->cookie, NULL);
	assert_text(request->authorization, NULL);
	assert_text(request->session_id_header, NULL);
	assert_text(request->if_match, NULL);
	assert_text(request->if_none_match, NULL);
	assert_false(request_has_tag(request, STR("\"a\"")));
}

static void knows_an_entity_tag(void **state)
{
	struct fixture *fixture = *state;
	const struct request *request = &fixture->request;
	struct str tag = STR("\"a-1\"");
	static const struct {
		const char *param;
		bool has;
	} cases[] = {
		{"HTTP_IF_NONE_MATCH=\"a-1\"", true},
		{"HTTP_IF_NONE_MATCH=W/\"a-1\"", true},
		{"HTTP_IF_NONE_MATCH=*", true},
		{"HTTP_IF_NONE_MATCH=\"b\", \"a-1\"", true},
		{"HTTP_IF_NONE_MATCH=\"b\",W/\"a-1\" ", true},
		{"HTTP_IF_NONE_MATCH=", false},
		{"HTTP_IF_NONE_MATCH=a-1", false},
		{"HTTP_IF_NONE_MATCH=\"a-1", false},
		{"HTTP_IF_NONE_MATCH=\"a-10\"", false},
		{"HTTP_IF_NONE_MATCH=w/\"a-1\"", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		READ(fixture, "REQUEST_URI=/", cases[i].param);
		assert_int_equal(request_has_tag(request, tag), cases[i].has);
	}
}

/* IN-09, IN-13: no header stands in for what the web server says, or for another header. */
static void other_headers_are_never_read(void **state)
{
	struct fixture *fixture = *state;
	const struct request *request = &fixture->request;

	READ(fixture, "REQUEST_URI=/", "REMOTE_ADDR=192.0.2.1", "HTTP_PROXY=http://127.0.0.1:9",
	     "HTTP_X_FORWARDED_FOR=203.0.113.9", "HTTP_X_FORWARDED_PROTO=https",
	     "HTTP_X_FORWARDED_HOST=evil.example", "HTTP_FORWARDED=for=203.0.113.9",
	     "HTTP_X_REAL_IP=203.0.113.9", "HTTP_REMOTE_ADDR=203.0.113.9", "HTTP_HTTPS=on",
	     "HTTP_REQUEST_METHOD=DELETE", "HTTP_X_HTTP_METHOD_OVERRIDE=DELETE",
	     "HTTP_CONTENT_LENGTH=7", "HTTP_CONTENT_TYPE=application/json", "http_cookie=a=b",
	     "COOKIE=a=b", "HTTP_COOKIE2=a=b", "AUTHORIZATION=Bearer x", "X_SESSION_ID=x");
	assert_int_equal(request->flaw, REQUEST_FINE);
	assert_text(request->remote_addr, "192.0.2.1");
	assert_false(request->https);
	assert_int_equal(request->method, METHOD_OTHER);
	assert_int_equal(request->content_length, 0);
	assert_text(request->host, NULL);
	assert_text(request->content_type, NULL);
	assert_text(request->cookie, NULL);
	assert_text(request->authorization, NULL);
	assert_text(request->session_id_header, NULL);
}

/* IN-13: X-Session-Id beside X_Session_Id arrives as one name twice. */
static void twice_is_a_flaw(void **state)
{
	static const char *const names[] = {
		"REQUEST_METHOD",      "REQUEST_URI",       "CONTENT_LENGTH", "CONTENT_TYPE",
		"REMOTE_ADDR",         "HTTP_HOST",         "HTTP_ORIGIN",    "HTTP_REFERER",
		"HTTP_SEC_FETCH_SITE", "HTTP_X_CSRF_TOKEN", "HTTP_COOKIE",    "HTTP_AUTHORIZATION",
		"HTTP_X_SESSION_ID",   "HTTP_IF_MATCH",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(names); i++) {
		char first[64];
		char again[64];
		(void)snprintf(first, sizeof first, "%s=1", names[i]);
		(void)snprintf(again, sizeof again, "%s=", names[i]);
		READ(fixture, first, "HTTP_X=y", first);
		assert_int_equal(fixture->request.flaw, REQUEST_TWICE);
		READ(fixture, again, "HTTP_X=y", first);
		assert_int_equal(fixture->request.flaw, REQUEST_TWICE);
	}
	READ(fixture, "REQUEST_URI=/", "HTTPS=on", "HTTPS=on", "HTTP_ACCEPT=a/b",
	     "HTTP_ACCEPT=c/d");
	assert_int_equal(fixture->request.flaw, REQUEST_FINE);
	assert_text(fixture->request.accept, "a/b");
}

static void knows_the_methods(void **state)
{
	static const struct {
		const char *param;
		enum method method;
	} rows[] = {
		{"REQUEST_METHOD=GET", METHOD_GET},
		{"REQUEST_METHOD=HEAD", METHOD_HEAD},
		{"REQUEST_METHOD=POST", METHOD_POST},
		{"REQUEST_METHOD=PUT", METHOD_PUT},
		{"REQUEST_METHOD=PATCH", METHOD_PATCH},
		{"REQUEST_METHOD=DELETE", METHOD_DELETE},
		{"REQUEST_METHOD=OPTIONS", METHOD_OPTIONS},
		{"REQUEST_METHOD=TRACE", METHOD_OTHER},
		{"REQUEST_METHOD=OTHER", METHOD_OTHER},
		{"REQUEST_METHOD=get", METHOD_OTHER},
		{"REQUEST_METHOD=GETX", METHOD_OTHER},
		{"REQUEST_METHOD=", METHOD_OTHER},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		READ(fixture, "REQUEST_URI=/", rows[i].param);
		assert_int_equal(fixture->request.method, rows[i].method);
	}
	for (enum method m = METHOD_OTHER; m < METHOD_COUNT; m++)
		assert_non_null(method_name(m));
	assert_string_equal(method_name(METHOD_DELETE), "DELETE");
}

/* IN-07: a strict decimal; empty is RFC 3875's way to say none. */
static void length_is_a_strict_decimal(void **state)
{
	static const char *const flawed[] = {
		"-1",
		"+1",
		" 1",
		"1 ",
		"0x10",
		"1e3",
		"1.0",
		"1,1",
		"one",
		"18446744073709551616",
		"1\n",
		";",
		"99999999999999999999999999",
	};
	struct fixture *fixture = *state;
	char param[64];

	for (size_t i = 0; i < COUNT(flawed); i++) {
		(void)snprintf(param, sizeof param, "CONTENT_LENGTH=%s", flawed[i]);
		READ(fixture, "REQUEST_URI=/", param);
		assert_int_equal(fixture->request.flaw, REQUEST_BAD_LENGTH);
		assert_int_equal(fixture->request.content_length, 0);
	}
	READ(fixture, "REQUEST_URI=/", "CONTENT_LENGTH=");
	assert_int_equal(fixture->request.flaw, REQUEST_FINE);
	READ(fixture, "REQUEST_URI=/", "CONTENT_LENGTH=18446744073709551615");
	assert_int_equal(fixture->request.flaw, REQUEST_FINE);
	/* Too large is an answer of its own, before anything is allocated (IN-06). */
	assert_int_equal(request_read_body(&fixture->request), ERR_TOO_LARGE);
	READ(fixture, "REQUEST_URI=/", "CONTENT_LENGTH=007");
	assert_int_equal(fixture->request.content_length, 7);
}

static void finds_the_path_of_every_form_of_target(void **state)
{
	static const struct {
		const char *param;
		const char *path;
		const char *query;
	} rows[] = {
		{"REQUEST_URI=/", "/", NULL},
		{"REQUEST_URI=/?", "/", ""},
		{"REQUEST_URI=/a/b/?x=%2F..", "/a/b/", "x=%2F.."},
		{"REQUEST_URI=http://www.example.org/a?b", "/a", "b"},
		{"REQUEST_URI=HTTPS://www.example.org:443/a", "/a", NULL},
		{"REQUEST_URI=http://www.example.org", "/", NULL},
		{"REQUEST_URI=http://www.example.org?b=/c", "/", "b=/c"},
		{"REQUEST_URI=http://user@evil.example/a", "/a", NULL},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		READ(fixture, rows[i].param, "SCRIPT_NAME=/other", "QUERY_STRING=other");
		assert_int_equal(fixture->request.flaw, REQUEST_FINE);
		assert_text(fixture->request.path, rows[i].path);
		assert_text(fixture->request.query, rows[i].query);
	}
}

/* IN-03. */
static void refuses_paths_that_are_not_canonical(void **state)
{
	static const char *const params[] = {
		"REQUEST_URI=",
		"REQUEST_URI=?a",
		"REQUEST_URI=*",
		"REQUEST_URI=a",
		"REQUEST_URI=//a",
		"REQUEST_URI=/a/../b",
		"REQUEST_URI=/a/%2e%2e/b",
		"REQUEST_URI=/a%2fb",
		"REQUEST_URI=/a%00",
		"REQUEST_URI=/%c0%ae",
		"REQUEST_URI=/a#b",
		"REQUEST_URI=ftp://x/a",
		"REQUEST_URI=http:///../a",
		"REQUEST_URI=http://x//a",
		"REQUEST_URI=www.x:443",
	};
	static char longest[REQUEST_PATH_MAX + 32] = "REQUEST_URI=/";
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(params); i++) {
		READ(fixture, params[i], "SCRIPT_NAME=/a");
		if (fixture->request.flaw != REQUEST_BAD_PATH)
			fail_msg("taken: %s", params[i]);
		assert_text(fixture->request.path, "");
	}
	memset(longest + 13, 'a', REQUEST_PATH_MAX);
	READ(fixture, longest);
	assert_int_equal(fixture->request.flaw, REQUEST_BAD_PATH);
	longest[12 + REQUEST_PATH_MAX] = '\0';
	READ(fixture, longest);
	assert_int_equal(fixture->request.flaw, REQUEST_FINE);
}

static void without_a_target_the_script_name_serves(void **state)
{
	struct fixture *fixture = *state;

	READ(fixture, "SCRIPT_NAME=/auth", "PATH_INFO=/log in", "QUERY_STRING=a=b");
	assert_int_equal(fixture->request.flaw, REQUEST_FINE);
	assert_text(fixture->request.path, "/auth/log in");
	assert_text(fixture->request.query, "a=b");
	READ(fixture, "SCRIPT_NAME=/auth", "PATH_INFO=/../x");
	assert_int_equal(fixture->request.flaw, REQUEST_BAD_PATH);
	READ(fixture, "SCRIPT_NAME=/auth", "PATH_INFO=//x");
	assert_int_equal(fixture->request.flaw, REQUEST_BAD_PATH);
	READ(fixture, "HTTP_HOST=x");
	assert_int_equal(fixture->request.flaw, REQUEST_BAD_PATH);
}

/* IN-06: what we look at is bounded. */
static void bounds_headers(void **state)
{
	static const char *const names[] = {
		"HTTP_COOKIE=",     "HTTP_AUTHORIZATION=",  "HTTP_X_SESSION_ID=", "HTTP_ACCEPT=",
		"HTTP_USER_AGENT=", "HTTP_REFERER=",        "CONTENT_TYPE=",      "REQUEST_METHOD=",
		"REQUEST_URI=/?",   "HTTP_ACCEPT_LANGUAGE="};
	static char param[REQUEST_HEADER_MAX + 64];
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(names); i++) {
		size_t n = strlen(names[i]);
		memcpy(param, names[i], n);
		memset(param + n, 'a', REQUEST_HEADER_MAX + 1);
		param[n + REQUEST_HEADER_MAX + 1] = '\0';
		READ(fixture, param, "SCRIPT_NAME=/");
		assert_int_equal(fixture->request.flaw, REQUEST_HEADER_TOO_LONG);
		param[n + REQUEST_HEADER_MAX] = '\0';
		READ(fixture, param, "SCRIPT_NAME=/");
		assert_int_equal(fixture->request.flaw, REQUEST_FINE);
	}
	memcpy(param, "HTTP_ACCEPT_ENCODING=", 21);
	memset(param + 21, 'a', REQUEST_HEADER_MAX + 1);
	param[21 + REQUEST_HEADER_MAX + 1] = '\0';
	READ(fixture, param, "REQUEST_URI=/");
	assert_int_equal(fixture->request.flaw, REQUEST_FINE);
}

static void believes_only_an_address(void **state)
{
	static const char *const good[] = {"192.0.2.1", "2001:db8::1", "::1", "::ffff:192.0.2.1"};
	static const char *const bad[] = {
		"",       "localhost",  "192.0.2.1:80", "192.0.2", "192.0.2.256",           "[::1]",
		"::1%lo", " 192.0.2.1", "192.0.2.1\n",  "unix:/x", "203.0.113.9, 192.0.2.1"};
	struct fixture *fixture = *state;
	char param[64];

	for (size_t i = 0; i < COUNT(good); i++) {
		(void)snprintf(param, sizeof param, "REMOTE_ADDR=%s", good[i]);
		READ(fixture, "REQUEST_URI=/", param);
		assert_text(fixture->request.remote_addr, good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		(void)snprintf(param, sizeof param, "REMOTE_ADDR=%s", bad[i]);
		READ(fixture, "REQUEST_URI=/", param);
		assert_text(fixture->request.remote_addr, "");
	}
}

static void knows_https(void **state)
{
	struct fixture *fixture = *state;

	READ(fixture, "REQUEST_SCHEME=https", "REQUEST_URI=/");
	assert_true(fixture->request.https);
	READ(fixture, "HTTPS=ON", "REQUEST_URI=/");
	assert_true(fixture->request.https);
	READ(fixture, "HTTPS=off", "REQUEST_SCHEME=http", "REQUEST_URI=https://x/");
	assert_false(fixture->request.https);
	READ(fixture, "HTTPS=", "REQUEST_URI=/");
	assert_false(fixture->request.https);
}

/* CS-04: of Sec-Fetch-Site, Origin, Referer the first that is present decides. */
static void first_of_the_three_decides(void **state)
{
	static const struct {
		const char *site;
		const char *origin;
		const char *referer;
		enum request_site result;
	} rows[] = {
		{NULL, NULL, NULL, SITE_UNSTATED},
		{"same-origin", NULL, NULL, SITE_SAME_ORIGIN},
		{"same-origin", "https://evil.example", "https://evil.example/", SITE_SAME_ORIGIN},
		{"same-site", "https://www.example.org", NULL, SITE_FOREIGN},
		{"cross-site", "https://www.example.org", NULL, SITE_FOREIGN},
		{"none", NULL, NULL, SITE_FOREIGN},
		{"", "https://www.example.org", NULL, SITE_FOREIGN},
		{"Same-Origin", NULL, NULL, SITE_FOREIGN},
		{"same-origin, cross-site", NULL, NULL, SITE_FOREIGN},
		{NULL, "https://www.example.org", "https://evil.example/", SITE_SAME_ORIGIN},
		{NULL, "null", "https://www.example.org/", SITE_FOREIGN},
		{NULL, "", "https://www.example.org/", SITE_FOREIGN},
		{NULL, "http://www.example.org", NULL, SITE_FOREIGN},
		{NULL, "https://www.example.org:444", NULL, SITE_FOREIGN},
		{NULL, "https://www.example.org/", NULL, SITE_FOREIGN},
		{NULL, "https://WWW.example.org", NULL, SITE_FOREIGN},
		{NULL, "https://www.example.org.evil.example", NULL, SITE_FOREIGN},
		{NULL, NULL, "https://www.example.org", SITE_SAME_ORIGIN},
		{NULL, NULL, "https://www.example.org/", SITE_SAME_ORIGIN},
		{NULL, NULL, "https://www.example.org/auth/login?x", SITE_SAME_ORIGIN},
		{NULL, NULL, "https://www.example.org?x", SITE_SAME_ORIGIN},
		{NULL, NULL, "https://www.example.org#x", SITE_SAME_ORIGIN},
		{NULL, NULL, "https://www.example.org:444/", SITE_FOREIGN},
		{NULL, NULL, "https://www.example.org.evil.example/", SITE_FOREIGN},
		{NULL, NULL, "https://www.example.org@evil.example/", SITE_FOREIGN},
		{NULL, NULL, "https://www.example.or", SITE_FOREIGN},
		{NULL, NULL, "http://www.example.org/", SITE_FOREIGN},
		{NULL, NULL, "", SITE_FOREIGN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request request = {
			.sec_fetch_site = str_of(rows[i].site),
			.origin = str_of(rows[i].origin),
			.referer = str_of(rows[i].referer),
		};
		if (request_site(&request, ORIGIN) != rows[i].result)
			fail_msg("row %zu", i);
	}
}

static void knows_content_types(void **state)
{
	static const char *const good[] = {
		"application/json",
		"Application/JSON",
		"application/json; charset=utf-8",
		"application/json;charset=\"UTF-8\"",
		" application/json ; x=y",
		"application/json;",
	};
	static const char *const bad[] = {
		"",
		"application/jsonx",
		"application/json, text/plain",
		"text/plain; application/json",
		"application/problem+json",
		"application/json; charset=iso-8859-1",
		"application/json; charset=utf-8; charset=utf-16",
		"application/json; charset=",
		"application/x-www-form-urlencoded",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct request request = {.content_type = str_of(good[i])};
		if (!request_has_type(&request, "application/json"))
			fail_msg("refused: %s", good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct request request = {.content_type = str_of(bad[i])};
		if (request_has_type(&request, "application/json"))
			fail_msg("taken: %s", bad[i]);
	}
	struct request none = {.content_type = STR_NONE};
	assert_false(request_has_type(&none, "application/json"));
}

/* RFC 9110 §12.5.1: the closest range decides. */
static void weighs_accept(void **state)
{
	static const struct {
		const char *accept;
		bool admits;
	} rows[] = {
		{NULL, true},
		{"", true},
		{" ", true},
		{"*/*", true},
		{"application/*", true},
		{"application/json", true},
		{"APPLICATION/JSON", true},
		{"text/html, application/json;q=0.001", true},
		{"text/html,application/xhtml+xml,*/*;q=0.8", true},
		{"application/json;charset=utf-8;q=0.5", true},
		{"application/json ; q=1.000", true},
		{"*/*;q=0, application/json", true},
		{"application/json, */*;q=0", true},
		{"application/*;q=0, application/json;q=0.1", true},
		{"application/json;q=0, application/json;q=1", true},
		{",, ,application/json,", true},
		{"text/html", false},
		{"text/*", false},
		{"application/jsonx", false},
		{"application", false},
		{"*", false},
		{"*/json", false},
		{"application/json;q=0", false},
		{"application/json; Q=0.000", false},
		{"application/json;q=0, */*", false},
		{"application/*;q=0, */*;q=1", false},
		{"*/*;q=0", false},
		{"application/json;q=0.0, application/*;q=0.9, */*", false},
		{"application/json;q=x", false},
		{"application/json;q=", false},
		{"application/json;q=2", false},
		{"application/json;q=-1", false},
		{"application/json;q=0.0001", false},
		{"application/json;q=1.1", false},
		{"text/html;x=\"application/json\"", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request request = {.accept = str_of(rows[i].accept)};
		if (request_accepts(&request, "application/json") != rows[i].admits)
			fail_msg("row %zu: %s", i, rows[i].accept == NULL ? "" : rows[i].accept);
	}
}

static void memory_runs_out(void **state)
{
	struct fixture *fixture = *state;
	struct request request = {.content_length = 77};
	struct arena *small = NULL;

	READ(fixture, "REQUEST_URI=/0123456789012345678901234567890123456789?a");
	assert_int_equal(arena_open(256, 16, &small), OK);
	assert_int_equal(request_read(fixture->call, small, id_random(), &request), ERR_MEMORY);
	assert_int_equal(request.content_length, 77);
	arena_close(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_what_it_names),
		TEST(absent_is_absent),
		TEST(other_headers_are_never_read),
		TEST(twice_is_a_flaw),
		TEST(knows_the_methods),
		TEST(length_is_a_strict_decimal),
		TEST(finds_the_path_of_every_form_of_target),
		TEST(refuses_paths_that_are_not_canonical),
		TEST(without_a_target_the_script_name_serves),
		TEST(bounds_headers),
		TEST(believes_only_an_address),
		TEST(knows_https),
		cmocka_unit_test(first_of_the_three_decides),
		cmocka_unit_test(knows_content_types),
		TEST(knows_an_entity_tag),
		cmocka_unit_test(weighs_accept),
		TEST(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
