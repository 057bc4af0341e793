/* return_to: what is listed is reached, and nothing that only looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "request.h"
#include "return_to.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void list(struct client_config *client, const char *place)
{
	assert_int_equal(uri_split(str_of(place), &client->returns[client->return_count++]), OK);
}

/* The shop, its forum on the same host, and a tool with a port and two schemes. */
static struct config listed(struct client_config clients[3])
{
	clients[0] = (struct client_config){.name = STR("shop"), .title = STR("The Shop")};
	list(&clients[0], "https://shop.example/done");
	list(&clients[0], "com.example.shop:");
	clients[1] = (struct client_config){.name = STR("forum"), .title = STR("The Forum")};
	list(&clients[1], "https://shop.example/done/forum/");
	list(&clients[1], "https://forum.example/");
	clients[2] = (struct client_config){.name = STR("tool"), .title = STR("The Tool")};
	list(&clients[2], "https://xn--bcher-kva.example:8443/");
	list(&clients[2], "org.example.tool:/signed-in");
	list(&clients[2], "org.example.tool2://open");
	return (struct config){.clients = clients, .client_count = 3};
}

struct good {
	const char *text;
	enum return_kind kind;
	const char *title;
	const char *place;
};

static const struct good good[] = {
	{"/", RETURN_HERE, "", ""},
	{"/private/x?y=z%2F", RETURN_HERE, "", ""},
	{"https://shop.example/done", RETURN_SITE, "The Shop", "shop.example"},
	{"https://shop.example/done/", RETURN_SITE, "The Shop", "shop.example"},
	{"https://shop.example/done?order=7&to=https://x.example/", RETURN_SITE, "The Shop",
	 "shop.example"},
	{"https://shop.example/done/a%20b;c", RETURN_SITE, "The Shop", "shop.example"},
	{"https://shop.example:443/done", RETURN_SITE, "The Shop", "shop.example"},
	{"HTTPS://Shop.EXAMPLE/done", RETURN_SITE, "The Shop", "shop.example"},
	{"https://shop.example/done/forum", RETURN_SITE, "The Shop", "shop.example"},
	{"https://shop.example/done/forum/", RETURN_SITE, "The Forum", "shop.example"},
	{"https://shop.example/done/forum/7", RETURN_SITE, "The Forum", "shop.example"},
	{"https://forum.example", RETURN_SITE, "The Forum", "forum.example"},
	{"https://forum.example/@user:pw/7", RETURN_SITE, "The Forum", "forum.example"},
	{"https://xn--bcher-kva.example:8443/x", RETURN_SITE, "The Tool",
	 "xn--bcher-kva.example:8443"},
	{"com.example.shop:", RETURN_APP, "The Shop", "com.example.shop"},
	{"com.example.shop:/", RETURN_APP, "The Shop", "com.example.shop"},
	{"com.example.shop:/order/7?x=1", RETURN_APP, "The Shop", "com.example.shop"},
	{"com.example.shop://order/7", RETURN_APP, "The Shop", "com.example.shop"},
	{"com.example.shop:///order/7", RETURN_APP, "The Shop", "com.example.shop"},
	{"Com.Example.Shop:/order", RETURN_APP, "The Shop", "com.example.shop"},
	{"org.example.tool:/signed-in", RETURN_APP, "The Tool", "org.example.tool"},
	{"org.example.tool:/signed-in/now", RETURN_APP, "The Tool", "org.example.tool"},
	{"org.example.tool2://open", RETURN_APP, "The Tool", "org.example.tool2"},
	{"org.example.tool2://open/x", RETURN_APP, "The Tool", "org.example.tool2"},
};

static void assert_text(struct str text, const char *expected, const char *of)
{
	if (!str_equal(text, str_of(expected)))
		fail_msg("%.*s instead of %s: %s", (int)text.n, text.p, expected, of);
}

static void listed_targets_are_found(void **state)
{
	struct client_config clients[3];
	struct config config = listed(clients);

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct return_to found = return_to_find(&config, str_of(good[i].text));
		if (found.kind != good[i].kind)
			fail_msg("kind %d: %s", (int)found.kind, good[i].text);
		assert_text(found.url.text, good[i].text, good[i].text);
		assert_text(found.title, good[i].title, good[i].text);
		assert_text(found.place, good[i].place, good[i].text);
		assert_int_equal(return_to_is_foreign(&found), found.kind != RETURN_HERE);
	}
}

/* IN-20: what has been used to pass for a listed address. */
static const char *const bad[] = {
	"",
	"done",
	"//shop.example/done",
	"///shop.example/done",
	"/\\shop.example/done",
	"\\\\shop.example\\done",
	"%09//shop.example/done",
	"http://shop.example/done",
	"http://shop.example:443/done",
	"ws://shop.example/done",
	"https:/shop.example/done",
	"https:shop.example/done",
	"https:///shop.example/done",
	"https:////shop.example/done",
	"https:\\\\shop.example\\done",
	"https://",
	"https:///done",
	"https://:443/done",
	/* other hosts */
	"https://evil.example/done",
	"https://shop.example.evil/done",
	"https://shop.example.evil.example/done",
	"https://evil.shop.example/done",
	"https://evilshop.example/done",
	"https://shop.exampl/done",
	"https://shop.example./done",
	"https://.shop.example/done",
	"https://shop..example/done",
	"https://shop%2eexample/done",
	"https://shop.example%2eevil.example/done",
	"https://shop.example%2f.evil.example/done",
	"https://shop.example%00.evil.example/done",
	"https://shop.example%20/done",
	"https://shop.example,evil.example/done",
	"https://shop.example;evil.example/done",
	"https://[shop.example]/done",
	"https://[::1]/done",
	"https://bücher.example:8443/",
	"https://b\xc3\xbc"
	"cher.example:8443/",
	"https://xn--BCHER-KVA.example/",
	"https://shop\xef\xbc\x8e"
	"example/done",
	"https://shop\xe3\x80\x82"
	"example/done",
	"https://\xc5\xbfhop.example/done",
	/* users */
	"https://shop.example@evil.example/done",
	"https://shop.example:443@evil.example/done",
	"https://shop.example:pw@evil.example/done",
	"https://shop.example%40evil.example/done",
	"https://user@shop.example/done",
	"https://user:pw@shop.example/done",
	"https://@shop.example/done",
	"https://evil.example\\@shop.example/done",
	"https://evil.example#@shop.example/done",
	"https://evil.example?@shop.example/done",
	"https://evil.example/@shop.example/done",
	/* ports */
	"https://shop.example:80/done",
	"https://shop.example:8443/done",
	"https://shop.example:/done",
	"https://shop.example:0443/done",
	"https://shop.example:0/done",
	"https://shop.example:+443/done",
	"https://shop.example:443:443/done",
	"https://shop.example:65979/done",
	"https://shop.example:4294967739/done",
	"https://shop.example:18446744073709552059/done",
	"https://xn--bcher-kva.example/x",
	"https://xn--bcher-kva.example:443/x",
	/* paths */
	"https://shop.example",
	"https://shop.example/",
	"https://shop.example/DONE",
	"https://shop.example/donee",
	"https://shop.example/done;x",
	"https://shop.example/done.php",
	"https://shop.example/done%2fx",
	"https://shop.example/done%2Fx",
	"https://shop.example/done/%2e%2e/x",
	"https://shop.example/done/../x",
	"https://shop.example/done/..",
	"https://shop.example/done/.%2e/x",
	"https://shop.example/./done",
	"https://shop.example/done/%252e%252e/x",
	"https://shop.example/x/../done",
	"https://shop.example//done",
	"https://shop.example/done//x",
	"https://shop.example/d%6fne",
	"https://shop.example/done%5c..%5cx",
	"https://shop.example/done\\..\\x",
	"https://shop.example/done/%00",
	"https://shop.example/done/%",
	"https://shop.example/done/%ff",
	"https://shop.example/done#x",
	"https://shop.example/done?x#y",
	"https://shop.example?/done",
	"https://shop.example#/done",
	"https://forum.example?x=1",
	"https://forum.example#x",
	/* what no address has */
	" https://shop.example/done",
	"https://shop.example/done ",
	"https://shop.example/do\tne",
	"https://shop.example/do\r\nne",
	"https://shop.example\n/done",
	"ht\ntps://shop.example/done",
	"\x01https://shop.example/done",
	"https://shop.example/done\x7f",
	"https://shop.example/done\"x",
	"https://shop.example/done'x",
	"https://shop.example/done<x>",
	"https://shop.example/done`x",
	"https://shop.example/caf\xc3\xa9",
	/* schemes */
	"javascript:alert(1)",
	"javascript://shop.example/done",
	"javascript:/done",
	"JavaScript:/done",
	"data:text/html,x",
	"data:/done",
	"vbscript:/done",
	"file:///done",
	"blob:https://shop.example/done",
	"view-source:https://shop.example/done",
	"intent://order#Intent;scheme=com.example.shop;end",
	"intent://order/#Intent;end",
	"com.example.shop",
	":",
	":/done",
	"1com.example.shop:/",
	".example.shop:/",
	"com.example.shops:/order",
	"com.example.shop.evil:/order",
	"evil.com.example.shop:/order",
	"com.example.sho:/order",
	"com.example.shop%3a/order",
	"com.example.shop:order",
	"com.example.shop:alert(1)",
	"com.example.shop:?x=1",
	"com.example.shop:#x",
	"com.example.shop:/order#x",
	"com.example.shop:/../order",
	"com.example.shop:/a//b",
	"com.example.shop:////order",
	"com.example.shop://user@order/",
	"com.example.shop:\\order",
	"com.example.shop:/x y",
	"org.example.tool:",
	"org.example.tool:/",
	"org.example.tool:/signed-in-not",
	"org.example.tool:/signed-in/../x",
	"org.example.tool://signed-in",
	"org.example.tool:///signed-in",
	"org.example.tool://x/signed-in",
	"org.example.tool2:/open",
	"org.example.tool2:///open",
	"org.example.tool2://opener",
	"org.example.tool2://open.evil",
	"org.example.tool2://open:80",
};

static void what_only_looks_listed_leads_nowhere(void **state)
{
	struct client_config clients[3];
	struct config config = listed(clients);

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct return_to found = return_to_find(&config, str_of(bad[i]));
		if (found.kind != RETURN_NOWHERE)
			fail_msg("taken: %s", bad[i]);
		assert_false(str_is_present(found.url.text));
		assert_false(return_to_is_foreign(&found));
	}
	assert_int_equal(return_to_find(&config, STR_NONE).kind, RETURN_NOWHERE);
	assert_int_equal(return_to_find(&config, STR("https://shop.example/done\0x")).kind,
			 RETURN_NOWHERE);
	assert_int_equal(return_to_find(&config, STR("https://shop.example\0/done")).kind,
			 RETURN_NOWHERE);
}

static void nothing_is_listed_by_default(void **state)
{
	struct config config = {.client_count = 0};

	(void)state;
	assert_int_equal(return_to_find(&config, STR("/x")).kind, RETURN_HERE);
	for (size_t i = 0; i < COUNT(good); i++) {
		struct return_to found = return_to_find(&config, str_of(good[i].text));
		assert_int_equal(found.kind,
				 good[i].kind == RETURN_HERE ? RETURN_HERE : RETURN_NOWHERE);
	}
}

static void a_target_is_bounded(void **state)
{
	struct client_config clients[3];
	struct config config = listed(clients);
	char text[REQUEST_PATH_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof text);
	memcpy(text, "com.example.shop:/", 18);
	struct str fits = {.p = text, .n = REQUEST_PATH_MAX};
	struct str too_long = {.p = text, .n = sizeof text};
	assert_int_equal(return_to_find(&config, fits).kind, RETURN_APP);
	assert_int_equal(return_to_find(&config, too_long).kind, RETURN_NOWHERE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed_targets_are_found),
		cmocka_unit_test(what_only_looks_listed_leads_nowhere),
		cmocka_unit_test(nothing_is_listed_by_default),
		cmocka_unit_test(a_target_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
