/* Templates: what the loader refuses and in which line, what each place does to a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base_scratch.h"
#include "buf.h"
#include "catalogue.h"
#include "template.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NASTY "&<>\"'`=/\x01\n\t"
#define NASTY_ESCAPED "&amp;&lt;&gt;&quot;&#39;`=/\xef\xbf\xbd\n\t"

static const struct template_set *load(struct scratch *scratch)
{
	const struct template_set *set = NULL;
	struct fault fault = {.text = ""};
	enum err e = template_load(scratch->dir, NULL, scratch->arena, &set, &fault);

	if (e != OK)
		print_error("refused: %s\n", fault.text);
	assert_int_equal(e, OK);
	return set;
}

/* The one line of the refusal begins with the file and the line (0: none) and says why. */
static void refuses(struct scratch *scratch, const char *file, unsigned line, const char *why)
{
	const struct template_set *set = NULL;
	struct fault fault = {.text = ""};
	char start[SCRATCH_PATH + 16];

	if (template_load(scratch->dir, NULL, scratch->arena, &set, &fault) != ERR_CONFIG) {
		print_error("accepted although: %s\n", why);
		fail();
	}
	assert_null(set);
	(void)snprintf(start, sizeof start,
		       line > 0 ? "%s:%u: " : "%s: ", scratch_path(scratch, file), line);
	if (!str_starts(str_of(fault.text), str_of(start)) || strstr(fault.text, why) == NULL) {
		print_error("\"%s\" is not \"%s… %s\"\n", fault.text, start, why);
		fail();
	}
}

static enum err render(struct scratch *scratch, const char *name, const struct template_data *data,
		       struct str *out)
{
	const struct template_set *set = load(scratch);
	struct buf buf;

	buf_init(&buf, scratch->arena, 4096);
	TRY(template_render(set, str_of(name), data, &buf));
	return buf_str(&buf, out);
}

static void renders(struct scratch *scratch, const char *name, const struct template_data *data,
		    const char *expected)
{
	struct str out = STR_NONE;

	assert_int_equal(render(scratch, name, data, &out), OK);
	if (!str_equal(out, str_of(expected)))
		print_error("\"%.*s\" is not \"%s\"\n", (int)out.n, out.p, expected);
	assert_true(str_equal(out, str_of(expected)));
}

static void page(struct scratch *scratch, const char *text)
{
	scratch_file(scratch, "page.html", text, 0644);
}

static struct template_data *data_with(struct scratch *scratch, const char *name, struct str value)
{
	struct template_data *data = NULL;

	assert_int_equal(template_data_new(scratch->arena, &data), OK);
	template_text(data, name, value);
	return data;
}

/* IN-02 */
static void escapes_in_text_titles_and_attributes(void **state)
{
	struct template_data *data = data_with(*state, "x", STR(NASTY));

	page(*state, "<title>{{x}}</title><p class=\"a {{x}} b\" id='{{ x }}'>{{x}}</p>"
		     "<textarea>{{x}}</textarea>");
	renders(*state, "page.html", data,
		"<title>" NASTY_ESCAPED "</title><p class=\"a " NASTY_ESCAPED
		" b\" id='" NASTY_ESCAPED "'>" NASTY_ESCAPED "</p><textarea>" NASTY_ESCAPED
		"</textarea>");
}

static void puts_a_url_and_only_a_url_into_a_url_attribute(void **state)
{
	static const char *const attributes[] = {"a href", "img src", "form action",
						 "button formaction"};

	for (size_t i = 0; i < COUNT(attributes); i++) {
		struct template_data *data = data_with(*state, "text", STR("/a?b&c"));
		char text[64];
		char expected[64];
		struct str out;

		template_url(data, "url", (struct url){STR("/a?b&c")});
		(void)snprintf(text, sizeof text, "<%s=\"{{url}}\">{{url}}", attributes[i]);
		(void)snprintf(expected, sizeof expected, "<%s=\"/a?b&amp;c\">/a?b&amp;c",
			       attributes[i]);
		page(*state, text);
		renders(*state, "page.html", data, expected);
		(void)snprintf(text, sizeof text, "<%s='{{text}}'>", attributes[i]);
		page(*state, text);
		assert_int_equal(render(*state, "page.html", data, &out), ERR_INTERNAL);
	}
}

static void a_name_never_set_is_a_defect_and_an_absent_value_is_empty(void **state)
{
	static const char *const pages[] = {"{{typo}}", "{{#typo}}{{/typo}}", "{{^typo}}{{/typo}}",
					    "<a href=\"{{typo}}\">"};
	struct template_data *data = data_with(*state, "x", STR_NONE);
	struct str out;

	for (size_t i = 0; i < COUNT(pages); i++) {
		page(*state, pages[i]);
		assert_int_equal(render(*state, "page.html", data, &out), ERR_INTERNAL);
	}
	page(*state, "[{{x}}{{#x}}a{{typo}}{{/x}}{{^x}}b{{/x}}]");
	renders(*state, "page.html", data, "[b]");
	assert_int_equal(render(*state, "other.html", data, &out), ERR_INTERNAL);
}

static void a_flag_or_a_list_in_a_slot_is_a_defect(void **state)
{
	struct template_data *data = data_with(*state, "x", STR("x"));
	struct str out;

	template_flag(data, "flag", true);
	(void)template_item(data, "list");
	page(*state, "{{flag}}");
	assert_int_equal(render(*state, "page.html", data, &out), ERR_INTERNAL);
	page(*state, "{{list}}");
	assert_int_equal(render(*state, "page.html", data, &out), ERR_INTERNAL);
}

static void sections_follow_flags_texts_and_urls(void **state)
{
	struct template_data *data = data_with(*state, "text", STR("t"));

	template_text(data, "empty", STR(""));
	template_flag(data, "yes", true);
	template_flag(data, "no", false);
	template_url(data, "url", (struct url){STR("/u")});
	template_url(data, "no_url", (struct url){STR_NONE});
	page(*state, "{{#text}}1{{text}}{{/text}}{{^text}}a{{/text}}{{#empty}}b{{/empty}}"
		     "{{^empty}}2{{/empty}}{{#yes}}3{{#no}}c{{/no}}{{^no}}4{{/no}}{{/yes}}"
		     "{{^yes}}d{{/yes}}{{#url}}5{{/url}}{{^no_url}}6{{/no_url}}{{! a\nnote {{ }}7");
	renders(*state, "page.html", data, "1t234567");
}

static void lists_nest_and_look_outward(void **state)
{
	struct template_data *data = data_with(*state, "who", STR("me"));
	struct template_data *first = template_item(data, "rows");
	struct template_data *second = template_item(data, "rows");
	struct template_data *inner;

	template_text(first, "n", STR("1"));
	template_flag(first, "cells", false);
	template_text(second, "n", STR("2"));
	template_text(second, "who", STR("you"));
	inner = template_item(second, "cells");
	template_text(inner, "c", STR("x"));
	inner = template_item(second, "cells");
	template_text(inner, "c", STR("y"));
	page(*state, "{{#rows}}[{{n}}{{who}}{{#cells}}({{c}}{{n}}{{who}}){{/cells}}"
		     "{{^cells}}-{{/cells}}]{{/rows}}{{^rows}}none{{/rows}}{{who}}");
	renders(*state, "page.html", data, "[1me-][2you(x2you)(y2you)]me");
}

static void the_later_of_two_values_wins(void **state)
{
	struct template_data *data = data_with(*state, "x", STR("old"));

	template_flag(data, "list", false);
	template_text(data, "x", STR("new"));
	page(*state, "{{x}}{{#list}}a{{/list}}{{^list}}b{{/list}}");
	renders(*state, "page.html", data, "newb");
	(void)template_item(data, "list");
	renders(*state, "page.html", data, "newa");
}

static void partials_are_put_in_by_kind_of_file(void **state)
{
	struct scratch *scratch = *state;
	struct template_data *data = data_with(scratch, "x", STR("<"));
	const struct template_set *set;

	scratch_file(scratch, "part-a.html", "<b>{{x}}</b>{{>part_b}}", 0644);
	scratch_file(scratch, "part_b.html", "!", 0644);
	scratch_file(scratch, "mail.txt", "{{x}}{{>end}}", 0644);
	scratch_file(scratch, "end.txt", "\n-- ", 0644);
	scratch_file(scratch, "notes.md", "{{{", 0644);
	page(scratch, "{{#x}}{{>part-a}}{{/x}}{{> part_b }}");
	renders(scratch, "page.html", data, "<b>&lt;</b>!!");
	renders(scratch, "mail.txt", data, "<\n-- ");
	set = load(scratch);
	assert_true(template_exists(set, STR("page.html")));
	assert_false(template_exists(set, STR("page.txt")));
	assert_false(template_exists(set, STR("notes.md")));
}

static void finds_files_in_folders_below(void **state)
{
	struct scratch *scratch = *state;
	struct template_data *data = data_with(scratch, "x", STR("y"));
	char below[SCRATCH_PATH];

	(void)snprintf(below, sizeof below, "%s/mail", scratch->dir);
	assert_int_equal(mkdir(below, 0700), 0);
	scratch_file(scratch, "mail/code.txt", "{{x}}", 0644);
	page(scratch, "a");
	renders(scratch, "mail/code.txt", data, "y");
	assert_int_equal(unlink(scratch_path(scratch, "mail/code.txt")), 0);
	assert_int_equal(rmdir(below), 0);
}

static void text_files_refuse_controls_but_newline_and_escape_nothing(void **state)
{
	static const char *const refused[] = {"a\rb", "a\tb", "a\x1b", "\x7f", "a\nb\x01"};
	struct str out;

	scratch_file(*state, "mail.txt", "Hello <{{x}}> </script {{!}}", 0644);
	renders(*state, "mail.txt", data_with(*state, "x", STR("&\n\"\xc3\xa9")),
		"Hello <&\n\"\xc3\xa9> </script ");
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct template_data *data = data_with(*state, "x", str_of(refused[i]));
		assert_int_equal(render(*state, "mail.txt", data, &out), ERR_INPUT);
	}
}

/* Text, line of the refusal, a piece of the reason. */
struct refusal {
	const char *text;
	unsigned line;
	const char *why;
};

static void refuses_rows(struct scratch *scratch, const struct refusal *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		page(scratch, rows[i].text);
		refuses(scratch, "page.html", rows[i].line, rows[i].why);
	}
}

static void refuses_broken_tags(void **state)
{
	static const struct refusal rows[] = {
		{"a\n{{{x}}}", 2, "raw slot"},
		{"a\n\n{{& x}}", 3, "raw slot"},
		{"{{=<% %>=}}", 1, "something else than a name"},
		{"{{}}", 1, "something else than a name"},
		{"{{#}}", 1, "something else than a name"},
		{"{{x.y}}", 1, "something else than a name"},
		{"{{X}}", 1, "something else than a name"},
		{"{{1x}}", 1, "something else than a name"},
		{"{{x-y}}", 1, "something else than a name"},
		{"{{a b}}", 1, "something else than a name"},
		{"{{x\n}}", 1, "something else than a name"},
		{"{{>../x}}", 1, "something else than a name"},
		{"{{>/x}}", 1, "something else than a name"},
		{"\n\n\n{{x", 4, "without }}"},
		{"{{x}", 1, "without }}"},
		{"{{!\n\n}}\n{{x", 4, "without }}"},
		{"{{#x}}\n{{#y}}\n", 2, "not closed"},
		{"\n{{#x}}", 2, "not closed"},
		{"\n{{/x}}", 2, "has not begun"},
		{"{{#x}}\n{{/y}}", 2, "another section"},
		{"{{#x}}{{^y}}\n{{/x}}{{/y}}", 2, "another section"},
		{"a\n{{>nobody}}", 2, "no partial nobody.html"},
		{"\n\x01", 2, "control character"},
		{"a\xff", 1, "not UTF-8"},
	};

	refuses_rows(*state, rows, COUNT(rows));
}

/* IN-02: where no escaping could help. */
static void refuses_slots_where_escaping_does_not_help(void **state)
{
	static const struct refusal rows[] = {
		{"<p>\n<script src=\"/a\">{{x}}</script>", 2, "in a script"},
		{"<!--\n{{x}}-->", 2, "in a comment"},
		{"<p class={{x}}>", 1, "without quotes"},
		{"<p class=a{{x}}>", 1, "without quotes"},
		{"<p class= {{x}}>", 1, "without quotes"},
		{"<p {{x}}>", 1, "outside of a value"},
		{"<p a{{x}}>", 1, "outside of a value"},
		{"<p a {{x}}>", 1, "outside of a value"},
		{"<p a=\"\"{{x}}>", 1, "outside of a value"},
		{"<p{{x}}>", 1, "outside of a value"},
		{"<{{x}}>", 1, "outside of a value"},
		{"</{{x}}>", 1, "outside of a value"},
		{"<p></p{{x}}>", 1, "outside of a value"},
		{"<p/{{x}}>", 1, "outside of a value"},
		{"<!doctype {{x}}>", 1, "outside of a value"},
		{"<title><{{x}}", 1, "outside of a value"},
		{"<p\nonclick=\"{{x}}\">", 2, "event attribute"},
		{"<p ONLOAD=\"x\">", 1, "event attribute"},
		{"<p onx>", 1, "event attribute"},
		{"<p style=\"{{x}}\">", 1, "style attribute"},
		{"<p Style='color:red'>", 1, "style attribute"},
		{"<style>", 1, "style element"},
		{"<svg><style>{{x}}</style></svg>", 1, "style element"},
		{"<a href=\"/a/{{x}}\">", 1, "not the whole value"},
		{"<a href=\"{{x}}/a\">", 1, "not the whole value"},
		{"<a href=\"{{x}}{{x}}\">", 1, "not the whole value"},
		{"<a href=\" {{x}}\">", 1, "may not have here"},
		{"<a href=\"javascript:{{x}}\">", 1, "with a scheme"},
		{"<img srcset=\"{{x}}\">", 1, "attribute that templates may not have"},
		{"<video poster=\"{{x}}\">", 1, "attribute that templates may not have"},
		{"<iframe srcdoc=\"{{x}}\">", 1, "element that templates may not have"},
		{"<p srcdoc=\"{{x}}\">", 1, "attribute that templates may not have"},
		{"<meta http-equiv=\"refresh\" content=\"{{x}}\">", 1,
		 "attribute that templates may not have"},
		{"<use xlink:href=\"{{x}}\">", 1, "attribute that templates may not have"},
		{"<base href=\"{{x}}\">", 1, "element that templates may not have"},
		{"<object>", 1, "element that templates may not have"},
		{"<noscript>", 1, "element that templates may not have"},
	};

	refuses_rows(*state, rows, COUNT(rows));
}

static void refuses_script_foreign_hosts_and_what_browsers_guess_at(void **state)
{
	static const struct refusal rows[] = {
		{"\n<script>alert(1)</script>", 2, "inline script"},
		{"<script type=\"module\">", 1, "inline script"},
		{"<script src=\"/a\"> </script>", 1, "inline script"},
		{"<script src=\"/a\"><!--</script>", 1, "inline script"},
		{"<script src=\"/a\"></scripts>", 1, "inline script"},
		{"<SCRIPT SRC=/a>x", 1, "inline script"},
		{"<script src=\"https://example.org/a.js\"></script>", 1, "with a scheme"},
		{"<script src=\"//example.org/a.js\"></script>", 1, "another host"},
		{"<link href='http://example.org/a.css'>", 1, "with a scheme"},
		{"<img src=\"https://example.org/a.png\">", 1, "with a scheme"},
		{"<img src=https://example.org/a.png>", 1, "with a scheme"},
		{"<img src=\"data:image/png,x\">", 1, "with a scheme"},
		{"<form action=\"https://example.org/\">", 1, "with a scheme"},
		{"<a href=\"JavaScript:alert(1)\">", 1, "with a scheme"},
		{"<a href=\"java&#115;cript:alert(1)\">", 1, "may not have here"},
		{"<a href=\"java\tscript:alert(1)\">", 1, "may not have here"},
		{"<a href=\"\\\\example.org\">", 1, "may not have here"},
		{"<a href=\"//example.org\">", 1, "another host"},
		{"<a href=\"data:text/html,x\">", 1, "with a scheme"},
		{"a < b", 1, "begins no tag"},
		{"<?xml?>", 1, "begins no tag"},
		{"</ p>", 1, "ends no element"},
		{"<![CDATA[x]]>", 1, "neither a comment nor a doctype"},
		{"<!-x>", 1, "neither a comment nor a doctype"},
		{"<!doctype html PUBLIC \"-//\">", 1, "doctype other"},
		{"<!-->", 1, "in a comment"},
		{"<!--->", 1, "in a comment"},
		{"<!-- a -- b -->", 1, "in a comment"},
		{"<!-- a --!> b", 1, "in a comment"},
		{"<p a=\"b\"c=\"d\">", 1, "may not stand there"},
		{"<p \"a\">", 1, "may not stand there"},
		{"<p =a>", 1, "may not stand there"},
		{"<p a==b>", 1, "must be in quotes"},
		{"<p a=>", 1, "must be in quotes"},
		{"<p a=b\"c>", 1, "must be in quotes"},
		{"<p a=`b`>", 1, "must be in quotes"},
		{"<p /a>", 1, "/ within a tag"},
		{"<p></p a=\"b\">", 1, "attribute in an end tag"},
		{"<p<b>", 1, "may not stand there"},
		{"<title><b></title>", 1, "tag in a title"},
		{"<textarea></title></textarea>", 1, "tag in a title"},
		{"<title>a", 1, "file ends within"},
		{"<p class=\"a", 1, "file ends within"},
		{"<!-- a", 1, "file ends within"},
		{"a\n<p", 2, "file ends within"},
		{"<a012345678901234567890123456789012345>", 1, "too long"},
	};

	refuses_rows(*state, rows, COUNT(rows));
}

static void refuses_sections_and_partials_that_change_the_place(void **state)
{
	static const struct refusal rows[] = {
		{"{{#x}}\n<p {{/x}}>", 2, "another place"},
		{"{{^x}}<title>{{/x}}</title>", 1, "another place"},
		{"<p class=\"{{#x}}\"{{/x}}>", 1, "another place"},
		{"<p {{#x}}class=\"{{/x}}\">", 1, "another place"},
		{"<p class=\"{{#x}}\" id=\"{{/x}}\">", 1, "another place"},
		{"<p class=\"{{#x}}\" class='{{/x}}'>", 1, "another place"},
		{"<p class=\"{{#x}}\"><b class=\"{{/x}}\">", 1, "another place"},
		{"<p {{#x}}><b {{/x}}>", 1, "another place"},
		{"<p {{#x}}></p {{/x}}>", 1, "another place"},
		{"<p {{#x}}a={{/x}}\"b\">", 1, "another place"},
		{"<title>{{#x}}</title><textarea>{{/x}}</title>", 1, "another place"},
		{"<p {{#x}}a{{/x}}b>", 1, "may not stand there"},
		{"<p {{#x}}a{{/x}}=\"b\">", 1, "may not stand there"},
		{"<p a{{#x}}b{{/x}}>", 1, "may not stand there"},
		{"<p a {{#x}}=\"b\"{{/x}}>", 1, "may not stand there"},
		{"<p {{#x}}on{{/x}}>", 1, "event attribute"},
		{"<style{{#x}}{{/x}}>", 1, "style element"},
		{"<script {{#x}}src=\"/a\"{{/x}}></script>", 1, "inline script"},
		{"<{{#x}}p{{/x}}>", 1, "neither in text"},
		{"<p a={{#x}}b{{/x}}>", 1, "neither in text"},
		{"<p a=b{{#x}}c{{/x}}>", 1, "neither in text"},
		{"<a href=\"{{#x}}/a{{/x}}\">", 1, "neither in text"},
		{"<!-- {{#x}}a{{/x}} -->", 1, "neither in text"},
		{"<!doctype {{#x}}html{{/x}}>", 1, "neither in text"},
		{"<script src=\"/a\">{{#x}}{{/x}}</script>", 1, "neither in text"},
		{"<p {{>p}}>", 1, "partial within"},
		{"<p class=\"{{>p}}\">", 1, "partial within"},
		{"<title>{{>p}}</title>", 1, "partial within"},
		{"<!-- {{>p}} -->", 1, "partial within"},
	};

	refuses_rows(*state, rows, COUNT(rows));
}

static void takes_what_is_plain(void **state)
{
	static const char *const pages[] = {
		"<!DOCTYPE html>\r\n<!-- a - b ---->\n<HTML lang=en><br/><br /><input disabled>",
		"<p>a > b & c }} ' \"</p>",
		"<input type = text value= 'a>b' width=50% checked >",
		"<script type=\"module\" src=\"{{url}}\" defer></script><p>{{x}}",
		"<script defer src=\"/a.js\"></SCRIPT>",
		"<a href=\"https://example.org/\"></a><a href=\"mailto:a@example.org\"></a>",
		"<a href=\"#main\"></a><a href=\"?a=b:c\"></a><a href=\"\"></a><a href=\"/a:b\">",
		"<a href=a/b.html></a><a data-x=\"{{x}}\" aria-label='{{x}}'></a>",
		"<input {{#x}}checked{{/x}}><input {{#x}}checked{{/x}} name=\"a\">",
		"<input{{#x}} checked{{/x}}/><input a=\"b\"{{#x}} checked{{/x}}>",
		"<input a {{#x}}b=\"{{x}}\" {{/x}} {{^x}}c{{/x}} d>",
		"<p class=\"a{{#x}} b{{/x}}{{^x}} c{{/x}}\">",
		"<title>{{#x}}a{{/x}} b &lt;</TITLE>",
		"<textarea rows=3>\n{{x}}</textarea>",
		"<svg viewBox=\"0 0 {{x}} {{x}}\"><path d=\"{{x}}\"/></svg>",
		"{{#x}}<p>{{/x}}{{^x}}<b>{{/x}}",
		"<scr{{! a note is nothing }}ipt src=\"/a\"></script>",
		"",
	};

	for (size_t i = 0; i < COUNT(pages); i++) {
		page(*state, pages[i]);
		(void)load(*state);
	}
}

static void reads_a_page_and_its_partials_when_asked(void **state)
{
	struct scratch *scratch = *state;
	struct template_set *set = NULL;
	struct fault fault = {.text = ""};
	struct buf buf;
	struct str out;

	page(scratch, "{{>a}}{{>b}}{{>a}}");
	scratch_file(scratch, "a.html", "<b>{{>b}}</b>", 0644);
	scratch_file(scratch, "b.html", "{{x}}", 0644);
	scratch_file(scratch, "broken.html", "{{#x}}", 0644);
	scratch_file(scratch, "circle.html", "{{>circle}}", 0644);
	scratch_file(scratch, "lost.html", "\n{{>nobody}}", 0644);
	assert_int_equal(template_open(scratch->dir, NULL, scratch->arena, &set), OK);
	assert_false(template_exists(set, STR("page.html")));
	assert_int_equal(template_need(set, STR("page.html"), &fault), OK);
	assert_int_equal(template_need(set, STR("page.html"), &fault), OK);
	assert_true(template_exists(set, STR("b.html")));
	buf_init(&buf, scratch->arena, 4096);
	assert_int_equal(
		template_render(set, STR("page.html"), data_with(scratch, "x", STR("<")), &buf),
		OK);
	assert_int_equal(buf_str(&buf, &out), OK);
	assert_string_equal(out.p, "<b>&lt;</b>&lt;<b>&lt;</b>");
	assert_int_equal(template_need(set, STR("broken.html"), &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "broken.html:1: a section that is not closed"));
	assert_int_equal(template_need(set, STR("circle.html"), &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "leads back"));
	assert_int_equal(template_need(set, STR("lost.html"), &fault), ERR_CONFIG);
	assert_non_null(strstr(fault.text, "nobody.html: cannot be read"));
	assert_int_equal(template_need(set, STR("none.html"), &fault), ERR_CONFIG);
}

static void refuses_partials_in_a_circle(void **state)
{
	scratch_file(*state, "a.html", "\n{{>a}}", 0644);
	refuses(*state, "a.html", 2, "leads back");
	scratch_file(*state, "a.html", "{{>b}}", 0644);
	scratch_file(*state, "b.html", "{{#x}}{{>a}}{{/x}}", 0644);
	struct fault fault = {.text = ""};
	const struct template_set *set = NULL;
	struct scratch *scratch = *state;
	assert_int_equal(template_load(scratch->dir, NULL, scratch->arena, &set, &fault),
			 ERR_CONFIG);
	assert_non_null(strstr(fault.text, "leads back"));
}

static void nest(struct buf *buf, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_add(buf, STR("{{#x}}"));
	buf_add(buf, STR("{{>part}}"));
	for (unsigned i = 0; i < depth; i++)
		buf_add(buf, STR("{{/x}}"));
}

/* IN-06 */
static void refuses_nesting_over_16_also_over_files(void **state)
{
	static const struct {
		unsigned depth;
		const char *part;
		const char *why;
	} rows[] = {
		{15, "a", NULL},
		{16, "a", "too deep"},
		{17, "a", "nested too deep"},
		{14, "{{#x}}a{{/x}}", NULL},
		{15, "{{#x}}a{{/x}}", "nested too deep"},
	};
	struct scratch *scratch = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str text;
		struct buf buf;

		buf_init(&buf, scratch->arena, 4096);
		nest(&buf, rows[i].depth);
		assert_int_equal(buf_str(&buf, &text), OK);
		scratch_file(scratch, "part.html", rows[i].part, 0644);
		page(scratch, text.p);
		if (rows[i].why == NULL)
			renders(scratch, "page.html", data_with(scratch, "x", STR("y")), "a");
		else
			refuses(scratch, "page.html", 1, rows[i].why);
	}
}

static void refuses_unsafe_unreadable_and_huge_files(void **state)
{
	struct scratch *scratch = *state;
	static char big[256 * 1024 + 1];

	scratch_file(scratch, "page.html", "a", 0646);
	refuses(scratch, "page.html", 0, "others may write");
	scratch_file(scratch, "page.html", "a", 0664);
	(void)load(scratch);
	assert_int_equal(unlink(scratch_path(scratch, "page.html")), 0);
	assert_int_equal(symlink("nowhere", scratch_path(scratch, "page.html")), 0);
	refuses(scratch, "page.html", 0, "cannot be read");
	assert_int_equal(unlink(scratch_path(scratch, "page.html")), 0);
	assert_int_equal(mkfifo(scratch_path(scratch, "page.html"), 0600), 0);
	refuses(scratch, "page.html", 0, "not a regular file");

	memset(big, 'a', sizeof big);
	scratch_bytes(scratch, "page.html", (struct str){big, sizeof big - 1}, 0644);
	(void)load(scratch);
	scratch_bytes(scratch, "page.html", (struct str){big, sizeof big}, 0644);
	refuses(scratch, "page.html", 0, "over 256 KiB");
}

static void refuses_a_folder_that_is_missing_or_open_to_all(void **state)
{
	struct scratch *scratch = *state;
	const struct template_set *set = NULL;
	struct fault fault = {.text = ""};

	assert_int_equal(
		template_load(scratch_path(scratch, "none"), NULL, scratch->arena, &set, &fault),
		ERR_CONFIG);
	assert_non_null(strstr(fault.text, "/none: cannot be read"));
	page(scratch, "a");
	assert_int_equal(chmod(scratch->dir, 0707), 0);
	assert_int_equal(template_load(scratch->dir, NULL, scratch->arena, &set, &fault),
			 ERR_CONFIG);
	assert_non_null(strstr(fault.text, "others may write"));
	assert_null(set);
}

/* IN-06 */
static void what_grows_without_end_is_stopped(void **state)
{
	struct scratch *scratch = *state;
	struct template_data *data = data_with(scratch, "x", STR("12345678"));
	const struct template_set *set;
	struct buf buf;

	page(scratch, "{{x}}{{x}}");
	set = load(scratch);
	buf_init(&buf, scratch->arena, 16);
	assert_int_equal(template_render(set, STR("page.html"), data, &buf), OK);
	buf_init(&buf, scratch->arena, 15);
	assert_int_equal(template_render(set, STR("page.html"), data, &buf), ERR_TOO_LARGE);

	for (char c = 'a'; c < 'k'; c++) {
		char name[] = {c, '.', 'h', 't', 'm', 'l', '\0'};
		char text[] = "{{>b}}{{>b}}{{>b}}{{>b}}";
		for (size_t i = 3; i < sizeof text; i += 6)
			text[i] = (char)(c + 1);
		scratch_file(scratch, name, text, 0644);
	}
	scratch_file(scratch, "k.html", "", 0644);
	set = load(scratch);
	buf_init(&buf, scratch->arena, 4096);
	assert_int_equal(template_render(set, STR("a.html"), data, &buf), ERR_TOO_LARGE);
}

static void says_when_memory_ran_out(void **state)
{
	struct scratch *scratch = *state;
	const struct template_set *set;
	struct template_data *data = NULL;
	struct arena *small = NULL;
	struct buf buf;

	page(scratch, "a");
	set = load(scratch);
	assert_int_equal(arena_open(256, 256, &small), OK);
	assert_int_equal(template_data_new(small, &data), OK);
	for (unsigned i = 0; i < 20; i++)
		template_text(template_item(data, "list"), "x", STR("y"));
	buf_init(&buf, scratch->arena, 4096);
	assert_int_equal(template_render(set, STR("page.html"), data, &buf), ERR_MEMORY);
	arena_close(&small);
}

static void the_shipped_templates_are_accepted(void **state)
{
	static const char *const names[] = {"login.html",      "logout.html",   "signed-out.html",
					    "account.html",    "sessions.html", "setup.html",
					    "setup-done.html", "error.html"};
	struct scratch *scratch = *state;
	const struct template_set *set = NULL;
	struct fault fault = {.text = ""};
	const struct catalogue *texts = NULL;
	enum err e = catalogue_load(TEST_SOURCE_DIR "/templates", scratch->arena, &texts, &fault);

	if (e == OK)
		e = template_load(TEST_SOURCE_DIR "/templates/", texts, scratch->arena, &set,
				  &fault);
	if (e != OK)
		print_error("%s\n", fault.text);
	assert_int_equal(e, OK);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_true(template_exists(set, str_of(names[i])));
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCRATCH(escapes_in_text_titles_and_attributes),
		WITH_SCRATCH(puts_a_url_and_only_a_url_into_a_url_attribute),
		WITH_SCRATCH(a_name_never_set_is_a_defect_and_an_absent_value_is_empty),
		WITH_SCRATCH(a_flag_or_a_list_in_a_slot_is_a_defect),
		WITH_SCRATCH(sections_follow_flags_texts_and_urls),
		WITH_SCRATCH(lists_nest_and_look_outward),
		WITH_SCRATCH(the_later_of_two_values_wins),
		WITH_SCRATCH(partials_are_put_in_by_kind_of_file),
		WITH_SCRATCH(finds_files_in_folders_below),
		WITH_SCRATCH(text_files_refuse_controls_but_newline_and_escape_nothing),
		WITH_SCRATCH(refuses_broken_tags),
		WITH_SCRATCH(refuses_slots_where_escaping_does_not_help),
		WITH_SCRATCH(refuses_script_foreign_hosts_and_what_browsers_guess_at),
		WITH_SCRATCH(refuses_sections_and_partials_that_change_the_place),
		WITH_SCRATCH(takes_what_is_plain),
		WITH_SCRATCH(reads_a_page_and_its_partials_when_asked),
		WITH_SCRATCH(refuses_partials_in_a_circle),
		WITH_SCRATCH(refuses_nesting_over_16_also_over_files),
		WITH_SCRATCH(refuses_unsafe_unreadable_and_huge_files),
		WITH_SCRATCH(refuses_a_folder_that_is_missing_or_open_to_all),
		WITH_SCRATCH(what_grows_without_end_is_stopped),
		WITH_SCRATCH(says_when_memory_ran_out),
		WITH_SCRATCH(the_shipped_templates_are_accepted),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
