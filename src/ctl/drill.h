/* Asking the configured server, and the drill: a user who signs in, is checked, and is shut out. */
#ifndef GATEPOST_CTL_DRILL_H
#define GATEPOST_CTL_DRILL_H

#include "doctor.h"
#include "fetch.h"

struct web {
	struct doctor *doctor;
	struct fetch *fetch;
};

/* Asks for path below the base path; request->url is filled in. ERR_MEMORY. */
MUST_CHECK enum err web_ask(const struct web *web, const char *path, struct fetch_request *request,
			    struct fetch_answer *answer);
/*
 * Makes a temporary user with a random password, signs in twice through the URL, looks at what
 * arrives, ends the sessions and looks again; then removes the user, however far it got. Signals
 * that end the program wait until then.
 */
void drill_run(const struct web *web);

#endif
