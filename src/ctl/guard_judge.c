/* What an answer from outside means for what is guarded: pure, so that every case can be tried. */
#include "guard_judge.h"

#include "own_path.h"

#define APACHE                                                                                     \
	"Apache asks only where a Require needs a user: AuthnzFcgiCheckAuthnProvider without one " \
	"(or beside an inherited \"Require all granted\"), and any second Require that is true "   \
	"for everybody, let everybody in unasked. Include guarded.conf in a <Location> of this "   \
	"path, with no other Require in it"
#define LIGHTTPD                                                                                   \
	"lighttpd asks only within the condition that includes guarded.conf: does "                \
	"$HTTP[\"url\"] match this path, and does no other block set fastcgi.server anew?"
#define NGINX                                                                                      \
	"nginx asks only in a location with auth_request, which is not inherited by one that "     \
	"says "                                                                                    \
	"\"auth_request off\", and loses to a location that matches better"
#define ANY                                                                                        \
	"the web server does not ask the guard here: Apache needs guarded.conf in a <Location> "   \
	"of "                                                                                      \
	"this path and no other Require that is true for everybody, lighttpd guarded.conf in a "   \
	"condition that matches, nginx auth_request in the location that serves it"

static bool contains(struct str s, struct str part)
{
	for (size_t i = 0; i + part.n <= s.n; i++)
		if (str_equal_nocase(str_sub(s, i, i + part.n), part))
			return true;
	return false;
}

/* Path and query of an address here; absent: elsewhere. */
static struct str local_part(const struct config *config, struct str location)
{
	struct str origin = config->server.origin;

	if (str_starts(location, STR("/")) && !str_starts(location, STR("//")))
		return location;
	if (location.n > origin.n && location.p[origin.n] == '/' &&
	    str_equal_nocase(str_sub(location, 0, origin.n), origin))
		return str_sub(location, origin.n, location.n);
	return STR_NONE;
}

static struct str path_of(struct str target)
{
	struct str path = STR_NONE;
	struct str query = STR_NONE;

	str_cut(target, '?', &path, &query);
	return path;
}

static bool leads_to_us(const struct config *config, struct str location)
{
	static const struct str pages[] = {
		{"/login", 6},
		{"/reauth", 7},
		{"/second-factor", 14},
		{"/account/security", 17},
		{"/account/password", 17},
	};
	struct str own = STR_NONE;

	if (!own_path_cut(config->server.base_path, path_of(local_part(config, location)), &own))
		return false;
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
		if (str_equal(own, pages[i]))
			return true;
	return false;
}

/* "…/auth/problems#forbidden" as the type of a problem. */
static bool is_our_problem(const struct config *config, const struct fetch_answer *answer)
{
	struct str rest = answer->body;

	if (!str_starts(fetch_header(answer, "Content-Type", 0), STR("application/problem+json")))
		return false;
	for (size_t i = 0; i < rest.n; i++) {
		struct str from = str_sub(rest, i, rest.n);

		if (!str_starts(from, config->server.base_path) ||
		    !str_starts(str_sub(from, config->server.base_path.n, from.n),
				STR("/problems#")))
			continue;
		return contains(str_sub(rest, 0, i), STR("\"type\""));
	}
	return false;
}

bool guard_is_marked(const struct config *config, const struct fetch_answer *answer)
{
	for (size_t i = 0;; i++) {
		struct str value = fetch_header(answer, "WWW-Authenticate", i);
		if (!str_is_present(value))
			break;
		if (contains(value, STR("realm=\"gatepost\"")))
			return true;
	}
	if (answer->status >= 300 && answer->status < 400)
		return leads_to_us(config, fetch_header(answer, "Location", 0));
	return is_our_problem(config, answer);
}

bool guard_is_spelling(const struct config *config, struct str target,
		       const struct fetch_answer *answer)
{
	struct str path = path_of(local_part(config, fetch_header(answer, "Location", 0)));
	struct str wanted = path_of(target);

	if (answer->status < 300 || answer->status > 399 || !str_is_present(path))
		return false;
	if (path.n > wanted.n && path.p[path.n - 1] == '/')
		path.n--;
	return str_equal(path, wanted);
}

static enum guard_reading judge_refusal(int status)
{
	switch (status) {
	case 400:
	case 401:
	case 403:
	case 405:
	case 429:
	case 503:
		return GUARD_BARRED;
	case 404:
	case 410:
		return GUARD_NOT_THERE;
	default:
		return GUARD_FAILED;
	}
}

enum guard_reading guard_judge(const struct config *config, struct str target,
			       const struct fetch_answer *answer)
{
	if (!answer->answered)
		return GUARD_UNANSWERED;
	if (answer->status < 300 || answer->status == 304)
		return GUARD_SERVED;
	if (guard_is_marked(config, answer))
		return GUARD_REFUSED;
	if (answer->status < 400) {
		struct str there = path_of(local_part(config, fetch_header(answer, "Location", 0)));
		bool is_folder = there.n == path_of(target).n + 1 &&
				 guard_is_spelling(config, target, answer);

		return is_folder ? GUARD_SLASHED : GUARD_MOVED;
	}
	return judge_refusal(answer->status);
}

bool guard_is_private(const struct fetch_answer *answer)
{
	for (size_t i = 0;; i++) {
		struct str value = fetch_header(answer, "Cache-Control", i);
		if (!str_is_present(value))
			return false;
		if (contains(value, STR("private")) || contains(value, STR("no-store")))
			return true;
	}
}

const char *guard_trap(const struct fetch_answer *answer)
{
	struct str server = fetch_header(answer, "Server", 0);

	if (contains(server, STR("apache")))
		return APACHE;
	if (contains(server, STR("lighttpd")))
		return LIGHTTPD;
	return contains(server, STR("nginx")) ? NGINX : ANY;
}
