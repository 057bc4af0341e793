/*
 * template_parse over any bytes, as .html and as .txt. What it accepts is filled twice, with plain
 * and with hostile values: both pages must have the same markup characters.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "arena.h"
#include "buf.h"
#include "template_node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Names of URL slots get a URL: that is the page handlers' to decide, and url.c's to check. */
static void fill(struct template_data *data, const struct template *template, struct str value)
{
	struct arena *arena = data->arena;

	for (size_t i = 0; i < template->n; i++) {
		const struct template_node *node = &template->nodes[i];
		struct str name = STR_NONE;
		require(str_copy(arena, node->text, &name) == OK);
		if (node->type == TEMPLATE_URL_SLOT)
			template_url(data, name.p, (struct url){STR("/auth/?a=b")});
		else if (node->type != TEMPLATE_LITERAL && template_find(data, name) == NULL)
			template_text(data, name.p, value);
	}
}

static struct str page(struct arena *arena, struct template *template, struct str value)
{
	struct template_set set = {.first = template};
	struct template_data *data = NULL;
	struct str text = STR_NONE;
	struct buf out;

	require(template_data_new(arena, &data) == OK);
	fill(data, template, value);
	buf_init(&out, arena, (size_t)4 * 1024 * 1024);
	require(template_render(&set, template->name, data, &out) == OK);
	require(buf_str(&out, &text) == OK);
	return text;
}

static size_t count(struct str text, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == c;
	return n;
}

static void check_page(struct arena *arena, struct template *template)
{
	struct str plain = page(arena, template, STR("x"));
	struct str hostile = page(arena, template, STR("\"'><script>alert(1)</script><!-- &lt;"));

	require(count(plain, '<') == count(hostile, '<'));
	require(count(plain, '>') == count(hostile, '>'));
	require(count(plain, '"') == count(hostile, '"'));
	require(count(plain, '\'') == count(hostile, '\''));
}

/* A set of one cannot have partials. */
static bool has_partial(const struct template *template)
{
	for (size_t i = 0; i < template->n; i++) {
		if (template->nodes[i].type == TEMPLATE_PARTIAL)
			return true;
	}
	return false;
}

static void try_as(bool is_html, struct str text)
{
	struct arena *arena = NULL;
	struct fault fault = {.text = ""};
	struct template template = {.file = "x", .name = STR("x"), .is_html = is_html};

	require(arena_open(4096, (size_t)64 * 1024 * 1024, &arena) == OK);
	enum err e = template_parse(arena, &template, text, &fault);
	require(e == OK || e == ERR_MEMORY || (e == ERR_CONFIG && fault.text[0] != '\0'));
	if (e == OK && !has_partial(&template) && is_html)
		check_page(arena, &template);
	else if (e == OK && !has_partial(&template))
		(void)page(arena, &template, STR("x\ny"));
	arena_close(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};

	/* Values are looked up in a line: not for files of thousands of names. */
	if (size > 16384)
		return 0;
	try_as(true, text);
	try_as(false, text);
	return 0;
}
