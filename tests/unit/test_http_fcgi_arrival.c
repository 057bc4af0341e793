/* How much of a request has arrived, told without reading it; and calls that adopt a connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "arena.h"
#include "fcgi.h"

/* FastCGI 1.0 §8. */
enum { BEGIN = 1, ABORT = 2, PARAMS = 4, STDIN = 5, DATA = 8 };
enum { RESPONDER = 1, AUTHORIZER = 2, FILTER = 3 };

#define WIRE_MAX 600

struct wire {
	unsigned char bytes[WIRE_MAX];
	size_t n;
};

static void put(struct wire *wire, unsigned type, struct str content, unsigned padding)
{
	unsigned char header[8] = {1,
				   (unsigned char)type,
				   0,
				   1,
				   (unsigned char)(content.n >> 8),
				   (unsigned char)content.n,
				   (unsigned char)padding,
				   0};

	assert_true(wire->n + sizeof header + content.n + padding <= WIRE_MAX);
	memcpy(wire->bytes + wire->n, header, sizeof header);
	wire->n += sizeof header;
	if (content.n > 0)
		memcpy(wire->bytes + wire->n, content.p, content.n);
	memset(wire->bytes + wire->n + content.n, 0, padding);
	wire->n += content.n + padding;
}

static void put_begin(struct wire *wire, unsigned role, bool keep)
{
	const char body[8] = {0, (char)role, keep ? 1 : 0};

	put(wire, BEGIN, (struct str){body, sizeof body}, 0);
}

static struct wire whole_request(void)
{
	struct wire wire = {.n = 0};

	put_begin(&wire, RESPONDER, false);
	put(&wire, PARAMS, STR("\x0e\x03REQUEST_METHODGET"), 5);
	put(&wire, PARAMS, STR_NONE, 0);
	put(&wire, STDIN, STR_NONE, 0);
	return wire;
}

static enum fcgi_arrival judge(const struct wire *wire)
{
	return fcgi_arrival_of(wire->bytes, wire->n, false);
}

/* Every prefix: partial until the parameters' end, then parameters, whole with the last octet. */
static void each_octet_may_be_the_last_that_came(void **state)
{
	struct wire wire = whole_request();
	size_t params_end = wire.n - 8;

	(void)state;
	for (size_t n = 0; n <= wire.n; n++) {
		enum fcgi_arrival arrival = fcgi_arrival_of(wire.bytes, n, false);
		enum fcgi_arrival expected = n < params_end ? FCGI_ARRIVAL_PART
					     : n < wire.n   ? FCGI_ARRIVAL_PARAMS
							    : FCGI_ARRIVAL_WHOLE;
		assert_int_equal(arrival, expected);
	}
}

static void a_body_is_waited_for_by_somebody_else(void **state)
{
	struct wire wire = {.n = 0};

	(void)state;
	put_begin(&wire, RESPONDER, false);
	put(&wire, PARAMS, STR_NONE, 0);
	put(&wire, STDIN, STR("half"), 0);
	assert_int_equal(judge(&wire), FCGI_ARRIVAL_PARAMS);
	put(&wire, STDIN, STR_NONE, 0);
	assert_int_equal(judge(&wire), FCGI_ARRIVAL_WHOLE);
}

/* mod_authnz_fcgi never sends stdin, lighttpd not with a body: without it, it is not whole. */
static void an_authorizer_is_asked_without_stdin(void **state)
{
	static struct wire wire;

	(void)state;
	put_begin(&wire, AUTHORIZER, false);
	assert_int_equal(judge(&wire), FCGI_ARRIVAL_PART);
	put(&wire, PARAMS, STR_NONE, 0);
	assert_int_equal(judge(&wire), FCGI_ARRIVAL_PARAMS);
	put(&wire, STDIN, STR_NONE, 0);
	assert_int_equal(judge(&wire), FCGI_ARRIVAL_WHOLE);
}

/* What could make libfcgi wait, or is not for the desk, is for a thread of its own. */
static void what_is_unusual_is_other(void **state)
{
	static struct wire kept, filter, aborted, odd, no_begin, data, large;
	static unsigned char many[8192];

	(void)state;
	put_begin(&kept, RESPONDER, true);
	assert_int_equal(judge(&kept), FCGI_ARRIVAL_OTHER);
	put_begin(&filter, FILTER, false);
	assert_int_equal(judge(&filter), FCGI_ARRIVAL_OTHER);
	put_begin(&aborted, RESPONDER, false);
	put(&aborted, ABORT, STR_NONE, 0);
	assert_int_equal(judge(&aborted), FCGI_ARRIVAL_OTHER);
	put(&odd, BEGIN, STR("seven b"), 0);
	assert_int_equal(judge(&odd), FCGI_ARRIVAL_OTHER);
	put(&no_begin, PARAMS, STR_NONE, 0);
	assert_int_equal(judge(&no_begin), FCGI_ARRIVAL_OTHER);
	put_begin(&data, RESPONDER, false);
	put(&data, PARAMS, STR_NONE, 0);
	put(&data, DATA, STR_NONE, 0);
	assert_int_equal(judge(&data), FCGI_ARRIVAL_OTHER);
	/* One record of parameters that fills all that is looked at. */
	put_begin(&large, RESPONDER, false);
	put(&large, PARAMS, STR_NONE, 0);
	memcpy(many, large.bytes, large.n);
	many[large.n - 4] = 0xff;
	assert_int_equal(fcgi_arrival_of(many, sizeof many, false), FCGI_ARRIVAL_PART);
	assert_int_equal(fcgi_arrival_of(many, sizeof many, true), FCGI_ARRIVAL_OTHER);
	assert_int_equal(fcgi_arrival_of((const unsigned char *)"GET / HTTP/1.1", 14, false),
			 FCGI_ARRIVAL_GONE);
}

/* A connection whose other end the test holds. */
static void connect_pair(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
}

static void send_all(int fd, const struct wire *wire)
{
	assert_int_equal(send(fd, wire->bytes, wire->n, MSG_NOSIGNAL), (ssize_t)wire->n);
}

static void looking_reads_nothing(void **state)
{
	struct wire wire = whole_request();
	int ends[2];

	(void)state;
	connect_pair(ends);
	assert_int_equal(fcgi_arrival(ends[0]), FCGI_ARRIVAL_PART);
	send_all(ends[1], &wire);
	assert_int_equal(fcgi_arrival(ends[0]), FCGI_ARRIVAL_WHOLE);
	assert_int_equal(fcgi_arrival(ends[0]), FCGI_ARRIVAL_WHOLE);
	(void)close(ends[1]);
	(void)close(ends[0]);

	connect_pair(ends);
	(void)close(ends[1]);
	assert_int_equal(fcgi_arrival(ends[0]), FCGI_ARRIVAL_GONE);
	(void)close(ends[0]);
}

static struct fcgi_call *adopting(int connection, enum fcgi_arrival arrival)
{
	struct fcgi_call *call = NULL;

	assert_int_equal(fcgi_call_open(FCGI_ADOPTS, &call), OK);
	fcgi_adopt(call, connection, arrival);
	return call;
}

static void assert_answered_and_closed(int fd)
{
	char text[512];
	size_t n = 0;
	ssize_t got = 1;

	while (got > 0 && n < sizeof text) {
		got = recv(fd, text + n, sizeof text - n, 0);
		assert_true(got >= 0);
		n += (size_t)got;
	}
	assert_non_null(memmem(text, n, "Status: 204", 11));
	(void)close(fd);
}

/* One call after the other adopts; each request is answered and its connection closed. */
static void a_call_serves_the_connections_that_it_is_given(void **state)
{
	struct wire wire = whole_request();
	struct fcgi_call *call = NULL;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		int ends[2];

		connect_pair(ends);
		send_all(ends[1], &wire);
		if (call == NULL)
			call = adopting(ends[0], true);
		else
			fcgi_adopt(call, ends[0], FCGI_ARRIVAL_WHOLE);
		assert_int_equal(fcgi_accept(call), OK);
		assert_int_equal(fcgi_role(call), FCGI_ROLE_RESPONDER);
		assert_int_equal(fcgi_write(call, STR("Status: 204 No Content\r\n\r\n")), OK);
		fcgi_finish(call);
		assert_answered_and_closed(ends[1]);
	}
	/* Nothing was adopted since. */
	assert_int_equal(fcgi_accept(call), ERR_IO);
	fcgi_call_close(&call);
}

/* Framed as it should be, but the parameters say that more belongs to them than there is. */
static void broken_parameters_end_the_connection_at_once(void **state)
{
	struct wire wire = {.n = 0};
	struct fcgi_call *call = NULL;
	int ends[2];
	char rest = 0;

	(void)state;
	put_begin(&wire, RESPONDER, false);
	put(&wire, PARAMS, STR("\x7f\x7fshort"), 0);
	put(&wire, PARAMS, STR_NONE, 0);
	put(&wire, STDIN, STR_NONE, 0);
	connect_pair(ends);
	send_all(ends[1], &wire);
	assert_int_equal(fcgi_arrival(ends[0]), FCGI_ARRIVAL_WHOLE);
	call = adopting(ends[0], true);
	assert_int_equal(fcgi_accept(call), ERR_IO);
	/* The other end stays open: libfcgi would wait two seconds for it, unless told not to. */
	assert_true(recv(ends[1], &rest, 1, MSG_DONTWAIT) <= 0);
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
	(void)close(ends[1]);
	fcgi_call_close(&call);
}

static void closing_a_call_closes_what_it_adopted(void **state)
{
	struct fcgi_call *call = NULL;
	int ends[2];

	(void)state;
	connect_pair(ends);
	call = adopting(ends[0], false);
	fcgi_call_close(&call);
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
	(void)close(ends[1]);
}

static void sockets_are_emptied_without_waiting(void **state)
{
	char path[] = "/tmp/gatepost-arrival-XXXXXX/socket";
	char *slash = strrchr(path, '/');
	struct fault fault;
	int listener = -1;
	int connection = -1;

	(void)state;
	*slash = '\0';
	assert_non_null(mkdtemp(path));
	*slash = '/';
	assert_int_equal(fcgi_listen(path, 0600, &listener, &fault), OK);
	assert_int_equal(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcgi_next_connection(listener, &connection), OK);
	assert_int_equal(connection, -1);
	(void)close(listener);
	connection = 4711;
	assert_int_equal(fcgi_next_connection(listener, &connection), ERR_IO);
	assert_int_equal(connection, 4711);
	(void)unlink(path);
	*slash = '\0';
	(void)rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_octet_may_be_the_last_that_came),
		cmocka_unit_test(a_body_is_waited_for_by_somebody_else),
		cmocka_unit_test(an_authorizer_is_asked_without_stdin),
		cmocka_unit_test(what_is_unusual_is_other),
		cmocka_unit_test(looking_reads_nothing),
		cmocka_unit_test(a_call_serves_the_connections_that_it_is_given),
		cmocka_unit_test(broken_parameters_end_the_connection_at_once),
		cmocka_unit_test(closing_a_call_closes_what_it_adopted),
		cmocka_unit_test(sockets_are_emptied_without_waiting),
	};

	if (fcgi_init() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
