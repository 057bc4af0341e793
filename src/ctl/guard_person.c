/* Proving from outside that a person is served, with a session that is ended right away. */
#include "guard_check.h"

#include <pthread.h>
#include <signal.h>

#include "buf.h"
#include "clock.h"
#include "guard_judge.h"

#define HEADER_MAX 256
#define TEXT_MAX 4096

struct person_visit {
	struct visit *visit;
	const struct trial *trial;
	struct session_issued issued;
	struct str header; /* carries the session */
};

static enum guard_reading ask(struct person_visit *p, struct fetch_answer *answer)
{
	struct visit *visit = p->visit;
	struct fetch_request request = {.headers = {STR("Accept: application/json"), p->header}};

	if (visit_ask(visit, visit->target, &request, answer) != OK) {
		visit->doctor->complete = false;
		*answer = (struct fetch_answer){.trouble = "no memory"};
	}
	return guard_judge(visit->doctor->config, visit->target, answer);
}

/* The rules in words, of this very session. */
static enum err explain_refusal(struct person_visit *p, struct explanation *e, struct str *text)
{
	struct visit *visit = p->visit;
	const struct explain_question question = {
		.url = visit->target,
		.method = STR("GET"),
		.ip = STR(""),
		.now = visit->doctor->ctl->auth.now,
		.session = p->issued.session,
	};
	struct buf buf;

	buf_init(&buf, visit->doctor->arena, TEXT_MAX);
	TRY(explain_decide(visit->doctor->config, visit->doctor->arena, &question, e));
	explain_add_section(&buf, visit->doctor->config, e);
	buf_add(&buf, STR(": "));
	explain_add_verdict(&buf, e);
	return buf_str(&buf, text);
}

static void say_refused(struct person_visit *p, int status)
{
	struct explanation e;
	struct str why = STR_NONE;

	if (explain_refusal(p, &e, &why) != OK) {
		p->visit->doctor->complete = false;
		return;
	}
	int n = (int)(why.n < 500 ? why.n : 500);
	if (explain_is_served(&e))
		visit_say(p->visit, DOCTOR_FAIL, "served",
			  "does the session arrive (a header X-Session-Id that is passed on), and "
			  "did the worker read this configuration (reload it)?",
			  "is refused (%d) with a session that the rules let in", status);
	else if (e.decision.verdict == PROTECT_STEP_UP)
		visit_say(p->visit, DOCTOR_WARN, "served",
			  "as it must be: the session of this check cannot step up; sign in "
			  "yourself to see it served",
			  "is refused (%d) until it is confirmed: %.*s", status, n, why.p);
	else
		visit_say(p->visit, DOCTOR_FAIL, "served",
			  "give what is asked for, or ask with another user; gatepost guard "
			  "explain tells each term",
			  "is refused (%d) with a session of this user: %.*s", status, n, why.p);
}

static void check_private(struct person_visit *p, const struct fetch_answer *answer)
{
	if (guard_is_private(answer))
		visit_say(p->visit, DOCTOR_OK, "cache", "", "no cache in between may keep it");
	else
		visit_say(p->visit, DOCTOR_FAIL, "cache",
			  "add Cache-Control: private, as guarded.conf does",
			  "its answer has neither private nor no-store: a cache in between may "
			  "give it to others");
}

/* True: the guard let it through. */
static bool check_served(struct person_visit *p)
{
	struct fetch_answer answer;
	enum guard_reading reading = ask(p, &answer);

	switch (reading) {
	case GUARD_REFUSED:
		say_refused(p, answer.status);
		return false;
	case GUARD_UNANSWERED:
		visit_say(p->visit, DOCTOR_FAIL, "served", "see the web server's log",
			  "no answer with a session: %s", answer.trouble);
		return false;
	case GUARD_FAILED:
	case GUARD_BARRED:
		visit_say(p->visit, DOCTOR_WARN, "served",
			  "Gatepost does not say this: see the web server's and the "
			  "application's log",
			  "is answered %d with a session", answer.status);
		return false;
	default:
		break;
	}
	visit_say(p->visit, DOCTOR_OK, "served", "", "is served with a session (%d)",
		  answer.status);
	check_private(p, &answer);
	return true;
}

/* The session is over, and the very next request has to know. */
static void check_ended(struct person_visit *p)
{
	struct fetch_answer answer;
	enum guard_reading reading = ask(p, &answer);

	if (reading == GUARD_REFUSED || reading == GUARD_BARRED)
		visit_say(p->visit, DOCTOR_OK, "revocation", "",
			  "is refused at once when the session has ended (%d)", answer.status);
	else
		visit_say(p->visit, DOCTOR_FAIL, "revocation",
			  "does something keep answers or decisions, or does the worker read "
			  "another database?",
			  "is still answered %d when the session has ended", answer.status);
}

static enum err begin(struct person_visit *p, bool *begun)
{
	enum trial_verdict verdict = TRIAL_REFUSED;
	struct buf header;

	*begun = false;
	/* The session's minute begins now, however long the command has run. */
	p->visit->doctor->ctl->auth.now = clock_now();
	TRY(trial_begin(&p->visit->doctor->ctl->auth, p->trial, &verdict, &p->issued));
	if (verdict != TRIAL_BEGUN) {
		visit_say(p->visit, DOCTOR_FAIL, "served", "ask with another user",
			  "the user cannot sign in: locked, or gone");
		return OK;
	}
	*begun = true;
	buf_init(&header, p->visit->doctor->arena, HEADER_MAX);
	buf_add(&header, STR("X-Session-Id: "));
	buf_add(&header,
		(struct str){.p = (const char *)p->issued.text.bytes, .n = p->issued.text.len});
	return buf_str(&header, &p->header);
}

static enum err end(struct person_visit *p)
{
	bool ended = false;

	return session_end_one(&p->visit->doctor->ctl->auth, &p->trial->user->id,
			       &p->issued.session.found.session.id, &ended);
}

void guard_check_person(struct visit *visit, const struct trial *trial)
{
	struct person_visit p = {.visit = visit, .trial = trial};
	bool begun = false;
	bool served = false;
	sigset_t was;

	if (!str_is_present(visit->target) || visit->open)
		return;
	ctl_hold_signals(&was);
	enum err e = begin(&p, &begun);
	if (e == OK && begun)
		served = check_served(&p);
	enum err failed = begun ? end(&p) : OK;
	if (e == OK && failed == OK && served)
		check_ended(&p);
	if (e != OK || failed != OK)
		visit_say(visit, DOCTOR_FAIL, "served",
			  "a session that could not be ended lives a minute at most",
			  "the check ended early: %s", err_name(e != OK ? e : failed));
	(void)pthread_sigmask(SIG_SETMASK, &was, NULL);
}
