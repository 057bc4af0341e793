/* An address elsewhere in its parts (RFC 3986 §3): compared by parts, never as text. */
#include "uri.h"

#define PORT_MAX 65535
#define PORT_HTTPS 443

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters, digits and what marks has; may be empty. */
static bool consists_of(struct str s, struct str marks)
{
	for (size_t i = 0; i < s.n; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';
		if (!is_letter(s.p[i]) && !digit && !str_contains(marks, s.p[i]))
			return false;
	}
	return true;
}

static enum err split_authority(struct str authority, struct uri *uri)
{
	struct str digits;
	uint64_t port;

	uri->authority = authority;
	if (str_cut(authority, ':', &uri->host, &digits)) {
		TRY(str_to_u64(digits, PORT_MAX, &port));
		if (port == 0 || digits.p[0] == '0')
			return ERR_INPUT;
		uri->port = (unsigned)port;
	}
	return consists_of(uri->host, STR(".-")) ? OK : ERR_INPUT;
}

/* Where the authority ends: at the first slash, or with the text. */
static size_t slash(struct str s)
{
	size_t at = 0;

	while (at < s.n && s.p[at] != '/')
		at++;
	return at;
}

enum err uri_split(struct str text, struct uri *out)
{
	struct uri uri = {.authority = STR_NONE};
	struct str rest;

	if (!str_cut(text, ':', &uri.scheme, &rest) || uri.scheme.n == 0 ||
	    !is_letter(uri.scheme.p[0]) || !consists_of(uri.scheme, STR("+-.")))
		return ERR_INPUT;
	if (str_starts(rest, STR("//"))) {
		rest = str_sub(rest, 2, rest.n);
		size_t end = slash(rest);
		TRY(split_authority(str_sub(rest, 0, end), &uri));
		rest = str_sub(rest, end, rest.n);
	}
	if (rest.n > 0 && rest.p[0] != '/')
		return ERR_INPUT;
	uri.rest = rest;
	str_cut(rest, '?', &uri.path, &rest);
	*out = uri;
	return OK;
}

bool uri_is_https(const struct uri *uri)
{
	return str_equal_nocase(uri->scheme, STR("https"));
}

static unsigned port_of(const struct uri *uri)
{
	return uri->port == 0 && uri_is_https(uri) ? PORT_HTTPS : uri->port;
}

static bool is_path_below(struct str path, struct str place)
{
	if (!str_starts(path, place))
		return false;
	return path.n == place.n || place.n == 0 || place.p[place.n - 1] == '/' ||
	       path.p[place.n] == '/';
}

bool uri_is_below(const struct uri *uri, const struct uri *place)
{
	struct str path = uri->path;

	if (!str_equal_nocase(uri->scheme, place->scheme))
		return false;
	if (!str_is_present(place->authority) && place->path.n == 0)
		return true;
	if (str_is_present(uri->authority) != str_is_present(place->authority) ||
	    !str_equal_nocase(uri->host, place->host) || port_of(uri) != port_of(place))
		return false;
	/* RFC 3986 §6.2.3: of https no path is the same as the shortest. */
	if (path.n == 0 && uri_is_https(uri))
		path = STR("/");
	return is_path_below(path, place->path);
}
