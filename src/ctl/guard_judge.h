/* What an answer from outside means for what is guarded: pure, so that every case can be tried. */
#ifndef GATEPOST_CTL_GUARD_JUDGE_H
#define GATEPOST_CTL_GUARD_JUDGE_H

#include <stdbool.h>

#include "config.h"
#include "fetch.h"
#include "str.h"

/* 0 is the worst. */
enum guard_reading {
	GUARD_SERVED = 0, /* something came: 2xx, 304 */
	GUARD_MOVED,      /* a redirect of somebody else's */
	GUARD_SLASHED,    /* a redirect to the same with a slash, as for a folder */
	GUARD_NOT_THERE,  /* 404, 410: nobody was asked */
	GUARD_FAILED,     /* 5xx but 503, or what no guard says */
	GUARD_BARRED,     /* refused (400, 401, 403, 405, 429, 503), by whom cannot be told */
	GUARD_REFUSED,    /* by Gatepost, with its mark */
	GUARD_UNANSWERED
};

/* target: path and query that were asked for. */
enum guard_reading guard_judge(const struct config *config, struct str target,
			       const struct fetch_answer *answer);
/* Gatepost's mark: its realm, the address of one of its pages, or the type of its problems. */
bool guard_is_marked(const struct config *config, const struct fetch_answer *answer);
/* A redirect that only spells the same place as target in the canonical way. */
bool guard_is_spelling(const struct config *config, struct str target,
		       const struct fetch_answer *answer);
/* Nobody but who asked may keep it: Cache-Control says private or no-store. */
bool guard_is_private(const struct fetch_answer *answer);
/* Why something is served that should not be, as far as the kind of web server tells; static. */
const char *guard_trap(const struct fetch_answer *answer);

#endif
