/* What listens on an authorizer's socket: whose it is, and how its answer is to be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "authorizer_ask.h"
#include "tcp_owner.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void the_listening_socket_is_found_by_its_line(void **state)
{
	static const struct {
		const char *line;
		unsigned fit;
		uid_t owner;
	} CASES[] = {
		{"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
		 "uid",
		 0, 0},
		{"   0: 0100007F:23DA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   "
		 "998 "
		 "       0 1 1 0 100 0 0 10 0\n",
		 3, 998},
		{"   1: 0100007F:23DA 0100007F:9C40 01 00000000:00000000 00:00000000 00000000   "
		 "998 "
		 "       0 1\n",
		 0, 0},
		{"   2: 0100007F:23DB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   "
		 "998 "
		 "       0 1\n",
		 0, 0},
		{"   3: 0200007F:23DA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   "
		 "998 "
		 "       0 1\n",
		 0, 0},
		{"   4: 00000000:23DA 00000000:0000 0A 00000000:00000000 00:00000000 00000000  "
		 "1001 "
		 "       0 1\n",
		 2, 1001},
		{"   5: 00000000000000000000000000000000:23DA "
		 "00000000000000000000000000000000:0000 "
		 "0A 00000000:00000000 00:00000000 00000000     7        0 1\n",
		 1, 7},
		{"   6: 0000000000000000FFFF00000100007F:23DA "
		 "00000000000000000000000000000000:0000 "
		 "0A 00000000:00000000 00:00000000 00000000     8        0 1\n",
		 3, 8},
		{"   7: 0100007F:23DA 00000000:0000 0A\n", 0, 0},
	};
	struct sockaddr_in address;

	(void)state;
	assert_true(tcp_owner_parse(STR("127.0.0.1:9178"), &address));
	for (size_t i = 0; i < COUNT(CASES); i++) {
		uid_t owner = 0;

		assert_int_equal(tcp_owner_fit(str_of(CASES[i].line), &address, &owner),
				 CASES[i].fit);
		assert_int_equal(owner, CASES[i].owner);
	}
	assert_false(tcp_owner_parse(STR("127.0.0.1"), &address));
	assert_false(tcp_owner_parse(STR("127.0.0.1:65536"), &address));
	assert_false(tcp_owner_parse(STR("localhost:1"), &address));
}

#define OUT(n) "\x01\x06\x00\x01\x00" n "\x00\x00"
#define END "\x01\x03\x00\x01\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
#define BYTES(literal)                                                                             \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}

/* As lighttpd reads them: what names no refusal is a grant. */
static void answers_are_read_as_a_web_server_does(void **state)
{
	static const struct {
		struct str bytes;
		bool ended;
		int status;
		const char *body;
	} CASES[] = {
		{BYTES(""), false, 0, ""},
		{BYTES(END), true, 200, ""},
		{BYTES(OUT("\x0f") "Status: 401\r\n\r\n"), false, 0, ""},
		{BYTES(OUT("\x0f") "Status: 401\r\n\r\n" END), true, 401, ""},
		{BYTES(OUT("\x0d") "Status: 401\n\n" END), true, 401, ""},
		{BYTES(OUT("\x0a") "Status: 40" OUT("\x0a") "3 No\r\n\r\nhi" END), true, 403, "hi"},
		{BYTES(OUT("\x08") "A: 401\r\n" END), true, 200, ""},
		{BYTES(OUT("\x0f") "Status: x01\r\n\r\n" END), true, 200, ""},
		{BYTES("\x01\x07\x00\x01\x00\x02\x06\x00"
		       "no"
		       "......" END),
		 true, 200, ""},
		{BYTES("HTTP/1.1 401 no\r\n\r\n"), false, 0, ""},
		{BYTES("\x01\x03\x00\x01\x00\x08\x00\x00"
		       "1234"),
		 false, 0, ""},
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct fetch_answer answer = {.status = 0};
		bool ended = authorizer_read(*state, CASES[i].bytes, &answer);

		assert_int_equal(ended, CASES[i].ended);
		assert_int_equal(answer.status, CASES[i].status);
		if (ended)
			assert_true(str_equal(answer.body, str_of(CASES[i].body)));
	}
}

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(4096, 1048576, &arena) != OK)
		return -1;
	*state = arena;
	return 0;
}

static int close_arena(void **state)
{
	struct arena *arena = *state;

	arena_close(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_listening_socket_is_found_by_its_line),
		cmocka_unit_test_setup_teardown(answers_are_read_as_a_web_server_does, open_arena,
						close_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
