/* Plain CGI: environ, stdin, stdout. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "arena.h"
#include "fcgi.h"

#define SECRET "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

struct fixture {
	struct arena *arena;
	struct fcgi_call *call;
	char **environ_before;
	int stdin_before;
	int stdout_before;
	int input;  /* what the program reads as stdin */
	int output; /* what it wrote to stdout */
};

/* Puts one end of a new pipe in the place of fd; the other end is returned. */
static int replace(int fd, int end)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[end], fd), fd);
	(void)close(ends[end]);
	return ends[1 - end];
}

static int open_fixture(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){.environ_before = environ};
	(void)fflush(stdout);
	fixture.stdin_before = dup(STDIN_FILENO);
	fixture.stdout_before = dup(STDOUT_FILENO);
	fixture.input = replace(STDIN_FILENO, 0);
	fixture.output = -1;
	*state = &fixture;
	return arena_open(4096, 262144, &fixture.arena) == OK &&
			       fcgi_call_open_cgi(&fixture.call) == OK
		       ? 0
		       : -1;
}

static void put_stdin(struct fixture *fixture, const char *text, bool end)
{
	assert_int_equal(write(fixture->input, text, strlen(text)), (ssize_t)strlen(text));
	if (!end)
		return;
	(void)close(fixture->input);
	fixture->input = -1;
}

/* Runs fcgi_write (or, without an answer, fcgi_finish) with stdout caught. */
static enum err answer(struct fixture *fixture, struct str text, char *out, size_t size)
{
	int output = replace(STDOUT_FILENO, 1);
	enum err failed = OK;

	if (text.n > 0)
		failed = fcgi_write(fixture->call, text);
	else
		fcgi_finish(fixture->call);
	(void)dup2(fixture->stdout_before, STDOUT_FILENO);
	ssize_t n = read(output, out, size - 1);
	out[n < 0 ? 0 : n] = '\0';
	(void)close(output);
	return failed;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;
	char out[256];

	/* What a test left unanswered is answered here, and caught. */
	(void)answer(fixture, STR_NONE, out, sizeof out);
	(void)dup2(fixture->stdin_before, STDIN_FILENO);
	(void)close(fixture->stdin_before);
	(void)close(fixture->stdout_before);
	if (fixture->input >= 0)
		(void)close(fixture->input);
	environ = fixture->environ_before;
	fcgi_call_close(&fixture->call);
	arena_close(&fixture->arena);
	return 0;
}

static void hands_out_environ(void **state)
{
	struct fixture *fixture = *state;
	char method[] = "REQUEST_METHOD=GET";
	char *params[] = {method, NULL};
	char out[256];

	assert_null(fcgi_params(fixture->call)[0]);
	environ = params;
	assert_int_equal(fcgi_accept(fixture->call), OK);
	assert_int_equal(fcgi_role(fixture->call), FCGI_ROLE_RESPONDER);
	assert_string_equal(fcgi_params(fixture->call)[0], method);
	assert_int_equal(answer(fixture, STR("Status: 200 OK\r\n\r\nhi"), out, sizeof out), OK);
	assert_string_equal(out, "Status: 200 OK\r\n\r\nhi");
	fcgi_finish(fixture->call);
	assert_null(fcgi_params(fixture->call)[0]);
	/* One process, one request. */
	assert_int_equal(fcgi_accept(fixture->call), ERR_IO);
}

/* IN-07: CONTENT_LENGTH octets, and no wait for an end that may never come. */
static void reads_no_more_than_announced(void **state)
{
	struct fixture *fixture = *state;
	struct str body = STR_NONE;
	char left[8] = "";

	put_stdin(fixture, "a=1&b=2", false);
	assert_int_equal(fcgi_accept(fixture->call), OK);
	assert_int_equal(fcgi_read_body(fixture->call, fixture->arena, 3, 64, &body), OK);
	assert_int_equal(body.n, 3);
	assert_memory_equal(body.p, "a=1", 3);
	assert_int_equal(read(STDIN_FILENO, left, sizeof left - 1), 4);
	assert_string_equal(left, "&b=2");
	assert_int_equal(fcgi_read_body(fixture->call, fixture->arena, 0, 64, &body), OK);
	assert_int_equal(body.n, 0);
	assert_true(str_is_present(body));
}

/* IN-07: fewer than announced change nothing. */
static void refuses_a_short_body(void **state)
{
	struct fixture *fixture = *state;
	struct str body = STR("untouched");

	put_stdin(fixture, "a=1", true);
	assert_int_equal(fcgi_accept(fixture->call), OK);
	assert_int_equal(fcgi_read_body(fixture->call, fixture->arena, 65, 64, &body),
			 ERR_TOO_LARGE);
	assert_int_equal(fcgi_read_body(fixture->call, fixture->arena, 4, 64, &body), ERR_INPUT);
	assert_true(str_equal(body, STR("untouched")));
}

static void wipes_credentials(void **state)
{
	struct fixture *fixture = *state;
	char cookie[] = "HTTP_COOKIE=" SECRET;
	char authorization[] = "HTTP_AUTHORIZATION=" SECRET;
	char session_id[] = "HTTP_X_SESSION_ID=" SECRET;
	char accept[] = "HTTP_ACCEPT=" SECRET;
	char again[] = "HTTP_COOKIE=" SECRET;
	char *params[] = {cookie, authorization, session_id, accept, again, NULL};
	static const char zero[sizeof SECRET] = "";
	char out[256];

	environ = params;
	assert_int_equal(fcgi_accept(fixture->call), OK);
	assert_int_equal(answer(fixture, STR("Status: 200 OK\r\n\r\n"), out, sizeof out), OK);
	assert_string_equal(cookie, "HTTP_COOKIE=" SECRET);
	fcgi_finish(fixture->call);
	assert_memory_equal(cookie, "HTTP_COOKIE=", 12);
	assert_memory_equal(cookie + 12, zero, sizeof zero);
	assert_memory_equal(authorization + 19, zero, sizeof zero);
	assert_memory_equal(session_id + 18, zero, sizeof zero);
	assert_memory_equal(again + 12, zero, sizeof zero);
	assert_string_equal(accept, "HTTP_ACCEPT=" SECRET);
}

/* IN-25: a request that nobody answered is refused, not left empty. */
static void answers_what_nobody_answered(void **state)
{
	struct fixture *fixture = *state;
	char out[256];

	assert_int_equal(fcgi_accept(fixture->call), OK);
	assert_int_equal(answer(fixture, STR_NONE, out, sizeof out), OK);
	assert_int_equal(strncmp(out, "Status: 503 ", 12), 0);
	assert_non_null(strstr(out, "\r\n\r\n"));
}

/* mod_cgid: what stays unread in a socket would tear the answer. */
static void reads_a_socket_to_its_end(void **state)
{
	struct fixture *fixture = *state;
	int ends[2];
	char out[256];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	(void)close(ends[0]);
	assert_int_equal(write(ends[1], "a=1&b=2", 7), 7);
	assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
	assert_int_equal(fcgi_accept(fixture->call), OK);
	assert_int_equal(answer(fixture, STR("Status: 200 OK\r\n\r\n"), out, sizeof out), OK);
	assert_int_equal(recv(STDIN_FILENO, out, sizeof out, MSG_DONTWAIT), 0);
	(void)close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hands_out_environ),
		TEST(reads_no_more_than_announced),
		TEST(refuses_a_short_body),
		TEST(wipes_credentials),
		TEST(answers_what_nobody_answered),
		TEST(reads_a_socket_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
