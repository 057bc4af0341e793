/* What the route table's flags mean: credentials, standing, CSRF, in that order. */
#include "guard.h"

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "clock.h"
#include "codec.h"
#include "cookie.h"
#include "csrf.h"
#include "form.h"
#include "grants.h"
#include "guarded.h"
#include "service_call.h"
#include "token_call.h"
#include "url.h"
#include "view.h"

#define DEVICE_BYTES 32

static bool has(const struct call *call, enum route_exemption exemption)
{
	return (call->match.route->exempt & exemption) != 0;
}

static bool is_page(const struct call *call)
{
	return call->match.surface == SURFACE_PAGE;
}

static bool is_read(const struct call *call)
{
	return call->request.method == METHOD_GET || call->request.method == METHOD_HEAD;
}

static enum err refuse(struct call *call, enum problem problem, bool *answered)
{
	*answered = true;
	return view_problem(call, problem, &(struct problem_detail){.rotated = false});
}

/* Cookies that are no credential: one that is not ours, or came twice, is as good as none. */
static void read_other_cookies(struct call *call)
{
	unsigned char device[DEVICE_BYTES];
	struct str value;
	if (cookie_find(call->request.cookie, STR(COOKIE_PRE), &value) == OK &&
	    csrf_pre_is_valid(call->app->keys, value, call->request.now))
		call->pre_cookie = value;
	if (cookie_find(call->request.cookie, STR(COOKIE_DEVICE), &value) == OK &&
	    codec_base64url_decode(value, device, sizeof(device)) == OK)
		call->device_cookie = value;
	secret_wipe_bytes(device, sizeof(device));
}

static bool is_bearer(struct str authorization)
{
	return str_equal_nocase(str_sub(authorization, 0, 7), STR("Bearer "));
}

static bool is_twice(struct str header, struct str name)
{
	unsigned n = 0;
	struct str pair, key, value;
	for (bool more = true; more;) {
		more = str_cut(header, ';', &pair, &header);
		if (str_cut(str_trim(pair), '=', &key, &value) && str_equal(key, name))
			n++;
	}
	return n > 1;
}

static void read_session_cookie(const struct call *call, struct credential_input *input)
{
	struct str header = call->request.cookie;
	if (cookie_find(header, STR(COOKIE_SESSION), &input->cookie) == OK)
		return;
	input->cookie_twice = is_twice(header, STR(COOKIE_SESSION));
	/* There is one, but with what no cookie may have: malformed, not absent. */
	input->cookie = STR("");
}

static enum err read_credential(struct call *call)
{
	struct credential_input input = {
		.session_id_header = call->request.session_id_header,
		.authorization = call->request.authorization,
	};
	read_session_cookie(call, &input);
	/* A site may ask for a password of its own before its pages; that is none of ours. */
	bool is_elsewhere = has(call, ROUTE_GUARDS);
	if ((is_page(call) || is_elsewhere) && !is_bearer(input.authorization))
		input.authorization = STR_NONE;
	TRY(credential_read(call->arena, call->app->keys, &input, &call->credential));
	if (!is_page(call) || is_elsewhere || call->credential.syntax == CREDENTIAL_AMBIGUOUS)
		return OK;
	/* Pages know only the cookie; what cannot be one of ours is no reason to frighten anybody.
	 */
	if (call->credential.syntax == CREDENTIAL_MALFORMED ||
	    call->credential.carrier != CARRIER_COOKIE)
		call->credential = (struct credential){.syntax = CREDENTIAL_ABSENT};
	return OK;
}

enum err guard_identify(struct call *call)
{
	if (call->identified)
		return OK;
	call->identified = true;
	call->session = (struct session){.standing = SESSION_ABSENT};
	if (has(call, ROUTE_NO_CREDENTIAL))
		return OK;
	if (service_call_is(call)) {
		call->by_service = true;
		call->credential = (struct credential){.syntax = CREDENTIAL_ABSENT};
		return OK;
	}
	if (has(call, ROUTE_GUARDS) &&
	    (call->guarded->flaw != GUARDED_FINE || call->guarded->open)) {
		call->credential = (struct credential){.syntax = CREDENTIAL_ABSENT};
		return OK;
	}
	read_other_cookies(call);
	return read_credential(call);
}

/* A program can leave out a header; a page's script cannot take away a cookie. */
static enum err refuse_malformed(struct call *call, bool *answered)
{
	call->session.standing = SESSION_UNKNOWN;
	if (!is_page(call) && (str_is_present(call->request.session_id_header) ||
			       str_is_present(call->request.authorization)))
		return refuse(call, PROBLEM_UNAUTHENTICATED, answered);
	return OK;
}

/* Whatever it is worth is for the rules to judge; that a value was rotated away is no matter there.
 */
static enum err resolve_guarded(struct call *call)
{
	const struct session_look_up look_up = {
		.context = &call->auth,
		.credential = &call->credential,
		.out = &call->session,
	};
	if (call->resolved || call->credential.syntax == CREDENTIAL_ABSENT)
		return OK;
	call->session.standing = SESSION_UNKNOWN;
	if (call->credential.syntax != CREDENTIAL_WELL_FORMED)
		return OK;
	TRY(token_prove(call));
	if (call->credential.syntax != CREDENTIAL_WELL_FORMED)
		return OK;
	/* Whoever waits here keeps a thread of the web server's, which has other things to serve.
	 */
	if (!breaker_lets(call->app->guarded, clock_monotonic()))
		return ERR_UNAVAILABLE;
	enum err e = session_look_up(call->auth.db, call->arena, &look_up, 1);
	breaker_note(call->app->guarded, clock_monotonic(), e);
	return e;
}

static enum err resolve(struct call *call, bool *answered)
{
	if (has(call, ROUTE_NO_CREDENTIAL))
		return OK;
	if (has(call, ROUTE_GUARDS))
		return resolve_guarded(call);
	TRY(token_prove(call));
	switch (call->credential.syntax) {
	case CREDENTIAL_ABSENT:
		return OK;
	case CREDENTIAL_AMBIGUOUS:
		return refuse(call, PROBLEM_AMBIGUOUS_CREDENTIALS, answered);
	case CREDENTIAL_MALFORMED:
		return refuse_malformed(call, answered);
	case CREDENTIAL_WELL_FORMED:
		if (call->resolved)
			return OK;
		return session_resolve(&call->auth, &call->credential, 1, &call->session);
	}
	return ERR_INTERNAL;
}

/* Where the visitor wanted to go, if one can go back there. */
static struct str place_of(const struct call *call)
{
	struct url place;
	struct str path;
	struct buf text;
	buf_init(&text, call->arena, REQUEST_PATH_MAX);
	buf_add(&text, call->request.path);
	if (call->request.query.n > 0) {
		buf_add_char(&text, '?');
		buf_add(&text, call->request.query);
	}
	if (buf_str(&text, &path) != OK || url_check_local(path, &place) != OK)
		return STR_NONE;
	return place.text;
}

/* The page that makes a session what is asked for, "?return_to=" and where the visitor was. */
static enum err send_to_entry(struct call *call, enum problem problem, bool *answered)
{
	struct str target, place = place_of(call);
	struct buf text;
	buf_init(&text, call->arena, (size_t)4 * REQUEST_PATH_MAX);
	if (session_awaits_password(&call->session))
		buf_add(&text, STR("/account/password"));
	else if (problem == PROBLEM_REAUTHENTICATION_REQUIRED)
		buf_add(&text, call->wants_factor ? STR("/reauth?factor=1") : STR("/reauth"));
	else if (session_awaits_factor(&call->session))
		buf_add(&text, STR("/second-factor"));
	else if (session_awaits_enrolment(&call->session))
		buf_add(&text, STR("/account/security"));
	else
		buf_add(&text, STR("/login"));
	if (str_is_present(place)) {
		buf_add(&text, call->wants_factor ? STR("&return_to=") : STR("?return_to="));
		url_add_encoded(&text, place);
	}
	TRY(buf_str(&text, &target));
	*answered = true;
	return view_redirect(call, target);
}

int64_t guard_max_age(const struct call *call)
{
	if (call->guarded != NULL && call->guarded->decision.max_age > 0)
		return call->guarded->decision.max_age;
	const struct route *route = call->match.route;
	if (route != NULL && route->max_age > 0)
		return (int64_t)route->max_age * CLOCK_SECOND;
	return call->app->config->session.fresh;
}

static bool is_permitted(const struct call *call)
{
	const char *permission = call->match.route->permission;
	return permission == NULL ||
	       grants_has_named(call->session.found.user_grants, STR("perm:"), str_of(permission));
}

/* MF-15: of who has a second factor the session alone changes nothing. */
static bool is_weak(const struct call *call)
{
	const struct session_found *found = &call->session.found;
	const struct config *config = call->app->config;
	return policy_has_factor(config, found->factors) &&
	       !policy_is_factor_fresh(config, &found->session, guard_max_age(call),
				       call->request.now);
}

static bool lacks_factor(const struct call *call)
{
	const struct route *route = call->match.route;
	if (has(call, ROUTE_AAL1_OK) || (has(call, ROUTE_STALE_OK) && !route->factor))
		return false;
	return is_weak(call);
}

bool guard_confirms(struct call *call)
{
	call->wants_factor = is_weak(call);
	return !call->wants_factor && policy_is_fresh(&call->session.found.session,
						      guard_max_age(call), call->request.now);
}

static bool is_fresh(const struct call *call)
{
	return has(call, ROUTE_STALE_OK) || policy_is_fresh(&call->session.found.session,
							    guard_max_age(call), call->request.now);
}

static enum problem pending_problem(const struct call *call)
{
	if (has(call, ROUTE_PENDING_OK))
		return PROBLEM_COUNT;
	if (has(call, ROUTE_ENROLMENT_OK) && session_awaits_enrolment(&call->session))
		return is_fresh(call) ? PROBLEM_COUNT : PROBLEM_REAUTHENTICATION_REQUIRED;
	return session_awaits_factor(&call->session) ? PROBLEM_SECOND_FACTOR_REQUIRED
						     : PROBLEM_FORBIDDEN;
}

/* PROBLEM_COUNT: none. */
static enum problem standing_problem(struct call *call)
{
	switch (call->session.standing) {
	case SESSION_UNKNOWN:
	case SESSION_ABSENT:
		return PROBLEM_UNAUTHENTICATED;
	case SESSION_REPLACED:
		return has(call, ROUTE_REPLACED_OK) ? PROBLEM_COUNT : PROBLEM_UNAUTHENTICATED;
	case SESSION_EXPIRED:
		return PROBLEM_SESSION_EXPIRED;
	case SESSION_HELD:
		return has(call, ROUTE_HELD_OK) ? PROBLEM_COUNT : PROBLEM_REAUTHENTICATION_REQUIRED;
	case SESSION_PENDING:
		return pending_problem(call);
	case SESSION_LIVE:
		if (session_is_guest(&call->session))
			return has(call, ROUTE_GUEST_OK) ? PROBLEM_COUNT : PROBLEM_UNAUTHENTICATED;
		/* Before freshness: nobody types a password to be told that they may not. */
		if (!is_permitted(call))
			return PROBLEM_FORBIDDEN;
		call->wants_factor = lacks_factor(call);
		return is_fresh(call) && !call->wants_factor ? PROBLEM_COUNT
							     : PROBLEM_REAUTHENTICATION_REQUIRED;
	}
	return PROBLEM_UNAUTHENTICATED;
}

/* Lines only: whoever has such a session may cause as many as they like. */
static void note_standing(const struct call *call)
{
	static const enum audit_kind KINDS[] = {
		[SESSION_EXPIRED] = AUDIT_SESSION_EXPIRED,
		[SESSION_PENDING] = AUDIT_SEQUENCE_REFUSED,
		[SESSION_LIVE] = AUDIT_ADMIN_REFUSED,
	};
	enum session_standing standing = call->session.standing;
	bool noted = standing == SESSION_EXPIRED || standing == SESSION_PENDING ||
		     (standing == SESSION_LIVE && !is_permitted(call));
	if (!noted)
		return;
	struct audit_event event = {
		.kind = KINDS[standing],
		.user_id = call->session.found.session.user_id,
		.session_id = call->session.found.session.id,
		.detail = str_of(call->match.route->path),
	};
	audit_line(&call->auth, &event);
}

static enum err check_standing(struct call *call, bool *answered)
{
	if (has(call, ROUTE_ANONYMOUS) || has(call, ROUTE_NO_CREDENTIAL) || has(call, ROUTE_GUARDS))
		return OK;
	enum problem problem = standing_problem(call);
	if (problem == PROBLEM_COUNT)
		return OK;
	note_standing(call);
	if (is_page(call) && is_read(call) &&
	    (problem_info(problem)->status == 401 || session_awaits_password(&call->session) ||
	     session_awaits_factor(&call->session) || session_awaits_enrolment(&call->session)))
		return send_to_entry(call, problem, answered);
	*answered = true;
	return view_problem(
		call, problem,
		&(struct problem_detail){.rotated = call->session.standing == SESSION_REPLACED});
}

/* False: nothing to bind to. */
static bool find_binding(const struct call *call, struct csrf_binding *binding)
{
	const struct keyring *keys = call->app->keys;
	if (call->credential.syntax == CREDENTIAL_WELL_FORMED &&
	    call->credential.carrier == CARRIER_COOKIE &&
	    call->session.standing >= SESSION_REPLACED) {
		*binding = csrf_bind_session(keys, &call->credential.hashes[0]);
		return true;
	}
	if (!str_is_present(call->pre_cookie))
		return false;
	*binding = csrf_bind_pre(keys, call->pre_cookie);
	return true;
}

static bool token_matches(const struct call *call, struct str token)
{
	struct csrf_binding binding;
	return find_binding(call, &binding) && csrf_token_matches(&binding, token);
}

static enum err refuse_foreign(struct call *call, bool *answered)
{
	struct audit_event event = {
		.kind = AUDIT_CSRF_REFUSED,
		.user_id = call->session.found.session.user_id,
		.session_id = call->session.found.session.id,
		.detail = str_of(call->match.route->path),
	};
	audit_line(&call->auth, &event);
	return refuse(call, PROBLEM_CSRF_FAILED, answered);
}

static enum err check_page_token(struct call *call, enum request_site site, bool *answered)
{
	struct str token = call->form == NULL ? STR_NONE : form_get(call->form, STR("csrf_token"));
	if (site != SITE_SAME_ORIGIN)
		return refuse_foreign(call, answered);
	if (token.n == 0)
		return refuse(call, PROBLEM_CSRF_FAILED, answered);
	if (token_matches(call, token))
		return OK;
	if (!has(call, ROUTE_STALE_FORM))
		return refuse(call, PROBLEM_CSRF_FAILED, answered);
	call->csrf_stale = true;
	return OK;
}

/*
 * A cookie acts by itself, so it needs the header; what a program must put in by hand does not. A
 * value that was rotated away opens nothing where no session is required, but the same answer to
 * the same request: who has only that left can sign in.
 */
static enum err check_api_token(struct call *call, enum request_site site, bool *answered)
{
	enum session_standing standing = call->session.standing;
	bool acts = standing > SESSION_REPLACED ||
		    (standing == SESSION_REPLACED && !has(call, ROUTE_ANONYMOUS));
	if (acts && call->credential.carrier != CARRIER_COOKIE)
		return OK;
	if (site == SITE_FOREIGN)
		return refuse_foreign(call, answered);
	if (!acts || standing == SESSION_HELD || token_matches(call, call->request.csrf_header))
		return OK;
	return refuse(call, PROBLEM_CSRF_FAILED, answered);
}

static enum err check_csrf(struct call *call, bool *answered)
{
	if (is_read(call) || has(call, ROUTE_NO_CSRF) || has(call, ROUTE_GUARDS))
		return OK;
	enum request_site site = request_site(&call->request, call->app->config->server.origin);
	return is_page(call) ? check_page_token(call, site, answered)
			     : check_api_token(call, site, answered);
}

static void touch(struct call *call)
{
	if (call->session.standing < SESSION_PENDING)
		return;
	/* The answer of a read does not hang on it, and db.c has logged why. */
	enum err ignored = has(call, ROUTE_GUARDS)
				   ? session_touch_guarded(&call->auth, &call->session)
				   : session_touch(&call->auth, &call->session);
	(void)ignored;
}

enum err guard_check(struct call *call, enum guard_verdict *verdict)
{
	static enum err (*const STEPS[])(struct call *, bool *) = {
		resolve,
		check_standing,
		check_csrf,
	};
	bool answered = false;
	TRY(guard_identify(call));
	if (call->by_service) {
		TRY(service_call_admit(call, &answered));
		*verdict = answered ? GUARD_ANSWERED : GUARD_PASS;
		return OK;
	}
	for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]) && !answered; i++)
		TRY(STEPS[i](call, &answered));
	if (!answered)
		touch(call);
	if (!answered && call->match.route->permission != NULL)
		call->auth.actor_id = call->session.found.session.user_id;
	*verdict = answered ? GUARD_ANSWERED : GUARD_PASS;
	return OK;
}

enum err guard_pre(struct call *call)
{
	struct secret value;
	if (str_is_present(call->pre_cookie))
		return OK;
	TRY(csrf_pre_make(call->arena, call->app->keys, call->request.now, &value));
	call->pre_cookie = (struct str){(const char *)value.bytes, value.len};
	call->pre_is_new = true;
	return OK;
}

enum err guard_form_token(struct call *call, struct str *token)
{
	struct csrf_binding binding;
	if (!find_binding(call, &binding)) {
		TRY(guard_pre(call));
		if (!find_binding(call, &binding))
			return ERR_INTERNAL;
	}
	return csrf_token(call->arena, &binding, token);
}
