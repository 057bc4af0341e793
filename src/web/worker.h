/* The threads of a FastCGI worker: accept threads, hash lane, housekeeper; and plain CGI without
 * any. */
#ifndef GATEPOST_WEB_WORKER_H
#define GATEPOST_WEB_WORKER_H

#include "app.h"
#include "err.h"

struct worker;

/* Opens the sockets of the configuration (or takes fd 0) and starts all threads. Signals are
 * blocked in them. */
MUST_CHECK enum err worker_start(struct app_box *box, struct worker **out, struct fault *fault);
/* SIGTERM: no new request is begun, what runs is finished, what waits is answered 503; at most 5 s.
 * Frees. */
void worker_stop(struct worker **worker);
/* One request of a plain-CGI process, with bounded housekeeping after its answer. */
MUST_CHECK enum err worker_run_cgi(struct app_box *box);

#endif
