/* What an answer from outside means for what is guarded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard_judge.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PROBLEM "Content-Type: application/problem+json\r\n"
#define OURS "{\"type\":\"https://www.example.org/auth/problems#forbidden\",\"status\":403}"
#define THEIRS "{\"type\":\"https://www.example.org/app/problems#forbidden\",\"status\":403}"

static struct config config_of(const char *base_path)
{
	struct config config;

	memset(&config, 0, sizeof config);
	config.server.origin = STR("https://www.example.org");
	config.server.base_path = str_of(base_path);
	return config;
}

static struct fetch_answer answer_of(int status, const char *headers, const char *body)
{
	return (struct fetch_answer){
		.answered = true,
		.status = status,
		.headers = str_of(headers),
		.body = str_of(body),
	};
}

static void answers_are_read_for_what_they_are(void **state)
{
	static const struct {
		int status;
		const char *headers, *body;
		enum guard_reading reading;
	} CASES[] = {
		{200, "", "", GUARD_SERVED},
		{206, "", "", GUARD_SERVED},
		{304, "", "", GUARD_SERVED},
		{200, "WWW-Authenticate: Bearer realm=\"gatepost\"\r\n", "", GUARD_SERVED},
		{401, "WWW-Authenticate: Bearer realm=\"gatepost\"\r\n", "", GUARD_REFUSED},
		{401,
		 "WWW-Authenticate: Basic realm=\"x\"\r\nwww-authenticate: Bearer "
		 "realm=\"gatepost\", error=\"x\"\r\n",
		 "", GUARD_REFUSED},
		{401, "WWW-Authenticate: Basic realm=\"gatepost.example\"\r\n", "", GUARD_BARRED},
		{401, "", "", GUARD_BARRED},
		{403, "", "", GUARD_BARRED},
		{503, "", "", GUARD_BARRED},
		{405, "", "", GUARD_BARRED},
		{403, PROBLEM, OURS, GUARD_REFUSED},
		{400, PROBLEM, OURS, GUARD_REFUSED},
		{503, PROBLEM, OURS, GUARD_REFUSED},
		{403, PROBLEM, THEIRS, GUARD_BARRED},
		{403, "Content-Type: text/html\r\n", OURS, GUARD_BARRED},
		{403, PROBLEM, "{\"detail\":\"/auth/problems#forbidden\"}", GUARD_BARRED},
		{303, "Location: https://www.example.org/auth/login?return_to=%2Fa\r\n", "",
		 GUARD_REFUSED},
		{303, "Location: /auth/reauth\r\n", "", GUARD_REFUSED},
		{303, "Location: /auth/second-factor\r\n", "", GUARD_REFUSED},
		{303, "Location: /auth/account/password?return_to=%2Fa\r\n", "", GUARD_REFUSED},
		{303, "Location: /auth/account/security?return_to=%2Fa\r\n", "", GUARD_REFUSED},
		{303, "Location: /auth/return?to=elsewhere\r\n", "", GUARD_MOVED},
		{302, "Location: https://www.example.org.evil.example/auth/login\r\n", "",
		 GUARD_MOVED},
		{302, "Location: //evil.example/auth/login\r\n", "", GUARD_MOVED},
		{302, "Location: https://idp.example/auth/login\r\n", "", GUARD_MOVED},
		{302, "Location: /app/login\r\n", "", GUARD_MOVED},
		{302, "Location: /login\r\n", "", GUARD_MOVED},
		{302, "", "", GUARD_MOVED},
		{301, "Location: /private/file/\r\n", "", GUARD_SLASHED},
		{301, "Location: https://www.example.org/private/file/?q\r\n", "", GUARD_SLASHED},
		{301, "Location: /private/file\r\n", "", GUARD_MOVED},
		{301, "Location: https://other.example/private/file/\r\n", "", GUARD_MOVED},
		{404, "", "", GUARD_NOT_THERE},
		{410, "", "", GUARD_NOT_THERE},
		{500, "", "", GUARD_FAILED},
		{418, "", "", GUARD_FAILED},
	};
	struct config config = config_of("/auth");

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct fetch_answer answer =
			answer_of(CASES[i].status, CASES[i].headers, CASES[i].body);
		enum guard_reading reading =
			guard_judge(&config, STR("/private/file?q=1"), &answer);

		if (reading != CASES[i].reading)
			fail_msg("%d %s%s is read as %d", CASES[i].status, CASES[i].headers,
				 CASES[i].body, (int)reading);
	}
}

static void no_answer_is_none(void **state)
{
	struct config config = config_of("/auth");
	struct fetch_answer answer = {.answered = false};

	(void)state;
	assert_int_equal(guard_judge(&config, STR("/a"), &answer), GUARD_UNANSWERED);
}

/* At the root every page of ours is known by its path alone, and no other is. */
static void at_the_root_too(void **state)
{
	struct config config = config_of("");
	struct fetch_answer login = answer_of(303, "Location: /login?return_to=%2Fa\r\n", "");
	struct fetch_answer other = answer_of(303, "Location: /loginx\r\n", "");
	struct fetch_answer problem = answer_of(
		403, PROBLEM, "{\"type\":\"https://www.example.org/problems#forbidden\"}");

	(void)state;
	assert_int_equal(guard_judge(&config, STR("/a"), &login), GUARD_REFUSED);
	assert_int_equal(guard_judge(&config, STR("/a"), &other), GUARD_MOVED);
	assert_int_equal(guard_judge(&config, STR("/a"), &problem), GUARD_REFUSED);
}

static void a_redirect_to_the_canonical_spelling_is_no_service(void **state)
{
	static const struct {
		int status;
		const char *location;
		bool spelling;
	} CASES[] = {
		{301, "Location: /a/b\r\n", true},
		{302, "Location: https://www.example.org/a/b/\r\n", true},
		{301, "Location: /a/c\r\n", false},
		{301, "Location: /a/b/c\r\n", false},
		{301, "Location: https://other.example/a/b\r\n", false},
		{301, "", false},
		{200, "Location: /a/b\r\n", false},
	};
	struct config config = config_of("/auth");

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct fetch_answer answer = answer_of(CASES[i].status, CASES[i].location, "");

		assert_int_equal(guard_is_spelling(&config, STR("/a/b?x"), &answer),
				 CASES[i].spelling);
	}
}

static void caches_are_told_in_any_of_several_headers(void **state)
{
	static const struct {
		const char *headers;
		bool is_private;
	} CASES[] = {
		{"", false},
		{"Cache-Control: no-cache\r\n", false},
		{"Cache-Control: public, max-age=60\r\n", false},
		{"Cache-Control: no-cache\r\nCache-Control: Private\r\n", true},
		{"cache-control: no-store\r\n", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct fetch_answer answer = answer_of(200, CASES[i].headers, "");

		assert_int_equal(guard_is_private(&answer), CASES[i].is_private);
	}
}

static void the_trap_is_the_web_servers(void **state)
{
	struct fetch_answer apache = answer_of(200, "Server: Apache/2.4.57\r\n", "");
	struct fetch_answer lighttpd = answer_of(200, "server: lighttpd/1.4.69\r\n", "");
	struct fetch_answer nobody = answer_of(200, "", "");

	(void)state;
	assert_non_null(strstr(guard_trap(&apache), "Require all granted"));
	assert_non_null(strstr(guard_trap(&lighttpd), "$HTTP[\"url\"]"));
	assert_null(strstr(guard_trap(&lighttpd), "Require"));
	assert_non_null(strstr(guard_trap(&nobody), "Require"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_read_for_what_they_are),
		cmocka_unit_test(no_answer_is_none),
		cmocka_unit_test(at_the_root_too),
		cmocka_unit_test(a_redirect_to_the_canonical_spelling_is_no_service),
		cmocka_unit_test(caches_are_told_in_any_of_several_headers),
		cmocka_unit_test(the_trap_is_the_web_servers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
