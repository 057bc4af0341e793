/* [client NAME]: an app, and where one may return to it. */
#include "config_client.h"

const struct client_config *config_client(const struct config *config, struct str name)
{
	for (size_t i = 0; i < config->client_count; i++) {
		if (str_equal(config->clients[i].name, name))
			return &config->clients[i];
	}
	return NULL;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Only a-z, 0-9 and what marks has; may be empty. */
static bool consists_of(struct str s, struct str marks)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_alnum(s.p[i]) && !str_contains(marks, s.p[i]))
			return false;
	}
	return true;
}

/* Labels with dots between, as a browser would write them: lower case, xn-- for what is not ASCII.
 */
static bool is_host(struct str host)
{
	struct str label;
	struct str rest = host;

	for (bool more = true; more;) {
		more = str_cut(rest, '.', &label, &rest);
		if (label.n == 0 || !consists_of(label, STR("-")) || !is_alnum(label.p[0]) ||
		    !is_alnum(label.p[label.n - 1]))
			return false;
	}
	return true;
}

static bool is_plain(struct str segment)
{
	for (size_t i = 0; i < segment.n; i++) {
		char c = segment.p[i];
		if (!is_alnum(c) && !(c >= 'A' && c <= 'Z') && !str_contains(STR("._~-"), c))
			return false;
	}
	return !str_equal(segment, STR(".")) && !str_equal(segment, STR(".."));
}

/* Written plainly: no query, escape or backslash, no segment that no canonical path has. */
static bool is_plain_path(struct str path)
{
	struct str segment;
	struct str rest = str_sub(path, 1, path.n);

	for (bool more = path.n > 0; more;) {
		more = str_cut(rest, '/', &segment, &rest);
		if (!is_plain(segment) || (more && segment.n == 0))
			return false;
	}
	return true;
}

/* https://HOST[:PORT]/…: the slash says how far the host goes, to whoever reads it. */
static bool is_site(const struct uri *uri)
{
	return str_equal(uri->scheme, STR("https")) && is_host(uri->host) && uri->path.n > 0;
}

/* RFC 8252 §7.1: the name of a domain turned round. The dot keeps javascript:, data: and all other
 * known ones out. */
static bool is_app(const struct uri *uri)
{
	bool bare = uri->host.n == 0 && uri->path.n == 0;

	return consists_of(uri->scheme, STR(".-+")) && str_contains(uri->scheme, '.') &&
	       (uri->host.n == 0 || is_host(uri->host)) &&
	       !(bare && str_is_present(uri->authority));
}

static bool is_place(struct str word, struct uri *out)
{
	struct uri uri;

	if (uri_split(word, &uri) != OK || !is_plain_path(uri.rest) ||
	    (!is_site(&uri) && !is_app(&uri)))
		return false;
	*out = uri;
	return true;
}

/* NULL: fine. */
static const char *read_returns(struct client_config *client)
{
	struct str rest = client->return_text;
	struct str word;
	struct uri place;
	bool more = str_is_present(rest);

	while (more) {
		more = str_cut(str_trim(rest), ' ', &word, &rest);
		if (word.n == 0)
			continue;
		if (!is_place(word, &place))
			return "must be https://HOST/PATH or the scheme of an app, such as "
			       "com.example.app:";
		if (client->return_count == CONFIG_RETURN_PREFIXES)
			return "has more than 16 places";
		client->returns[client->return_count++] = place;
	}
	return NULL;
}

enum err config_client_check(struct config_draft *draft)
{
	for (size_t i = 0; i < draft->config->client_count; i++) {
		struct client_config *client = &draft->config->clients[i];
		const char *flaw = read_returns(client);

		if (flaw != NULL)
			return config_draft_refuse(draft, config_draft_part(CONFIG_CLIENT, i),
						   config_table_find(STR("client"), STR("return")),
						   flaw);
		if (!str_is_present(client->title))
			client->title = client->name;
	}
	return OK;
}
