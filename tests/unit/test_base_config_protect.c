/* [protect "/PATH/"]: what is taken, and each refusal with the line that it is about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_conf.h"
#include "clock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS                                                                                      \
	"public, guest, user, user:NAME, role:NAME, permission:NAME, tenant, tenant:NAME, aal2, "  \
	"max-age:SPAN, network:ADDRESS/BITS"
#define NO_PATH                                                                                    \
	":4: expected [protect \"/PATH/\"]: a path without dot segments, empty ones and the "      \
	"characters \\ % ; ? # *"
#define SECTION(path, lines) "[protect \"" path "\"]\n" lines

static void no_section_is_fine(void **state)
{
	assert_int_equal(loaded(*state, REQUIRED)->protect_count, 0);
	assert_int_equal(loaded(*state, REQUIRED "[guard]\n")->protect_count, 0);
}

static void all_words(void **state)
{
	static const struct {
		enum protect_kind kind;
		const char *text, *name;
		bool closes;
	} expected[] = {
		{PROTECT_GUEST, "guest", NULL, true},
		{PROTECT_USER, "user", NULL, false},
		{PROTECT_USER, "user:alice@example.org", "alice@example.org", true},
		{PROTECT_ROLE, "role:admin", "admin", false},
		{PROTECT_PERMISSION, "permission:users:manage", "users:manage", false},
		{PROTECT_TENANT, "tenant", NULL, true},
		{PROTECT_TENANT, "tenant:acme", "acme", true},
		{PROTECT_AAL2, "aal2", NULL, false},
		{PROTECT_MAX_AGE, "max-age:5m", "5m", true},
		{PROTECT_NETWORK, "network:192.0.2.0/24", "192.0.2.0/24", true},
	};
	const struct config *config = loaded(
		*state, REQUIRED SECTION("/a/", "require = guest,user|user:alice@example.org, "
						"role:admin |permission:users:manage| tenant , "
						"tenant:acme,aal2|max-age:5m,network:192.0.2.0/24\n"
						"methods = GET DELETE\nticket = shop\n"));
	const struct protect_config *rule = &config->protects[0];

	assert_int_equal(config->protect_count, 1);
	assert_int_equal(rule->line, 4);
	ASSERT_STR(rule->path, "/a");
	ASSERT_STR(rule->service, "shop");
	assert_true(rule->in_tenant);
	assert_int_equal(rule->term_count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++) {
		const struct protect_term *term = &rule->terms[i];

		assert_int_equal(term->kind, expected[i].kind);
		assert_int_equal(term->closes, expected[i].closes);
		assert_true(str_equal(term->text, str_of(expected[i].text)));
		assert_int_equal(str_is_present(term->name), expected[i].name != NULL);
		if (expected[i].name != NULL)
			assert_true(str_equal(term->name, str_of(expected[i].name)));
	}
	assert_int_equal(rule->terms[8].span, 5 * CLOCK_MINUTE);
	assert_true(cidr_has(&rule->terms[9].network, STR("192.0.2.9")));
	assert_false(cidr_has(&rule->terms[9].network, STR("192.0.3.9")));
}

/* Only a group that leaves no other way makes what is held in a tenant count. */
static void when_grants_of_the_tenant_count(void **state)
{
	static const struct {
		const char *require;
		bool in_tenant;
	} cases[] = {
		{"role:a", false},
		{"tenant, role:a", true},
		{"role:a, tenant:acme", true},
		{"tenant:acme|tenant:beta, role:a", true},
		{"tenant:acme|user, role:a", false},
		{"tenant|role:a", false},
		{"role:a|tenant, tenant", true},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char content[256];

		(void)snprintf(content, sizeof content, "%s[protect \"/a\"]\nrequire = %s\n",
			       REQUIRED, cases[i].require);
		assert_int_equal(loaded(*state, content)->protects[0].in_tenant,
				 cases[i].in_tenant);
	}
}

static void methods_are_named(void **state)
{
	const struct config *config = loaded(*state, REQUIRED SECTION("/a", "require = user\n"
									    "methods = GET PUT\n")
							     SECTION("/b", "require = user\n"));
	const struct protect_config *some = &config->protects[0];
	const struct protect_config *all = &config->protects[1];

	assert_true(config_protect_names(some, STR("GET")));
	assert_true(config_protect_names(some, STR("HEAD")));
	assert_true(config_protect_names(some, STR("PUT")));
	assert_false(config_protect_names(some, STR("POST")));
	assert_false(config_protect_names(some, STR("get")));
	assert_false(config_protect_names(some, STR("GE")));
	assert_false(config_protect_names(some, STR("")));
	assert_false(config_protect_names(some, STR("GET PUT")));
	assert_true(config_protect_names(all, STR("BREW")));
	assert_true(config_protect_names(all, STR("HEAD")));
	assert_true(config_protect_names(all, STR("")));
	/* As everywhere: with nothing behind it, it is as if it were not there. */
	config = loaded(*state, REQUIRED SECTION("/a", "require = user\nmethods =\n"));
	assert_true(config_protect_names(&config->protects[0], STR("POST")));
}

static void paths_that_are_taken(void **state)
{
	static const struct {
		const char *given, *path;
	} cases[] = {
		{"/", ""},
		{"/a", "/a"},
		{"/a/", "/a"},
		{"/a/b.c", "/a/b.c"},
		{"/a b/", "/a b"},
		{"/\xc3\xa4/", "/\xc3\xa4"},
		{"/..a", "/..a"},
		{"/.well-known/", "/.well-known"},
		{"/authors", "/authors"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char content[256];

		(void)snprintf(content, sizeof content, "%s[protect \"%s\"]\nrequire = user\n",
			       REQUIRED, cases[i].given);
		assert_true(str_equal(loaded(*state, content)->protects[0].path,
				      str_of(cases[i].path)));
	}
}

static void paths_that_are_refused(void **state)
{
	static const char *const names[] = {
		"protect /a/",
		"protect \"a/\"",
		"protect \"/a/",
		"protect /a/\"",
		"protect '/a/'",
		"protect \"\"",
		"protect",
		"protect \"",
		"protect \"//\"",
		"protect \"//a\"",
		"protect \"/a//b\"",
		"protect \"/a//\"",
		"protect \"/./a\"",
		"protect \"/a/.\"",
		"protect \"/a/./\"",
		"protect \"/a/../b\"",
		"protect \"/..\"",
		"protect \"/../\"",
		"protect \"/a%2fb\"",
		"protect \"/%61\"",
		"protect \"/a%\"",
		"protect \"/a;b\"",
		"protect \"/a?b\"",
		"protect \"/a#b\"",
		"protect \"/a*\"",
		"protect \"/a\\b\"",
		"protect \"/a\" \"/b\"",
		"protect \"/a\"b\"",
		"protect \"/a\xc2\x85\"",
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		char content[256];

		(void)snprintf(content, sizeof content, "%s[%s]\nrequire = user\n", REQUIRED,
			       names[i]);
		assert_refused(*state, str_of(content), NO_PATH);
	}
}

/* A section with this require in line 5; what the refusal says of it. */
static void requirements_that_are_refused(void **state)
{
	static const struct {
		const char *require, *expected;
	} cases[] = {
		{"users", "has an unknown word: " WORDS},
		{"User", "has an unknown word: " WORDS},
		{"user, nobody", "has an unknown word: " WORDS},
		{"user role:admin", "has an unknown word: " WORDS},
		{"not user", "has an unknown word: " WORDS},
		{"!user", "has an unknown word: " WORDS},
		{":admin", "has an unknown word: " WORDS},
		{"any", "has an unknown word: " WORDS},
		{",", "has nothing between two commas or bars, or at an end"},
		{"user,", "has nothing between two commas or bars, or at an end"},
		{", user", "has nothing between two commas or bars, or at an end"},
		{"user,,aal2", "has nothing between two commas or bars, or at an end"},
		{"user|", "has nothing between two commas or bars, or at an end"},
		{"|user", "has nothing between two commas or bars, or at an end"},
		{"user||guest", "has nothing between two commas or bars, or at an end"},
		{"user, | guest", "has nothing between two commas or bars, or at an end"},
		{"role", "lacks what belongs behind the colon"},
		{"role:", "lacks what belongs behind the colon"},
		{"permission", "lacks what belongs behind the colon"},
		{"tenant:", "lacks what belongs behind the colon"},
		{"user:", "lacks what belongs behind the colon"},
		{"max-age", "lacks what belongs behind the colon"},
		{"network:", "lacks what belongs behind the colon"},
		{"public:all", "has a name behind a word that takes none"},
		{"guest:x", "has a name behind a word that takes none"},
		{"aal2:", "has a name behind a word that takes none"},
		{"role:a b", "has a name with a space"},
		{"user:alice ", NULL},
		{"role: admin", "has a name with a space"},
		{"network:192.0.2.7/24", "has a network that is none: 192.0.2.0/24, 2001:db8::/32"},
		{"network:example.org", "has a network that is none: 192.0.2.0/24, 2001:db8::/32"},
		{"user, network:192.0.2.0/33",
		 "has a network that is none: 192.0.2.0/24, 2001:db8::/32"},
		{"max-age:0s", "has a max-age that is not between 1s and 400d"},
		{"max-age:401d", "has a max-age that is not between 1s and 400d"},
		{"max-age:-5m", "has a max-age that is not between 1s and 400d"},
		{"max-age:soon", "has a max-age that is not between 1s and 400d"},
		{"max-age:99999999999999999999d", "has a max-age that is not between 1s and 400d"},
		{"max-age:400d", NULL},
		{"max-age:1s", NULL},
		{"max-age:5", NULL},
		{"public, user", "has public beside other words, which would mean nothing"},
		{"user|public", "has public beside other words, which would mean nothing"},
		{"public|public", "has public beside other words, which would mean nothing"},
		{"public", NULL},
		{"user,user,user,user,user,user,user,user,user|user,user,user,user,user,user,user",
		 NULL},
		{"user,user,user,user,user,user,user,user,user|user,user,user,user,user,user,user,"
		 "user",
		 "has more than 16 terms"},
		{"", "must not be empty"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char content[512];
		char expected[512];

		(void)snprintf(content, sizeof content, "%s[protect \"/a\"]\nrequire = %s\n",
			       REQUIRED, cases[i].require);
		(void)snprintf(expected, sizeof expected, ":5: require %s",
			       cases[i].expected == NULL ? "" : cases[i].expected);
		if (cases[i].expected == NULL)
			(void)loaded(*state, content);
		else
			assert_refused(*state, str_of(content), expected);
	}
}

static void other_settings_that_are_refused(void **state)
{
	static const struct {
		const char *line, *expected;
	} cases[] = {
		{"methods = HEAD", "methods must be methods in capitals"},
		{"methods = GET HEAD", "methods must be methods in capitals"},
		{"methods = get", "methods must be methods in capitals"},
		{"methods = GET, POST", "methods must be methods in capitals"},
		{"methods = GET  POST", "methods must be methods in capitals"},
		{"methods = *", "methods must be methods in capitals"},
		{"methods = A B C D E F G I J K L M N O P Q R",
		 "methods must be methods in capitals"},
		{"ticket = A Shop", "ticket must be the name of a service"},
		{"ticket = .shop", "ticket must be the name of a service"},
		{"require = user", "require is there twice, first in line 5"},
		{"method = GET", "unknown setting \"method\""},
		{"deny = user", "unknown setting \"deny\""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scratch *scratch = *state;
		const struct config *config = NULL;
		struct fault fault = {""};
		char content[512];
		char expected[128];

		(void)snprintf(content, sizeof content, "%s[protect \"/a\"]\nrequire = user\n%s\n",
			       REQUIRED, cases[i].line);
		(void)snprintf(expected, sizeof expected, "/conf:6: %s", cases[i].expected);
		arena_reset(scratch->arena);
		const char *path = scratch_file(scratch, "conf", content, 0644);
		enum err e = config_load(path, scratch->arena, &config, &fault);
		if (e != ERR_CONFIG || strstr(fault.text, expected) == NULL)
			fail_msg("%s: %s", cases[i].line, fault.text);
	}
	assert_refused(*state, STR(REQUIRED SECTION("/a", "")), ":4: this section lacks require");
	assert_refused(*state, STR(REQUIRED SECTION("/a", "methods = GET\n")),
		       ":4: this section lacks require");
	assert_refused(*state, STR(REQUIRED "[guard]\nticket = A Shop\n"),
		       ":5: ticket must be the name of a service");
}

#define TWICE ": the section in line 4 is about the same path and methods"

/* Both lines are named; a path that ends with a slash is the same without. */
static void sections_about_the_same(void **state)
{
	static const struct {
		const char *first, *second, *expected;
	} cases[] = {
		{"/a\"]\nrequire = user\n", "/a\"]\nrequire = public\n", ":6" TWICE},
		{"/a\"]\nrequire = user\n", "/a/\"]\nrequire = public\n", ":6" TWICE},
		{"/\"]\nrequire = user\n", "/\"]\nrequire = public\n", ":6" TWICE},
		{"/a\"]\nrequire = user\nmethods = GET\n", "/a\"]\nrequire = public\n", ":7" TWICE},
		{"/a\"]\nrequire = user\n", "/a\"]\nrequire = public\nmethods = GET\n", ":6" TWICE},
		{"/a\"]\nrequire = user\nmethods = GET POST\n",
		 "/a\"]\nrequire = public\nmethods = PUT POST\n", ":7" TWICE},
		{"/a\"]\nrequire = user\nmethods = GET POST\n",
		 "/a\"]\nrequire = public\nmethods = PUT DELETE\n", NULL},
		{"/a\"]\nrequire = user\n", "/a/b\"]\nrequire = public\n", NULL},
		{"/a\"]\nrequire = user\n", "/A\"]\nrequire = public\n", NULL},
		{"/a\"]\nrequire = user\n", "/ab\"]\nrequire = public\n", NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char content[512];

		(void)snprintf(content, sizeof content, "%s[protect \"%s[protect \"%s", REQUIRED,
			       cases[i].first, cases[i].second);
		if (cases[i].expected == NULL)
			assert_int_equal(loaded(*state, content)->protect_count, 2);
		else
			assert_refused(*state, str_of(content), cases[i].expected);
	}
}

#define OWN ":4: what is below base_path is Gatepost's own, and has rules of its own"

static void our_own_paths_are_refused(void **state)
{
	assert_refused(*state, STR(REQUIRED SECTION("/auth", "require = public\n")), OWN);
	assert_refused(*state, STR(REQUIRED SECTION("/auth/", "require = user\n")), OWN);
	assert_refused(*state, STR(REQUIRED SECTION("/auth/api/v1/users", "require = public\n")),
		       OWN);
	(void)loaded(*state, REQUIRED "base_path = /sso\n" SECTION("/auth", "require = user\n"));
	(void)loaded(*state, REQUIRED "base_path = /\n" SECTION("/auth", "require = user\n"));
	assert_refused(*state,
		       STR(SECTION("/sso/x", "require = user\n") REQUIRED "base_path = /sso\n"),
		       ":1: what is below base_path is Gatepost's own, and has rules of its own");
}

static void sections(char *content, size_t size, int n)
{
	int used = snprintf(content, size, "%s", REQUIRED);

	for (int i = 0; i < n; i++)
		used += snprintf(content + used, size - (size_t)used,
				 "[protect \"/%d\"]\nrequire = user\n", i);
}

static void at_most_64(void **state)
{
	char content[4096];

	sections(content, sizeof content, CONFIG_PROTECTS);
	assert_int_equal(loaded(*state, content)->protect_count, 64);
	sections(content, sizeof content, CONFIG_PROTECTS + 1);
	assert_refused(*state, str_of(content), ":132: more than 64 sections [protect \"/PATH/\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_section_is_fine),
		cmocka_unit_test(all_words),
		cmocka_unit_test(when_grants_of_the_tenant_count),
		cmocka_unit_test(methods_are_named),
		cmocka_unit_test(paths_that_are_taken),
		cmocka_unit_test(paths_that_are_refused),
		cmocka_unit_test(requirements_that_are_refused),
		cmocka_unit_test(other_settings_that_are_refused),
		cmocka_unit_test(sections_about_the_same),
		cmocka_unit_test(our_own_paths_are_refused),
		cmocka_unit_test(at_most_64),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
