/* The place that a request target names, of whatever there is on a host: canonical, or why not. */
#include "place.h"

#include "arena.h"
#include "request.h"
#include "url.h"

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_escape(struct str s, size_t at)
{
	return s.p[at] == '%' && s.n - at >= 3 && is_hex(s.p[at + 1]) && is_hex(s.p[at + 2]);
}

/* NULL: nothing that is refused as it stands there. */
static const char *escape_flaw(struct str raw)
{
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] != '%')
			continue;
		if (!is_escape(raw, i))
			return "it has a broken escape";
		struct str octet = str_sub(raw, i + 1, i + 3);
		if (str_equal(octet, STR("00")))
			return "it has an escaped NUL (%00)";
		if (str_equal_nocase(octet, STR("2f")))
			return "it has an escaped slash (%2f)";
		if (str_equal_nocase(octet, STR("5c")))
			return "it has an escaped backslash (%5c)";
	}
	return NULL;
}

static const char *segment_flaw(struct str path)
{
	struct str rest = str_sub(path, 1, path.n);
	struct str segment = STR_NONE;

	for (bool more = true; more;) {
		more = str_cut(rest, '/', &segment, &rest);
		if (segment.n == 0 && more)
			return "it has two slashes behind each other";
		if (str_equal(segment, STR(".")) || str_equal(segment, STR("..")))
			return "it has a dot segment (. or ..), escaped or not";
	}
	return NULL;
}

static const char *decoded_flaw(struct str path)
{
	if (!str_is_utf8(path))
		return "it is not UTF-8";
	if (str_has_control(path))
		return "it has a control character";
	if (str_contains(path, '\\'))
		return "it has a backslash";
	for (size_t i = 0; i < path.n; i++)
		if (is_escape(path, i))
			return "it has an escape that is escaped itself (%25..)";
	return segment_flaw(path);
}

static const char *raw_flaw(struct arena *arena, struct str raw)
{
	struct str path = STR_NONE;

	if (raw.n == 0 || raw.p[0] != '/')
		return "it does not begin with a slash";
	if (raw.n > REQUEST_PATH_MAX)
		return "it is too long";
	if (str_contains(raw, '#'))
		return "it has a '#', which no request has";
	const char *flaw = escape_flaw(raw);
	if (flaw != NULL)
		return flaw;
	if (url_decode(arena, raw, false, &path) != OK)
		return str_has_control(raw) ? "it has a control character" : "it is not UTF-8";
	flaw = decoded_flaw(path);
	return flaw != NULL ? flaw : "it is not canonical";
}

enum err place_read(struct arena *arena, struct str target, struct place *out)
{
	struct place place = {.path = STR("")};
	struct str raw = STR_NONE;
	struct str query = STR_NONE;
	struct url local;
	enum err e = request_target(arena, target, &place.path, &query);

	if (e == ERR_TOO_LARGE) {
		place.flaw = "its query is too long";
	} else if (e == ERR_INPUT) {
		str_cut(target, '?', &raw, &query);
		place.flaw = raw_flaw(arena, raw);
	} else if (e != OK) {
		return e;
	} else if (str_contains(place.path, ';')) {
		place.flaw = "it has a ';', from where on some servers do not read";
	}
	if (place.flaw != NULL)
		place.path = STR("");
	else if (url_check_local(target, &local) == OK)
		place.local = local.text;
	*out = place;
	return OK;
}
