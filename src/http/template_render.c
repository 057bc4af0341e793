/* From nodes and frames to text. */
#include <stddef.h>

#include "buf.h"
#include "catalogue_text.h"
#include "html.h"
#include "template_node.h"

/* Nodes a page may take: partials in partials could be many without a character of output. */
#define STEPS_MAX 200000U

struct renderer {
	struct buf *out;
	unsigned steps;
};

static enum err render_nodes(struct renderer *renderer, const struct template *template,
			     const struct template_data *data, size_t from, size_t to);

static bool has_refused_control(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\n' && str_has_control(str_sub(text, i, i + 1)))
			return true;
	}
	return false;
}

static enum err render_slot(struct renderer *renderer, const struct template *template,
			    const struct template_node *node, const struct template_value *value)
{
	bool is_url = value->type == TEMPLATE_VALUE_URL;

	bool is_text = value->type == TEMPLATE_VALUE_TEXT || value->type == TEMPLATE_VALUE_NUMBER;

	if (!is_url && (!is_text || node->type == TEMPLATE_URL_SLOT))
		return ERR_INTERNAL;
	if (template->is_html) {
		html_add(renderer->out, value->text);
		return OK;
	}
	if (has_refused_control(value->text))
		return ERR_INPUT;
	buf_add(renderer->out, value->text);
	return OK;
}

static bool is_true(const struct template_value *value)
{
	switch (value->type) {
	case TEMPLATE_VALUE_FLAG:
		return value->flag;
	case TEMPLATE_VALUE_LIST:
		return value->first != NULL;
	case TEMPLATE_VALUE_NUMBER:
		return value->number > 0;
	case TEMPLATE_VALUE_TEXT:
	case TEMPLATE_VALUE_URL:
	default:
		return value->text.n > 0;
	}
}

/* from is the section's own node. */
static enum err render_section(struct renderer *renderer, const struct template *template,
			       const struct template_data *data, size_t from)
{
	const struct template_node *node = &template->nodes[from];
	const struct template_value *value = template_find(data, node->text);

	if (value == NULL)
		return ERR_INTERNAL;
	if (is_true(value) != (node->type == TEMPLATE_SECTION))
		return OK;
	if (value->type != TEMPLATE_VALUE_LIST || node->type == TEMPLATE_INVERTED)
		return render_nodes(renderer, template, data, from + 1, node->end);
	for (const struct template_data *item = value->first; item != NULL; item = item->next)
		TRY(render_nodes(renderer, template, item, from + 1, node->end));
	return OK;
}

static enum err render_phrase(struct renderer *renderer, const struct template *template,
			      const struct template_node *node, const struct template_data *data)
{
	const struct language *language = data->root->language;
	const struct template_value *number = NULL;
	const struct template_value *value = NULL;
	unsigned form = 0;

	if (language == NULL || language->texts == NULL || language->catalogue != template->texts)
		return ERR_INTERNAL;
	if (str_is_present(node->count)) {
		number = template_find(data, node->count);
		if (number == NULL || number->type != TEMPLATE_VALUE_NUMBER)
			return ERR_INTERNAL;
		form = plural_form(language->plural, number->number);
	}
	const struct phrase *phrase = &language->texts[node->place].forms[form];
	for (size_t i = 0; i < phrase->n; i++) {
		const struct phrase_piece *piece = &phrase->pieces[i];
		buf_add(renderer->out, template->is_html ? piece->html : piece->plain);
		if (!str_is_present(piece->slot))
			continue;
		bool is_number = number != NULL && str_equal(piece->slot, STR("count"));
		value = is_number ? number : template_find(data, piece->slot);
		TRY(value == NULL ? ERR_INTERNAL : render_slot(renderer, template, node, value));
	}
	return OK;
}

static enum err render_node(struct renderer *renderer, const struct template *template,
			    const struct template_data *data, size_t at)
{
	const struct template_node *node = &template->nodes[at];
	const struct template_value *value = NULL;

	switch (node->type) {
	case TEMPLATE_LITERAL:
		buf_add(renderer->out, node->text);
		return OK;
	case TEMPLATE_SECTION:
	case TEMPLATE_INVERTED:
		return render_section(renderer, template, data, at);
	case TEMPLATE_PARTIAL:
		return render_nodes(renderer, node->partial, data, 0, node->partial->n);
	case TEMPLATE_SAY:
		return render_phrase(renderer, template, node, data);
	case TEMPLATE_SLOT:
	case TEMPLATE_URL_SLOT:
	default:
		value = template_find(data, node->text);
		return value == NULL ? ERR_INTERNAL : render_slot(renderer, template, node, value);
	}
}

/* The depth of the recursion was measured when the set was loaded. */
static enum err render_nodes(struct renderer *renderer, const struct template *template,
			     const struct template_data *data, size_t from, size_t to)
{
	size_t at = from;

	while (at < to) {
		const struct template_node *node = &template->nodes[at];
		if (++renderer->steps > STEPS_MAX)
			return ERR_TOO_LARGE;
		TRY(render_node(renderer, template, data, at));
		if (renderer->out->failed != OK)
			return renderer->out->failed;
		at = node->end > at ? node->end : at + 1;
	}
	return OK;
}

enum err template_render(const struct template_set *set, struct str name,
			 const struct template_data *data, struct buf *out)
{
	struct renderer renderer = {.out = out};
	const struct template *template = set->first;

	while (template != NULL && !str_equal(template->name, name))
		template = template->next;
	if (template == NULL)
		return ERR_INTERNAL;
	if (data->root->failed != OK)
		return data->root->failed;
	return render_nodes(&renderer, template, data, 0, template->n);
}
