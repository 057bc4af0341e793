/* The only door to libfcgi, and the plain-CGI path beside it: parameters in, one answer out. */
#ifndef GATEPOST_HTTP_FCGI_H
#define GATEPOST_HTTP_FCGI_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "str.h"

struct arena;

enum fcgi_role { FCGI_ROLE_OTHER = 0, FCGI_ROLE_RESPONDER, FCGI_ROLE_AUTHORIZER };

/* One request and its connection: accepted by one thread, may be finished by another. */
struct fcgi_call;

/*
 * Once, before threads. SIGUSR2 gets a handler that does nothing: it wakes fcgi_accept, and is let
 * in only while that waits for a connection, so that it never tears a request.
 */
MUST_CHECK enum err fcgi_init(void);
/* fd 0 is not a listening socket: this process was started as plain CGI. Call after fcgi_init. */
bool fcgi_is_cgi(void);

/*
 * Opens a listening socket: a unix socket for an address with a slash (mode set before it can be
 * connected to; a left-over file is removed only if nothing answers on it), else HOST:PORT of the
 * loopback range. *fd is the caller's to close. ERR_IO with the reason.
 */
MUST_CHECK enum err fcgi_listen(const char *address, unsigned mode, int *fd, struct fault *fault);

/* A call object for requests of the listening socket fd; FCGI_ADOPTS: of connections that
 * fcgi_adopt gives it. */
#define FCGI_ADOPTS (-1)
MUST_CHECK enum err fcgi_call_open(int fd, struct fcgi_call **out);
/* The one call of a plain-CGI process: environ, stdin, stdout. argv is never looked at. */
MUST_CHECK enum err fcgi_call_open_cgi(struct fcgi_call **out);

/*
 * The next connection that waits at a listening socket which does not block; *connection is the
 * caller's, -1: none waits. ERR_UNAVAILABLE: descriptors or memory ran out, which passes. ERR_IO:
 * nothing can be accepted there any more.
 */
MUST_CHECK enum err fcgi_next_connection(int listener, int *connection);

/* How much of a request has arrived at a connection that nobody has read from. */
enum fcgi_arrival {
	FCGI_ARRIVAL_GONE = 0, /* closed by the other side, or no FastCGI: close it */
	FCGI_ARRIVAL_PART,     /* not all of the parameters yet */
	FCGI_ARRIVAL_PARAMS,   /* the parameters: fcgi_accept will not wait */
	FCGI_ARRIVAL_WHOLE,    /* and all of stdin: nothing that is done with it will wait */
	FCGI_ARRIVAL_OTHER     /* some other role, one to be kept, or longer than is looked at */
};
/* Looks without reading and without waiting. */
enum fcgi_arrival fcgi_arrival(int connection);
/* The same of n bytes that have arrived; more: there may be others behind them. Pure. */
enum fcgi_arrival fcgi_arrival_of(const unsigned char *bytes, size_t n, bool more);

/*
 * Gives a call object of FCGI_ADOPTS, that has no connection, one; the connection is the call's
 * now. arrival: what fcgi_arrival has seen of it, FCGI_ARRIVAL_OTHER if nothing. Then fcgi_accept
 * reads a request from it, or closes it and answers ERR_IO: when there is none (more), without a
 * word in the log.
 */
void fcgi_adopt(struct fcgi_call *call, int connection, enum fcgi_arrival arrival);
/* Frees; finishes first if needed. Sets NULL. */
void fcgi_call_close(struct fcgi_call **call);

/*
 * Blocks until a request is there, ending the call's former one if that was not done. ERR_IO when
 * shutting down (fcgi_shut_down) or on a broken socket, under CGI on the second call; want of
 * descriptors or memory is waited out. A connection that says nothing for 2 s at its beginning, or
 * for 30 s later, is closed.
 */
MUST_CHECK enum err fcgi_accept(struct fcgi_call *call);
/*
 * Makes every woken fcgi_accept return ERR_IO, but not one that reads a request. Who is blocked in
 * it is woken by pthread_kill(SIGUSR2), repeated until the thread is out: one signal may come just
 * before it waits.
 */
void fcgi_shut_down(void);

enum fcgi_role fcgi_role(const struct fcgi_call *call);
/* All parameters as "NAME=value" strings, NULL at the end; valid until fcgi_finish. Read only. */
const char *const *fcgi_params(const struct fcgi_call *call);
/*
 * Reads the body: exactly length bytes (≤ max, else ERR_TOO_LARGE before anything is allocated).
 * ERR_INPUT when fewer or more arrive than announced, ERR_IO when the client went away. Under CGI
 * what is more stays unread. Of an authorizer's request nothing is ever read: ERR_INPUT unless
 * length is 0.
 */
MUST_CHECK enum err fcgi_read_body(struct fcgi_call *call, struct arena *arena, size_t length,
				   size_t max, struct str *out);
/*
 * Of an authorizer's request: whoever sent it sends no stdin, not even its end, as mod_authnz_fcgi.
 * Then its connection is closed with the answer, and not only when the other side has closed it.
 */
void fcgi_forgo_stdin(struct fcgi_call *call);
/*
 * Drains stdin (bounded; under CGI only a socket), then sends the whole answer and the end of the
 * request ("Status: …" first), below 8 KiB in one write. Once a request. ERR_IO when the client
 * went away.
 */
MUST_CHECK enum err fcgi_write(struct fcgi_call *call, struct str answer);
/*
 * Answers 503 if nothing was answered (an empty answer of an authorizer can be a grant), wipes the
 * values of Cookie, Authorization and X-Session-Id where libfcgi holds them, and ends the request.
 * The call object can accept again.
 */
void fcgi_finish(struct fcgi_call *call);

#endif
