/* Proving from outside that an address is refused to who has no session, however it is asked for.
 */
#include "guard_check.h"

#include <stdarg.h>
#include <stdio.h>

#include "buf.h"
#include "codec.h"
#include "guard_judge.h"
#include "secret.h"

#define URL_MAX 8192
#define TEXT_MAX 1024
#define RANDOM_BYTES 6
#define ACCEPT_HTML STR("Accept: text/html")
#define ACCEPT_JSON STR("Accept: application/json")
#define NAVIGATES STR("Sec-Fetch-Mode: navigate")
#define NOT_ASKED                                                                                  \
	"lighttpd: \"check-local\" => \"disable\" in the authorizer, as guarded.conf has it; "     \
	"else "                                                                                    \
	"see what is said of an address that is served"
#define SPELLED                                                                                    \
	"the guard is asked for one spelling only: Apache <Location> (not <Files>), lighttpd "     \
	"$HTTP[\"url\"], nginx a prefix location see them all"

void visit_say(struct visit *visit, enum doctor_result result, const char *name, const char *advice,
	       const char *format, ...)
{
	char text[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (result > visit->worst)
		visit->worst = result;
	if (visit->brief && result == DOCTOR_OK)
		return;
	doctor_add(visit->doctor, result, visit->brief ? "guarded" : name, advice, "%.*s: %.700s",
		   (int)(visit->target.n < 300 ? visit->target.n : 300), visit->target.p, text);
}

enum err visit_ask(const struct visit *visit, struct str target, struct fetch_request *request,
		   struct fetch_answer *answer)
{
	struct buf url;

	buf_init(&url, visit->doctor->arena, URL_MAX);
	buf_add(&url, visit->doctor->config->server.origin);
	buf_add(&url, target);
	TRY(buf_str(&url, &request->url));
	return fetch_get(visit->web->fetch, visit->doctor->arena, request, answer);
}

static enum guard_reading read_answer(const struct visit *visit, struct str target,
				      struct fetch_request *request, struct fetch_answer *answer)
{
	if (visit_ask(visit, target, request, answer) != OK) {
		visit->doctor->complete = false;
		*answer = (struct fetch_answer){.trouble = "no memory"};
	}
	return guard_judge(visit->doctor->config, target, answer);
}

/* From where the rule lets everybody in, this machine may be. */
static bool has_network(const struct visit *visit)
{
	const struct protect_config *rule = visit->expect.decision.rule;

	for (size_t i = 0; rule != NULL && i < rule->term_count; i++)
		if (rule->terms[i].kind == PROTECT_NETWORK)
			return true;
	return false;
}

static void say_served(struct visit *visit, const char *how, const struct fetch_answer *answer)
{
	visit->open = true;
	if (has_network(visit))
		visit_say(visit, DOCTOR_WARN, "stranger",
			  "run the check from outside of the network that the section names",
			  "is served without a session%s (%d), which its network: may allow here",
			  how, answer->status);
	else
		visit_say(visit, DOCTOR_FAIL, "stranger", guard_trap(answer),
			  "NOT GUARDED: it is served without a session%s (%d)", how,
			  answer->status);
}

/* What is no refusal of ours. True: there is more to be learned. */
static bool say_open(struct visit *visit, enum guard_reading reading,
		     const struct fetch_answer *answer)
{
	struct str location = fetch_header(answer, "Location", 0);

	switch (reading) {
	case GUARD_SERVED:
		say_served(visit, "", answer);
		return false;
	case GUARD_MOVED:
	case GUARD_SLASHED:
		visit->open = true;
		visit_say(visit, DOCTOR_FAIL, "stranger", guard_trap(answer),
			  "NOT GUARDED: it is answered %d to %.*s without a session",
			  answer->status, (int)(location.n < 300 ? location.n : 300),
			  location.n > 0 ? location.p : "");
		return false;
	case GUARD_NOT_THERE:
		visit_say(visit, DOCTOR_FAIL, "stranger", NOT_ASKED,
			  "NOT GUARDED: it is answered %d without a session, so nobody was asked",
			  answer->status);
		return true;
	case GUARD_UNANSWERED:
		visit_say(visit, DOCTOR_FAIL, "stranger",
			  "is the web server running, and does the name lead here (--resolve, "
			  "--ca)?",
			  "no answer: %s", answer->trouble);
		return false;
	default:
		visit_say(visit, DOCTOR_FAIL, "stranger",
			  "500 and 503: the web server's guard does not answer it (is the worker "
			  "running, on that socket?); 401 and 403: something else refuses, and "
			  "may let in whom it likes",
			  "is refused (%d), but not by Gatepost", answer->status);
		return true;
	}
}

/* As a program. False: the rest would tell nothing. */
static bool check_program(struct visit *visit)
{
	struct fetch_request request = {.headers = {ACCEPT_JSON}};
	struct fetch_answer answer;
	enum guard_reading reading = read_answer(visit, visit->target, &request, &answer);
	struct buf slashed;

	if (reading == GUARD_SLASHED) {
		buf_init(&slashed, visit->doctor->arena, URL_MAX);
		buf_add(&slashed, visit->target);
		buf_add_char(&slashed, '/');
		if (buf_str(&slashed, &visit->target) != OK)
			visit->doctor->complete = false;
		reading = read_answer(visit, visit->target, &request, &answer);
	}
	if (reading != GUARD_REFUSED)
		return say_open(visit, reading, &answer);
	visit_say(visit, DOCTOR_OK, "stranger", "", "a program without a session is refused (%d)",
		  answer.status);
	return true;
}

static void check_navigation(struct visit *visit)
{
	struct fetch_request request = {.headers = {ACCEPT_HTML, NAVIGATES}};
	struct fetch_answer answer;
	enum guard_reading reading = read_answer(visit, visit->target, &request, &answer);
	bool is_sent = answer.status >= 300 && answer.status < 400;

	if (reading == GUARD_SERVED || reading == GUARD_MOVED)
		say_served(visit, " to a browser", &answer);
	else if (str_is_present(visit->expect.location.text) &&
		 !(reading == GUARD_REFUSED && is_sent))
		visit_say(visit, DOCTOR_WARN, "browser",
			  "Apache: ErrorDocument as in guarded.conf, and gatepost.conf on this "
			  "host; nginx: error_page 401",
			  "a browser is refused (%d), but not sent to sign in", answer.status);
	else
		visit_say(visit, DOCTOR_OK, "browser", "",
			  is_sent ? "a browser is sent to sign in (%d)"
				  : "a browser is refused (%d)",
			  answer.status);
}

static void check_methods(struct visit *visit)
{
	static const char *const methods[] = {"HEAD", "POST", "OPTIONS"};
	struct fetch_answer answer;
	bool fine = true;

	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		struct fetch_request request = {.method = methods[i], .headers = {ACCEPT_JSON}};

		if (str_equal(str_of(methods[i]), STR("POST")))
			request.body = STR("{}");
		enum guard_reading reading = read_answer(visit, visit->target, &request, &answer);
		if (reading > GUARD_NOT_THERE)
			continue;
		fine = false;
		visit_say(visit, has_network(visit) ? DOCTOR_WARN : DOCTOR_FAIL, "methods",
			  "is the guard in a <Limit>, or in a condition on the method? It belongs "
			  "outside of it",
			  "NOT GUARDED against %s, which is answered %d without a session",
			  methods[i], answer.status);
	}
	if (fine)
		visit_say(visit, DOCTOR_OK, "methods", "", "HEAD, POST and OPTIONS are refused");
}

/* The folder of what is asked for, as far as the same section is about it. */
static struct str folder_of(const struct visit *visit)
{
	const struct protect_config *rule = visit->expect.decision.rule;
	struct str path = STR_NONE;
	struct str query = STR_NONE;
	struct protect_request asked = visit->expect.asked;
	bool no_method = false;

	str_cut(visit->target, '?', &path, &query);
	size_t n = path.n;
	while (n > 1 && path.p[n - 1] != '/')
		n--;
	asked.path = str_sub(path, 0, n);
	if (n > 1 && protect_find(visit->doctor->config, &asked, &no_method) == rule)
		return asked.path;
	return path.n > 0 && path.p[path.n - 1] == '/' ? str_sub(path, 0, path.n - 1) : path;
}

static enum err add_random_name(const struct visit *visit, const char *ending, struct str *out)
{
	struct str folder = folder_of(visit);
	unsigned char random[RANDOM_BYTES];
	struct buf text;

	secret_random_bytes(random, sizeof random);
	buf_init(&text, visit->doctor->arena, URL_MAX);
	buf_add(&text, folder);
	if (folder.n == 0 || folder.p[folder.n - 1] != '/')
		buf_add_char(&text, '/');
	buf_add(&text, STR("gatepost-check-"));
	codec_add_hex(&text, random, sizeof random);
	buf_add(&text, str_of(ending));
	return buf_str(&text, out);
}

/* What does not exist must not be told from what does, and what is made tomorrow is guarded today.
 */
static void check_names(struct visit *visit)
{
	static const char *const endings[] = {"", ".php"};
	struct fetch_answer answer;
	struct str target = STR_NONE;
	bool fine = true;

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		struct fetch_request request = {.headers = {ACCEPT_JSON}};

		if (add_random_name(visit, endings[i], &target) != OK) {
			visit->doctor->complete = false;
			return;
		}
		enum guard_reading reading = read_answer(visit, target, &request, &answer);
		if (reading > GUARD_NOT_THERE)
			continue;
		fine = false;
		visit_say(visit, has_network(visit) ? DOCTOR_WARN : DOCTOR_FAIL, "names",
			  reading == GUARD_NOT_THERE ? NOT_ASKED : guard_trap(&answer),
			  "NOT GUARDED where no file is: %.*s is answered %d without a session%s",
			  (int)(target.n < 300 ? target.n : 300), target.p, answer.status,
			  reading == GUARD_NOT_THERE ? ": nobody was asked" : "");
	}
	if (fine)
		visit_say(visit, DOCTOR_OK, "names", "",
			  "names that do not exist are refused as well");
}

/* Head, something in between, and the rest of the target from where on. */
struct spelling {
	const char *head;
	size_t from;
	const char *tail;
};

static enum err spell(const struct visit *visit, const struct spelling *how, struct str *out)
{
	struct str path = STR_NONE;
	struct str query = STR_NONE;
	struct buf text;

	str_cut(visit->target, '?', &path, &query);
	buf_init(&text, visit->doctor->arena, URL_MAX);
	buf_add(&text, str_of(how->head));
	buf_add(&text, str_sub(path, how->from, path.n));
	buf_add(&text, str_of(how->tail));
	return buf_str(&text, out);
}

/* "/%70" for "/p": the first character behind the slash, escaped. */
static void escape_first(struct str target, char out[5])
{
	unsigned char c = target.n > 1 ? (unsigned char)target.p[1] : 0;

	(void)snprintf(out, 5, "/%%%02x", c);
}

static bool is_escapable(struct str target)
{
	return target.n > 1 && target.p[1] != '%' && target.p[1] != '?' && target.p[1] != '/';
}

static void check_spelling(struct visit *visit, const struct spelling *how, unsigned *wrong)
{
	struct fetch_request request = {.headers = {ACCEPT_JSON}};
	struct fetch_answer answer;
	struct str target = STR_NONE;

	if (spell(visit, how, &target) != OK) {
		visit->doctor->complete = false;
		return;
	}
	enum guard_reading reading = read_answer(visit, target, &request, &answer);
	bool is_open = reading == GUARD_SERVED ||
		       (reading == GUARD_MOVED &&
			!guard_is_spelling(visit->doctor->config, visit->target, &answer));
	if (!is_open)
		return;
	(*wrong)++;
	visit_say(visit, has_network(visit) ? DOCTOR_WARN : DOCTOR_FAIL, "spellings", SPELLED,
		  "NOT GUARDED as %.*s, which is answered %d without a session",
		  (int)(target.n < 300 ? target.n : 300), target.p, answer.status);
}

static void check_spellings(struct visit *visit)
{
	char escaped[5];
	unsigned wrong = 0;
	const struct spelling spellings[] = {
		{"/", 0, ""},       {"/.", 0, ""}, {"/%2e", 0, ""}, {"/gatepost-check/..", 0, ""},
		{"/%2e%2e", 0, ""}, {"", 0, ";x"}, {"", 0, "/."},   {"", 0, "%2f"},
		{escaped, 2, ""},
	};
	size_t n = sizeof spellings / sizeof spellings[0];

	escape_first(visit->target, escaped);
	if (!is_escapable(visit->target))
		n--;
	for (size_t i = 0; i < n; i++)
		check_spelling(visit, &spellings[i], &wrong);
	if (wrong == 0)
		visit_say(visit, DOCTOR_OK, "spellings", "", "%zu other spellings: none is served",
			  n);
}

/* False: there is nothing to prove, and it was said. */
static bool begin(struct visit *visit, struct str url)
{
	const struct config *config = visit->doctor->config;
	const struct explain_question question = {
		.url = url,
		.method = STR("GET"),
		.ip = STR(""),
		.now = visit->doctor->ctl->auth.now,
		.session = {.standing = SESSION_ABSENT},
	};
	struct explanation *expect = &visit->expect;

	visit->target = url;
	if (explain_decide(config, visit->doctor->arena, &question, expect) != OK) {
		visit->doctor->complete = false;
		return false;
	}
	if (str_is_present(expect->target))
		visit->target = expect->target;
	if (expect->kind == EXPLAIN_OTHER_HOST)
		visit_say(visit, DOCTOR_FAIL, "address", "give a path, or an address of it",
			  "is no address of origin, %.*s", (int)config->server.origin.n,
			  config->server.origin.p);
	else if (expect->kind == EXPLAIN_BAD_PATH)
		visit_say(visit, DOCTOR_FAIL, "address",
			  "give it as it is: other spellings are tried as well",
			  "is not canonical: %s", expect->place.flaw);
	else if (expect->kind == EXPLAIN_OWN)
		visit_say(visit, DOCTOR_WARN, "address", "see gatepost doctor",
			  "is a page of Gatepost's own, which no guard is asked about");
	else if (expect->decision.verdict == PROTECT_GRANTED)
		visit_say(visit, DOCTOR_WARN, "address",
			  "nothing to prove: the section says that everybody may",
			  "is public by %.*s:%u", (int)config->file.n, config->file.p,
			  expect->decision.rule->line);
	else
		return true;
	visit->target = STR_NONE;
	return false;
}

void guard_check_stranger(struct visit *visit, struct str url)
{
	visit->worst = DOCTOR_OK;
	if (!begin(visit, url) || !check_program(visit))
		return;
	check_navigation(visit);
	check_methods(visit);
	check_names(visit);
	check_spellings(visit);
}
