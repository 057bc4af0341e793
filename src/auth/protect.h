/* What [protect] sections say about a request: pure functions of rules, session, place and time. */
#ifndef GATEPOST_AUTH_PROTECT_H
#define GATEPOST_AUTH_PROTECT_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "session.h"
#include "str.h"

/* 0 lets nobody in. */
enum protect_verdict {
	PROTECT_FORBIDDEN = 0, /* this person may not, whatever they do */
	PROTECT_SIGN_IN,       /* nobody is signed in, or a guest where a user is asked for */
	PROTECT_COMPLETE,      /* the sign-in has to be completed first */
	PROTECT_STEP_UP,       /* too weak, too old, or on hold */
	PROTECT_GRANTED
};

/* What is asked for. */
struct protect_request {
	struct str path;   /* decoded and canonical (url_decode_path) */
	struct str method; /* as sent */
	struct str ip;     /* "": not known, which is in no network */
	int64_t now;
};

/* Zeroed: forbidden. */
struct protect_decision {
	enum protect_verdict verdict;
	const struct protect_config
		*rule; /* that decided; NULL: none is about it, so any user may */
	const struct protect_term
		*unmet;  /* first of the alternatives that decided; NULL: none did */
	bool no_method;  /* sections are about the path, but none about the method */
	bool needs_aal2; /* of PROTECT_STEP_UP */
	int64_t max_age; /* of PROTECT_STEP_UP: the least that is asked for; 0: any */
};

/*
 * The section that speaks of the request: of those whose path is it or a whole-segment beginning of
 * it, the longest; of several of that path the one that names the method. NULL with *no_method
 * false: no section is about the path.
 */
const struct protect_config *protect_find(const struct config *config,
					  const struct protect_request *request, bool *no_method);
/* The rule needs no session to be looked at: everybody may. */
bool protect_is_public(const struct protect_config *rule);

/*
 * Decides. session: what the credential resolved to, SESSION_ABSENT without one. Whoever may not
 * for another reason is not asked to sign in, to complete or to step up first.
 */
struct protect_decision protect_decide(const struct config *config,
				       const struct protect_request *request,
				       const struct session *session);
/* The page below base_path where a person goes to be let in; absent: none would help. */
struct str protect_page(enum protect_verdict verdict, const struct session *session);
/* One term, as protect_decide takes it: for explaining. */
bool protect_is_met(const struct protect_config *rule, const struct protect_term *term,
		    const struct protect_request *request, const struct session *session);

#endif
