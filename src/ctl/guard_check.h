/* Proving from outside that an address is refused without a session, and served with one. */
#ifndef GATEPOST_CTL_GUARD_CHECK_H
#define GATEPOST_CTL_GUARD_CHECK_H

#include <stdbool.h>

#include "doctor.h"
#include "drill.h"
#include "explain.h"
#include "fetch.h"
#include "str.h"
#include "trial.h"

/* One address on its way through the checks. */
struct visit {
	const struct web *web;
	struct doctor *doctor;
	struct str target;         /* path and query as a request line has them */
	struct explanation expect; /* of a stranger's GET from nowhere */
	bool brief;                /* under the name "guarded", and of what is fine one line */
	bool open; /* a stranger is served: what a session does then proves nothing */
	enum doctor_result worst;
};

/*
 * Without a session: as a program and as a browser, by other methods, of names that do not exist,
 * in other spellings. url: a path or an address of origin. A redirect to the same with a slash is
 * followed.
 */
void guard_check_stranger(struct visit *visit, struct str url);
/*
 * With a session of the person (trial.h), which is ended whatever happens; and without it again.
 * After guard_check_stranger; nothing where that found no place to ask for, or an open one.
 */
void guard_check_person(struct visit *visit, const struct trial *trial);

/* One finding; "%.300s"-like texts are the caller's. */
void visit_say(struct visit *visit, enum doctor_result result, const char *name, const char *advice,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Asks origin for a target; ERR_MEMORY. */
MUST_CHECK enum err visit_ask(const struct visit *visit, struct str target,
			      struct fetch_request *request, struct fetch_answer *answer);

#endif
