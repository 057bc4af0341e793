/* The types of settings: one function each. */
#include "config_value.h"

#include <arpa/inet.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "config.h"

#define HTTPS STR("https://")
#define ADDRESS_BYTES 64

/* What a setter works on. */
struct slot_of {
	const struct setting *setting;
	struct arena *arena;
	void *base;
	struct fault *reason;
};

static void *target(const struct slot_of *to)
{
	return (unsigned char *)to->base + to->setting->offset;
}

static enum err store_text(const struct slot_of *to, struct str text)
{
	struct str *out = target(to);

	return str_copy(to->arena, text, out);
}

static enum err set_text(const struct slot_of *to, struct str text)
{
	return store_text(to, text);
}

static enum err set_bool(const struct slot_of *to, struct str text)
{
	bool *out = target(to);
	bool yes = str_equal(text, STR("yes")) || str_equal(text, STR("on"));

	if (!yes && !str_equal(text, STR("no")) && !str_equal(text, STR("off")))
		return fault_set(to->reason, "must be yes, on, no or off");
	*out = yes;
	return OK;
}

static enum err set_number(const struct slot_of *to, struct str text)
{
	const struct setting *s = to->setting;
	unsigned *out = target(to);
	uint64_t value = 0;

	if (str_to_u64(text, (uint64_t)s->max, &value) != OK || value < (uint64_t)s->min)
		return fault_set(to->reason, "must be a number from %lld to %lld",
				 (long long)s->min, (long long)s->max);
	*out = (unsigned)value;
	return OK;
}

static enum err set_span(const struct slot_of *to, struct str text)
{
	const struct setting *s = to->setting;
	int64_t *out = target(to);
	int64_t value = 0;

	if (clock_parse_span(text, &value) != OK)
		return fault_set(to->reason, "must be a span such as 90s, 30m, 12h or 14d");
	if ((value < s->min || value > s->max) && s->max < CLOCK_DAY)
		return fault_set(to->reason, "must be from %llds to %llds",
				 (long long)(s->min / CLOCK_SECOND),
				 (long long)(s->max / CLOCK_SECOND));
	if (value < s->min || value > s->max)
		return fault_set(
			to->reason, "must be from %llds to %lld%s",
			(long long)(s->min / CLOCK_SECOND),
			(long long)(s->max / (s->max < CLOCK_DAY ? CLOCK_SECOND : CLOCK_DAY)),
			s->max < CLOCK_DAY ? "s" : "d");
	*out = value;
	return OK;
}

static enum err set_path(const struct slot_of *to, struct str text)
{
	if (text.p[0] != '/')
		return fault_set(to->reason, "must be an absolute path");
	return store_text(to, text);
}

/* "." and "..", and empty segments, which a web server would rewrite. */
static bool has_odd_segment(struct str path)
{
	struct str rest = str_sub(path, 1, path.n);
	struct str segment;
	bool more = true;

	while (more) {
		more = str_cut(rest, '/', &segment, &rest);
		if (segment.n == 0 || str_equal(segment, STR(".")) || str_equal(segment, STR("..")))
			return true;
	}
	return false;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Only letters and digits, and what marks has. */
static bool consists_of(struct str s, struct str marks)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_alnum(s.p[i]) && !str_contains(marks, s.p[i]))
			return false;
	}
	return true;
}

static enum err set_base_path(const struct slot_of *to, struct str text)
{
	if (str_equal(text, STR("/")))
		return store_text(to, STR(""));
	if (text.p[0] != '/' || !consists_of(text, STR("/._-")) || has_odd_segment(text))
		return fault_set(to->reason, "must be / or a path such as /auth: letters, digits, "
					     ". _ -, no slash at its end");
	return store_text(to, text);
}

static bool is_port(struct str text, uint64_t *port)
{
	return text.n > 0 && text.p[0] != '0' && str_to_u64(text, 65535, port) == OK;
}

/* As browsers write it in Host and Origin: another spelling would never match. */
static bool is_ipv6_literal(struct str host)
{
	char text[ADDRESS_BYTES];
	char canonical[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (host.n < 4 || host.n >= sizeof text || host.p[host.n - 1] != ']')
		return false;
	memcpy(text, host.p + 1, host.n - 2);
	text[host.n - 2] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1 &&
	       inet_ntop(AF_INET6, &address, canonical, sizeof canonical) != NULL &&
	       str_equal(str_of(canonical), str_of(text));
}

static bool is_host(struct str host)
{
	struct str label;
	bool more = true;

	if (host.n > 0 && host.p[0] == '[')
		return is_ipv6_literal(host);
	while (more) {
		more = str_cut(host, '.', &label, &host);
		if (label.n == 0 || label.n > 63 || !consists_of(label, STR("-")))
			return false;
	}
	return true;
}

/* https://host[:port] in lower case; the default port is cut off. */
static enum err parse_origin(const struct slot_of *to, struct str text, struct str *out)
{
	struct str origin;
	uint64_t port = 443;

	TRY(str_copy_lower(to->arena, text, &origin));
	if (!str_starts(origin, HTTPS))
		return fault_set(to->reason, "must begin with https://");
	struct str host = str_sub(origin, HTTPS.n, origin.n);
	if (str_contains(host, '/'))
		return fault_set(to->reason, "must end after the host or port, without a slash");

	size_t colon = host.n;
	while (colon > 0 && host.p[colon - 1] != ':' && host.p[colon - 1] != ']')
		colon--;
	if (colon > 0 && host.p[colon - 1] == ':') {
		if (!is_port(str_sub(host, colon, host.n), &port))
			return fault_set(to->reason,
					 "must have a port from 1 to 65535 after the :");
		host = str_sub(host, 0, colon - 1);
	}
	if (!is_host(host))
		return fault_set(to->reason, "must be https://HOST or https://HOST:PORT");
	if (port == 443)
		origin = str_sub(origin, 0, HTTPS.n + host.n);
	return str_copy(to->arena, origin, out);
}

static enum err set_origin(const struct slot_of *to, struct str text)
{
	struct str *out = target(to);

	return parse_origin(to, text, out);
}

static enum err set_origins(const struct slot_of *to, struct str text)
{
	struct config *config = to->base;
	struct str word;
	bool more = true;

	config->cors_origin_count = 0;
	while (more) {
		more = str_cut(str_trim(text), ' ', &word, &text);
		if (word.n == 0)
			continue;
		if (config->cors_origin_count == CONFIG_CORS_ORIGINS)
			return fault_set(to->reason, "must be at most %d origins",
					 CONFIG_CORS_ORIGINS);
		struct str *out = &config->cors_origins[config->cors_origin_count];
		TRY(parse_origin(to, word, out));
		config->cors_origin_count++;
	}
	return OK;
}

static enum err set_networks(const struct slot_of *to, struct str text)
{
	struct config *config = to->base;
	struct str rest = text;
	struct str word;

	config->metrics.network_count = 0;
	for (bool more = true; more;) {
		more = str_cut(str_trim(rest), ' ', &word, &rest);
		if (word.n == 0)
			continue;
		if (config->metrics.network_count == CONFIG_METRICS_NETWORKS)
			return fault_set(to->reason, "must be at most %d networks",
					 CONFIG_METRICS_NETWORKS);
		if (cidr_read(word, &config->metrics.networks[config->metrics.network_count]) != OK)
			return fault_set(to->reason, "must be networks such as 192.0.2.0/24 or "
						     "2001:db8::1, with spaces between");
		config->metrics.network_count++;
	}
	return store_text(to, text);
}

static enum err set_mode(const struct slot_of *to, struct str text)
{
	unsigned *out = target(to);
	unsigned value = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '7' || value > 0777)
			return fault_set(to->reason, "must be an octal mode such as 0660");
		value = value * 8 + (unsigned)(text.p[i] - '0');
	}
	if (value > (unsigned)to->setting->max)
		return fault_set(to->reason, "must be an octal mode such as 0660");
	*out = value;
	return OK;
}

static bool is_ipv4_loopback(struct str host)
{
	char text[ADDRESS_BYTES];
	struct in_addr address;

	if (host.n >= sizeof text)
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	return inet_pton(AF_INET, text, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

bool config_value_is_loopback(struct str host)
{
	return is_ipv4_loopback(host) || str_equal(host, STR("::1")) ||
	       str_equal_nocase(host, STR("localhost"));
}

static enum err set_address(const struct slot_of *to, struct str text)
{
	struct str host;
	struct str port_text;
	uint64_t port = 0;

	if (text.p[0] == '/')
		return store_text(to, text);
	if (!str_cut(text, ':', &host, &port_text) || !is_ipv4_loopback(host) ||
	    !is_port(port_text, &port))
		return fault_set(to->reason, "must be an absolute path or 127.0.0.1:PORT");
	return store_text(to, text);
}

static enum err set_role(const struct slot_of *to, struct str text)
{
	enum listen_role *out = target(to);

	if (str_equal(text, STR("responder")))
		*out = LISTEN_RESPONDER;
	else if (str_equal(text, STR("authorizer")))
		*out = LISTEN_AUTHORIZER;
	else
		return fault_set(to->reason, "must be responder or authorizer");
	return OK;
}

static enum err set_scope(const struct slot_of *to, struct str text)
{
	enum flow_scope *out = target(to);

	if (str_equal(text, STR("user")))
		*out = FLOW_SCOPE_USER;
	else if (str_equal(text, STR("session")))
		*out = FLOW_SCOPE_SESSION;
	else
		return fault_set(to->reason, "must be user or session");
	return OK;
}

static enum err set_remote_user(const struct slot_of *to, struct str text)
{
	enum remote_user *out = target(to);

	if (str_equal(text, STR("username")))
		*out = REMOTE_USER_NAME;
	else if (str_equal(text, STR("email")))
		*out = REMOTE_USER_EMAIL;
	else if (str_equal(text, STR("id")))
		*out = REMOTE_USER_ID;
	else
		return fault_set(to->reason, "must be username, email or id");
	return OK;
}

static enum err set_registration(const struct slot_of *to, struct str text)
{
	enum registration *out = target(to);

	if (str_equal(text, STR("off")))
		*out = REGISTRATION_OFF;
	else if (str_equal(text, STR("on")))
		*out = REGISTRATION_ON;
	else if (str_equal(text, STR("invitation")))
		*out = REGISTRATION_INVITATION;
	else
		return fault_set(to->reason, "must be on, off or invitation");
	return OK;
}

static enum err set_alg(const struct slot_of *to, struct str text)
{
	enum signing_alg *out = target(to);

	if (str_equal(text, STR("EdDSA")))
		*out = SIGNING_EDDSA;
	else if (str_equal(text, STR("Ed25519")))
		*out = SIGNING_ED25519;
	else
		return fault_set(to->reason, "must be EdDSA or Ed25519");
	return OK;
}

/* CLASS_NONE: no such class. */
static enum session_class class_of(struct str name)
{
	for (unsigned c = CLASS_GUEST; c < CLASS_COUNT; c++) {
		if (str_equal(name, str_of(config_class_name((enum session_class)c))))
			return (enum session_class)c;
	}
	return CLASS_NONE;
}

static enum err set_classes(const struct slot_of *to, struct str text)
{
	unsigned *out = target(to);
	unsigned classes = 0;
	struct str word;

	for (bool more = true; more;) {
		more = str_cut(str_trim(text), ' ', &word, &text);
		unsigned bit = 1U << class_of(word);
		if (word.n > 0 && (bit == 1U << CLASS_NONE || (classes & bit) != 0))
			return fault_set(to->reason, "must be of browser, remembered, native and "
						     "guest, each once");
		if (word.n > 0)
			classes |= bit;
	}
	*out = classes;
	return OK;
}

/* A list of quoted words, as the header Clear-Site-Data has it. */
static enum err set_directives(const struct slot_of *to, struct str text)
{
	struct str rest = text;
	struct str word;
	bool more = true;

	while (more) {
		more = str_cut(rest, ',', &word, &rest);
		word = str_trim(word);
		if (word.n < 3 || word.p[0] != '"' || word.p[word.n - 1] != '"' ||
		    !consists_of(str_sub(word, 1, word.n - 1), STR("*")))
			return fault_set(to->reason,
					 "must be words in quotes: \"cache\", \"storage\"");
	}
	return store_text(to, text);
}

static enum err (*const setters[CONFIG_TYPE_COUNT])(const struct slot_of *, struct str) = {
	[CONFIG_TEXT] = set_text,           [CONFIG_BOOL] = set_bool,
	[CONFIG_NUMBER] = set_number,       [CONFIG_SPAN] = set_span,
	[CONFIG_PATH] = set_path,           [CONFIG_ORIGIN] = set_origin,
	[CONFIG_BASE_PATH] = set_base_path, [CONFIG_MODE] = set_mode,
	[CONFIG_ORIGINS] = set_origins,     [CONFIG_ADDRESS] = set_address,
	[CONFIG_ROLE] = set_role,           [CONFIG_DIRECTIVES] = set_directives,
	[CONFIG_SCOPE] = set_scope,         [CONFIG_ALG] = set_alg,
	[CONFIG_CLASSES] = set_classes,     [CONFIG_REMOTE_USER] = set_remote_user,
	[CONFIG_NETWORKS] = set_networks,   [CONFIG_REGISTRATION] = set_registration,
};

static bool is_measured_as_number(enum config_type type)
{
	return type == CONFIG_BOOL || type == CONFIG_NUMBER || type == CONFIG_SPAN ||
	       type == CONFIG_MODE || type == CONFIG_ROLE || type == CONFIG_SCOPE ||
	       type == CONFIG_ALG || type == CONFIG_REMOTE_USER || type == CONFIG_REGISTRATION;
}

/* The environment may take back what the file gives. */
static void make_absent(const struct slot_of *to)
{
	struct config *config = to->base;
	struct str *text = target(to);

	if (to->setting->type == CONFIG_ORIGINS)
		config->cors_origin_count = 0;
	if (to->setting->type == CONFIG_NETWORKS)
		config->metrics.network_count = 0;
	*text = STR_NONE;
}

enum err config_value_set(const struct setting *setting, struct str text, struct arena *arena,
			  void *base, struct fault *reason)
{
	struct slot_of to = {.setting = setting, .arena = arena, .base = base, .reason = reason};

	if (str_has_control(text) || !str_is_utf8(text))
		return fault_set(reason, "must be UTF-8 without control characters");
	if (text.n == 0 && setting->need == CONFIG_OPTIONAL) {
		make_absent(&to);
		return OK;
	}
	if (text.n == 0)
		return fault_set(reason, "must not be empty");
	if (!is_measured_as_number(setting->type) && text.n > (size_t)setting->max)
		return fault_set(reason, "must be at most %lld bytes long",
				 (long long)setting->max);
	return setters[setting->type](&to, text);
}
