/* [client NAME]: an app, its sessions and tokens, and where one may return to it. */
#include "config_client.h"

#include "clock.h"

#define BIT(c) (1U << (c))
#define PAGES_CLASSES (BIT(CLASS_BROWSER) | BIT(CLASS_REMEMBERED) | BIT(CLASS_GUEST))

/* As a section without a line would make them. */
static const struct client_config builtins[] = {
	{
		.name = {"app", 3},
		.title = {"app", 3},
		.classes = PAGES_CLASSES | BIT(CLASS_NATIVE),
		.refresh_grace = 10 * CLOCK_SECOND,
	},
	{
		.name = {"browser", 7},
		.title = {"browser", 7},
		.classes = PAGES_CLASSES,
	},
};

const struct client_config *config_client(const struct config *config, struct str name)
{
	for (size_t i = 0; i < config->client_count; i++) {
		if (str_equal(config->clients[i].name, name))
			return &config->clients[i];
	}
	for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
		if (str_equal(builtins[i].name, name))
			return &builtins[i];
	}
	return NULL;
}

bool config_client_has(const struct client_config *client, enum session_class c)
{
	return c > CLASS_NONE && c < CLASS_COUNT && (client->classes & BIT(c)) != 0;
}

bool config_client_lists(const struct client_config *client, struct str service)
{
	struct str rest = client->services;
	struct str word;

	if (!str_is_present(rest) || service.n == 0)
		return false;
	for (bool more = true; more;) {
		more = str_cut(rest, ' ', &word, &rest);
		if (str_equal(word, service))
			return true;
	}
	return false;
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

/* StringOrURI (RFC 7519 §2), without what would have to be escaped somewhere. */
static bool is_audience(struct str audience)
{
	for (size_t i = 0; i < audience.n; i++) {
		char c = audience.p[i];
		if (c <= ' ' || c > '~' || c == '"' || c == '\\')
			return false;
	}
	return true;
}

static bool are_services(struct str list)
{
	struct str word;

	for (bool more = str_is_present(list); more;) {
		more = str_cut(list, ' ', &word, &list);
		if (word.n > 0 && !config_is_flow_name(word))
			return false;
	}
	return true;
}

/* A wrong value, and the setting that has it; NULL: none. */
static const char *find_flaw(struct client_config *client, const char **key)
{
	*key = "return";
	const char *flaw = read_returns(client);
	if (flaw != NULL)
		return flaw;
	*key = "audience";
	if (str_is_present(client->audience) && !is_audience(client->audience))
		return "must be one word of ASCII without quotes, such as https://api.example.org";
	*key = "services";
	return are_services(client->services)
		       ? NULL
		       : "must be names of services: a-z, 0-9, ., _ and -, with spaces between";
}

/* What hangs on the name and on the other settings of the section. */
static enum err complete(struct config_draft *draft, struct client_config *client, size_t part)
{
	size_t classes = config_table_find(STR("client"), STR("classes"));
	size_t grace = config_table_find(STR("client"), STR("refresh_grace"));

	bool is_pages = str_equal(client->name, CLIENT_PAGES);

	if (is_pages && config_draft_is_given(draft, part, classes))
		return config_draft_refuse(draft, part, classes,
					   "is not for the client of the pages themselves");
	if (is_pages)
		client->classes = PAGES_CLASSES;
	if (!config_client_has(client, CLASS_NATIVE) && !config_draft_is_given(draft, part, grace))
		client->refresh_grace = 0;
	if (!str_is_present(client->title))
		client->title = client->name;
	return OK;
}

enum err config_client_check(struct config_draft *draft)
{
	for (size_t i = 0; i < draft->config->client_count; i++) {
		struct client_config *client = &draft->config->clients[i];
		size_t part = config_draft_part(CONFIG_CLIENT, i);
		const char *key = NULL;
		const char *flaw = find_flaw(client, &key);

		if (flaw != NULL)
			return config_draft_refuse(
				draft, part, config_table_find(STR("client"), str_of(key)), flaw);
		TRY(complete(draft, client, part));
	}
	return OK;
}
