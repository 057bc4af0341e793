/* [second_factor] and [passkey]: what hangs on other settings. */
#include "config_factor.h"

#include "arena.h"
#include "uri.h"

static enum err refuse(struct config_draft *draft, const char *section, const char *key,
		       const char *reason)
{
	return config_draft_refuse(draft, 0, config_table_find(str_of(section), str_of(key)),
				   reason);
}

static enum err read_require(struct config_draft *draft)
{
	static const struct str words[] = {{"off", 3}, {"optional", 8}, {"roles", 5}, {"all", 3}};
	struct config *config = draft->config;

	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!str_equal(config->second_factor.require_text, words[i]))
			continue;
		config->second_factor.require = (enum factor_require)i;
		return OK;
	}
	return refuse(draft, "second_factor", "require", "must be off, optional, roles or all");
}

static enum err read_counter(struct config_draft *draft)
{
	struct config *config = draft->config;

	config->passkey.counter_refuses = str_equal(config->passkey.counter_text, STR("refuse"));
	if (config->passkey.counter_refuses || str_equal(config->passkey.counter_text, STR("note")))
		return OK;
	return refuse(draft, "passkey", "counter", "must be refuse or note");
}

static struct str without_port(struct str host)
{
	struct str name, port;

	(void)str_cut(host, ':', &name, &port);
	return name;
}

/* The host itself, or a domain that it lies below (WebAuthn L3 §5.1.2), of two labels at least. */
static bool is_suffix(struct str host, struct str domain)
{
	if (str_equal(host, domain))
		return true;
	return host.n > domain.n + 1 && str_contains(domain, '.') &&
	       host.p[host.n - domain.n - 1] == '.' &&
	       str_equal(str_sub(host, host.n - domain.n, domain.n), domain);
}

static enum err read_party(struct config_draft *draft)
{
	struct config *config = draft->config;
	struct str host = without_port(config->server.host);

	if (!str_is_present(config->passkey.rp_id))
		config->passkey.rp_id = host;
	if (is_suffix(host, config->passkey.rp_id))
		return OK;
	return refuse(draft, "passkey", "rp_id",
		      "must be the host of [server] origin, or a domain that it lies below");
}

/* Of a web page https://HOST[:PORT] in small letters; of an Android app what it is signed with. */
static bool is_origin(struct str word)
{
	static const struct str android = {"android:apk-key-hash:", 21};
	struct uri uri;

	if (str_equal(str_sub(word, 0, android.n), android))
		return word.n == android.n + 43;
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] >= 'A' && word.p[i] <= 'Z')
			return false;
	return uri_split(word, &uri) == OK && uri_is_https(&uri) && uri.host.n > 0 &&
	       uri.rest.n == 0;
}

/* The configured origin is always one: the pages are there. */
static enum err read_origins(struct config_draft *draft)
{
	struct config *config = draft->config;
	struct str rest = config->passkey.origins_text;
	struct str word;

	config->passkey.origins[0] = config->server.origin;
	config->passkey.origin_count = 1;
	while (str_is_present(rest) && rest.n > 0) {
		(void)str_cut(str_trim(rest), ' ', &word, &rest);
		if (word.n == 0 || str_equal(word, config->server.origin))
			continue;
		if (!is_origin(word))
			return refuse(draft, "passkey", "origins",
				      "must be origins such as https://login.example.org or "
				      "android:apk-key-hash:…");
		if (config->passkey.origin_count == CONFIG_PASSKEY_ORIGINS)
			return refuse(draft, "passkey", "origins", "must be at most 7 origins");
		config->passkey.origins[config->passkey.origin_count++] = word;
	}
	return OK;
}

enum err config_factor_check(struct config_draft *draft)
{
	TRY(read_require(draft));
	TRY(read_counter(draft));
	TRY(read_party(draft));
	return read_origins(draft);
}
