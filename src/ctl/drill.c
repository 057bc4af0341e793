/* The drill: a user who signs in through the URL, is checked, is shut out, and is removed. */
#include "drill.h"

#include <pthread.h>
#include <signal.h>

#include "account.h"
#include "arena.h"
#include "buf.h"
#include "codec.h"
#include "json.h"
#include "judge.h"
#include "session.h"

#define PASSWORD_BYTES 32
#define NAME_BYTES 4
#define TEXT_MAX 4096
#define SESSION "/api/v1/session"

/* What the server gave, and through which ways it was let in. */
struct drill {
	const struct web *web;
	struct doctor *doctor;
	struct id user_id;
	struct str name, password;
	struct str handle;                          /* absent: no sign-in by handle */
	struct str cookie;                          /* "NAME=VALUE"; absent: none came */
	struct str by_handle, by_bearer, by_cookie; /* headers that were let in; absent: not */
};

static enum err make_names(struct drill *drill)
{
	struct arena *arena = drill->doctor->arena;
	struct secret bytes = SECRET_NONE;
	unsigned char random[NAME_BYTES];
	char *text = arena_alloc(arena, CODEC_BASE64URL_LEN(PASSWORD_BYTES) + 1);
	struct buf name;

	if (text == NULL)
		return ERR_MEMORY;
	TRY(secret_random(arena, PASSWORD_BYTES, &bytes));
	codec_base64url(bytes.bytes, bytes.len, text);
	secret_wipe(&bytes);
	drill->password = str_of(text);
	secret_random_bytes(random, sizeof random);
	buf_init(&name, arena, 64);
	buf_add(&name, STR("doctor-"));
	codec_add_hex(&name, random, sizeof random);
	return buf_str(&name, &drill->name);
}

static bool make_user(struct drill *drill)
{
	struct account_request request = {.display_name = STR("gatepost doctor")};
	struct account_result result = {.flaw = ACCOUNT_TAKEN};
	enum err e = make_names(drill);

	request.username = drill->name;
	request.password = drill->password;
	if (e == OK)
		e = account_create(&drill->doctor->ctl->auth, &request, &result);
	if (e == OK && result.flaw == ACCOUNT_FINE) {
		drill->user_id = result.user.id;
		return true;
	}
	doctor_add(drill->doctor, DOCTOR_FAIL, "drill", "see account-web and account-hash above",
		   "no temporary user could be made: %s",
		   e != OK ? err_name(e) : "the account was refused");
	return false;
}

/* "Name: value" in the arena. */
static enum err header(const struct drill *drill, const char *name, struct str value,
		       struct str *out)
{
	struct buf text;

	buf_init(&text, drill->doctor->arena, TEXT_MAX);
	buf_add(&text, str_of(name));
	buf_add(&text, STR(": "));
	buf_add(&text, value);
	return buf_str(&text, out);
}

static enum err sign_in(const struct drill *drill, const char *transport,
			struct fetch_answer *answer)
{
	struct fetch_request request = {.plain = false};
	struct json_out json;
	struct buf body;

	buf_init(&body, drill->doctor->arena, TEXT_MAX);
	json_begin(&json, &body);
	json_open_object(&json, NULL);
	json_text(&json, "identifier", drill->name);
	json_text(&json, "password", drill->password);
	json_text(&json, "transport", str_of(transport));
	json_close_object(&json);
	TRY(buf_str(&body, &request.body));
	TRY(web_ask(drill->web, "/api/v1/sessions", &request, answer));
	if (answer->status != 201)
		doctor_add(drill->doctor, DOCTOR_FAIL, "sign-in",
			   "429: too many attempts from here, wait; else see the worker's log",
			   "by %s answers %d, not 201 %s", transport, answer->status,
			   answer->trouble);
	return OK;
}

/* The handle stands in the body as a member of its own; it needs no escapes. */
static struct str find_handle(struct str body)
{
	struct str lead = STR("\"session_handle\":\"");
	struct str head = STR_NONE;
	struct str tail = STR_NONE;

	for (size_t i = 0; i + lead.n <= body.n; i++) {
		if (!str_equal(str_sub(body, i, i + lead.n), lead))
			continue;
		str_cut(str_sub(body, i + lead.n, body.n), '"', &head, &tail);
		return head;
	}
	return STR_NONE;
}

/* The session's Set-Cookie, even under a name that something on the way has changed. */
static struct str find_cookie(const struct fetch_answer *answer)
{
	struct str ending = STR("gatepost");
	struct str value = fetch_header(answer, "Set-Cookie", 0);
	struct str name = STR_NONE;
	struct str rest = STR_NONE;

	for (size_t i = 1; str_is_present(value); i++) {
		if (str_cut(value, '=', &name, &rest) && name.n >= ending.n &&
		    str_equal(str_sub(name, name.n - ending.n, name.n), ending))
			return value;
		value = fetch_header(answer, "Set-Cookie", i);
	}
	return STR_NONE;
}

static void judge_set_cookie(struct drill *drill, struct str value)
{
	bool strict = drill->doctor->config->session.cookie_strict;
	struct str rest = STR_NONE;

	if (!str_is_present(value)) {
		doctor_add(drill->doctor, DOCTOR_FAIL, "cookie", "let Set-Cookie through as it is",
			   "no session cookie arrives");
		return;
	}
	const char *flaw = judge_cookie(value, strict);
	str_cut(value, ';', &drill->cookie, &rest);
	if (flaw != NULL)
		doctor_add(drill->doctor, DOCTOR_FAIL, "cookie",
			   "the web server rewrites Set-Cookie (ProxyPassReverseCookie…, Header "
			   "edit): leave it as it is",
			   "as it arrives, %s", flaw);
	else
		doctor_add(drill->doctor, DOCTOR_OK, "cookie", "",
			   "__Host-, Secure, HttpOnly, SameSite, Path=/, no Domain");
}

/* *status: 0 when there was no answer. */
static enum err ask(const struct drill *drill, struct str line, struct fetch_answer *answer)
{
	struct fetch_request request = {.headers = {line}};

	return web_ask(drill->web, SESSION, &request, answer);
}

struct way {
	const char *check;
	const char *header;
	const char *prefix;
	const char *advice;
};

/* Lets in: the header is kept, to be tried again when the session has ended. */
static enum err try_way(struct drill *drill, const struct way *way, struct str value,
			struct str *kept)
{
	struct fetch_answer answer;
	struct str line = STR_NONE;
	struct buf text;
	struct str whole = STR_NONE;

	buf_init(&text, drill->doctor->arena, TEXT_MAX);
	buf_add(&text, str_of(way->prefix));
	buf_add(&text, value);
	TRY(buf_str(&text, &whole));
	TRY(header(drill, way->header, whole, &line));
	TRY(ask(drill, line, &answer));
	if (answer.status == 200) {
		*kept = line;
		doctor_add(drill->doctor, DOCTOR_OK, way->check, "", "%s arrives", way->header);
	} else {
		doctor_add(drill->doctor, DOCTOR_FAIL, way->check, way->advice,
			   "a live session by %s is answered %d, not 200: it does not arrive",
			   way->header, answer.status);
	}
	return OK;
}

/* With a hyphen it is ours; with an underscore it must not become the same parameter. */
static enum err try_look_alike(const struct drill *drill)
{
	struct fetch_answer answer;
	struct str line = STR_NONE;

	TRY(header(drill, "X_Session_Id", drill->handle, &line));
	TRY(ask(drill, line, &answer));
	if (answer.status == 200)
		doctor_add(drill->doctor, DOCTOR_FAIL, "look-alike",
			   "take the lines of the shipped snippet that refuse header names with an "
			   "underscore",
			   "X_Session_Id is taken for X-Session-Id");
	else
		doctor_add(drill->doctor, DOCTOR_OK, "look-alike", "",
			   "X_Session_Id is not taken for X-Session-Id (%d)", answer.status);
	return OK;
}

static enum err try_no_store(const struct drill *drill)
{
	struct fetch_answer answer;

	TRY(ask(drill, drill->by_handle, &answer));
	if (str_equal_nocase(fetch_header(&answer, "Cache-Control", 0), STR("no-store")))
		doctor_add(drill->doctor, DOCTOR_OK, "no-store", "",
			   "what belongs to a session is not cached");
	else
		doctor_add(drill->doctor, DOCTOR_FAIL, "no-store",
			   "the web server changes Cache-Control: leave it to Gatepost",
			   "an answer about a session lacks Cache-Control: no-store");
	return OK;
}

static enum err by_handle(struct drill *drill)
{
	static const struct way ways[] = {
		{"x-session-id", "X-Session-Id", "",
		 "pass the header on (mod_fcgid: FcgidPassHeader X-Session-Id)"},
		{"authorization", "Authorization", "Bearer ",
		 "Apache: CGIPassAuth On, or with mod_fcgid FcgidPassHeader Authorization"},
	};
	struct fetch_answer answer;

	TRY(sign_in(drill, "handle", &answer));
	drill->handle = find_handle(answer.body);
	if (!str_is_present(drill->handle))
		return OK;
	TRY(try_way(drill, &ways[0], drill->handle, &drill->by_handle));
	TRY(try_way(drill, &ways[1], drill->handle, &drill->by_bearer));
	TRY(try_look_alike(drill));
	return str_is_present(drill->by_handle) ? try_no_store(drill) : OK;
}

static enum err by_cookie(struct drill *drill)
{
	static const struct way way = {"cookie-arrives", "Cookie", "",
				       "pass the header Cookie on as it is"};
	struct fetch_answer answer;

	TRY(sign_in(drill, "cookie", &answer));
	if (answer.status != 201)
		return OK;
	judge_set_cookie(drill, find_cookie(&answer));
	return str_is_present(drill->cookie)
		       ? try_way(drill, &way, drill->cookie, &drill->by_cookie)
		       : OK;
}

/* Whoever was let in must not be any more, at the very next request. */
static enum err shut_out(const struct drill *drill)
{
	const struct str lines[] = {drill->by_handle, drill->by_bearer, drill->by_cookie};
	struct fetch_answer answer;
	uint64_t ended = 0;
	unsigned tried = 0;
	int worst = 401;

	TRY(session_end_all(&drill->doctor->ctl->auth, &drill->user_id, NULL, &ended));
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		if (!str_is_present(lines[i]))
			continue;
		TRY(ask(drill, lines[i], &answer));
		tried++;
		if (answer.status != 401)
			worst = answer.status;
	}
	if (tried == 0)
		doctor_add(drill->doctor, DOCTOR_FAIL, "revocation", "see the lines above",
			   "could not be tried: no session was let in");
	else if (worst != 401)
		doctor_add(drill->doctor, DOCTOR_FAIL, "revocation",
			   "does something cache answers, or does the worker read another "
			   "database?",
			   "a session that was ended is still answered %d", worst);
	else
		doctor_add(drill->doctor, DOCTOR_OK, "revocation", "",
			   "ended sessions are refused at once, by %u of 3 ways", tried);
	return OK;
}

static void remove_user(const struct drill *drill)
{
	enum err e = account_remove(&drill->doctor->ctl->auth, &drill->user_id);

	if (e != OK)
		doctor_add(drill->doctor, DOCTOR_FAIL, "drill", "lock it by hand",
			   "the temporary user %.*s could not be removed: %s", (int)drill->name.n,
			   drill->name.p, err_name(e));
}

void drill_run(const struct web *web)
{
	struct drill drill = {.web = web, .doctor = web->doctor};
	sigset_t was;

	ctl_hold_signals(&was);
	if (make_user(&drill)) {
		enum err e = by_handle(&drill);
		if (e == OK)
			e = by_cookie(&drill);
		if (e == OK)
			e = shut_out(&drill);
		if (e != OK)
			doctor_add(drill.doctor, DOCTOR_FAIL, "drill", "", "ended early: %s",
				   err_name(e));
		remove_user(&drill);
	}
	(void)pthread_sigmask(SIG_SETMASK, &was, NULL);
}
