/* gatepost.conf: what is refused, and where the fault says it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_conf.h"

static void origins(void **state)
{
	static const struct {
		const char *given;
		const char *origin; /* NULL: refused */
	} cases[] = {
		{"https://localhost:8443", "https://localhost:8443"},
		{"https://[::1]:8443", "https://[::1]:8443"},
		{"https://[::1]", "https://[::1]"},
		{"https://[::1]:443", "https://[::1]"},
		{"https://192.0.2.7", "https://192.0.2.7"},
		{"http://example.org", NULL},
		{"https://example.org/", NULL},
		{"https://example.org/auth", NULL},
		{"https://", NULL},
		{"https://:443", NULL},
		{"https://example.org:", NULL},
		{"https://example.org:0", NULL},
		{"https://example.org:0443", NULL},
		{"https://example.org:65536", NULL},
		{"https://example.org:443:443", NULL},
		{"https://user@example.org", NULL},
		{"https://example.org?x", NULL},
		{"https://example.org#x", NULL},
		{"https://exa mple.org", NULL},
		{"https://example.org.", NULL},
		{"https://.example.org", NULL},
		{"https://ex_ample.org", NULL},
		{"https://ex\\ample.org", NULL},
		{"https://m\xc3\xbcnchen.example", NULL},
		{"https://*", NULL},
		{"https://[::1", NULL},
		{"https://[0:0:0:0:0:0:0:1]", NULL},
		{"https://[example.org]", NULL},
		{"example.org", NULL},
		{"null", NULL},
	};
	struct scratch *scratch = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct config *c = NULL;
		struct fault fault = {""};
		char content[256];
		(void)snprintf(content, sizeof content, "[server]\nkey_file = /k\norigin = %s\n",
			       cases[i].given);
		const char *path = scratch_file(scratch, "conf", content, 0644);
		enum err e = config_load(path, scratch->arena, &c, &fault);
		assert_int_equal(e, cases[i].origin == NULL ? ERR_CONFIG : OK);
		if (cases[i].origin == NULL)
			assert_non_null(strstr(fault.text, "/conf:3: origin must "));
		else
			assert_true(str_equal(c->server.origin, str_of(cases[i].origin)));
	}
}

/* What inih cuts, joins or overlooks in silence is refused with its line. */
static void lines_that_are_refused(void **state)
{
	const struct {
		struct str content;
		const char *expected;
	} cases[] = {
		{STR(""), ": [server] origin is missing"},
		{STR("[server]\norigin = https://a.example\n"), ": [server] key_file is missing"},
		{STR("; only\norigin = https://a.example\n"),
		 ":2: a setting must stand below a [section]"},
		{STR("[servr]\n"), ":1: unknown section \"servr\""},
		{STR("[server x]\n"), ":1: unknown section \"server x\""},
		{STR("[]\n"), ":1: unknown section \"\""},
		{STR("[server\n"), ":1: a section must end with ] and nothing after it"},
		{STR("[server] x\n"), ":1: a section must end with ] and nothing after it"},
		{STR(REQUIRED "[cors]\n[server]\n"), ":5: this section is there twice: \"server\""},
		{STR(REQUIRED "[listen a]\naddress = /a\n[listen a]\n"),
		 ":6: this section is there twice: \"listen a\""},
		{STR(REQUIRED "orgin = x\n"), ":4: unknown setting \"orgin\""},
		{STR(REQUIRED "browser_idle = 1m\n"), ":4: unknown setting \"browser_idle\""},
		{STR(REQUIRED "= x\n"), ":4: unknown setting \"\""},
		{STR(REQUIRED "Name = x\n"), ":4: unknown setting \"Name\""},
		{STR(REQUIRED "name\n"), ":4: expected NAME = VALUE"},
		{STR(REQUIRED "name : x\n"), ":4: expected NAME = VALUE"},
		{STR(REQUIRED "origin = https://b.example\n"),
		 ":4: origin is there twice, first in line 2"},
		{STR(REQUIRED "name = a ; b\n"),
		 ":4: a comment needs a line of its own: a value cannot have \" ;\""},
		{STR(REQUIRED "name = a\t;b\n"),
		 ":4: a comment needs a line of its own: a value cannot have \" ;\""},
		{STR(REQUIRED "name = a\n  b\n"), ":5: a line must not begin with a space"},
		{STR(REQUIRED "\tname = a\n"), ":4: a line must not begin with a space"},
		{STR(REQUIRED "name = a\0b\n"),
		 ":4: the line must be UTF-8 without control characters"},
		{STR(REQUIRED "; \xff\n"), ":4: the line must be UTF-8 without control characters"},
		{STR(REQUIRED "name = a\x1b[1m\n"),
		 ":4: the line must be UTF-8 without control characters"},
		{STR(REQUIRED "name =\n"), ":4: name must not be empty"},
		{STR("[server]\norigin =\n"), ":2: origin must not be empty"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_refused(*state, cases[i].content, cases[i].expected);
}

static void long_lines_are_refused_not_cut(void **state)
{
	char content[1024];

	/* 198 octets fit into inih's buffer with their newline and NUL, 199 do not. */
	int head = snprintf(content, sizeof content, "%stls_ca = /", "[database]\n");
	memset(content + head, 'x', 400);
	content[11 + 198] = '\n';
	(void)snprintf(content + 11 + 199, 200, "%s", REQUIRED);
	const struct config *c = loaded(*state, content);
	assert_int_equal(c->database.tls_ca.n, 198 - 9);

	memset(content + head, 'x', 400);
	content[11 + 199] = '\n';
	(void)snprintf(content + 11 + 200, 200, "%s", REQUIRED);
	assert_refused(*state, str_of(content), ":2: the line is longer than 198 bytes");
	content[11] = ';';
	assert_refused(*state, str_of(content), ":2: the line is longer than 198 bytes");
}

/* One line each after the required three and the section, so it stands in line 5. */
static const struct {
	const char *section;
	const char *line;
	const char *expected;
} refused_values[] = {
	{"session", "cookie_strict = true", "cookie_strict must be yes, on, no or off"},
	{"session", "cookie_strict = Yes", "cookie_strict must be yes, on, no or off"},
	{"session", "most = 0", "most must be a number from 1 to 1000"},
	{"session", "most = 1001", "most must be a number from 1 to 1000"},
	{"session", "most = -1", "most must be a number from 1 to 1000"},
	{"session", "most = 5 0", "most must be a number from 1 to 1000"},
	{"session", "most = 0x10", "most must be a number from 1 to 1000"},
	{"session", "fresh = soon", "fresh must be a span such as 90s, 30m, 12h or 14d"},
	{"session", "fresh = 0", "fresh must be from 1s to 400d"},
	{"session", "fresh = 401d", "fresh must be from 1s to 400d"},
	{"session", "browser_idle = 13h",
	 "browser_idle must not be longer than the absolute limit"},
	{"session", "remembered_idle = 31d",
	 "remembered_idle must not be longer than the absolute limit"},
	{"session", "native_idle = 31d", "native_idle must not be longer than the absolute limit"},
	{"session", "guest_absolute = 1h",
	 "guest_absolute must not be shorter than the idle limit"},
	{"session", "elevated_idle = 13h",
	 "elevated_idle must not be longer than the absolute limit"},
	{"session", "aal2_absolute = 59m", "aal2_absolute must not be shorter than the idle limit"},
	{"password", "memory = 19455", "memory must be a number from 19456 to 4194304"},
	{"password", "passes = 1", "passes must be a number from 2 to 64"},
	{"password", "min_length = 7", "min_length must be a number from 8 to 64"},
	{"database", "socket = mysqld.sock", "socket must be an absolute path"},
	{"database", "port = 65536", "port must be a number from 1 to 65535"},
	{"database", "host = db.example.org", "host is another machine: tls_ca is required"},
	{"database", "host = 10.127.0.1", "host is another machine: tls_ca is required"},
	{"database", "host = 127.0.0.1.example.org", "host is another machine: tls_ca is required"},
	{"database", "host = localhost.example.org", "host is another machine: tls_ca is required"},
	{"cors", "origins = https://a.example http://b.example",
	 "origins must begin with https://"},
	{"metrics", "allow = 192.0.2.1/24",
	 "allow must be networks such as 192.0.2.0/24 or 2001:db8::1, with spaces between"},
	{"metrics", "allow = *",
	 "allow must be networks such as 192.0.2.0/24 or 2001:db8::1, with spaces between"},
	{"metrics", "allow = all",
	 "allow must be networks such as 192.0.2.0/24 or 2001:db8::1, with spaces between"},
	{"metrics", "allow = 192.0.2.1,192.0.2.2",
	 "allow must be networks such as 192.0.2.0/24 or 2001:db8::1, with spaces between"},
	{"metrics", "allow = ::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ::9 ::a ::b ::c ::d ::e ::f ::10 ::11",
	 "allow must be at most 16 networks"},
	{"cors", "origins = *", "origins must begin with https://"},
	{"cors",
	 "origins = https://a https://b https://c https://d https://e https://f "
	 "https://g https://h https://i",
	 "origins must be at most 8 origins"},
	{"listen a", "address = 0.0.0.0:9000",
	 "address must be an absolute path or 127.0.0.1:PORT"},
	{"listen a", "address = 192.0.2.1:9000",
	 "address must be an absolute path or 127.0.0.1:PORT"},
	{"listen a", "address = :9000", "address must be an absolute path or 127.0.0.1:PORT"},
	{"listen a", "address = 127.0.0.1", "address must be an absolute path or 127.0.0.1:PORT"},
	{"listen a", "address = 127.0.0.1:0", "address must be an absolute path or 127.0.0.1:PORT"},
	{"listen a", "address = run/x.sock", "address must be an absolute path or 127.0.0.1:PORT"},
	{"listen a", "role = filter", "role must be responder or authorizer"},
	{"listen a", "mode = 0668", "mode must be an octal mode such as 0660"},
	{"listen a", "mode = 01777", "mode must be an octal mode such as 0660"},
	{"listen a", "threads = 0", "threads must be a number from 1 to 256"},
	{"listen a", "origin = https://a", "unknown setting \"origin\""},
	{"token", "life = 16m", "life must be from 60s to 900s"},
	{"token", "leeway = 61s", "leeway must be from 0s to 60s"},
	{"token", "key_active = 59m", "key_active must be from 3600s to 400d"},
	{"token", "alg = RS256", "alg must be EdDSA or Ed25519"},
	{"token", "alg = eddsa", "alg must be EdDSA or Ed25519"},
	{"flows", "free_flows = maybe", "free_flows must be yes, on, no or off"},
	{"flow a", "steps = start > Start",
	 "steps must be steps such as start > done: a-z, 0-9, ., _ and -"},
	{"flow a", "steps = start >",
	 "steps must be steps such as start > done: a-z, 0-9, ., _ and -"},
	{"flow a", "steps = start > b > start", "steps has a step twice"},
	{"flow a", "steps = a>b>c>d>e>f>g>h>i>j>k>l>m>n>o>p>q", "steps has more than 16 steps"},
	{"flow a", "scope = both", "scope must be user or session"},
	{"flow a", "expires = 59s", "expires must be from 60s to 400d"},
	{"flow a", "expires = never", "expires must be a span such as 90s, 30m, 12h or 14d"},
	{"flow a", "counter. = 5, reset 1h",
	 "expected counter.NAME: a-z, 0-9, ., _ and -, at most 64"},
	{"flow a", "counter.x = 0, reset 1h",
	 "a counter begins with a number of attempts, 1 to 1000000"},
	{"flow a", "counter.x = many, reset 1h",
	 "a counter begins with a number of attempts, 1 to 1000000"},
	{"flow a", "counter.x = 5", "a counter needs reset SPAN, not shorter than its cooldown"},
	{"flow a", "counter.x = 5, reset 1m, cooldown 2m",
	 "a counter needs reset SPAN, not shorter than its cooldown"},
	{"flow a", "counter.x = 5, reset 0s", "a counter's spans are from 1s to 24h"},
	{"flow a", "counter.x = 5, reset 25h", "a counter's spans are from 1s to 24h"},
	{"flow a", "counter.x = 5, reset 1h, reset 1h",
	 "a counter is ATTEMPTS, reset SPAN, and perhaps cooldown SPAN, each once"},
	{"flow a", "counter.x = 5, refill 1h",
	 "a counter is ATTEMPTS, reset SPAN, and perhaps cooldown SPAN, each once"},
	{"flow a", "counter = 5, reset 1h", "unknown setting \"counter\""},
	{"token", "life = 16m", "life must be from 60s to 900s"},
	{"client a", "audience = a b",
	 "audience must be one word of ASCII without quotes, such as https://api.example.org"},
	{"client a", "audience = https://b\xc3\xbc.example",
	 "audience must be one word of ASCII without quotes, such as https://api.example.org"},
	{"client a", "audience = a\"",
	 "audience must be one word of ASCII without quotes, such as https://api.example.org"},
	{"client a", "classes = cookie",
	 "classes must be of browser, remembered, native and guest, each once"},
	{"client a", "classes = native native",
	 "classes must be of browser, remembered, native and guest, each once"},
	{"client a", "classes = none",
	 "classes must be of browser, remembered, native and guest, each once"},
	{"client a", "classes =", "classes must not be empty"},
	{"client browser", "classes = native",
	 "classes is not for the client of the pages themselves"},
	{"client a", "refresh_grace = 31s", "refresh_grace must be from 0s to 30s"},
	{"client a", "services = Books",
	 "services must be names of services: a-z, 0-9, ., _ and -, with spaces between"},
	{"client a", "services = a, b",
	 "services must be names of services: a-z, 0-9, ., _ and -, with spaces between"},
	{"client a", "return = http://a.example/",
	 "return must be https://HOST/PATH or the scheme of an app, such as com.example.app:"},
	{"client a", "return = https://a.example",
	 "return must be https://HOST/PATH or the scheme of an app, such as com.example.app:"},
	{"client a", "return = https://a.example@b.example/",
	 "return must be https://HOST/PATH or the scheme of an app, such as com.example.app:"},
	{"client a", "return = javascript:",
	 "return must be https://HOST/PATH or the scheme of an app, such as com.example.app:"},
	{"client a", "return = com.example.app",
	 "return must be https://HOST/PATH or the scheme of an app, such as com.example.app:"},
	{"client a", "return = org.example.app:\"",
	 "return must be https://HOST/PATH or the scheme of an app, such as com.example.app:"},
};

static void values_that_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof refused_values / sizeof refused_values[0]; i++) {
		char content[512];
		char expected[256];
		(void)snprintf(content, sizeof content, "%s[%s]\n%s\n", REQUIRED,
			       refused_values[i].section, refused_values[i].line);
		(void)snprintf(expected, sizeof expected, ":5: %s", refused_values[i].expected);
		assert_refused(*state, str_of(content), expected);
	}
}

/* What could lead elsewhere than it seems, or could never be reached. */
static const char *const refused_places[] = {
	"javascript:",
	"data:",
	"vbscript:",
	"file:",
	"file:///",
	"about:",
	"blob:",
	"intent:",
	"http:",
	"https:",
	"web+app:",
	"JavaScript:/",
	"Com.example.app:",
	".example:",
	"1.example:",
	"com.example.app",
	"com.example.app:x",
	"com.example.app:?x",
	"com.example.app:/x?y",
	"com.example.app:/x#y",
	"com.example.app:/%2e",
	"com.example.app:/../x",
	"com.example.app:/x//y",
	"com.example.app://",
	"com.example.app://Host/",
	"com.example.app://u@host/",
	"com.example.app:/x;y",
	"*:",
	"*",
	"http://a.example/",
	"https://a.example",
	"https:a.example/",
	"https:/a.example/",
	"https:///",
	"https://*.example/",
	"https://*/",
	"https://A.example/",
	"HTTPS://a.example/",
	"https://a.example./",
	"https://.a.example/",
	"https://a..example/",
	"https://-a.example/",
	"https://a-.example/",
	"https://a_b.example/",
	"https://u@a.example/",
	"https://a.example@b.example/",
	"https://a.example:/",
	"https://a.example:0/",
	"https://a.example:080/",
	"https://a.example:65536/",
	"https://a.example:1:2/",
	"https://[::1]/",
	"https://a%2eexample/",
	"https://b\xc3\xbc"
	"cher.example/",
	"https://a.example/%61",
	"https://a.example/x?y",
	"https://a.example/x#y",
	"https://a.example/../x",
	"https://a.example/x/..",
	"https://a.example/./x",
	"https://a.example//x",
	"https://a.example/x//",
	"https://a.example\\x",
	"https://a.example/\\x",
};

static void places_that_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof refused_places / sizeof refused_places[0]; i++) {
		char content[512];
		(void)snprintf(content, sizeof content, "%s[client a]\nreturn = %s\n", REQUIRED,
			       refused_places[i]);
		assert_refused(*state, str_of(content),
			       ":5: return must be https://HOST/PATH or the scheme of an app, such "
			       "as com.example.app:");
	}
}

#define FLOW REQUIRED "[flow a]\nsteps = start > kyc > done\n"

static void flows_that_are_refused(void **state)
{
	char content[8192] = REQUIRED;

	assert_refused(*state, STR(REQUIRED "[flow]\nsteps = a\n"),
		       ":4: expected [flow KIND]: a-z, 0-9, ., _ and -, at most 64, beginning with "
		       "a letter or digit");
	assert_refused(*state, STR(REQUIRED "[flow -a]\nsteps = a\n"),
		       ":4: expected [flow KIND]: a-z, 0-9, ., _ and -, at most 64, beginning with "
		       "a letter or digit");
	assert_refused(*state, STR(REQUIRED "[flow a]\n"), ":4: this section lacks steps");
	assert_refused(*state, STR(FLOW "[flow a]\n"),
		       ":6: this section is there twice: \"flow a\"");
	assert_refused(*state, STR(FLOW "client_may = start > paid\n"),
		       ":6: client_may names what is no step of this flow");
	assert_refused(*state, STR(FLOW "client_may = start\n"),
		       ":6: client_may must be moves such as start > kyc, kyc > otp");
	assert_refused(*state, STR(FLOW "counter.x = 1, reset 1s\ncounter.x = 1, reset 1s\n"),
		       ":7: this counter is there twice");
	assert_refused(*state,
		       STR(FLOW "counter.1 = 1, reset 1s\ncounter.2 = 1, reset 1s\n"
				"counter.3 = 1, reset 1s\ncounter.4 = 1, reset 1s\n"
				"counter.5 = 1, reset 1s\n"),
		       ":10: more than 4 counters");
	assert_refused(*state, STR(REQUIRED "[client A]\n"),
		       ":4: expected [client NAME]: a-z, 0-9, ., _ and -, at most 64, beginning "
		       "with a letter or digit");
	for (int i = 0; i < 17; i++)
		(void)snprintf(content + strlen(content), sizeof content - strlen(content),
			       "[flow f%d]\nsteps = a\n", i);
	assert_refused(*state, str_of(content), ":36: more than 16 sections [flow KIND]");
}

static void server_values_that_are_refused(void **state)
{
	static const struct {
		const char *line;
		const char *expected;
	} cases[] = {
		{"run_dir = run", "run_dir must be an absolute path"},
		{"clear_site_data = cache",
		 "clear_site_data must be words in quotes: \"cache\", \"storage\""},
		{"clear_site_data = \"cache\",",
		 "clear_site_data must be words in quotes: \"cache\", \"storage\""},
		{"clear_site_data = \"a\" \"b\"",
		 "clear_site_data must be words in quotes: \"cache\", \"storage\""},
		{"request_memory = 255", "request_memory must be a number from 256 to 1048576"},
		{"name = 0123456789012345678901234567890123456789012345678901234567890123456789"
		 "01234567890",
		 "name must be at most 80 bytes long"},
	};
	static const char *const base_paths[] = {
		"auth",   "/auth/", "//auth", "/a//b",  "/..",
		"/a/./b", "/a b",   "/a?b",   "/a%2fb", "//",
	};
	char content[512];
	char expected[256];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		(void)snprintf(content, sizeof content, "%s%s\n", REQUIRED, cases[i].line);
		(void)snprintf(expected, sizeof expected, ":4: %s", cases[i].expected);
		assert_refused(*state, str_of(content), expected);
	}
	for (size_t i = 0; i < sizeof base_paths / sizeof base_paths[0]; i++) {
		(void)snprintf(content, sizeof content, "%sbase_path = %s\n", REQUIRED,
			       base_paths[i]);
		assert_refused(*state, str_of(content),
			       ":4: base_path must be / or a path such as /auth: letters, digits, "
			       ". _ -, no slash at its end");
	}
}

static void listeners_that_are_refused(void **state)
{
	char content[1024];
	int n = 0;

	assert_refused(*state, STR(REQUIRED "[listen]\n"),
		       ":4: expected [listen NAME]: a-z, 0-9, - and _, at most 32");
	assert_refused(*state, STR(REQUIRED "[listen A]\n"),
		       ":4: expected [listen NAME]: a-z, 0-9, - and _, at most 32");
	assert_refused(*state, STR(REQUIRED "[listen a b]\n"),
		       ":4: expected [listen NAME]: a-z, 0-9, - and _, at most 32");
	assert_refused(*state, STR(REQUIRED "[listen a]\nthreads = 1\n"),
		       ":4: this section lacks address");
	assert_refused(*state, STR(REQUIRED "[listen a]\naddress = /x\n[listen b]\naddress = /x\n"),
		       ":7: address is that of another section");
	n = snprintf(content, sizeof content, "%s", REQUIRED);
	for (int i = 0; i < 9; i++)
		n += snprintf(content + n, sizeof content - (size_t)n,
			      "[listen l%d]\naddress = /l%d\n", i, i);
	assert_refused(*state, str_of(content), ":20: more than 8 sections [listen NAME]");
}

/* ST-03: the database is on this machine, or behind TLS. */
static void database_addresses(void **state)
{
	const struct config *c = NULL;

	assert_refused(*state,
		       STR(REQUIRED "[database]\nhost = localhost\nsocket = /run/db.sock\n"),
		       ":5: host and socket exclude each other");
	c = loaded(*state, REQUIRED "[database]\nhost = db.example.org\ntls_ca = /ca.pem\n");
	ASSERT_STR(c->database.tls_ca, "/ca.pem");
	c = loaded(*state, REQUIRED "[database]\nhost = 127.0.0.2\n");
	ASSERT_STR(c->database.host, "127.0.0.2");
	c = loaded(*state, REQUIRED "[database]\nhost = ::1\n");
	ASSERT_STR(c->database.host, "::1");
}

static void files_that_are_no_configuration(void **state)
{
	struct scratch *scratch = *state;
	const struct config *config = NULL;
	struct fault fault;
	struct arena *small = NULL;
	char *zeros = calloc(1, 65537);

	assert_int_equal(
		config_load(scratch_path(scratch, "none"), scratch->arena, &config, &fault),
		ERR_CONFIG);
	assert_non_null(strstr(fault.text, "/none: No such file or directory"));
	assert_int_equal(config_load(scratch->dir, scratch->arena, &config, &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, ": is not a regular file"));
	assert_non_null(zeros);
	assert_refused(scratch, (struct str){zeros, 65537}, ": is larger than 65536 bytes");
	free(zeros);

	assert_int_equal(arena_open(256, 131072, &small), OK);
	const char *path = scratch_file(scratch, "conf", REQUIRED, 0600);
	enum err e = config_load(path, small, &config, &fault);
	assert_int_equal(e, OK);
	for (size_t less = 0; less < 131072 && e == OK; less += 64) {
		arena_reset(small);
		assert_non_null(arena_alloc(small, less));
		e = config_load(path, small, &config, &fault);
	}
	assert_int_equal(e, ERR_MEMORY);
	assert_non_null(strstr(fault.text, "/conf: no memory"));
	arena_close(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origins),
		cmocka_unit_test(lines_that_are_refused),
		cmocka_unit_test(long_lines_are_refused_not_cut),
		cmocka_unit_test(values_that_are_refused),
		cmocka_unit_test(places_that_are_refused),
		cmocka_unit_test(server_values_that_are_refused),
		cmocka_unit_test(listeners_that_are_refused),
		cmocka_unit_test(flows_that_are_refused),
		cmocka_unit_test(database_addresses),
		cmocka_unit_test(files_that_are_no_configuration),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
