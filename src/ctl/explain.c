/* What the rules of [protect] say about an address: decided as the guard does it, and in words. */
#include "explain.h"

#include "own_path.h"
#include "return_to.h"

/* Path and query of an address of origin; absent: it is none. */
static struct str target_of(const struct config *config, struct str url)
{
	struct str origin = config->server.origin;
	struct str rest = str_sub(url, origin.n, url.n);

	if (str_starts(url, STR("/")))
		return url;
	if (url.n < origin.n || !str_equal_nocase(str_sub(url, 0, origin.n), origin))
		return STR_NONE;
	if (rest.n == 0)
		return STR("/");
	return rest.p[0] == '/' ? rest : STR_NONE;
}

static enum err decide(const struct config *config, struct arena *arena, struct explanation *e)
{
	e->asked.path = e->place.path;
	if (own_path_is(config->server.base_path, e->place.path)) {
		e->kind = EXPLAIN_OWN;
		return OK;
	}
	e->kind = EXPLAIN_DECIDED;
	e->decision = protect_decide(config, &e->asked, &e->session);
	struct str page = protect_page(e->decision.verdict, &e->session);
	if (!str_is_present(page))
		return OK;
	return return_to_link(arena, config, page, e->place.local, &e->location);
}

enum err explain_decide(const struct config *config, struct arena *arena,
			const struct explain_question *question, struct explanation *out)
{
	struct explanation e = {
		.kind = EXPLAIN_OTHER_HOST,
		.target = target_of(config, question->url),
		.asked = {.path = STR(""),
			  .method = question->method,
			  .ip = question->ip,
			  .now = question->now},
		.session = question->session,
	};

	if (str_is_present(e.target)) {
		TRY(place_read(arena, e.target, &e.place));
		e.kind = EXPLAIN_BAD_PATH;
		if (e.place.flaw == NULL)
			TRY(decide(config, arena, &e));
	}
	*out = e;
	return OK;
}

bool explain_is_served(const struct explanation *e)
{
	return e->kind == EXPLAIN_OWN ||
	       (e->kind == EXPLAIN_DECIDED && e->decision.verdict == PROTECT_GRANTED);
}

int explain_status(const struct explanation *e)
{
	if (e->kind == EXPLAIN_BAD_PATH)
		return 400;
	if (explain_is_served(e))
		return 200;
	if (e->kind == EXPLAIN_OTHER_HOST)
		return 403;
	return e->decision.verdict == PROTECT_SIGN_IN || e->decision.verdict == PROTECT_STEP_UP
		       ? 401
		       : 403;
}

const char *explain_verdict(const struct explanation *e)
{
	switch (e->kind) {
	case EXPLAIN_OTHER_HOST:
		return "other_host";
	case EXPLAIN_BAD_PATH:
		return "not_canonical";
	case EXPLAIN_OWN:
		return "own";
	default:
		break;
	}
	switch (e->decision.verdict) {
	case PROTECT_GRANTED:
		return "served";
	case PROTECT_SIGN_IN:
		return "sign_in";
	case PROTECT_COMPLETE:
		return "complete";
	case PROTECT_STEP_UP:
		return "step_up";
	default:
		return "forbidden";
	}
}

/* Only what a browser can ask for again is worth going away for. */
static bool is_repeatable(const struct explanation *e)
{
	return str_equal(e->asked.method, STR("GET")) || str_equal(e->asked.method, STR("HEAD"));
}

static const char *reason_of(const struct explanation *e)
{
	switch (e->decision.verdict) {
	case PROTECT_SIGN_IN:
		return "has to sign in";
	case PROTECT_COMPLETE:
		return session_awaits_password(&e->session) ? "has to choose a new password first"
							    : "has to complete the sign-in first";
	case PROTECT_STEP_UP:
		return e->decision.needs_aal2 ? "has to confirm with a second factor"
					      : "has to confirm who they are";
	default:
		return e->decision.no_method ? "no section of this path names the method"
					     : "may not, whatever they do";
	}
}

static void add_decision(struct buf *buf, const struct explanation *e)
{
	if (e->decision.verdict == PROTECT_GRANTED) {
		buf_add(buf, protect_is_public(e->decision.rule) ? STR("served to everybody")
								 : STR("served"));
		return;
	}
	buf_addf(buf, "refused (%s): ", reason_of(e));
	if (str_is_present(e->location.text) && is_repeatable(e)) {
		buf_add(buf, STR("a browser is sent to "));
		buf_add(buf, e->location.text);
		buf_addf(buf, ", a program gets %d", explain_status(e));
		return;
	}
	buf_addf(buf, "answered %d", explain_status(e));
}

void explain_add_verdict(struct buf *buf, const struct explanation *e)
{
	switch (e->kind) {
	case EXPLAIN_OTHER_HOST:
		buf_add(buf, STR("refused: not of [server] origin, the only host whose sessions "
				 "arrive; where the guard is asked for another one it answers "
				 "403"));
		break;
	case EXPLAIN_BAD_PATH:
		buf_addf(buf, "refused: answered 400 before any rule is read: %s", e->place.flaw);
		break;
	case EXPLAIN_OWN:
		buf_add(buf, STR("a page of Gatepost's own, which has rules of its own"));
		break;
	default:
		add_decision(buf, e);
	}
}

void explain_add_section(struct buf *buf, const struct config *config, const struct explanation *e)
{
	const struct protect_config *rule = e->decision.rule;

	buf_add(buf, config->file);
	if (rule == NULL) {
		buf_add(buf, STR(": no [protect] section is about it: any user who is signed in"));
		return;
	}
	buf_addf(buf, ":%u: [protect \"", rule->line);
	buf_add(buf, rule->path.n > 0 ? rule->path : STR("/"));
	buf_add(buf, STR("\"] require = "));
	buf_add(buf, rule->require_text);
	if (!str_is_present(rule->methods_text))
		return;
	buf_add(buf, STR(", methods = "));
	buf_add(buf, rule->methods_text);
}

bool explain_is_met(const struct explanation *e, const struct protect_term *term)
{
	return protect_is_met(e->decision.rule, term, &e->asked, &e->session);
}
