/* [protect]: whatever sections there are, a stranger comes in only where one says so. */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena.h"
#include "config.h"
#include "protect.h"
#include "request.h"

#define CEILING (1 << 20)
#define SERVER "[server]\norigin = https://www.example.org\nkey_file = /k\n"
#define IP STR("192.0.2.7")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

static const struct config *load(struct arena *arena, struct str sections)
{
	const struct config *config = NULL;
	struct fault fault = {""};
	char path[64];
	int fd = memfd_create("gatepost.conf", MFD_CLOEXEC);

	must(fd >= 0, "memfd");
	must(write(fd, SERVER, strlen(SERVER)) == (ssize_t)strlen(SERVER) &&
		     write(fd, sections.n > 0 ? sections.p : "", sections.n) == (ssize_t)sections.n,
	     "memfd is written");
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	enum err e = config_load(path, arena, &config, &fault);
	close(fd);
	must(e == OK || e == ERR_CONFIG, "result");
	must(e == OK || fault.text[0] != '\0', "a fault has a text");
	return e == OK ? config : NULL;
}

/*
 * The oracle goes by what is written in the file, a segment and a word at a time, and shares no
 * function with what it judges but those on strings.
 */
struct stretch {
	const char *p, *end;
};

static bool next_part(struct stretch *rest, char by, struct stretch *part)
{
	if (rest->p == NULL)
		return false;
	part->p = rest->p;
	part->end = memchr(rest->p, by, (size_t)(rest->end - rest->p));
	if (part->end == NULL) {
		part->end = rest->end;
		rest->p = NULL;
		return true;
	}
	rest->p = part->end + 1;
	return true;
}

static bool same(struct stretch a, struct stretch b)
{
	return a.end - a.p == b.end - b.p && memcmp(a.p, b.p, (size_t)(a.end - a.p)) == 0;
}

static struct stretch stretch_of(struct str text)
{
	const char *p = text.p == NULL ? "" : text.p;

	return (struct stretch){p, p + text.n};
}

/* How many segments the section's path has, all of which the asked one begins with; -1: not so. */
static int depth_of(struct str section, struct str asked)
{
	struct stretch of = stretch_of(section), in = stretch_of(asked), a, b;
	int depth = 0;

	while (next_part(&of, '/', &a)) {
		if (!next_part(&in, '/', &b) || !same(a, b))
			return -1;
		depth++;
	}
	return depth;
}

static bool names(struct str methods, const char *method)
{
	struct stretch rest = stretch_of(methods), word;

	if (methods.n == 0)
		return true;
	while (next_part(&rest, ' ', &word))
		if (same(word, (struct stretch){method, method + strlen(method)}))
			return true;
	return strcmp(method, "HEAD") == 0 && names(methods, "GET");
}

/* Two halves of an address as numbers; of IPv4 in its mapped form. */
static bool number_of(const char *text, uint64_t half[2])
{
	unsigned char bytes[16];
	char mapped[96];

	(void)snprintf(mapped, sizeof mapped, "%s%s", strchr(text, ':') == NULL ? "::ffff:" : "",
		       text);
	if (inet_pton(AF_INET6, mapped, bytes) != 1)
		return false;
	for (size_t i = 0; i < sizeof bytes; i++)
		half[i / 8] = half[i / 8] << 8 | bytes[i];
	return true;
}

/* "192.0.2.0/24" and the like, of the one address that asks. */
static bool has_our_address(struct stretch text)
{
	uint64_t ours[2] = {0}, network[2] = {0};
	char copy[64];
	size_t n = (size_t)(text.end - text.p);

	must(n < sizeof copy && number_of("192.0.2.7", ours), "addresses");
	memcpy(copy, text.p, n);
	copy[n] = '\0';
	char *slash = strchr(copy, '/');
	bool is_six = strchr(copy, ':') != NULL;
	unsigned bits = slash == NULL ? 128 : (unsigned)atoi(slash + 1) + (is_six ? 0 : 96);
	if (slash != NULL)
		*slash = '\0';
	must(number_of(copy, network), "a network that was taken is one");
	if (bits <= 64)
		return bits == 0 || (network[0] ^ ours[0]) >> (64 - bits) == 0;
	return network[0] == ours[0] && (network[1] ^ ours[1]) >> (128 - bits) == 0;
}

static struct stretch trimmed(struct stretch word)
{
	while (word.p < word.end && (*word.p == ' ' || *word.p == '\t'))
		word.p++;
	while (word.end > word.p && (word.end[-1] == ' ' || word.end[-1] == '\t'))
		word.end--;
	return word;
}

static bool opens_to_strangers(struct stretch word)
{
	static const char network[] = "network:";
	size_t head = sizeof network - 1;

	word = trimmed(word);
	if (same(word, stretch_of(STR("public"))))
		return true;
	if ((size_t)(word.end - word.p) < head || memcmp(word.p, network, head) != 0)
		return false;
	word.p += head;
	return has_our_address(word);
}

/* Whether each of the groups has a word that needs nobody to be signed in. */
static bool may_open(struct str require)
{
	struct stretch rest = stretch_of(require), group, word;
	size_t groups = 0;

	while (next_part(&rest, ',', &group)) {
		bool opens = false;

		while (next_part(&group, '|', &word))
			opens = opens || opens_to_strangers(word);
		if (!opens)
			return false;
		groups++;
	}
	return groups > 0;
}

static bool stranger_may(const struct config *config, struct str path, const char *method)
{
	int deepest = -1;
	bool may = false;

	for (size_t i = 0; i < config->protect_count; i++) {
		const struct protect_config *rule = &config->protects[i];
		int depth = depth_of(rule->path, path);

		if (depth < deepest || depth < 0)
			continue;
		may = (depth == deepest && may) ||
		      (names(rule->methods_text, method) && may_open(rule->require_text));
		deepest = depth;
	}
	return may;
}

/* Nobody who is not signed in, whatever stands in the row that was found. */
static void check_strangers(const struct config *config, struct protect_request *request,
			    const char *method)
{
	static const enum session_standing standings[] = {
		SESSION_UNKNOWN,  SESSION_ABSENT, SESSION_EXPIRED,
		SESSION_REPLACED, SESSION_HELD,   SESSION_PENDING,
	};
	bool may = stranger_may(config, request->path, method);

	for (size_t i = 0; i < sizeof standings / sizeof standings[0]; i++) {
		struct session session = {.standing = standings[i], .aal = 2};
		session.found.user_grants = STR("role:admin perm:a elevated");
		session.found.tenant_grants = STR("role:admin");
		session.found.tenant_name = STR("acme");
		session.found.username = STR("alice");
		session.found.session.user_id.b[0] = 7;
		session.found.session.auth_time = request->now;
		struct protect_decision decision = protect_decide(config, request, &session);

		must((decision.verdict == PROTECT_GRANTED) == may,
		     "a stranger comes in where a section says so, and only there");
		must(decision.verdict != PROTECT_GRANTED ||
			     (decision.rule != NULL && !decision.no_method),
		     "a grant to a stranger has its rule");
	}
}

/* What somebody may with nothing, they may with more; what nobody may, nobody is sent for. */
static void check_users(const struct config *config, const struct protect_request *request)
{
	struct session user = {.standing = SESSION_LIVE, .aal = 1};
	struct session stranger = {.standing = SESSION_ABSENT};
	struct session guest = {.standing = SESSION_LIVE};

	user.found.session.user_id.b[0] = 7;
	user.found.session.auth_time = request->now;
	user.found.user_state = USER_ACTIVE;
	struct protect_decision of_user = protect_decide(config, request, &user);
	struct protect_decision of_guest = protect_decide(config, request, &guest);
	struct protect_decision of_stranger = protect_decide(config, request, &stranger);

	must(of_stranger.verdict != PROTECT_GRANTED || of_guest.verdict == PROTECT_GRANTED,
	     "a guest may what strangers may");
	must(of_guest.verdict != PROTECT_GRANTED || of_user.verdict == PROTECT_GRANTED,
	     "a user may what guests may");
	must(of_user.verdict == PROTECT_STEP_UP || (!of_user.needs_aal2 && of_user.max_age == 0),
	     "only who has to step up is told how");
	must(of_stranger.verdict != PROTECT_FORBIDDEN || of_user.verdict == PROTECT_FORBIDDEN,
	     "a stranger is sent away only where a user is");
}

static void decide(struct arena *arena, const struct config *config, struct str target,
		   struct str method)
{
	struct protect_request request = {.ip = IP, .now = INT64_C(1800000000000000)};
	struct str query;
	char text[32];

	if (method.n >= sizeof text || memchr(method.p, '\0', method.n) != NULL ||
	    str_contains(method, ' ') || request_target(arena, target, &request.path, &query) != OK)
		return;
	memcpy(text, method.p, method.n);
	text[method.n] = '\0';
	request.method = str_of(text);
	check_strangers(config, &request, text);
	check_users(config, &request);
}

/* A line that is a method, one that is a target, and the rest of the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {.p = (const char *)data, .n = size};
	struct str method, target;
	struct arena *arena = NULL;

	if (size == 0 || !str_cut(rest, '\n', &method, &rest) ||
	    !str_cut(rest, '\n', &target, &rest))
		return 0;
	must(arena_open(8192, CEILING, &arena) == OK, "memory");
	const struct config *config = load(arena, rest);
	if (config != NULL)
		decide(arena, config, target, method);
	arena_close(&arena);
	return 0;
}
