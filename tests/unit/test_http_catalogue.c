/* Catalogues: what is refused and in which file, the languages that are found, texts and times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "buf.h"
#include "clock.h"
#include "http_texts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The refusal names the file (below the directory) and says why. */
static void refuses(struct scratch *scratch, const char *file, const char *why)
{
	const struct catalogue *texts = NULL;
	struct fault fault = {.text = ""};

	if (catalogue_load(scratch->dir, scratch->arena, &texts, &fault) != ERR_CONFIG)
		fail_msg("accepted although: %s", why);
	assert_null(texts);
	if (strstr(fault.text, file) == NULL || strstr(fault.text, why) == NULL)
		fail_msg("\"%s\" is not \"%s … %s\"", fault.text, file, why);
}

static void refuses_texts_that_do_not_fit_each_other(void **state)
{
	static const struct {
		const char *en, *xx, *file, *why;
	} rows[] = {
		{"{\"a\": \"\"}", "{}", "lang/xx", "a is missing"},
		{"{}", "{\"a\": \"\"}", "lang/xx/texts.json", "a is not in "},
		{"{\"b\": \"\"}", "{\"a\": \"\", \"b\": \"\"}", "lang/xx/texts.json",
		 "a is not in "},
		{"{\"a\": \"{x}\"}", "{\"a\": \"\"}", "lang/xx/texts.json", "other slots"},
		{"{\"a\": \"\"}", "{\"a\": \"{x}\"}", "lang/xx/texts.json", "other slots"},
		{"{\"a\": \"{x}{y}\"}", "{\"a\": \"{x}{z}\"}", "lang/xx/texts.json", "other slots"},
		{"{\"a\": \"{count}\"}", "{\"a\": \"\"}", "lang/xx/texts.json", "other slots"},
		{"{\"a\": \"\"}", "{\"a\": [\"\",\"\",\"\"]}", "lang/xx/texts.json",
		 "plural forms"},
		{"{\"a\": [\"\",\"\"]}", "{\"a\": \"\"}", "lang/xx/texts.json", "plural forms"},
		{"{\"a\": [\"\",\"\"]}", "{\"a\": [\"\",\"\"]}", "lang/xx/texts.json",
		 "2 forms, not 3"},
		{"{\"a\": [\"\",\"{x}\"]}", "{\"a\": [\"\",\"\",\"\"]}", "lang/en/texts.json",
		 "other slots"},
		{"{\"a\": [\"{x}\",\"{x}\"]}", "{\"a\": [\"{x}\",\"\",\"{x}\"]}",
		 "lang/xx/texts.json", "other slots"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		texts_write(*state, rows[i].en, rows[i].xx);
		refuses(*state, rows[i].file, rows[i].why);
	}
	texts_write(*state, "{\"a\": \"{x}{y}\", \"b\": [\"one\", \"{count}\"]}",
		    "{\"b\": [\"\", \"\", \"{count} {count}\"], \"a\": \"{y}{x}{y}\"}");
	(void)texts_load(*state);
}

static void refuses_files_that_are_no_texts(void **state)
{
	static const struct {
		const char *en, *why;
	} rows[] = {
		{"", "texts.json:1: "},
		{"[]", "no JSON object"},
		{"{\n\"a\": \"\",\n}", "texts.json:3: "},
		{"{\"a\": \"\", \"a\": \"\"}", "duplicate"},
		{"{\"a\": null}", "a is neither"},
		{"{\"a\": {}}", "a is neither"},
		{"{\"a\": []}", "a is neither"},
		{"{\"a\": [\"\", 1]}", "a is neither"},
		{"{\"a\": 1}", "a is no key, or has no text"},
		{"{\"A\": \"\"}", "A is no key"},
		{"{\"\": \"\"}", " is no key"},
		{"{\"a-b\": \"\"}", "a-b is no key"},
		{"{\"a\": \"{\"}", "a: a { that begins no slot"},
		{"{\"a\": \"{X}\"}", "a: a { that begins no slot"},
		{"{\"a\": \"{}\"}", "a: a { that begins no slot"},
		{"{\"a\": \"{{x}}\"}", "a: a { that begins no slot"},
		{"{\"a\": \"{#x}\"}", "a: a { that begins no slot"},
		{"{\"a\": \"x}\"}", "a: a } that ends no slot"},
		{"{\"a\": \"<b>x\"}", "a: a mark that is not closed"},
		{"{\"a\": \"x</b>\"}", "a: a mark within another"},
		{"{\"a\": \"<b><b>x</b></b>\"}", "a: a mark within another"},
		{"{\"a\": \"<b><code>x</b></code>\"}", "a: a mark within another"},
		{"{\"a\": \"x\\r\\nSubject: y\"}", "a: a text with a control"},
		{"{\"a\": \"\\u0085\"}", "a: a text with a control"},
		{"{\"a\": \"\xff\"}", "texts.json"},
		{"{\"texts\": {\"a\": {\"b\": {}}}}", "texts is neither"},
	};
	struct scratch *scratch = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		texts_write(scratch, rows[i].en, "{}");
		refuses(scratch, "lang/en/texts.json", rows[i].why);
	}
	texts_write(scratch, "{\"a\": \"\"}", "{\"a\": \"\"}");
	scratch_file(scratch, "lang/en/more.json", "{\"a\": \"\"}", 0644);
	refuses(scratch, "lang/en/texts.json", "a stands in");
	scratch_file(scratch, "lang/en/more.json", "{}", 0646);
	refuses(scratch, "lang/en/more.json", "can be written by everybody");
}

static void refuses_a_language_that_is_not_whole(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} rows[] = {
		{"\"ltr\"", "\"up\"", "neither ltr nor rtl"},
		{"\"forms\": 2", "\"forms\": 3", "fewer forms"},
		{"\"forms\": 2", "\"forms\": 0", "forms is no number"},
		{"\"forms\": 2", "\"forms\": \"2\"", "forms is no number"},
		{"n != 1", "n = 1", "behind its end"},
		{"\"Jan\",", "", "months are not 12"},
		{"\"Jan\"", "\"\"", "a month is empty"},
		{"{day} ", "", "time lacks a slot"},
		{"{day} ", "{day}{week} ", "another slot"},
		{"{day} ", "{day", "begins no slot"},
		{"\"English\"", "\"\"", "name is empty"},
		{"\"English\"", "[\"English\"]", "name is no text"},
		{"\"name\": \"English\",", "", "is missing"},
		{"\"name\"", "\"title\"", "title is not known"},
	};
	struct scratch *scratch = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[1024];
		const char *at = strstr(LANGUAGE_EN, rows[i].from);
		assert_non_null(at);
		(void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - LANGUAGE_EN), LANGUAGE_EN,
			       rows[i].to, at + strlen(rows[i].from));
		texts_write(scratch, "{}", "{}");
		scratch_file(scratch, "lang/en/language.json", text, 0644);
		refuses(scratch, "lang/en/language.json", rows[i].why);
	}
	texts_write(scratch, "{}", "{}");
	assert_int_equal(unlink(scratch_path(scratch, "lang/en/language.json")), 0);
	refuses(scratch, "lang/en/language.json", "cannot be opened");
}

static void refuses_folders_that_are_none_of_a_language(void **state)
{
	struct scratch *scratch = *state;

	refuses(scratch, "/lang", "cannot be read");
	scratch_folder(scratch, "lang");
	refuses(scratch, "/lang", "has no language");
	texts_write(scratch, "{}", "{}");
	scratch_folder(scratch, "lang/a_b");
	refuses(scratch, "lang/a_b", "no language's folder");
	assert_int_equal(rmdir(scratch_path(scratch, "lang/a_b")), 0);
	scratch_folder(scratch, "lang/en/more");
	refuses(scratch, "lang/en/more", "no language's folder");
	assert_int_equal(rmdir(scratch_path(scratch, "lang/en/more")), 0);
	assert_int_equal(chmod(scratch_path(scratch, "lang/xx"), 0707), 0);
	refuses(scratch, "lang/xx", "others may write");
}

/* What the function finds for a text, as a tag; "-": nothing. */
static void finds(const struct language *(*find)(const struct catalogue *, struct str),
		  const struct catalogue *texts, const char *text, const char *expected)
{
	const struct language *language = find(texts, str_of(text));
	struct str tag = language == NULL ? STR("-") : language_tag(language);

	if (!str_equal(tag, str_of(expected)))
		fail_msg("%s: %s is not %s", text, tag.p, expected);
}

static const struct catalogue *four_languages(struct scratch *scratch)
{
	texts_write(scratch, "{}", "{}");
	scratch_folder(scratch, "lang/pt-BR");
	scratch_file(scratch, "lang/pt-BR/language.json", LANGUAGE_EN, 0644);
	scratch_folder(scratch, "lang/zh-Hant");
	scratch_file(scratch, "lang/zh-Hant/language.json", LANGUAGE_EN, 0644);
	return texts_load(scratch);
}

static void looks_languages_up_as_rfc_4647(void **state)
{
	static const struct {
		const char *range, *expected;
	} rows[] = {
		{"en", "en"},
		{"EN", "en"},
		{"en-GB", "en"},
		{"en-GB-x-y", "en"},
		{"pt-br", "pt-BR"},
		{"pt", "-"},
		{"pt-PT", "-"},
		{"zh-Hant-CN", "zh-Hant"},
		{"zh-Hant-CN-x-private", "zh-Hant"},
		{"zh-Hans", "-"},
		{"e", "-"},
		{"", "-"},
		{"-", "-"},
		{"-en", "-"},
		{"*", "-"},
		{"en-", "en"},
		{"../en", "-"},
		{"en-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa", "-"},
	};
	const struct catalogue *texts = four_languages(*state);

	assert_int_equal(catalogue_languages(texts), 4);
	for (size_t i = 0; i < COUNT(rows); i++)
		finds(catalogue_lookup, texts, rows[i].range, rows[i].expected);
	const struct language *language = NULL;
	struct fault fault = {.text = ""};
	assert_int_equal(catalogue_default(texts, STR("fr"), &language, &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "/lang/fr: is missing (server.language)"));
	assert_int_equal(catalogue_default(texts, STR("xx"), &language, &fault), OK);
	assert_true(str_equal(language_tag(language), STR("xx")));
	finds(catalogue_first, texts, "fr de-AT xx-YY en", "xx");
	finds(catalogue_first, texts, " en", "en");
	finds(catalogue_first, texts, "fr", "-");
	finds(catalogue_first, texts, "", "-");
	assert_null(catalogue_first(texts, STR_NONE));
}

static void follows_the_weights_of_accept_language(void **state)
{
	static const struct {
		const char *header, *expected;
	} rows[] = {
		{"en", "en"},
		{"fr, xx;q=0.5, en;q=0.9", "en"},
		{"xx-YY,en;q=0.9", "xx"},
		{"xx;q=0.3 , en;q=0.301", "en"},
		{"xx ; q=1.000,en", "xx"},
		{"en;q=0", "-"},
		{"en;q=0.000, xx;q=0.001", "xx"},
		{"en;q=1.1", "-"},
		{"en;q=2", "-"},
		{"en;q=0.1234, xx", "xx"},
		{"en;q=, xx;q=0.1", "xx"},
		{"en;level=1", "-"},
		{"en;q=-1", "-"},
		{"*", "-"},
		{"fr", "-"},
		{",,,xx", "xx"},
		{"", "-"},
	};
	const struct catalogue *texts = four_languages(*state);
	char many[1024] = "";

	for (size_t i = 0; i < COUNT(rows); i++)
		finds(catalogue_accepted, texts, rows[i].header, rows[i].expected);
	assert_null(catalogue_accepted(texts, STR_NONE));
	for (unsigned i = 0; i < 32; i++)
		memcpy(many + strlen(many), "fr,", 4);
	memcpy(many + strlen(many), "en", 3);
	finds(catalogue_accepted, texts, many, "-");
}

static void says(struct scratch *scratch, const struct language *language,
		 const struct say_text *text, const char *expected)
{
	struct buf buf;
	struct str out = STR_NONE;

	buf_init(&buf, scratch->arena, 4096);
	enum err e = language_say(&buf, language, text);
	if (expected == NULL) {
		assert_int_equal(e, ERR_INTERNAL);
		return;
	}
	assert_int_equal(e, OK);
	assert_int_equal(buf_str(&buf, &out), OK);
	if (!str_equal(out, str_of(expected)))
		fail_msg("\"%s\" is not \"%s\"", out.p, expected);
}

static void says_texts_by_language_and_number(void **state)
{
	struct scratch *scratch = *state;
	const struct say_value values[] = {{"who", STR("<\">")}, {"x", STR("{y}")}};

	texts_write(scratch,
		    "{\"a\": \"A <i>\", \"b\": \"{x}, <b>{who}</b>!\","
		    " \"c\": [\"one hour\", \"{count} hours\"], \"empty\": \"\"}",
		    "{\"a\": \"\xd7\x90\", \"b\": \"{who} {x}\","
		    " \"c\": [\"none\", \"{count}\", \"{count}+\"], \"empty\": \"\"}");
	const struct catalogue *texts = texts_load(scratch);
	const struct language *en = catalogue_lookup(texts, STR("en"));
	const struct language *xx = catalogue_lookup(texts, STR("xx"));

	assert_true(str_equal(language_name(xx), STR("Xx")));
	assert_true(str_equal(language_direction(xx), STR("rtl")));
	assert_true(str_equal(language_direction(en), STR("ltr")));
	assert_true(catalogue_has(texts, STR("c")));
	assert_false(catalogue_has(texts, STR("d")));
	assert_true(str_equal(language_text(en, STR("a")), STR("A <i>")));
	assert_true(str_equal(language_text(xx, STR("a")), STR("\xd7\x90")));
	assert_true(str_is_present(language_text(xx, STR("empty"))));
	assert_false(str_is_present(language_text(en, STR("b"))));
	assert_false(str_is_present(language_text(en, STR("c"))));
	assert_false(str_is_present(language_text(en, STR("d"))));
	struct say_text text = {.key = STR("b"), .values = values, .n = 2};
	says(scratch, en, &text, "{y}, <\">!");
	says(scratch, xx, &text, "<\"> {y}");
	text.n = 1;
	says(scratch, en, &text, NULL);
	text = (struct say_text){.key = STR("c"), .is_plural = true, .count = 1};
	says(scratch, en, &text, "one hour");
	says(scratch, xx, &text, "1");
	text.count = 7000000000;
	says(scratch, en, &text, "7000000000 hours");
	says(scratch, xx, &text, "7000000000+");
	text.is_plural = false;
	says(scratch, en, &text, NULL);
	says(scratch, en, &(struct say_text){.key = STR("a"), .is_plural = true}, NULL);
	says(scratch, en, &(struct say_text){.key = STR("d")}, NULL);
}

static void reads_one_language_and_another_when_asked(void **state)
{
	struct scratch *scratch = *state;
	struct catalogue *texts = NULL;
	struct fault fault = {.text = ""};

	texts_write(scratch, "{\"a\": \"A\"}", "{\"b\": \"B\"}");
	assert_int_equal(catalogue_open(scratch->dir, scratch->arena, &texts, &fault), OK);
	const struct language *en = catalogue_lookup(texts, STR("en"));
	const struct language *xx = catalogue_lookup(texts, STR("xx-YY"));
	assert_int_equal(catalogue_languages(texts), 2);
	assert_false(catalogue_has(texts, STR("b")));
	assert_false(str_is_present(language_text(xx, STR("b"))));
	says(scratch, xx, &(struct say_text){.key = STR("b")}, NULL);
	assert_int_equal(catalogue_read(texts, xx, &fault), OK);
	assert_int_equal(catalogue_read(texts, xx, &fault), OK);
	assert_true(str_equal(language_text(xx, STR("b")), STR("B")));
	assert_false(str_is_present(language_text(en, STR("b"))));
	/* The model is the one that was read first. */
	assert_int_equal(catalogue_read(texts, en, &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "lang/en/texts.json: a is not in"));
	assert_false(str_is_present(language_text(en, STR("a"))));
}

static void writes_times_as_the_language_does(void **state)
{
	static const struct {
		int64_t at;
		const char *en, *xx;
	} rows[] = {
		{INT64_C(1795228964) * CLOCK_SECOND, "21 Nov 2026, 02:42 UTC", "2026/11/21 42.02"},
		{0, "1 Jan 1970, 00:00 UTC", "1970/1/1 00.00"},
		{INT64_C(951782400) * CLOCK_SECOND - 1, "28 Feb 2000, 23:59 UTC",
		 "2000/2/28 59.23"},
	};
	struct scratch *scratch = *state;

	texts_write(scratch, "{}", "{}");
	const struct catalogue *texts = texts_load(scratch);
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		const char *expected = i % 2 == 0 ? rows[i / 2].en : rows[i / 2].xx;
		struct str out;
		struct buf buf;
		buf_init(&buf, scratch->arena, 256);
		assert_int_equal(
			catalogue_add_time(&buf, catalogue_language(texts, i % 2), rows[i / 2].at),
			OK);
		assert_int_equal(buf_str(&buf, &out), OK);
		assert_string_equal(out.p, expected);
	}
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCRATCH(refuses_texts_that_do_not_fit_each_other),
		WITH_SCRATCH(refuses_files_that_are_no_texts),
		WITH_SCRATCH(refuses_a_language_that_is_not_whole),
		WITH_SCRATCH(refuses_folders_that_are_none_of_a_language),
		WITH_SCRATCH(looks_languages_up_as_rfc_4647),
		WITH_SCRATCH(follows_the_weights_of_accept_language),
		WITH_SCRATCH(says_texts_by_language_and_number),
		WITH_SCRATCH(reads_one_language_and_another_when_asked),
		WITH_SCRATCH(writes_times_as_the_language_does),
	};

	return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
