/* Texts of a catalogue in templates: where they may stand, and that no translator can make markup.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "buf.h"
#include "http_texts.h"
#include "template.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void page(struct scratch *scratch, const char *name, const char *text)
{
	scratch_file(scratch, name, text, 0644);
}

static struct template_data *new_data(struct scratch *scratch, const struct catalogue *texts,
				      const char *tag)
{
	struct template_data *data = NULL;

	assert_int_equal(template_data_new(scratch->arena, &data), OK);
	if (tag != NULL)
		template_language(data, catalogue_lookup(texts, str_of(tag)));
	return data;
}

static enum err render(struct scratch *scratch, const struct catalogue *texts, const char *name,
		       const struct template_data *data, struct str *out)
{
	const struct template_set *set = NULL;
	struct fault fault = {.text = ""};
	struct buf buf;

	if (template_load(scratch->dir, texts, scratch->arena, &set, &fault) != OK)
		fail_msg("refused: %s", fault.text);
	buf_init(&buf, scratch->arena, 4096);
	TRY(template_render(set, str_of(name), data, &buf));
	return buf_str(&buf, out);
}

static void renders(struct scratch *scratch, const struct catalogue *texts,
		    const struct template_data *data, const char *expected)
{
	struct str out = STR_NONE;

	assert_int_equal(render(scratch, texts, "page.html", data, &out), OK);
	if (!str_equal(out, str_of(expected)))
		fail_msg("\"%s\" is not \"%s\"", out.p, expected);
}

/* IN-02 */
static void a_translator_cannot_make_markup(void **state)
{
	static const char *const hostile[][2] = {
		{"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
		{"\\\" onclick=\\\"x", "&quot; onclick=&quot;x"},
		{"' onclick='x", "&#39; onclick=&#39;x"},
		{"--><!--", "--&gt;&lt;!--"},
		{"</title></textarea>", "&lt;/title&gt;&lt;/textarea&gt;"},
		{"&lt;&#60;", "&amp;lt;&amp;#60;"},
		{"<B>x</B> <b class=y>", "&lt;B&gt;x&lt;/B&gt; &lt;b class=y&gt;"},
		{"<img src=x>", "&lt;img src=x&gt;"},
	};
	struct scratch *scratch = *state;

	page(scratch, "page.html",
	     "<title>{{$a}}</title><p class=\"{{$a}}\" id='{{$a}}'>{{$a}}</p>");
	for (size_t i = 0; i < COUNT(hostile); i++) {
		char json[256];
		char expected[1024];
		const char *safe = hostile[i][1];
		(void)snprintf(json, sizeof json, "{\"a\": \"%s\"}", hostile[i][0]);
		(void)snprintf(expected, sizeof expected,
			       "<title>%s</title><p class=\"%s\" id='%s'>%s</p>", safe, safe, safe,
			       safe);
		texts_write(scratch, json, json);
		const struct catalogue *texts = texts_load(scratch);
		renders(scratch, texts, new_data(scratch, texts, "en"), expected);
	}
}

static void slots_of_texts_are_escaped_and_found_outward(void **state)
{
	struct scratch *scratch = *state;

	texts_write(scratch, "{\"a\": \"[{who}|<b>{x}</b>|<code>c</code>]\"}",
		    "{\"a\": \"{x} {who}\"}");
	page(scratch, "page.html",
	     "<html lang=\"{{lang}}\" dir=\"{{dir}}\">{{#rows}}{{$a}}{{/rows}}{{>part}}");
	page(scratch, "part.html", "<p>{{$a}}");
	const struct catalogue *texts = texts_load(scratch);
	for (unsigned i = 0; i < 2; i++) {
		struct template_data *data = new_data(scratch, texts, i == 0 ? "en" : "xx");
		template_text(data, "who", STR("<me>"));
		template_url(data, "x", (struct url){STR("/a?b&c")});
		template_text(template_item(data, "rows"), "x", STR("\"1\""));
		renders(scratch, texts, data,
			i == 0 ? "<html lang=\"en\" dir=\"ltr\">"
				 "[&lt;me&gt;|<strong>&quot;1&quot;</strong>|<code>c</code>]"
				 "<p>[&lt;me&gt;|<strong>/a?b&amp;c</strong>|<code>c</code>]"
			       : "<html lang=\"xx\" dir=\"rtl\">&quot;1&quot; &lt;me&gt;"
				 "<p>/a?b&amp;c &lt;me&gt;");
	}
}

static void plural_texts_go_by_their_number(void **state)
{
	struct scratch *scratch = *state;

	texts_write(scratch, "{\"a\": [\"one {unit}\", \"{count} {unit}s\"]}",
		    "{\"a\": [\"no {unit}\", \"{count} {unit}\", \"{count} {unit}+\"]}");
	page(scratch, "page.html", "{{#n}}<p title=\"{{$a:n}}\">{{/n}}{{^n}}-{{/n}}{{$a:n}} {{n}}");
	const struct catalogue *texts = texts_load(scratch);
	struct template_data *data = new_data(scratch, texts, "en");
	template_text(data, "unit", STR("<hour>"));
	template_count(data, "n", 1);
	renders(scratch, texts, data, "<p title=\"one &lt;hour&gt;\">one &lt;hour&gt; 1");
	template_count(data, "n", 0);
	renders(scratch, texts, data, "-0 &lt;hour&gt;s 0");
	template_language(data, catalogue_lookup(texts, STR("xx")));
	renders(scratch, texts, data, "-no &lt;hour&gt; 0");
	template_count(data, "n", UINT64_MAX);
	renders(scratch, texts, data,
		"<p title=\"18446744073709551615 &lt;hour&gt;+\">18446744073709551615 "
		"&lt;hour&gt;+ 18446744073709551615");
}

static void text_files_take_texts_as_they_are(void **state)
{
	struct scratch *scratch = *state;
	struct str out = STR_NONE;

	texts_write(scratch, "{\"a\": \"<b>{who}</b> & \\\"you\\\" <i>\"}", "{\"a\": \"{who}\"}");
	page(scratch, "mail.txt", "Subject: {{$a}}\n");
	const struct catalogue *texts = texts_load(scratch);
	struct template_data *data = new_data(scratch, texts, "en");
	template_text(data, "who", STR("<me>"));
	assert_int_equal(render(scratch, texts, "mail.txt", data, &out), OK);
	assert_string_equal(out.p, "Subject: <me> & \"you\" <i>\n");
	template_text(data, "who", STR("me\r\nBcc: you"));
	assert_int_equal(render(scratch, texts, "mail.txt", data, &out), ERR_INPUT);
}

static void what_was_not_set_is_a_defect(void **state)
{
	static const char *const pages[] = {"{{$a}}", "{{$b:n}}", "{{$b:text}}"};
	struct scratch *scratch = *state;
	struct str out;

	texts_write(scratch, "{\"a\": \"{who}\", \"b\": [\"\", \"\"]}",
		    "{\"a\": \"{who}\", \"b\": [\"\", \"\", \"\"]}");
	const struct catalogue *texts = texts_load(scratch);
	const struct catalogue *others = texts_load(scratch);
	struct template_data *data = new_data(scratch, texts, "en");
	template_text(data, "text", STR("1"));
	for (size_t i = 0; i < COUNT(pages); i++) {
		page(scratch, "page.html", pages[i]);
		assert_int_equal(render(scratch, texts, "page.html", data, &out), ERR_INTERNAL);
	}
	template_text(data, "who", STR(""));
	template_count(data, "n", 1);
	page(scratch, "page.html", "{{$a}}{{$b:n}}");
	assert_int_equal(render(scratch, texts, "page.html", data, &out), OK);
	assert_int_equal(render(scratch, others, "page.html", data, &out), ERR_INTERNAL);
	data = new_data(scratch, texts, NULL);
	template_text(data, "who", STR(""));
	page(scratch, "page.html", "{{$a}}");
	assert_int_equal(render(scratch, texts, "page.html", data, &out), ERR_INTERNAL);
}

static void refuses_texts_in_their_line(void **state)
{
	static const struct {
		const char *page;
		unsigned line;
		const char *why;
	} rows[] = {
		{"\n{{$typo}}", 2, "no catalogue has the text typo"},
		{"{{$}}", 1, "no catalogue has the text"},
		{"{{$a b}}", 1, "no catalogue has the text"},
		{"{{$a:}}", 1, "no name"},
		{"{{$a:N}}", 1, "no name"},
		{"\n\n{{$n}}", 3, "a plural text without a number"},
		{"{{$a:n}}", 1, "a number without one"},
		{"{{$bold}}<p title=\"{{$a}}\n{{$bold}}\">", 2, "marks in an attribute"},
		{"<title>{{$bold}}</title>", 1, "marks in an attribute, title"},
		{"<textarea>{{$plural_bold:n}}</textarea>", 1, "marks in an attribute, title"},
		{"<a href=\"{{$a}}\">", 1, "a text in a URL"},
		{"<form action='{{$a}}'>", 1, "a text in a URL"},
		{"<a href=\"/x{{$a}}\">", 1, "not the whole value"},
		{"<p\nonclick=\"{{$a}}\">", 2, "event attribute"},
		{"<p style=\"{{$a}}\">", 1, "style attribute"},
		{"<p {{$a}}>", 1, "outside of a value"},
		{"<p class={{$a}}>", 1, "without quotes"},
		{"<{{$a}}>", 1, "outside of a value"},
		{"<!-- {{$a}} -->", 1, "in a comment"},
		{"<script src=\"/a\">{{$a}}</script>", 1, "in a script"},
		{"<p>{{$a", 1, "without }}"},
	};
	struct scratch *scratch = *state;

	texts_write(scratch,
		    "{\"a\": \"a\", \"bold\": \"b\", \"n\": [\"\", \"\"],"
		    " \"plural_bold\": [\"\", \"<b>x</b>\"]}",
		    "{\"a\": \"a\", \"bold\": \"<b>x</b>\", \"n\": [\"\", \"\", \"\"],"
		    " \"plural_bold\": [\"\", \"\", \"\"]}");
	const struct catalogue *texts = texts_load(scratch);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct template_set *set = NULL;
		struct fault fault = {.text = ""};
		char start[SCRATCH_PATH + 16];
		page(scratch, "page.html", rows[i].page);
		assert_int_equal(template_load(scratch->dir, texts, scratch->arena, &set, &fault),
				 ERR_CONFIG);
		(void)snprintf(start, sizeof start, "%s:%u: ", scratch_path(scratch, "page.html"),
			       rows[i].line);
		if (!str_starts(str_of(fault.text), str_of(start)) ||
		    strstr(fault.text, rows[i].why) == NULL)
			fail_msg("\"%s\" is not \"%s… %s\"", fault.text, start, rows[i].why);
	}
	page(scratch, "page.html", "{{$a}}");
	struct fault fault = {.text = ""};
	const struct template_set *set = NULL;
	assert_int_equal(template_load(scratch->dir, NULL, scratch->arena, &set, &fault),
			 ERR_CONFIG);
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCRATCH(a_translator_cannot_make_markup),
		WITH_SCRATCH(slots_of_texts_are_escaped_and_found_outward),
		WITH_SCRATCH(plural_texts_go_by_their_number),
		WITH_SCRATCH(text_files_take_texts_as_they_are),
		WITH_SCRATCH(what_was_not_set_is_a_defect),
		WITH_SCRATCH(refuses_texts_in_their_line),
	};

	return cmocka_run_group_tests_name("template texts", tests, NULL, NULL);
}
