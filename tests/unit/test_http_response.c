/* Answers: the exact octets that leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "arena.h"
#include "cookie.h"
#include "fcgi.h"
#include "response.h"
#include "url.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A plain-CGI call: what it sends goes to stdout, which a test can catch. */
struct fixture {
	struct arena *arena;
	struct fcgi_call *call;
	struct response response;
	char out[32 * 1024];
};

static int open_fixture(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){.arena = NULL};
	*state = &fixture;
	if (arena_open(4096, 8388608, &fixture.arena) != OK ||
	    fcgi_call_open_cgi(&fixture.call) != OK)
		return -1;
	response_init(&fixture.response, fixture.arena);
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;

	fcgi_call_close(&fixture->call);
	arena_close(&fixture->arena);
	return 0;
}

/* Sends, and leaves in fixture->out what went out. */
static enum err catch_send(struct fixture *fixture)
{
	(void)fflush(stdout);
	int before = dup(STDOUT_FILENO);
	FILE *sink = tmpfile();
	assert_non_null(sink);
	(void)dup2(fileno(sink), STDOUT_FILENO);
	enum err failed = response_send(&fixture->response, fixture->call);
	(void)dup2(before, STDOUT_FILENO);
	(void)close(before);
	rewind(sink);
	size_t n = fread(fixture->out, 1, sizeof fixture->out - 1, sink);
	fixture->out[n] = '\0';
	(void)fclose(sink);
	return failed;
}

static void send_it(struct fixture *fixture)
{
	assert_int_equal(catch_send(fixture), OK);
}

/* How often a whole header line stands in the head of what went out. */
static int count_lines(const struct fixture *fixture, const char *line)
{
	char wanted[512];
	const char *end = strstr(fixture->out, "\r\n\r\n");
	const char *at = fixture->out;
	int count = 0;

	assert_non_null(end);
	(void)snprintf(wanted, sizeof wanted, "\r\n%s\r\n", line);
	while ((at = strstr(at, wanted)) != NULL && at <= end) {
		count++;
		at += 2;
	}
	return count;
}

static int count_text(const struct fixture *fixture, const char *text)
{
	int count = 0;

	for (const char *at = fixture->out; (at = strstr(at, text)) != NULL; at++)
		count++;
	return count;
}

static void assert_body(const struct fixture *fixture, const char *body)
{
	const char *end = strstr(fixture->out, "\r\n\r\n");

	assert_non_null(end);
	assert_string_equal(end + 4, body);
}

static void assert_begins(const struct fixture *fixture, const char *text)
{
	assert_int_equal(strncmp(fixture->out, text, strlen(text)), 0);
}

/* HD-02, HD-03, HD-04, HD-05, HD-06, HD-07, HD-10; lighttpd drops what stands before Status. */
static void every_answer_has_the_fixed_headers(void **state)
{
	static const char policy[] =
		"Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; "
		"img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
		"object-src 'none'";
	static const char features[] =
		"Permissions-Policy: camera=(), microphone=(), geolocation=(), "
		"publickey-credentials-get=(self), publickey-credentials-create=(self)";
	static const char *const lines[] = {
		policy,
		features,
		"Cache-Control: no-store",
		"X-Content-Type-Options: nosniff",
		"Referrer-Policy: same-origin",
		"X-Frame-Options: DENY",
		"Cross-Origin-Opener-Policy: same-origin",
		"Cross-Origin-Resource-Policy: same-origin",
		"X-Own: value",
		"Content-Type: text/html; charset=utf-8",
		"Content-Length: 5",
	};
	struct fixture *fixture = *state;

	response_type(&fixture->response, "text/html; charset=utf-8");
	response_header(&fixture->response, "X-Own", STR("value"));
	buf_add(&fixture->response.body, STR("hello"));
	send_it(fixture);
	assert_begins(fixture, "Status: 200 OK\r\n");
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_int_equal(count_lines(fixture, lines[i]), 1);
	assert_body(fixture, "hello");
	/* HD-09. */
	assert_int_equal(count_text(fixture, "Server:"), 0);
	assert_int_equal(count_text(fixture, "X-Powered-By"), 0);
}

/* HD-02: one directive more, for the scripts of pages that ask this origin. */
static void only_a_page_that_says_so_may_ask_its_origin(void **state)
{
	struct fixture *fixture = *state;

	fixture->response.connects = true;
	response_type(&fixture->response, "text/html; charset=utf-8");
	send_it(fixture);
	assert_non_null(strstr(fixture->out, "default-src 'none'; style-src 'self'; "));
	assert_non_null(strstr(fixture->out, "; object-src 'none'; connect-src 'self'\r\n"));
	response_reset(&fixture->response);
	assert_false(fixture->response.connects);
}

static void cacheable_says_nothing_of_its_own(void **state)
{
	struct fixture *fixture = *state;

	fixture->response.cacheable = true;
	response_header(&fixture->response, "Cache-Control", STR("public, max-age=60"));
	send_it(fixture);
	assert_begins(fixture, "Status: 200 OK\r\n");
	assert_int_equal(count_text(fixture, "no-store"), 0);
	assert_int_equal(count_lines(fixture, "Cache-Control: public, max-age=60"), 1);
	assert_int_equal(count_lines(fixture, "Content-Length: 0"), 1);
}

static void head_has_the_length_of_get(void **state)
{
	struct fixture *fixture = *state;

	fixture->response.head_only = true;
	response_type(&fixture->response, "text/plain; charset=utf-8");
	buf_add(&fixture->response.body, STR("hello"));
	send_it(fixture);
	assert_int_equal(count_lines(fixture, "Content-Length: 5"), 1);
	assert_body(fixture, "");
}

static void some_statuses_have_no_body(void **state)
{
	static const int statuses[] = {204, 304};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(statuses); i++) {
		response_reset(&fixture->response);
		response_status(&fixture->response, statuses[i]);
		buf_add(&fixture->response.body, STR("hello"));
		send_it(fixture);
		assert_int_equal(count_text(fixture, "Content-Length"), 0);
		assert_body(fixture, "");
	}
}

/* IN-11. */
static void redirect_is_303_and_empty(void **state)
{
	struct fixture *fixture = *state;
	struct url url = {.text = STR("https://www.example.org/auth/login")};

	response_type(&fixture->response, "text/html; charset=utf-8");
	buf_add(&fixture->response.body, STR("half a page"));
	response_redirect(&fixture->response, &url);
	send_it(fixture);
	assert_begins(fixture, "Status: 303 See Other\r\n");
	assert_int_equal(count_lines(fixture, "Location: https://www.example.org/auth/login"), 1);
	assert_int_equal(count_lines(fixture, "Content-Length: 0"), 1);
	assert_int_equal(count_text(fixture, "\nContent-Type:"), 0);
	assert_body(fixture, "");
}

/* CO-04: never two Set-Cookie of one name; the later one counts. */
static void later_cookie_replaces_earlier(void **state)
{
	struct fixture *fixture = *state;
	struct response *response = &fixture->response;

	response_cookie(response, &(struct cookie){.name = STR("__Host-gatepost"),
						   .value = STR("first"),
						   .max_age = -1});
	response_cookie(response, &(struct cookie){.name = STR("__Host-gatepost-pre"),
						   .value = STR("pre"),
						   .max_age = 60});
	response_header(response, "X-Note", STR("Set-Cookie: __Host-gatepost=not a line"));
	response_cookie(response, &(struct cookie){.name = STR("__Host-gatepost"),
						   .value = STR("second"),
						   .max_age = -1});
	send_it(fixture);
	assert_int_equal(count_text(fixture, "\r\nSet-Cookie: "), 2);
	assert_int_equal(count_text(fixture, "first"), 0);
	assert_int_equal(count_lines(fixture, "Set-Cookie: __Host-gatepost=second; Path=/; Secure; "
					      "HttpOnly; SameSite=Lax"),
			 1);
	assert_int_equal(count_lines(fixture, "Set-Cookie: __Host-gatepost-pre=pre; Path=/; "
					      "Secure; HttpOnly; SameSite=Lax; Max-Age=60"),
			 1);
	assert_int_equal(count_lines(fixture, "X-Note: Set-Cookie: __Host-gatepost=not a line"), 1);
}

static void later_type_replaces_earlier(void **state)
{
	struct fixture *fixture = *state;

	assert_false(fixture->response.has_body);
	response_type(&fixture->response, "text/html; charset=utf-8");
	response_type(&fixture->response, "application/problem+json");
	assert_true(fixture->response.has_body);
	send_it(fixture);
	assert_int_equal(count_text(fixture, "\nContent-Type:"), 1);
	assert_int_equal(count_lines(fixture, "Content-Type: application/problem+json"), 1);
}

static void assert_never_sent(struct fixture *fixture, enum err expected)
{
	assert_int_equal(catch_send(fixture), expected);
	assert_string_equal(fixture->out, "");
	/* An error can be answered instead. */
	response_reset(&fixture->response);
	response_status(&fixture->response, 500);
	send_it(fixture);
	assert_begins(fixture, "Status: 500 Internal Server Error\r\n");
	response_reset(&fixture->response);
}

/* IN-08: no control character reaches the wire. */
static void control_in_a_header_sends_nothing(void **state)
{
	static const struct str values[] = {
		{"a\r\nSet-Cookie: b=c", 18}, {"a\nb", 3}, {"a\rb", 3}, {"a\0b", 3}, {"a\x7f", 2},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(values); i++) {
		response_header(&fixture->response, "X-Before", STR("a"));
		response_header(&fixture->response, "X-Bad", values[i]);
		response_header(&fixture->response, "X-After", STR("b"));
		assert_never_sent(fixture, ERR_INTERNAL);
	}
	response_cookie(&fixture->response,
			&(struct cookie){.name = STR("a"), .value = STR("b;c")});
	assert_never_sent(fixture, ERR_INTERNAL);
	struct url url = {.text = STR("https://x/\r\nX: y")};
	response_redirect(&fixture->response, &url);
	assert_never_sent(fixture, ERR_INTERNAL);
}

static void impossible_status_sends_nothing(void **state)
{
	static const int statuses[] = {0, -1, 100, 199, 600, 2000};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(statuses); i++) {
		response_status(&fixture->response, statuses[i]);
		assert_never_sent(fixture, ERR_INTERNAL);
	}
}

static void too_much_sends_nothing(void **state)
{
	static char text[RESPONSE_BODY_MAX + 1];
	struct fixture *fixture = *state;

	memset(text, 'x', sizeof text);
	buf_add(&fixture->response.body, (struct str){.p = text, .n = sizeof text});
	assert_never_sent(fixture, ERR_TOO_LARGE);
	response_header(&fixture->response, "X",
			(struct str){.p = text, .n = RESPONSE_HEADERS_MAX});
	assert_never_sent(fixture, ERR_TOO_LARGE);
}

static void memory_runs_out(void **state)
{
	struct fixture *fixture = *state;
	struct arena *small = NULL;

	assert_int_equal(arena_open(256, 512, &small), OK);
	response_init(&fixture->response, small);
	assert_int_equal(catch_send(fixture), ERR_MEMORY);
	assert_string_equal(fixture->out, "");
	arena_close(&small);
}

static void reset_forgets_all_but_the_method(void **state)
{
	struct fixture *fixture = *state;
	struct response *response = &fixture->response;

	response->head_only = true;
	response->cacheable = true;
	response_status(response, 404);
	response_type(response, "text/html; charset=utf-8");
	response_header(response, "X-Own", STR("value"));
	buf_add(&response->body, STR("hello"));
	response_reset(response);
	assert_false(response->has_body);
	buf_add(&response->body, STR("other"));
	send_it(fixture);
	assert_begins(fixture, "Status: 200 OK\r\nCache-Control: no-store\r\n");
	assert_int_equal(count_text(fixture, "X-Own"), 0);
	assert_body(fixture, "");
}

static void every_status_has_a_reason(void **state)
{
	static const int statuses[] = {200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 405, 406,
				       409, 410, 412, 413, 415, 421, 428, 429, 431, 500, 503};

	(void)state;
	for (size_t i = 0; i < COUNT(statuses); i++)
		assert_string_not_equal(response_reason(statuses[i]), "Error");
	assert_string_equal(response_reason(404), "Not Found");
	assert_string_equal(response_reason(418), "Error");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_answer_has_the_fixed_headers),
		TEST(only_a_page_that_says_so_may_ask_its_origin),
		TEST(cacheable_says_nothing_of_its_own),
		TEST(head_has_the_length_of_get),
		TEST(some_statuses_have_no_body),
		TEST(redirect_is_303_and_empty),
		TEST(later_cookie_replaces_earlier),
		TEST(later_type_replaces_earlier),
		TEST(control_in_a_header_sends_nothing),
		TEST(impossible_status_sends_nothing),
		TEST(too_much_sends_nothing),
		TEST(memory_runs_out),
		TEST(reset_forgets_all_but_the_method),
		cmocka_unit_test(every_status_has_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
