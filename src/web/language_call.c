/* Which language a call is answered in, and links that keep on asking for it. */
#include "language_call.h"

#include "buf.h"
#include "call.h"
#include "url.h"

#define PATH_MAX_BYTES ((size_t)8 * REQUEST_PATH_MAX)

/* The raw value of the parameter; absent: there is none, or an empty one. */
static struct str parameter(struct str query)
{
	struct str pair, name, value;
	for (bool more = str_is_present(query); more;) {
		more = str_cut(query, '&', &pair, &query);
		if (str_cut(pair, '=', &name, &value) && str_equal(name, STR("ui_locales")))
			return value;
	}
	return STR_NONE;
}

/* A value that cannot be read is as good as one that names no language here. */
static enum err read_parameter(struct call *call)
{
	struct str raw = parameter(call->request.query), tags;
	const struct language *language = NULL;
	if (raw.n == 0 || call->match.surface != SURFACE_PAGE)
		return OK;
	enum err err = url_decode(call->arena, raw, true, &tags);
	if (err == OK)
		language = catalogue_first(call->app->texts, tags);
	if (language != NULL) {
		call->language = language;
		call->carries_language = true;
	}
	return err == ERR_INPUT ? OK : err;
}

enum err language_read(struct call *call)
{
	call->language = call->app->language;
	if (call->guarded != NULL)
		return OK;
	TRY(read_parameter(call));
	if (call->carries_language)
		return OK;
	const struct language *accepted =
		catalogue_accepted(call->app->texts, call->request.accept_language);
	if (accepted != NULL)
		call->language = accepted;
	return OK;
}

const struct language *language_of_call(const struct call *call)
{
	const struct language *language = NULL;
	if (call->session.standing >= SESSION_PENDING)
		language = catalogue_lookup(call->app->texts, call->session.found.language);
	if (language == NULL)
		language = call->language;
	if (language == NULL)
		language = call->app->language;
	app_speak(call->app, language);
	return language;
}

enum err language_url(struct call *call, struct str own_path, struct url *out)
{
	struct str path;
	struct buf text;
	if (!call->carries_language)
		return url_own(call->arena, call->app->config->server.base_path, own_path, out);
	buf_init(&text, call->arena, PATH_MAX_BYTES);
	buf_add(&text, own_path);
	buf_add_char(&text, str_contains(own_path, '?') ? '&' : '?');
	buf_add(&text, STR("ui_locales="));
	url_add_encoded(&text, language_tag(call->language));
	TRY(buf_str(&text, &path));
	return url_own(call->arena, call->app->config->server.base_path, path, out);
}
