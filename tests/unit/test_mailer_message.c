/* One mail as it leaves: its headers, and that nothing else gets into them. IN-08. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "mailbox.h"
#include "message.h"
#include "schedule.h"

#define MINUTE INT64_C(60000000)
/* As STR, where only constants may stand. */
#define LITERAL(text)                                                                              \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

static int open_arena(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(4096, (size_t)8 * 1024 * 1024, &arena) != OK)
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

static struct message sample(void)
{
	return (struct message){
		.id = {{1, 2, 3}},
		.from = STR("accounts@example.org"),
		.from_name = STR("Gatepost demo"),
		.reply_to = STR("help@example.org"),
		.to = STR("alice@example.org"),
		.subject = STR("Choose a new password"),
		.language = STR("en"),
		.text = STR("Hello,\n\nthis is it.\n"),
		.html = STR("<p>Hello</p>\n"),
		.date = INT64_C(1767225600000000),
	};
}

static enum err write_it(struct arena *arena, const struct message *message, struct str *out)
{
	struct buf buf;

	buf_init(&buf, arena, MESSAGE_MAX);
	TRY(message_write(message, &buf));
	return buf_str(&buf, out);
}

static void a_message_is_this(void **state)
{
	struct message message = sample();
	struct str text = STR_NONE;

	assert_int_equal(write_it(*state, &message, &text), OK);
	assert_string_equal(text.p, "From: Gatepost demo\r\n"
				    " <accounts@example.org>\r\n"
				    "Reply-To: help@example.org\r\n"
				    "To: alice@example.org\r\n"
				    "Subject: Choose a new password\r\n"
				    "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
				    "Message-ID: <AQIDAAAAAAAAAAAAAAAAAA@example.org>\r\n"
				    "Content-Language: en\r\n"
				    "Auto-Submitted: auto-generated\r\n"
				    "MIME-Version: 1.0\r\n"
				    "Content-Type: multipart/alternative;\r\n"
				    " boundary=\"=_gatepost_AQIDAAAAAAAAAAAAAAAAAA\"\r\n"
				    "\r\n"
				    "--=_gatepost_AQIDAAAAAAAAAAAAAAAAAA\r\n"
				    "Content-Type: text/plain; charset=utf-8\r\n"
				    "Content-Transfer-Encoding: quoted-printable\r\n"
				    "\r\n"
				    "Hello,\r\n"
				    "\r\n"
				    "this is it.\r\n"
				    "\r\n"
				    "--=_gatepost_AQIDAAAAAAAAAAAAAAAAAA\r\n"
				    "Content-Type: text/html; charset=utf-8\r\n"
				    "Content-Transfer-Encoding: quoted-printable\r\n"
				    "\r\n"
				    "<p>Hello</p>\r\n"
				    "\r\n"
				    "--=_gatepost_AQIDAAAAAAAAAAAAAAAAAA--\r\n");
	message.from_name = STR_NONE;
	message.reply_to = STR_NONE;
	message.language = STR("en\r\nBcc: x@example.org");
	assert_int_equal(write_it(*state, &message, &text), OK);
	assert_true(
		str_starts(text, STR("From: <accounts@example.org>\r\nTo: alice@example.org\r\n")));
	assert_null(strstr(text.p, "Content-Language"));
	assert_null(strstr(text.p, "Bcc"));
}

/* What was proven to make a second recipient, and its kin. */
static const struct str bad_addresses[] = {
	LITERAL(""),
	LITERAL("alice"),
	LITERAL("@example.org"),
	LITERAL("alice@"),
	LITERAL("a@example.org>\r\nRCPT TO:<evil@example.org"),
	LITERAL("a@example.org\r\nBcc: evil@example.org"),
	LITERAL("a@example.org\nX: y"),
	LITERAL("a@example.org\0b"),
	LITERAL("a b@example.org"),
	LITERAL("a@example.org "),
	LITERAL("<a@example.org>"),
	LITERAL("a@b@example.org"),
	LITERAL("a@example.org,b@example.org"),
	LITERAL("a@example.org;b"),
	LITERAL("\"a\"@example.org"),
	LITERAL("a\\@example.org"),
	LITERAL("a(b)@example.org"),
	LITERAL("a@[127.0.0.1]"),
	LITERAL("a@example.org\x7f"),
	LITERAL("\xc5\xbc@example.org"),
	LITERAL("01234567890123456789012345678901234567890123456789012345678901234@example.org"),
};

static void bad_addresses_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof bad_addresses / sizeof bad_addresses[0]; i++) {
		struct str text = STR_NONE;
		struct message message = sample();

		assert_false(mailbox_is_plain(bad_addresses[i]));
		message.to = bad_addresses[i];
		assert_int_equal(write_it(*state, &message, &text), ERR_INPUT);
		message = sample();
		message.from = bad_addresses[i];
		assert_int_equal(write_it(*state, &message, &text), ERR_INPUT);
		message = sample();
		message.reply_to = bad_addresses[i].n == 0 ? STR("") : bad_addresses[i];
		assert_int_equal(write_it(*state, &message, &text), ERR_INPUT);
	}
	assert_true(mailbox_is_plain(STR("-a!#$%&'*+/=?^_`{|}~.b@example.org")));
	assert_true(mailbox_is_plain(STR("root@localhost")));
}

/* Lines up to the empty one: as many as there should be, each of a header that should be there. */
static size_t count_headers(struct str text)
{
	static const char *const names[] = {"From: ",
					    "Reply-To: ",
					    "To: ",
					    "Subject: ",
					    "Date: ",
					    "Message-ID: ",
					    "Content-Language: ",
					    "Auto-Submitted: ",
					    "MIME-Version: ",
					    "Content-Type: "};
	struct str line = STR_NONE;
	size_t n = 0;

	while (str_cut(text, '\n', &line, &text) && line.n > 1) {
		bool known = false;

		assert_in_range(line.n, 1, 77);
		if (str_contains(STR(" \t"), line.p[0]))
			continue;
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			known = known || str_starts(line, str_of(names[i]));
		assert_true(known);
		n++;
	}
	return n;
}

static void naughty_names_make_no_header(void **state)
{
	static const struct str names[] = {
		LITERAL("\r\nBcc: evil@example.org"),
		LITERAL("x\nSubject: other"),
		LITERAL("x\r\r\n\r\nbody"),
		LITERAL("\xe2\x80\xa8"
			"Bcc: evil@example.org"),
		LITERAL("\xc2\x85"
			"Bcc: evil@example.org"),
		LITERAL("=?UTF-8?B?DQpCY2M6IGV2aWxAZXhhbXBsZS5vcmc=?="),
		LITERAL("\"<evil@example.org>\" ,;:\\()[]"),
		LITERAL("\xf0\x9f\x91\xbe\xe2\x80\xae"
			"admin"),
		LITERAL("' OR 1=1 -- {{name}} ${jndi:x} %n%s <script>alert(1)</script>"),
		LITERAL("a\0b"),
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct message message = sample();
		struct str text = STR_NONE;

		message.subject = names[i];
		message.from_name = names[i];
		enum err e = write_it(*state, &message, &text);
		if (str_has_control(names[i])) {
			assert_int_equal(e, ERR_INPUT);
			continue;
		}
		assert_int_equal(e, OK);
		assert_int_equal(count_headers(text), 10);
		assert_null(strstr(text.p, "\nBcc"));
	}
}

static void bodies_hold_no_boundary(void **state)
{
	struct message message = sample();
	struct str text = STR_NONE;
	size_t n = 0;

	message.text = STR("--=_gatepost_AQIDAAAAAAAAAAAAAAAAAA--\n.\nQUIT\n");
	message.html = message.text;
	assert_int_equal(write_it(*state, &message, &text), OK);
	for (const char *at = text.p; (at = strstr(at, "\n--=_gatepost_")) != NULL; at++)
		n++;
	assert_int_equal(n, 3);
	assert_null(strstr(text.p, "\n."));
	for (size_t i = 0; i < text.n; i++)
		assert_true(text.p[i] != '\n' || text.p[i - 1] == '\r');
}

static void attempts_are_further_and_further_apart(void **state)
{
	struct config config = {.file = STR("test")};

	(void)state;
	config.mail.attempts = 30;
	config.mail.give_up = 3 * 1440 * MINUTE;
	config.mail.timeout = MINUTE;
	assert_int_equal(schedule_wait(1), MINUTE);
	assert_int_equal(schedule_wait(2), 2 * MINUTE);
	assert_int_equal(schedule_wait(9), 256 * MINUTE);
	assert_int_equal(schedule_wait(10), 360 * MINUTE);
	assert_int_equal(schedule_wait(65535), 360 * MINUTE);
	assert_int_equal(schedule_pause(1), MINUTE / 60);
	assert_int_equal(schedule_pause(7), MINUTE);
	assert_int_equal(schedule_pause(70000), MINUTE);
	assert_false(schedule_is_over(&config, 29, 0));
	assert_true(schedule_is_over(&config, 30, 0));
	assert_false(schedule_is_over(&config, 1, config.mail.give_up - 1));
	assert_true(schedule_is_over(&config, 1, config.mail.give_up));
	/* Who begins at the last moment still has its whole time, and some to note it. */
	assert_true(schedule_begin(&config) + config.mail.timeout < schedule_lease(&config));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_message_is_this, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(bad_addresses_are_refused, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(naughty_names_make_no_header, open_arena,
						close_arena),
		cmocka_unit_test_setup_teardown(bodies_hold_no_boundary, open_arena, close_arena),
		cmocka_unit_test(attempts_are_further_and_further_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
