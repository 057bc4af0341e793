/* Labels of devices: a known set of programs, and that nothing of the text is passed on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "buf.h"
#include "catalogue.h"
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

/* In the language of the shipped catalogues. */
static void has_label(struct arena *arena, const char *tag, struct str user_agent,
		      const char *expected)
{
	const struct catalogue *texts = NULL;
	struct fault fault = {.text = ""};
	struct buf buf;
	struct str label;

	assert_int_equal(catalogue_load(TEST_SOURCE_DIR "/templates", arena, &texts, &fault), OK);
	buf_init(&buf, arena, 256);
	assert_int_equal(
		user_agent_add_label(&buf, catalogue_lookup(texts, str_of(tag)), user_agent), OK);
	assert_int_equal(buf_str(&buf, &label), OK);
	assert_string_equal(label.p, expected);
	arena_reset(arena);
}

static void labels_are_short_and_ours(void **state)
{
	for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++)
		has_label(*state, "en", str_of(SAMPLES[i].user_agent), SAMPLES[i].label);
}

static void labels_follow_the_language(void **state)
{
	has_label(*state, "pl", str_of(SAMPLES[0].user_agent), "Firefox, Linux");
	has_label(*state, "pl", STR("okhttp/4.12 (Android 14)"), "Aplikacja, Android");
	has_label(*state, "pl", STR("Android"), "Aplikacja, Android");
	has_label(*state, "pl", STR("CFNetwork/1"), "Aplikacja");
	has_label(*state, "pl", STR_NONE, "Nieznane urządzenie");
}

static void absent_text_is_an_unknown_device(void **state)
{
	has_label(*state, "en", STR_NONE, "Unknown device");
}

static int setup(void **state)
{
	struct arena *arena = NULL;

	if (arena_open(65536, 1 << 24, &arena) != OK)
		return -1;
	*state = arena;
	return 0;
}

static int teardown(void **state)
{
	struct arena *arena = *state;

	arena_close(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_short_and_ours),
		cmocka_unit_test(labels_follow_the_language),
		cmocka_unit_test(absent_text_is_an_unknown_device),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
