/* The door to libfcgi: requests are accepted, read, answered and ended here; plain CGI beside it.
 */
#include "fcgi.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fastcgi.h>
#include <fcgiapp.h>

#include "arena.h"
#include "fcgi_socket.h"
#include "log.h"
#include "secret.h"

#define DRAIN_MAX 1048576 /* octets of a body nobody read; beyond it the connection is closed */
#define DRAIN_PIECE 4096
#define RETRY_MS 100
#define CGI_DRAIN_MS 5000 /* the wait for the next piece, where nothing promises an end */

/* Ends a request that nobody answered: lighttpd reads an empty answer of an authorizer as a grant.
 */
static const char unanswered[] = "Status: 503 Service Unavailable\r\n"
				 "Cache-Control: no-store\r\n"
				 "Retry-After: 5\r\n"
				 "Content-Length: 0\r\n"
				 "\r\n";

struct fcgi_call {
	FCGX_Request request; /* its connections come from us: it has no listening socket */
	int listener;
	char **params; /* of libfcgi, or environ; NULL: no request */
	bool cgi;
	bool adopts;  /* it has no listening socket */
	bool adopted; /* its connection, of which nothing was read yet */
	bool arrived; /* its next request: nothing is to be waited for */
	bool whole;   /* of that, stdin has arrived as well, whatever its role */
	bool spent;   /* CGI: its one request was accepted */
	bool at_eof;  /* stdin was read to its end */
	bool overrun; /* more is on its way than we want to read */
	bool answered;
};

static void wake(int signal_number)
{
	(void)signal_number;
}

enum err fcgi_init(void)
{
	struct sigaction action = {.sa_handler = wake};

	if (FCGX_Init() != 0)
		return ERR_IO;
	/* Without SA_RESTART: the signal must end a blocked accept. */
	sigemptyset(&action.sa_mask);
	return sigaction(SIGUSR2, &action, NULL) == 0 ? OK : ERR_IO;
}

bool fcgi_is_cgi(void)
{
	return FCGX_IsCGI() != 0;
}

static enum err new_call(struct fcgi_call **out)
{
	struct fcgi_call *call = calloc(1, sizeof *call);
	if (call == NULL)
		return ERR_MEMORY;
	*out = call;
	return OK;
}

enum err fcgi_call_open(int fd, struct fcgi_call **out)
{
	struct fcgi_call *call = NULL;

	TRY(new_call(&call));
	call->listener = fd;
	/* It cannot fail: it only sets members. */
	(void)FCGX_InitRequest(&call->request, -1, 0);
	call->adopts = fd == FCGI_ADOPTS;
	*out = call;
	return OK;
}

enum err fcgi_call_open_cgi(struct fcgi_call **out)
{
	struct fcgi_call *call = NULL;

	TRY(new_call(&call));
	call->cgi = true;
	*out = call;
	return OK;
}

void fcgi_call_close(struct fcgi_call **call)
{
	if (*call == NULL)
		return;
	fcgi_finish(*call);
	if (!(*call)->cgi)
		FCGX_Free(&(*call)->request, 1);
	free(*call);
	*call = NULL;
}

/* Wherever libfcgi reads, it takes EINTR for the end. */
static void let_wake(bool in)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	(void)pthread_sigmask(in ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

/* Descriptors or memory ran out: that passes. */
static bool passes(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* With nothing to accept from, libfcgi leaves errno alone only when it is shutting down. */
static bool is_shutting_down(FCGX_Request *request)
{
	errno = 0;
	return FCGX_Accept_r(request) != 0 && errno == 0;
}

/* One that was handed over. 0 or an errno. */
static int begin_adopted(struct fcgi_call *call)
{
	bool begun = call->arrived || fcgi_socket_begin(call->request.ipcFd);

	call->adopted = false;
	call->arrived = false;
	if (!begun)
		FCGX_Free(&call->request, 1);
	return begun ? 0 : ECONNABORTED;
}

static int begin_taken(struct fcgi_call *call, int fd)
{
	if (!fcgi_socket_begin(fd)) {
		(void)close(fd);
		return ECONNABORTED;
	}
	call->request.ipcFd = fd;
	call->request.keepConnection = 1; /* or it is closed as what is left of the last one */
	return 0;
}

/*
 * A connection to read from: a kept one that says more, or a new one. 0 or an errno. The signal
 * that wakes comes through only here: what is read of a request must not be torn by it.
 */
static int find_connection(struct fcgi_call *call)
{
	struct pollfd kept = {.fd = call->request.ipcFd, .events = POLLIN};
	int fd = -1;
	int error = 0;

	if (call->adopted)
		return begin_adopted(call);
	if (kept.fd < 0 && call->adopts)
		return ENOTCONN;
	let_wake(true);
	if (kept.fd >= 0)
		error = poll(&kept, 1, -1) < 0 ? errno : 0;
	else
		error = fcgi_socket_take(call->listener, &fd);
	let_wake(false);
	if (error != 0 || kept.fd >= 0)
		return error;
	return begin_taken(call, fd);
}

/* False: what came was no whole request, and its connection is closed. */
static bool read_request(FCGX_Request *request)
{
	if (FCGX_Accept_r(request) != 0)
		return false;
	(void)FCGX_Attach(request);
	/* A connection torn between two parameters looks whole to libfcgi, but for this. */
	if (FCGX_GetError(request->in) == 0)
		return true;
	FCGX_Free(request, 1);
	return false;
}

/* 0, or why it failed: an errno; -1 when shutting down. */
static int accept_one(struct fcgi_call *call)
{
	for (;;) {
		int error = find_connection(call);

		if (error == 0 && read_request(&call->request))
			return 0;
		if (error == EINTR && call->request.ipcFd >= 0)
			FCGX_Free(&call->request, 1); /* kept, and silent */
		if (error == EINTR && is_shutting_down(&call->request))
			return -1;
		if (error != 0 && error != EINTR && error != ECONNABORTED)
			return error;
	}
}

void fcgi_adopt(struct fcgi_call *call, int connection, enum fcgi_arrival arrival)
{
	call->adopted = true;
	call->arrived = arrival != FCGI_ARRIVAL_OTHER;
	call->whole = arrival == FCGI_ARRIVAL_WHOLE;
	call->request.ipcFd = connection;
	/* For libfcgi it is one that an earlier request has left open. */
	call->request.keepConnection = 1;
	/* Should it be closed unread, then at once: not after a wait for the web server's close. */
	(void)FCGX_Detach(&call->request);
}

static enum err accept_cgi(struct fcgi_call *call)
{
	if (call->spent)
		return ERR_IO;
	call->spent = true;
	call->params = environ;
	return OK;
}

static enum err accept_fastcgi(struct fcgi_call *call)
{
	int error = accept_one(call);
	bool told = false;

	if (error != 0 && call->adopts)
		return ERR_IO;
	while (error > 0 && passes(error)) {
		if (!told)
			log_detail(LOG_LEVEL_ERROR, "accept_failed", strerrordesc_np(error));
		told = true;
		(void)poll(NULL, 0, RETRY_MS);
		error = accept_one(call);
	}
	if (error > 0)
		log_detail(LOG_LEVEL_ERROR, "accept_failed", strerrordesc_np(error));
	if (error != 0)
		return ERR_IO;
	call->params = call->request.envp;
	return OK;
}

enum err fcgi_accept(struct fcgi_call *call)
{
	fcgi_finish(call);
	call->at_eof = false;
	call->overrun = false;
	call->answered = false;
	if (call->cgi)
		return accept_cgi(call);

	return accept_fastcgi(call);
}

void fcgi_shut_down(void)
{
	FCGX_ShutdownPending();
}

enum fcgi_role fcgi_role(const struct fcgi_call *call)
{
	if (call->cgi || call->request.role == FCGI_RESPONDER)
		return FCGI_ROLE_RESPONDER;
	return call->request.role == FCGI_AUTHORIZER ? FCGI_ROLE_AUTHORIZER : FCGI_ROLE_OTHER;
}

const char *const *fcgi_params(const struct fcgi_call *call)
{
	static const char *const none[] = {NULL};

	return call->params == NULL ? none : (const char *const *)call->params;
}

void fcgi_forgo_stdin(struct fcgi_call *call)
{
	if (fcgi_role(call) == FCGI_ROLE_AUTHORIZER)
		call->at_eof = true;
}

/* Exactly length bytes and not one more: under CGI there may be no end to wait for. */
static enum err read_cgi(char *text, size_t length)
{
	size_t got = 0;

	while (got < length) {
		ssize_t n = read(STDIN_FILENO, text + got, length - got);
		if (n == 0)
			return ERR_INPUT;
		if (n < 0 && errno != EINTR)
			return ERR_IO;
		got += n > 0 ? (size_t)n : 0;
	}
	return OK;
}

static enum err read_stdin(struct fcgi_call *call, char *text, size_t length)
{
	FCGX_Stream *in = call->request.in;
	char beyond = 0;

	/* What no responder is sent is never waited for: mod_authnz_fcgi sends an authorizer no
	 * stdin. */
	if (fcgi_role(call) != FCGI_ROLE_RESPONDER)
		return length == 0 ? OK : ERR_INPUT;
	/* Of a request that arrived whole but for its body nothing was waited for so far. */
	if (call->adopts && !fcgi_socket_limit(call->request.ipcFd))
		return ERR_IO;
	if (FCGX_GetStr(text, (int)length, in) != (int)length) {
		call->at_eof = true;
		return FCGX_GetError(in) != 0 ? ERR_IO : ERR_INPUT;
	}
	if (FCGX_GetStr(&beyond, 1, in) != 0)
		return ERR_INPUT;
	call->at_eof = true;
	return FCGX_GetError(in) != 0 ? ERR_IO : OK;
}

enum err fcgi_read_body(struct fcgi_call *call, struct arena *arena, size_t length, size_t max,
			struct str *out)
{
	if (length > max || length > INT_MAX - 1)
		return ERR_TOO_LARGE;

	char *text = arena_alloc(arena, length + 1);
	if (text == NULL)
		return ERR_MEMORY;
	TRY(call->cgi ? read_cgi(text, length) : read_stdin(call, text, length));
	*out = (struct str){.p = text, .n = length};
	return OK;
}

/*
 * A responder's stdin to its end: what is left would be taken for the next request of a kept
 * connection. Before the answer, because a web server need not send the rest after it.
 */
static void drain(struct fcgi_call *call)
{
	char piece[DRAIN_PIECE];
	size_t drained = 0;

	if (call->cgi || call->at_eof)
		return;
	if (fcgi_role(call) != FCGI_ROLE_RESPONDER && !call->whole)
		return;
	while (drained < DRAIN_MAX) {
		int n = FCGX_GetStr(piece, DRAIN_PIECE, call->request.in);
		if (n < DRAIN_PIECE) {
			call->at_eof = true;
			return;
		}
		drained += DRAIN_PIECE;
	}
	call->overrun = true;
}

/*
 * mod_cgid's stdin and stdout are one socket: ending with something unread would reset it, and the
 * answer would be lost. A pipe has no such trouble.
 */
static void drain_cgi(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char piece[DRAIN_PIECE];
	struct stat status;
	size_t drained = 0;

	if (fstat(STDIN_FILENO, &status) != 0 || !S_ISSOCK(status.st_mode))
		return;
	while (drained < DRAIN_MAX && poll(&in, 1, CGI_DRAIN_MS) == 1) {
		ssize_t n = read(STDIN_FILENO, piece, sizeof piece);
		if (n <= 0)
			return;
		drained += (size_t)n;
	}
}

static enum err write_cgi(struct str answer)
{
	size_t sent = 0;

	drain_cgi();
	while (sent < answer.n) {
		ssize_t n = write(STDOUT_FILENO, answer.p + sent, answer.n - sent);
		if (n < 0 && errno != EINTR)
			return ERR_IO;
		sent += n > 0 ? (size_t)n : 0;
	}
	return OK;
}

enum err fcgi_write(struct fcgi_call *call, struct str answer)
{
	FCGX_Request *request = &call->request;

	if (answer.n == 0 || answer.n > INT_MAX)
		return ERR_INTERNAL;
	call->answered = true;
	if (call->cgi)
		return write_cgi(answer);
	drain(call);
	/* Closing the streams here, stderr first, puts the end of the request into the same write.
	 */
	int put = FCGX_PutStr(answer.p, (int)answer.n, request->out);
	int closed = FCGX_FClose(request->err) | FCGX_FClose(request->out);
	return put < 0 || closed != 0 ? ERR_IO : OK;
}

/* Of a CGI's environment only what is a credential: the rest may be asked for again. */
static void wipe_credentials(char **params)
{
	static const char *const names[] = {
		"HTTP_COOKIE=", "HTTP_AUTHORIZATION=", "HTTP_X_SESSION_ID="};

	for (char **param = params; *param != NULL; param++) {
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
			size_t n = strlen(names[i]);
			if (strncmp(*param, names[i], n) == 0)
				secret_wipe_bytes(*param + n, strlen(*param + n));
		}
	}
}

/* libfcgi frees them as they are, and the smallest stay as they are until they are used again. */
static void wipe_params(char **params)
{
	for (char **param = params; *param != NULL; param++)
		secret_wipe_bytes(*param, strlen(*param));
}

static void end_fastcgi(struct fcgi_call *call)
{
	FCGX_Request *request = &call->request;
	bool clean = call->at_eof && FCGX_GetError(request->in) == 0;

	/* Nothing is unread, so closing at once loses nothing: no wait for the web server's own
	 * close. */
	if (clean && FCGX_GetError(request->out) == 0)
		(void)FCGX_Detach(request);
	if (call->overrun || fcgi_role(call) == FCGI_ROLE_OTHER)
		FCGX_Free(request, 1);
	else
		FCGX_Finish_r(request);
}

void fcgi_finish(struct fcgi_call *call)
{
	if (call->params == NULL)
		return;
	if (!call->answered && fcgi_write(call, STR(unanswered)) != OK)
		call->overrun = true;
	if (call->cgi)
		wipe_credentials(call->params);
	else
		wipe_params(call->params);
	call->params = NULL;
	if (!call->cgi)
		end_fastcgi(call);
	call->whole = false;
}
