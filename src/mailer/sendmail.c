/* The way out by a program called sendmail. */
#include "sendmail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "signals.h"

#define LOOK_MS 100 /* so often somebody looks whether to stop */
#define BYTES 4096

struct run {
	pid_t pid;
	int input; /* -1: closed */
	int64_t until;
	int64_t stop_since;
	struct str rest;
};

static bool is_out_of_time(struct run *run)
{
	return clock_monotonic() > run->until || signals_is_over(&run->stop_since);
}

/* The child has nothing of ours but the pipe: all other descriptors are closed by exec. */
static int spawn(const struct config *config, const struct parcel *parcel, int input, pid_t *pid)
{
	char program[4096];
	char from[300];
	char to[300];
	char option_i[] = "-i";
	char option_f[] = "-f";
	char end[] = "--";
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const arguments[] = {program, option_i, option_f, from, end, to, NULL};
	char *const environment[] = {path, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigset_t all;

	(void)snprintf(program, sizeof program, "%s", config->mail.sendmail.p);
	(void)snprintf(from, sizeof from, "%.*s", (int)parcel->from.n, parcel->from.p);
	(void)snprintf(to, sizeof to, "%.*s", (int)parcel->to.n, parcel->to.p);
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int error = posix_spawn(pid, program, &actions, &attributes, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

static int start(const struct config *config, const struct parcel *parcel, struct run *run)
{
	int ends[2];
	int error = 0;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	error = spawn(config, parcel, ends[0], &run->pid);
	close(ends[0]);
	run->input = ends[1];
	if (error == 0 && fcntl(run->input, F_SETFL, O_NONBLOCK) == 0)
		return 0;
	close(run->input);
	return error == 0 ? errno : error;
}

/* The next piece without its carriage returns; *taken is what of rest it was made of. */
static size_t cut_piece(struct str rest, char piece[BYTES], size_t *taken)
{
	size_t n = 0;
	size_t i = 0;

	while (i < rest.n && n < BYTES) {
		if (rest.p[i] != '\r')
			piece[n++] = rest.p[i];
		i++;
	}
	*taken = i;
	return n;
}

/* How much of rest makes so many octets of a piece. */
static size_t length_of(struct str rest, size_t octets)
{
	size_t i = 0;

	for (size_t n = 0; i < rest.n && (n < octets || rest.p[i] == '\r'); i++)
		n += rest.p[i] != '\r';
	return i;
}

/* False: the program does not read on. */
static bool write_some(struct run *run)
{
	char piece[BYTES];
	size_t taken = 0;
	size_t n = cut_piece(run->rest, piece, &taken);
	ssize_t written = n == 0 ? 0 : write(run->input, piece, n);

	if (written < 0)
		return errno == EAGAIN || errno == EINTR;
	if ((size_t)written < n)
		taken = length_of(run->rest, (size_t)written);
	run->rest = str_sub(run->rest, taken, run->rest.n);
	return true;
}

static void feed(struct run *run)
{
	struct pollfd ready = {.fd = run->input, .events = POLLOUT};
	bool more = true;

	while (more && run->rest.n > 0 && !is_out_of_time(run)) {
		if (poll(&ready, 1, LOOK_MS) > 0)
			more = write_some(run);
	}
	close(run->input);
	run->input = -1;
}

/* False: it did not end, and was killed. */
static bool await_end(struct run *run, int *status)
{
	pid_t ended = 0;
	bool killed = false;

	while (ended == 0 || (ended < 0 && errno == EINTR)) {
		ended = waitpid(run->pid, status, WNOHANG);
		if (ended != 0)
			continue;
		if (is_out_of_time(run)) {
			killed = true;
			(void)kill(run->pid, SIGKILL);
			ended = waitpid(run->pid, status, 0);
			continue;
		}
		clock_pause(CLOCK_MS);
	}
	return ended == run->pid && !killed;
}

static enum delivery_verdict judge(int code)
{
	switch (code) {
	case EX_OK:
		return DELIVERY_SENT;
	case EX_DATAERR:
	case EX_NOUSER:
	case EX_NOHOST:
		return DELIVERY_NEVER;
	case EX_USAGE:
	case EX_CONFIG:
	case 126: /* it is no program */
	case 127: /* it is not there */
		return DELIVERY_BROKEN;
	default:
		return DELIVERY_LATER;
	}
}

static void conclude(struct run *run, bool whole, struct delivery *out)
{
	int status = 0;

	if (!await_end(run, &status)) {
		out->verdict = DELIVERY_LATER;
		(void)snprintf(out->reason, sizeof out->reason, "sendmail did not end in time");
	} else if (!WIFEXITED(status)) {
		out->verdict = DELIVERY_LATER;
		(void)snprintf(out->reason, sizeof out->reason, "sendmail ended by signal %d",
			       WTERMSIG(status));
	} else if (WEXITSTATUS(status) != 0) {
		out->verdict = judge(WEXITSTATUS(status));
		(void)snprintf(out->reason, sizeof out->reason, "sendmail ended with %d",
			       WEXITSTATUS(status));
	} else if (!whole) {
		out->verdict = DELIVERY_LATER;
		(void)snprintf(out->reason, sizeof out->reason,
			       "sendmail did not read the whole mail");
	}
}

void sendmail_send(const struct config *config, const struct parcel *parcel, struct delivery *out)
{
	struct run run = {
		.until = clock_monotonic() + config->mail.timeout,
		.rest = parcel->text,
	};
	int error = start(config, parcel, &run);

	out->verdict = DELIVERY_SENT;
	out->reason[0] = '\0';
	if (error != 0) {
		out->verdict = DELIVERY_BROKEN;
		(void)snprintf(out->reason, sizeof out->reason, "sendmail cannot be run: %.80s",
			       strerrordesc_np(error));
		return;
	}
	feed(&run);
	conclude(&run, run.rest.n == 0, out);
}
