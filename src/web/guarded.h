/* A request to what Gatepost guards and does not serve: read, decided, refused in its own terms. */
#ifndef GATEPOST_WEB_GUARDED_H
#define GATEPOST_WEB_GUARDED_H

#include "call.h"
#include "problem.h"
#include "protect.h"
#include "url.h"

enum guarded_flaw {
	GUARDED_FINE = 0,
	GUARDED_NO_TARGET, /* the web server does not say what is asked for */
	GUARDED_BAD_PATH,  /* not canonical, or with a ';' */
	GUARDED_OTHER_HOST /* not the one of [server] origin, whose cookie alone can come */
};

/* Filled by guarded_open; the decision by guarded_decide. Slices of the call's request and arena.
 */
struct guarded {
	struct protect_request asked;
	struct str served; /* absent, or the path that the web server has made of what is asked */
	enum guarded_flaw flaw;
	struct str place; /* path and query as sent; absent: not one that return_to can hold */
	bool own;         /* a page of Gatepost's, that has its own rules */
	bool open;        /* granted whoever asks: the credential is not even looked at */
	bool navigates;   /* a browser shows the answer to a person */
	bool granted;     /* an authorizer's answer is a grant: set behind all that can fail */
	struct protect_decision decision;
};

/*
 * What the call is about, from where its role or route says so: REQUEST_URI of an authorizer's,
 * GATEPOST_URI or, of a listener that is told to, X-Forwarded-Uri; of a refused request what was
 * refused. Before the credential is read. ERR_MEMORY.
 */
MUST_CHECK enum err guarded_open(struct call *call);
/* Decides by call->session. No statement. */
void guarded_decide(struct call *call);
/*
 * Whether a place of ours, as return_to names it, asks for a second factor that the call's session
 * lacks: no password would do.
 */
bool guarded_needs_factor(const struct call *call, struct str place);
/* Whether it is granted; a flaw never is. */
bool guarded_is_granted(const struct call *call);
/* The problem that the decision is, as a status and a code. Of one that is not granted. */
enum problem guarded_problem(const struct call *call);
/* What there is to say beyond that; absent: nothing. */
struct problem_sentence guarded_sentence(const struct guarded *guarded);
/* Where a person goes to be let in. *there false: nowhere, it would not help. */
MUST_CHECK enum err guarded_location(struct call *call, struct url *location, bool *there);
/* Answers what is not granted: 303 for a navigation that can be helped, a page, or a problem. */
MUST_CHECK enum err guarded_refuse(struct call *call);

#endif
