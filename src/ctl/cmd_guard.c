/* gatepost guard explain|check */
#include "arena.h"
#include "cidr.h"
#include "clock.h"
#include "ctl.h"
#include "explain.h"
#include "guard_check.h"
#include "log.h"
#include "output.h"
#include "tenant_store.h"
#include "trial.h"
#include "user_store.h"

#define METHOD_MAX 32

static bool is_method(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 'A' || text.p[i] > 'Z')
			return false;
	return text.n > 0 && text.n <= METHOD_MAX;
}

static bool is_address(struct str text)
{
	struct cidr network;

	return !str_contains(text, '/') && cidr_read(text, &network) == OK;
}

/* NULL: the options are fine; *age: of --signed-in. */
static const char *wrong_options(const struct ctl *ctl, int64_t *age)
{
	bool of_person = ctl_given(ctl, CTL_AAL2) || ctl_given(ctl, CTL_SIGNED_IN) ||
			 ctl_given(ctl, CTL_TENANT);

	if (ctl->operand.n == 0)
		return "which address? a path, or one of [server] origin";
	if (of_person && !ctl_given(ctl, CTL_USER))
		return "--tenant, --aal2 and --signed-in are about a --user";
	if (ctl_given(ctl, CTL_METHOD) && !is_method(ctl_value(ctl, CTL_METHOD)))
		return "--method must be a method in capitals";
	if (ctl_given(ctl, CTL_IP) && !is_address(ctl_value(ctl, CTL_IP)))
		return "--ip must be an address";
	if (ctl_given(ctl, CTL_SIGNED_IN) &&
	    clock_parse_span(ctl_value(ctl, CTL_SIGNED_IN), age) != OK)
		return "--signed-in must be a span: 10m is ten minutes ago";
	return NULL;
}

/* User and tenant of the options. False: *code says why not, and it was said. */
static bool find_person(struct ctl *ctl, struct user_row *user, struct trial *trial,
			enum ctl_exit *code)
{
	struct tenant_row tenant = {.id = ID_NONE};

	if (!ctl_find_user(ctl, ctl_value(ctl, CTL_USER), user, code))
		return false;
	if (ctl_given(ctl, CTL_TENANT) &&
	    !ctl_find_tenant(ctl, ctl_value(ctl, CTL_TENANT), &tenant, code))
		return false;
	*trial = (struct trial){.user = user, .tenant_id = tenant.id};
	return true;
}

static void add_terms_json(struct json_out *json, const struct explanation *e)
{
	const struct protect_config *rule = e->decision.rule;
	int64_t group = 1;

	json_open_array(json, "terms");
	for (size_t i = 0; rule != NULL && i < rule->term_count; i++) {
		json_open_object(json, NULL);
		json_text(json, "term", rule->terms[i].text);
		json_number(json, "group", group);
		json_bool(json, "met", explain_is_met(e, &rule->terms[i]));
		json_close_object(json);
		group += rule->terms[i].closes ? 1 : 0;
	}
	json_close_array(json);
}

static void add_section_json(struct json_out *json, const struct config *config,
			     const struct explanation *e)
{
	const struct protect_config *rule = e->decision.rule;

	if (rule == NULL) {
		json_text(json, "section", STR_NONE);
		return;
	}
	json_open_object(json, "section");
	json_text(json, "file", config->file);
	json_number(json, "line", rule->line);
	json_text(json, "path", rule->path.n > 0 ? rule->path : STR("/"));
	json_text(json, "require", rule->require_text);
	json_text(json, "methods", rule->methods_text);
	json_close_object(json);
}

static enum err add_json(struct output *output, const struct ctl *ctl, const struct explanation *e)
{
	struct json_out *json = &output->json;
	struct str sentence = STR_NONE;
	struct buf text;

	buf_init(&text, ctl->auth.arena, (size_t)16 * 1024);
	explain_add_verdict(&text, e);
	TRY(buf_str(&text, &sentence));
	json_open_object(json, NULL);
	json_text(json, "path", e->place.path);
	json_text(json, "method", e->asked.method);
	json_text(json, "verdict", str_of(explain_verdict(e)));
	json_bool(json, "served", explain_is_served(e));
	json_number(json, "status", explain_status(e));
	json_text(json, "location", e->location.text);
	add_section_json(json, ctl->auth.config, e);
	add_terms_json(json, e);
	json_text(json, "explanation", sentence);
	json_close_object(json);
	return OK;
}

static void add_person(struct buf *buf, const struct ctl *ctl, const struct explanation *e)
{
	if (!ctl_given(ctl, CTL_USER)) {
		buf_add(buf, STR("a stranger"));
		return;
	}
	output_plain(buf, ctl_value(ctl, CTL_USER));
	if (e->session.standing == SESSION_UNKNOWN)
		buf_add(buf, STR(", who is locked: no session of theirs counts"));
	else if (e->session.standing == SESSION_EXPIRED)
		buf_add(buf, STR(", whose session would be over by now"));
	else
		buf_addf(buf, ", signed in %s%s with %s",
			 ctl_given(ctl, CTL_SIGNED_IN) ? ctl->line.values[CTL_SIGNED_IN]
						       : "just now",
			 ctl_given(ctl, CTL_SIGNED_IN) ? " ago" : "",
			 ctl_given(ctl, CTL_AAL2) ? "two factors" : "one factor");
}

static void add_terms(struct buf *buf, const struct explanation *e)
{
	const struct protect_config *rule = e->decision.rule;
	bool first = true;

	for (size_t i = 0; rule != NULL && !e->decision.no_method && i < rule->term_count; i++) {
		buf_addf(buf, "  %s  %s", explain_is_met(e, &rule->terms[i]) ? "yes" : "no ",
			 first ? "" : "or ");
		buf_add(buf, rule->terms[i].text);
		if (rule->terms[i].kind == PROTECT_NETWORK && e->asked.ip.n == 0)
			buf_add(buf, STR(" (--ip says from where)"));
		buf_add_char(buf, '\n');
		first = rule->terms[i].closes;
	}
}

static void add_text(struct buf *buf, const struct ctl *ctl, const struct explanation *e)
{
	output_plain(buf, e->asked.method);
	buf_add_char(buf, ' ');
	output_plain(buf, ctl->operand);
	buf_add(buf, STR(" by "));
	add_person(buf, ctl, e);
	buf_add_char(buf, '\n');
	if (e->kind == EXPLAIN_DECIDED) {
		explain_add_section(buf, ctl->auth.config, e);
		buf_add_char(buf, '\n');
		add_terms(buf, e);
	}
	explain_add_verdict(buf, e);
	buf_add_char(buf, '\n');
}

static enum ctl_exit explain(struct ctl *ctl, const struct explain_question *question)
{
	struct explanation e;
	struct output output;
	enum err failed = explain_decide(ctl->auth.config, ctl->auth.arena, question, &e);

	output_begin(&output, ctl);
	if (failed == OK && output.is_json)
		failed = add_json(&output, ctl, &e);
	else if (failed == OK)
		add_text(&output.buf, ctl, &e);
	return failed == OK ? output_end(&output) : ctl_failed(ctl, failed);
}

enum ctl_exit cmd_guard_explain(struct ctl *ctl)
{
	int64_t age = 0;
	const char *wrong = wrong_options(ctl, &age);
	struct explain_question question = {
		.url = ctl->operand,
		.method = ctl_given(ctl, CTL_METHOD) ? ctl_value(ctl, CTL_METHOD) : STR("GET"),
		.ip = ctl_given(ctl, CTL_IP) ? ctl_value(ctl, CTL_IP) : STR(""),
		.now = ctl->auth.now,
		.session = {.standing = SESSION_ABSENT},
	};
	struct user_row user;
	struct trial trial;
	enum ctl_exit code = CTL_FINE;

	if (wrong != NULL)
		return ctl_say(CTL_USAGE, "%s", wrong);
	if (!ctl_given(ctl, CTL_USER))
		return explain(ctl, &question);
	if (!find_person(ctl, &user, &trial, &code))
		return code;
	enum err e = trial_imagine(&ctl->auth, &trial, ctl->auth.now - age,
				   ctl_given(ctl, CTL_AAL2) ? 2 : 1, &question.session);
	return e == OK ? explain(ctl, &question) : ctl_failed(ctl, e);
}

static enum ctl_exit check_all(struct ctl *ctl, struct doctor *doctor, const struct trial *trial)
{
	struct web web = {.doctor = doctor};

	if (fetch_open(ctl->line.values[CTL_CA], ctl->line.values[CTL_RESOLVE], &web.fetch) != OK)
		return ctl_say(CTL_UNAVAILABLE, "no memory");
	for (size_t i = 0; i < CTL_OPERANDS_MAX && ctl->operands[i].n > 0; i++) {
		struct visit visit = {.web = &web, .doctor = doctor};

		guard_check_stranger(&visit, ctl->operands[i]);
		if (trial != NULL)
			guard_check_person(&visit, trial);
	}
	fetch_close(&web.fetch);
	return doctor_report(doctor);
}

enum ctl_exit cmd_guard_check(struct ctl *ctl)
{
	struct doctor *doctor = arena_alloc(ctl->auth.arena, sizeof *doctor);
	int64_t age = 0;
	const char *wrong = wrong_options(ctl, &age);
	struct user_row user;
	struct trial trial;
	enum ctl_exit code = CTL_FINE;

	if (wrong != NULL)
		return ctl_say(CTL_USAGE, "%s", wrong);
	if (doctor == NULL)
		return ctl_say(CTL_UNAVAILABLE, "no memory");
	*doctor = (struct doctor){
		.ctl = ctl,
		.config = ctl->auth.config,
		.arena = ctl->auth.arena,
		.complete = true,
	};
	/* That a session was made and ended is a row; here only what is found is of interest. */
	log_set_level(LOG_LEVEL_ERROR);
	if (!ctl_given(ctl, CTL_USER))
		return check_all(ctl, doctor, NULL);
	return find_person(ctl, &user, &trial, &code) ? check_all(ctl, doctor, &trial) : code;
}
