/* Labels of devices: a known set of programs, and that nothing of the text is passed on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "user_agent.h"

struct sample {
	const char *user_agent;
	const char *label;
};

static const struct sample SAMPLES[] = {
	{"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
	 "Firefox on Linux"},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	 "Chrome/126.0.0.0 Safari/537.36",
	 "Chrome on Windows"},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	 "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
	 "Edge on Windows"},
	{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
	 "Gecko) Version/17.5 Safari/605.1.15",
	 "Safari on Mac"},
	{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
	 "like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
	 "Safari on iPhone"},
	{"Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	 "CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
	 "Chrome on iPad"},
	{"Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) "
	 "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
	 "Samsung Internet on Android"},
	{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) "
	 "Chrome/126.0.0.0 Safari/537.36",
	 "Chrome on ChromeOS"},
	{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
	 "HeadlessChrome/126.0.0.0 Safari/537.36",
	 "Chrome on Linux"},
	{"Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8)", "App on Android"},
	{"okhttp/4.12.0", "App"},
	{"MyApp/3 CFNetwork/1494.0.7 Darwin/23.4.0", "App on Apple"},
	{"Bank/1.0 (Android 14)", "App on Android"},
	{"curl/7.88.1", "curl"},
	{"Java-http-client/17.0.11", "Java"},
	{"python-requests/2.31.0", "Python"},
	{"", "Unknown device"},
	{"<script>alert(1)</script>", "Unknown device"},
	{"Firefox/", "Firefox"},
};

static void labels_are_short_and_ours(void **state)
{
	struct arena *arena;
	(void)state;
	assert_int_equal(arena_open(4096, 65536, &arena), OK);
	for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
		struct buf buf;
		struct str label;
		buf_init(&buf, arena, 256);
		user_agent_add_label(&buf, str_of(SAMPLES[i].user_agent));
		assert_int_equal(buf_str(&buf, &label), OK);
		assert_string_equal(label.p, SAMPLES[i].label);
	}
	arena_close(&arena);
}

static void absent_text_is_an_unknown_device(void **state)
{
	struct arena *arena;
	struct buf buf;
	struct str label;
	(void)state;
	assert_int_equal(arena_open(4096, 65536, &arena), OK);
	buf_init(&buf, arena, 256);
	user_agent_add_label(&buf, STR_NONE);
	assert_int_equal(buf_str(&buf, &label), OK);
	assert_string_equal(label.p, "Unknown device");
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_short_and_ours),
		cmocka_unit_test(absent_text_is_an_unknown_device),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
