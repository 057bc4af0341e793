/* FastCGI over a real socket: raw records in, what the server saw and what came back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/sockios.h>

#include "arena.h"
#include "fcgi.h"

/* FastCGI 1.0 §8. */
enum { BEGIN = 1, ABORT = 2, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };
enum { RESPONDER = 1, AUTHORIZER = 2, FILTER = 3 };

#define WIRE_MAX 4194304
#define SHORT_ANSWER STR("Status: 200 OK\r\n\r\nshort")

/* Bytes for, or from, the wire. */
struct wire {
	unsigned char *bytes;
	size_t n;
};

/* One accepting thread: what it shall do, and what it saw. */
struct server {
	struct arena *arena;
	struct fcgi_call *call;
	pthread_t thread;
	struct wire wire;
	char path[64];
	char dir[32];

	struct str answer;
	size_t length; /* CONTENT_LENGTH */
	int fd;
	bool reads;
	bool answers;

	enum err accepted;
	enum err body_read;
	enum err written;
	enum fcgi_role role;
	struct str params; /* one a line */
	struct str body;
	sem_t has_accepted;
};

static void put(struct wire *wire, const void *bytes, size_t n)
{
	assert_true(wire->n + n <= WIRE_MAX);
	if (n > 0)
		memcpy(wire->bytes + wire->n, bytes, n);
	wire->n += n;
}

static void put_record(struct wire *wire, int type, struct str content, unsigned char padding)
{
	unsigned char header[8] = {1,
				   (unsigned char)type,
				   0,
				   1,
				   (unsigned char)(content.n >> 8),
				   (unsigned char)(content.n & 0xff),
				   padding,
				   0};
	static const char junk[256] = "padding is not content";

	put(wire, header, sizeof header);
	put(wire, content.p, content.n);
	put(wire, junk, padding);
}

static void put_begin(struct wire *wire, unsigned char role, bool keep)
{
	char body[8] = {0, (char)role, keep ? 1 : 0};

	put_record(wire, BEGIN, (struct str){.p = body, .n = sizeof body}, 0);
}

/* FastCGI 1.0 §3.4; long form when asked for, as some web servers always do. */
static void put_length(struct wire *wire, size_t n, bool in_four)
{
	unsigned char four[4] = {(unsigned char)(0x80 | n >> 24), (unsigned char)(n >> 16),
				 (unsigned char)(n >> 8), (unsigned char)n};

	if (n > 127 || in_four)
		put(wire, four, 4);
	else
		put(wire, four + 3, 1);
}

static void put_param(struct wire *wire, const char *name, struct str value)
{
	put_length(wire, strlen(name), false);
	put_length(wire, value.n, value.n % 2 == 1);
	put(wire, name, strlen(name));
	put(wire, value.p, value.n);
}

/* A few parameters in one record, and the empty record that ends them. */
static void put_params(struct server *server)
{
	static unsigned char bytes[1024];
	struct wire params = {.bytes = bytes};

	put_param(&params, "REQUEST_METHOD", STR("POST"));
	put_param(&params, "HTTP_COOKIE", STR("a=b"));
	put_param(&params, "EMPTY", STR(""));
	put_record(&server->wire, PARAMS, (struct str){.p = (const char *)bytes, .n = params.n}, 5);
	put_record(&server->wire, PARAMS, STR_NONE, 0);
}

static void put_stdin(struct server *server, struct str content, unsigned char padding)
{
	while (content.n > 0) {
		struct str piece = str_sub(content, 0, 60000);
		put_record(&server->wire, STDIN, piece, padding);
		content = str_sub(content, piece.n, content.n);
	}
	put_record(&server->wire, STDIN, STR_NONE, padding);
}

static struct str join_params(struct server *server)
{
	char *text = arena_alloc(server->arena, 262144);
	size_t at = 0;

	if (text == NULL)
		return STR_NONE;
	for (const char *const *param = fcgi_params(server->call); *param != NULL; param++)
		at += (size_t)snprintf(text + at, 131072, "%s\n", *param);
	return (struct str){.p = text, .n = at};
}

static void *serve(void *argument)
{
	struct server *server = argument;

	server->accepted = fcgi_accept(server->call);
	(void)sem_post(&server->has_accepted);
	if (server->accepted != OK)
		return NULL;
	server->role = fcgi_role(server->call);
	server->params = join_params(server);
	if (server->reads)
		server->body_read = fcgi_read_body(server->call, server->arena, server->length,
						   65536, &server->body);
	if (server->answers)
		server->written = fcgi_write(server->call, server->answer);
	fcgi_finish(server->call);
	return NULL;
}

static int open_server(void **state)
{
	static struct server server;
	struct fault fault;

	server = (struct server){
		.dir = "/tmp/gatepost-test-XXXXXX",
		.reads = true,
		.answers = true,
		.answer = SHORT_ANSWER,
		.body_read = ERR_COUNT,
		.wire = {.bytes = malloc(WIRE_MAX)},
	};
	*state = &server;
	if (sem_init(&server.has_accepted, 0, 0) != 0)
		return -1;
	if (server.wire.bytes == NULL || mkdtemp(server.dir) == NULL)
		return -1;
	(void)snprintf(server.path, sizeof server.path, "%s/socket", server.dir);
	if (fcgi_listen(server.path, 0600, &server.fd, &fault) != OK)
		return -1;
	return arena_open(4096, 4194304, &server.arena) == OK &&
			       fcgi_call_open(server.fd, &server.call) == OK
		       ? 0
		       : -1;
}

static int close_server(void **state)
{
	struct server *server = *state;

	fcgi_call_close(&server->call);
	assert_null(server->call);
	arena_close(&server->arena);
	free(server->wire.bytes);
	(void)close(server->fd);
	(void)unlink(server->path);
	return rmdir(server->dir);
}

static void start(struct server *server)
{
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void finish(struct server *server)
{
	assert_int_equal(pthread_join(server->thread, NULL), 0);
}

/* A client's connection; what hangs for 20 s has failed. */
static int dial(const struct server *server)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = 20};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(name.sun_path, server->path, strlen(server->path));
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
	return fd;
}

/* Everything put so far goes out. */
static void send_wire(struct server *server, int fd)
{
	assert_int_equal(send(fd, server->wire.bytes, server->wire.n, MSG_NOSIGNAL),
			 (ssize_t)server->wire.n);
	server->wire.n = 0;
}

static void receive(int fd, void *bytes, size_t n)
{
	if (n > 0)
		assert_int_equal(recv(fd, bytes, n, MSG_WAITALL), (ssize_t)n);
}

/* What one request's STDOUT stream held, up to its END_REQUEST. */
struct reply {
	char text[128 * 1024];
	size_t n;
	unsigned records;
	bool closed; /* the empty STDOUT record came */
};

static void receive_reply(int fd, struct reply *reply)
{
	static char content[65536 + 256];
	unsigned char header[8];

	*reply = (struct reply){.n = 0};
	for (;;) {
		receive(fd, header, sizeof header);
		size_t n = (size_t)header[4] << 8 | header[5];
		receive(fd, content, n + header[6]);
		assert_int_equal(header[0], 1);
		assert_int_equal(header[3], 1);
		if (header[1] == END)
			break;
		assert_int_equal(header[1], STDOUT);
		assert_false(reply->closed);
		assert_true(reply->n + n < sizeof reply->text);
		memcpy(reply->text + reply->n, content, n);
		reply->n += n;
		reply->records += n > 0;
		reply->closed = n == 0;
	}
	/* appStatus 0, protocolStatus REQUEST_COMPLETE: never OVERLOADED, never UNKNOWN_ROLE
	 * (IN-17). */
	assert_memory_equal(content, "\0\0\0\0\0", 5);
	assert_true(reply->closed);
}

static void assert_replied(int fd, struct str expected)
{
	static struct reply reply;

	receive_reply(fd, &reply);
	assert_int_equal(reply.n, expected.n);
	assert_memory_equal(reply.text, expected.p, expected.n);
}

/* The connection ends, without more. */
static void assert_closed(int fd)
{
	char more;

	assert_int_equal(recv(fd, &more, 1, 0), 0);
	(void)close(fd);
}

/* One whole exchange of what was put. */
static void exchange(struct server *server)
{
	start(server);
	int fd = dial(server);
	send_wire(server, fd);
	assert_replied(fd, server->answers ? server->answer : STR_NONE);
	assert_closed(fd);
	finish(server);
	assert_int_equal(server->accepted, OK);
	assert_int_equal(server->written, OK);
}

static bool has_line(struct str text, const char *line)
{
	return text.n > 0 && memmem(text.p, text.n, line, strlen(line)) != NULL;
}

static void responder_reads_its_body(void **state)
{
	struct server *server = *state;

	server->length = 7;
	put_begin(&server->wire, RESPONDER, false);
	put_params(server);
	put_record(&server->wire, STDIN, STR("a=1"), 0);
	put_record(&server->wire, STDIN, STR("&b=2"), 255);
	put_record(&server->wire, STDIN, STR_NONE, 8);
	exchange(server);
	assert_int_equal(server->role, FCGI_ROLE_RESPONDER);
	assert_int_equal(server->body_read, OK);
	assert_true(str_equal(server->body, STR("a=1&b=2")));
	assert_true(has_line(server->params, "FCGI_ROLE=RESPONDER\n"));
	assert_true(has_line(server->params, "\nREQUEST_METHOD=POST\n"));
	assert_true(has_line(server->params, "\nHTTP_COOKIE=a=b\n"));
	assert_true(has_line(server->params, "\nEMPTY=\n"));
	assert_null(fcgi_params(server->call)[0]);
}

/* IN-07. */
static void body_must_be_as_long_as_announced(void **state)
{
	static const size_t lengths[] = {0, 1, 6, 8, 100};
	struct server *server = *state;

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		server->length = lengths[i];
		server->body = STR("untouched");
		put_begin(&server->wire, RESPONDER, false);
		put_params(server);
		put_stdin(server, STR("a=1&b=2"), 3);
		exchange(server);
		assert_int_equal(server->body_read, ERR_INPUT);
		assert_true(str_equal(server->body, STR("untouched")));
	}
}

static void empty_body_is_a_body(void **state)
{
	struct server *server = *state;

	put_begin(&server->wire, RESPONDER, false);
	put_params(server);
	put_stdin(server, STR_NONE, 0);
	exchange(server);
	assert_int_equal(server->body_read, OK);
	assert_true(str_is_present(server->body));
	assert_int_equal(server->body.n, 0);
}

/* IN-06: over the bound nothing is read into memory, and the answer arrives all the same. */
static void too_large_a_body_is_answered(void **state)
{
	static char bytes[3 * 1024 * 1024];
	static const size_t sizes[] = {64 * 1024 + 1, sizeof bytes};
	struct server *server = *state;

	memset(bytes, 'x', sizeof bytes);
	for (size_t i = 0; i < 2; i++) {
		server->length = sizes[i];
		/* Kept or not: with more on its way than we drain, it ends. */
		put_begin(&server->wire, RESPONDER, i == 1);
		put_params(server);
		put_stdin(server, (struct str){.p = bytes, .n = sizes[i]}, 0);
		start(server);
		int fd = dial(server);
		send_wire(server, fd);
		assert_replied(fd, server->answer);
		assert_closed(fd);
		finish(server);
		assert_int_equal(server->body_read, ERR_TOO_LARGE);
		assert_int_equal(server->written, OK);
	}
}

/* mod_authnz_fcgi sends an authorizer no STDIN at all: whoever waits for it waits for ever. */
static void authorizer_never_waits_for_stdin(void **state)
{
	static const size_t lengths[] = {0, 7};
	static const enum err results[] = {OK, ERR_INPUT};
	struct server *server = *state;

	for (size_t i = 0; i < 2; i++) {
		server->length = lengths[i];
		put_begin(&server->wire, AUTHORIZER, false);
		put_params(server);
		start(server);
		int fd = dial(server);
		send_wire(server, fd);
		assert_replied(fd, server->answer);
		assert_closed(fd);
		finish(server);
		assert_int_equal(server->role, FCGI_ROLE_AUTHORIZER);
		assert_int_equal(server->body_read, results[i]);
	}
}

/* IN-17: lighttpd reads an empty answer as a grant, so none ever leaves. */
static void unanswered_is_503(void **state)
{
	static const unsigned char roles[] = {RESPONDER, AUTHORIZER, FILTER};
	static const enum fcgi_role seen[] = {FCGI_ROLE_RESPONDER, FCGI_ROLE_AUTHORIZER,
					      FCGI_ROLE_OTHER};
	static struct reply reply;
	struct server *server = *state;

	server->answers = false;
	server->reads = false;
	for (size_t i = 0; i < 3; i++) {
		put_begin(&server->wire, roles[i], false);
		put_params(server);
		put_stdin(server, STR_NONE, 0);
		start(server);
		int fd = dial(server);
		send_wire(server, fd);
		receive_reply(fd, &reply);
		assert_memory_equal(reply.text, "Status: 503 ", 12);
		(void)close(fd);
		finish(server);
		assert_int_equal(server->role, seen[i]);
	}
}

/* An authorizer's answer below 8 kB lies in one STDOUT record: Apache cuts off a second one. */
static void answer_is_one_stream(void **state)
{
	static const size_t sizes[] = {1, 4095, 8000, 8184, 8185, 100000};
	static char text[100000];
	static struct reply reply;
	struct server *server = *state;

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		server->answer = (struct str){.p = text, .n = sizes[i]};
		put_begin(&server->wire, RESPONDER, false);
		put_params(server);
		put_stdin(server, STR_NONE, 0);
		start(server);
		int fd = dial(server);
		send_wire(server, fd);
		receive_reply(fd, &reply);
		assert_int_equal(reply.n, sizes[i]);
		assert_memory_equal(reply.text, text, sizes[i]);
		if (sizes[i] <= 8000)
			assert_int_equal(reply.records, 1);
		assert_closed(fd);
		finish(server);
		assert_int_equal(server->written, OK);
	}
}

/* IN-16: names and values of every length form, a pair split over records, one beyond the buffer.
 */
static void long_params_arrive_whole(void **state)
{
	static const size_t sizes[] = {126, 127, 128, 255, 256, 4096, 8192, 60000};
	static char value[60000];
	static unsigned char bytes[80000];
	struct wire params = {.bytes = bytes};
	struct server *server = *state;

	memset(value, 'v', sizeof value);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "P%zu", sizes[i]);
		put_param(&params, name, (struct str){.p = value, .n = sizes[i]});
	}
	put_begin(&server->wire, RESPONDER, false);
	for (size_t at = 0; at < params.n; at += 1001) {
		struct str all = {.p = (const char *)bytes, .n = params.n};
		put_record(&server->wire, PARAMS, str_sub(all, at, at + 1001), 1);
	}
	put_record(&server->wire, PARAMS, STR_NONE, 0);
	put_stdin(server, STR_NONE, 0);
	exchange(server);

	struct str line = STR_NONE;
	struct str rest = server->params;
	assert_true(str_cut(rest, '\n', &line, &rest));
	assert_true(str_equal(line, STR("FCGI_ROLE=RESPONDER")));
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		char name[16];
		int n = snprintf(name, sizeof name, "P%zu=", sizes[i]);
		assert_true(str_cut(rest, '\n', &line, &rest));
		assert_int_equal(line.n, (size_t)n + sizes[i]);
		assert_memory_equal(line.p, name, (size_t)n);
		assert_memory_equal(line.p + n, value, sizes[i]);
	}
	assert_int_equal(rest.n, 0);
}

/* A kept connection: what the first request left unread is no part of the second. */
static void kept_connection_serves_again(void **state)
{
	static char unread[40000]; /* more than libfcgi takes at once */
	struct server *server = *state;

	memset(unread, 'x', sizeof unread);
	server->reads = false;
	put_begin(&server->wire, RESPONDER, true);
	put_params(server);
	put_stdin(server, (struct str){.p = unread, .n = sizeof unread}, 7);
	start(server);
	int fd = dial(server);
	send_wire(server, fd);
	assert_replied(fd, server->answer);
	finish(server);

	server->reads = true;
	server->length = 3;
	put_begin(&server->wire, RESPONDER, false);
	put_params(server);
	put_stdin(server, STR("a=1"), 0);
	start(server);
	send_wire(server, fd);
	assert_replied(fd, server->answer);
	assert_closed(fd);
	finish(server);
	assert_int_equal(server->body_read, OK);
	assert_true(str_equal(server->body, STR("a=1")));
}

/* IN-17: a client that goes away in the middle of its body. */
static void client_gone_is_no_body(void **state)
{
	struct server *server = *state;

	for (int i = 0; i < 2; i++) {
		server->length = 7;
		put_begin(&server->wire, RESPONDER, false);
		put_params(server);
		put_record(&server->wire, STDIN, STR("a=1"), 0);
		if (i == 1)
			put_record(&server->wire, ABORT, STR_NONE, 0);
		start(server);
		int fd = dial(server);
		send_wire(server, fd);
		assert_int_equal(shutdown(fd, SHUT_WR), 0);
		finish(server);
		(void)close(fd);
		assert_int_equal(server->accepted, OK);
		assert_int_equal(server->body_read, ERR_IO);
	}
}

/*
 * IN-16: what is no request is passed over, and the next connection is served. Torn between two
 * parameters it would look like a whole request with fewer headers.
 */
static void torn_and_garbled_connections_are_passed_over(void **state)
{
	static unsigned char bytes[256];
	struct wire params = {.bytes = bytes};
	struct server *server = *state;

	put_param(&params, "REQUEST_METHOD", STR("GET"));
	start(server);
	for (int i = 0; i < 5; i++) {
		put_begin(&server->wire, i == 4 ? 9 : RESPONDER, false);
		if (i == 0)
			put_record(&server->wire, PARAMS,
				   (struct str){.p = (const char *)bytes, .n = params.n}, 0);
		if (i == 1)
			put_record(&server->wire, PARAMS, STR("\x0e\x03REQ"), 0);
		if (i == 2)
			server->wire.bytes[0] = 2;
		if (i == 3)
			put_record(&server->wire, STDIN, STR("out of order"), 0);
		if (i == 4)
			put_params(server);
		int torn = dial(server);
		send_wire(server, torn);
		(void)shutdown(torn, SHUT_WR);
		assert_closed(torn);
	}
	put_begin(&server->wire, RESPONDER, false);
	put_params(server);
	put_stdin(server, STR_NONE, 0);
	int fd = dial(server);
	send_wire(server, fd);
	assert_replied(fd, server->answer);
	assert_closed(fd);
	finish(server);
	assert_true(has_line(server->params, "\nREQUEST_METHOD=POST\n"));
	assert_true(has_line(server->params, "\nEMPTY=\n"));
}

static void *accept_only(void *argument)
{
	struct server *server = argument;

	server->accepted = fcgi_accept(server->call);
	return NULL;
}

/* The hand-over: accepted by one thread, read, answered and finished by another. */
static void another_thread_may_finish(void **state)
{
	struct server *server = *state;

	put_begin(&server->wire, RESPONDER, false);
	put_params(server);
	put_stdin(server, STR("a=1"), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, accept_only, server), 0);
	int fd = dial(server);
	send_wire(server, fd);
	finish(server);
	assert_int_equal(server->accepted, OK);
	assert_int_equal(fcgi_read_body(server->call, server->arena, 3, 64, &server->body), OK);
	assert_int_equal(fcgi_write(server->call, server->answer), OK);
	assert_replied(fd, server->answer);
	fcgi_finish(server->call);
	assert_closed(fd);
}

/* A signal that wakes must not tear a request that is being read. */
static void wake_up_tears_no_request(void **state)
{
	struct server *server = *state;

	server->length = 6;
	put_begin(&server->wire, RESPONDER, true);
	put_params(server);
	put_record(&server->wire, STDIN, STR("a=1"), 0);
	start(server);
	int fd = dial(server);
	send_wire(server, fd);
	assert_int_equal(sem_wait(&server->has_accepted), 0);
	/* Before it reads, or while it waits for the rest. */
	for (int i = 0; i < 2000; i++)
		assert_int_equal(pthread_kill(server->thread, SIGUSR2), 0);
	put_stdin(server, STR("&b="), 0);
	send_wire(server, fd);
	assert_replied(fd, server->answer);
	finish(server);
	(void)close(fd);
	assert_int_equal(server->body_read, OK);
	assert_true(str_equal(server->body, STR("a=1&b=")));
}

/* The thread has read all that was sent, and waits for more. */
static void wait_until_read(int fd)
{
	const struct timespec step = {.tv_nsec = 1000000};
	int unread = 1;

	while (unread > 0) {
		assert_int_equal(ioctl(fd, SIOCOUTQ, &unread), 0);
		(void)nanosleep(&step, NULL);
	}
}

/* Nor one of which the parameters are still on their way. */
static void wake_up_tears_no_parameters(void **state)
{
	struct server *server = *state;
	size_t whole = 0;

	put_begin(&server->wire, RESPONDER, false);
	put_params(server);
	put_stdin(server, STR(""), 0);
	whole = server->wire.n;
	start(server);
	int fd = dial(server);
	for (size_t at = 0; at < whole; at += 7) {
		size_t n = whole - at < 7 ? whole - at : 7;

		for (int i = 0; i < 50; i++)
			assert_int_equal(pthread_kill(server->thread, SIGUSR2), 0);
		assert_int_equal(send(fd, server->wire.bytes + at, n, MSG_NOSIGNAL), (ssize_t)n);
		wait_until_read(fd);
	}
	assert_replied(fd, server->answer);
	finish(server);
	(void)close(fd);
}

/* In a process of its own, because libfcgi never comes back from a shutdown. */
static int shut_down_threads(struct server *server)
{
	enum { THREADS = 4 };
	struct server servers[THREADS];
	struct timespec step = {.tv_sec = 0};

	for (int i = 0; i < THREADS; i++) {
		servers[i] = *server;
		servers[i].accepted = OK;
		if (fcgi_call_open(server->fd, &servers[i].call) != OK)
			return 1;
		if (pthread_create(&servers[i].thread, NULL, accept_only, &servers[i]) != 0)
			return 2;
	}
	fcgi_shut_down();
	for (int i = 0; i < THREADS; i++) {
		int left = 500;
		do {
			(void)pthread_kill(servers[i].thread, SIGUSR2);
			(void)clock_gettime(CLOCK_REALTIME, &step);
			step.tv_nsec += 10000000;
			step.tv_sec += step.tv_nsec / 1000000000;
			step.tv_nsec %= 1000000000;
		} while (pthread_timedjoin_np(servers[i].thread, NULL, &step) != 0 && --left > 0);
		if (left == 0)
			return 3;
		if (servers[i].accepted != ERR_IO)
			return 4;
		fcgi_call_close(&servers[i].call);
	}
	return 0;
}

static void shutdown_ends_every_accept(void **state)
{
	struct server *server = *state;
	int status = -1;

	pid_t child = fork();
	if (child == 0)
		_exit(shut_down_threads(server));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_broken_socket_is_an_error(void **state)
{
	struct server *server = *state;
	struct fcgi_call *call = NULL;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcgi_call_open(ends[0], &call), OK);
	assert_int_equal(fcgi_accept(call), ERR_IO);
	fcgi_call_close(&call);
	fcgi_call_close(&call);
	(void)close(ends[0]);
	(void)close(ends[1]);
	assert_null(fcgi_params(server->call)[0]);
}

static int init_library(void **state)
{
	(void)state;
	return fcgi_init() == OK ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_server, close_server)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(responder_reads_its_body),
		TEST(body_must_be_as_long_as_announced),
		TEST(empty_body_is_a_body),
		TEST(too_large_a_body_is_answered),
		TEST(authorizer_never_waits_for_stdin),
		TEST(unanswered_is_503),
		TEST(answer_is_one_stream),
		TEST(long_params_arrive_whole),
		TEST(kept_connection_serves_again),
		TEST(client_gone_is_no_body),
		TEST(torn_and_garbled_connections_are_passed_over),
		TEST(another_thread_may_finish),
		TEST(wake_up_tears_no_request),
		TEST(wake_up_tears_no_parameters),
		TEST(shutdown_ends_every_accept),
		TEST(a_broken_socket_is_an_error),
	};

	return cmocka_run_group_tests(tests, init_library, NULL);
}
