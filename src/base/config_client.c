/* [client NAME]: an app, and where one may return to it. */
#include "config_client.h"

#define HTTPS STR("https://")

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

/* Only a-z, 0-9 and what marks has. */
static bool consists_of(struct str s, struct str marks)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_alnum(s.p[i]) && !str_contains(marks, s.p[i]))
			return false;
	}
	return s.n > 0;
}

/* What a URL may have after its host or scheme, written plainly: no quote, escape or backslash. */
static bool is_plain_path(struct str path)
{
	for (size_t i = 0; i < path.n; i++) {
		char c = path.p[i];
		bool letter = is_alnum(c) || (c >= 'A' && c <= 'Z');
		if (!letter && !str_contains(STR("/._~-"), c))
			return false;
	}
	return true;
}

/* https://HOST[:PORT]/…: the slash ends the host, so that no longer one begins with it. */
static bool is_site(struct str text)
{
	struct str host;
	struct str path;

	if (!str_starts(text, HTTPS))
		return false;
	return str_cut(str_sub(text, HTTPS.n, text.n), '/', &host, &path) &&
	       consists_of(host, STR(".-:")) && is_alnum(host.p[0]) && is_plain_path(path);
}

/* RFC 8252 §7.1: the name of a domain turned round. The dot keeps javascript:, data: and all other
 * known ones out. */
static bool is_app(struct str text)
{
	struct str scheme;
	struct str path;

	return str_cut(text, ':', &scheme, &path) && consists_of(scheme, STR(".-+")) &&
	       scheme.p[0] >= 'a' && scheme.p[0] <= 'z' && str_contains(scheme, '.') &&
	       is_plain_path(path);
}

/* NULL: fine. */
static const char *read_returns(struct client_config *client)
{
	struct str rest = client->return_text;
	struct str word;
	bool more = str_is_present(rest);

	while (more) {
		more = str_cut(str_trim(rest), ' ', &word, &rest);
		if (word.n == 0)
			continue;
		if (!is_site(word) && !is_app(word))
			return "must be https://HOST/PATH or the scheme of an app, such as "
			       "com.example.app:";
		if (client->return_count == CONFIG_RETURN_PREFIXES)
			return "has more than 16 places";
		client->returns[client->return_count++] = word;
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
