/* What [protect] sections say about a request. */
#include "protect.h"

#include "grants.h"

static bool is_about(const struct protect_config *rule, struct str path)
{
	return str_starts(path, rule->path) &&
	       (path.n == rule->path.n || path.p[rule->path.n] == '/');
}

const struct protect_config *protect_find(const struct config *config,
					  const struct protect_request *request, bool *no_method)
{
	const struct protect_config *best = NULL;
	bool named = false;

	for (size_t i = 0; i < config->protect_count; i++) {
		const struct protect_config *rule = &config->protects[i];
		bool names = config_protect_names(rule, request->method);

		if (!is_about(rule, request->path))
			continue;
		if (best != NULL && rule->path.n < best->path.n)
			continue;
		if (best != NULL && rule->path.n == best->path.n && !names)
			continue;
		best = rule;
		named = names;
	}
	*no_method = best != NULL && !named;
	return best;
}

bool protect_is_public(const struct protect_config *rule)
{
	return rule != NULL && rule->term_count == 1 && rule->terms[0].kind == PROTECT_PUBLIC;
}

static bool is_user(const struct session *session)
{
	return session->standing == SESSION_LIVE && !session_is_guest(session);
}

static bool has_grant(const struct protect_config *rule, const struct session *session,
		      struct str prefix, struct str name)
{
	const struct session_found *found = &session->found;

	if (!is_user(session))
		return false;
	return grants_has_named(found->user_grants, prefix, name) ||
	       (rule->in_tenant && str_is_present(found->tenant_grants) &&
		grants_has_named(found->tenant_grants, prefix, name));
}

/* Grants are absent once one is no member any more. */
static bool is_in_tenant(const struct session *session, struct str name)
{
	const struct session_found *found = &session->found;

	if (!is_user(session) || !str_is_present(found->tenant_grants) || found->tenant_name.n == 0)
		return false;
	return !str_is_present(name) || str_equal(found->tenant_name, name);
}

static bool is_called(const struct session *session, struct str name)
{
	const struct session_found *found = &session->found;

	if (!is_user(session))
		return false;
	return !str_is_present(name) || str_equal_nocase(found->username, name) ||
	       str_equal_nocase(found->email, name);
}

bool protect_is_met(const struct protect_config *rule, const struct protect_term *term,
		    const struct protect_request *request, const struct session *session)
{
	switch (term->kind) {
	case PROTECT_PUBLIC:
		return true;
	case PROTECT_GUEST:
		return session->standing == SESSION_LIVE;
	case PROTECT_USER:
		return is_called(session, term->name);
	case PROTECT_ROLE:
		return has_grant(rule, session, STR("role:"), term->name);
	case PROTECT_PERMISSION:
		return has_grant(rule, session, STR("perm:"), term->name);
	case PROTECT_TENANT:
		return is_in_tenant(session, term->name);
	case PROTECT_AAL2:
		return is_user(session) && session->aal >= 2;
	case PROTECT_MAX_AGE:
		return is_user(session) &&
		       policy_is_fresh(&session->found.session, term->span, request->now);
	case PROTECT_NETWORK:
		return cidr_has(&term->network, request->ip);
	default:
		return false;
	}
}

/* What a person could do about a term that is not met. */
static enum protect_verdict remedy(const struct protect_term *term, const struct session *session)
{
	switch (session->standing) {
	case SESSION_PENDING:
	case SESSION_HELD:
		/* Nobody knows yet what they will be then. */
		return term->kind == PROTECT_NETWORK       ? PROTECT_FORBIDDEN
		       : session->standing == SESSION_HELD ? PROTECT_STEP_UP
							   : PROTECT_COMPLETE;
	case SESSION_LIVE:
		if (term->kind == PROTECT_NETWORK)
			return PROTECT_FORBIDDEN;
		if (session_is_guest(session))
			return PROTECT_SIGN_IN;
		return term->kind == PROTECT_AAL2 || term->kind == PROTECT_MAX_AGE
			       ? PROTECT_STEP_UP
			       : PROTECT_FORBIDDEN;
	default:
		return term->kind == PROTECT_NETWORK ? PROTECT_FORBIDDEN : PROTECT_SIGN_IN;
	}
}

/* A group of alternatives none of which is met: the best that can be done about it. */
struct lack {
	enum protect_verdict verdict;
	bool needs_aal2;
	int64_t max_age;
};

static void add_lack(struct lack *lack, const struct protect_term *term,
		     const struct session *session)
{
	enum protect_verdict verdict = remedy(term, session);

	if (verdict > lack->verdict)
		*lack = (struct lack){.verdict = verdict};
	if (verdict < lack->verdict)
		return;
	/* Of two ways to step up the one that a password does is asked for. */
	if (term->kind == PROTECT_MAX_AGE) {
		lack->needs_aal2 = false;
		lack->max_age = term->span > lack->max_age ? term->span : lack->max_age;
	} else if (term->kind == PROTECT_AAL2 && lack->max_age == 0) {
		lack->needs_aal2 = session->aal < 2; /* one on hold may have it */
	}
}

/* The group that begins at term i; *next: behind it. True: it is met. */
static bool meets_group(const struct protect_config *rule, const struct protect_request *request,
			const struct session *session, size_t *i, struct lack *lack)
{
	bool met = false;
	bool more = true;

	for (; more && *i < rule->term_count; (*i)++) {
		const struct protect_term *term = &rule->terms[*i];

		more = !term->closes;
		if (protect_is_met(rule, term, request, session))
			met = true;
		else
			add_lack(lack, term, session);
	}
	return met;
}

/* The worst of all groups decides: none can be left out. */
static void take_lack(struct protect_decision *decision, const struct lack *lack,
		      const struct protect_term *first)
{
	if (lack->verdict < decision->verdict) {
		decision->verdict = lack->verdict;
		decision->unmet = first;
	}
	if (lack->verdict != PROTECT_STEP_UP)
		return;
	decision->needs_aal2 = decision->needs_aal2 || lack->needs_aal2;
	if (lack->max_age > 0 && (decision->max_age == 0 || lack->max_age < decision->max_age))
		decision->max_age = lack->max_age;
}

static void decide_by_rule(const struct protect_request *request, const struct session *session,
			   struct protect_decision *decision)
{
	const struct protect_config *rule = decision->rule;

	decision->verdict = rule->term_count > 0 ? PROTECT_GRANTED : PROTECT_FORBIDDEN;
	for (size_t i = 0; i < rule->term_count;) {
		const struct protect_term *first = &rule->terms[i];
		struct lack lack = {.verdict = PROTECT_FORBIDDEN};

		if (!meets_group(rule, request, session, &i, &lack))
			take_lack(decision, &lack, first);
	}
	if (decision->verdict == PROTECT_STEP_UP)
		return;
	decision->needs_aal2 = false;
	decision->max_age = 0;
}

static enum protect_verdict decide_by_default(const struct session *session)
{
	static const struct protect_term user = {.kind = PROTECT_USER};

	return is_user(session) ? PROTECT_GRANTED : remedy(&user, session);
}

struct protect_decision protect_decide(const struct config *config,
				       const struct protect_request *request,
				       const struct session *session)
{
	struct protect_decision decision = {.verdict = PROTECT_FORBIDDEN};

	decision.rule = protect_find(config, request, &decision.no_method);
	if (decision.no_method)
		return decision;
	if (decision.rule == NULL)
		decision.verdict = decide_by_default(session);
	else
		decide_by_rule(request, session, &decision);
	return decision;
}

struct str protect_page(enum protect_verdict verdict, const struct session *session)
{
	switch (verdict) {
	case PROTECT_SIGN_IN:
		return STR("/login");
	case PROTECT_COMPLETE:
		if (session_awaits_enrolment(session))
			return STR("/account/security");
		return session_awaits_password(session) ? STR("/account/password")
							: STR("/second-factor");
	case PROTECT_STEP_UP:
		return STR("/reauth");
	default:
		return STR_NONE;
	}
}
