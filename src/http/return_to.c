/* return_to: where a journey goes on, as a link or an app asks for it, held against what is listed.
 */
#include "return_to.h"

#include "buf.h"
#include "config.h"
#include "request.h"
#include "uri.h"

/* The best match so far. */
struct match {
	const struct client_config *client; /* NULL: none */
	const struct uri *place;
};

static void look_at(const struct client_config *client, const struct uri *uri, struct match *best)
{
	for (size_t i = 0; i < client->return_count; i++) {
		const struct uri *place = &client->returns[i];
		if (!uri_is_below(uri, place))
			continue;
		if (best->client == NULL || place->path.n > best->place->path.n)
			*best = (struct match){client, place};
	}
}

/* Elsewhere, and canonical behind the host: then its path is the one that everybody sees. */
static bool is_elsewhere(struct str text, struct uri *out)
{
	struct uri uri;
	struct url rest;

	if (text.n > REQUEST_PATH_MAX || uri_split(text, &uri) != OK)
		return false;
	if (uri.rest.n > 0 && url_check_local(uri.rest, &rest) != OK)
		return false;
	*out = uri;
	return true;
}

struct return_to return_to_find(const struct config *config, struct str text)
{
	struct return_to nowhere = {.kind = RETURN_NOWHERE};
	struct match best = {.client = NULL};
	struct url here;
	struct uri uri;

	if (url_check_local(text, &here) == OK)
		return (struct return_to){.kind = RETURN_HERE, .url = here};
	if (!is_elsewhere(text, &uri))
		return nowhere;
	for (size_t i = 0; i < config->client_count; i++)
		look_at(&config->clients[i], &uri, &best);
	if (best.client == NULL)
		return nowhere;
	bool site = uri_is_https(best.place);
	return (struct return_to){
		.kind = site ? RETURN_SITE : RETURN_APP,
		.url = {.text = text},
		.title = best.client->title,
		.place = site ? best.place->authority : best.place->scheme,
	};
}

bool return_to_is_foreign(const struct return_to *target)
{
	return target->kind == RETURN_SITE || target->kind == RETURN_APP;
}

enum err return_to_link(struct arena *arena, const struct config *config, struct str page,
			struct str place, struct url *out)
{
	struct str path = STR_NONE;
	struct buf text;

	buf_init(&text, arena, (size_t)8 * REQUEST_PATH_MAX);
	buf_add(&text, config->server.base_path);
	buf_add(&text, page);
	if (str_is_present(place)) {
		buf_add(&text, STR("?return_to="));
		url_add_encoded(&text, place);
	}
	TRY(buf_str(&text, &path));
	return url_absolute(arena, config->server.origin, path, out);
}
