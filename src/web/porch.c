/* The porch: where connections stand until their request has arrived. Used by one thread. */
#include "porch.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "config.h"

#define EVENTS 64
#define STANDING_MAX 256                 /* connections whose request is not whole yet */
#define STANDING_SPAN (5 * CLOCK_SECOND) /* more than a web server takes to send it */
#define PAUSE_MS 1                       /* after an accept that failed */

/* A connection that nobody has read from, and until when it may stay so. */
struct standing {
	int fd;
	int64_t until;
};

struct porch {
	int epoll;
	int bell; /* rung to end the wait */
	int listeners[CONFIG_LISTENERS];
	size_t listener_count;
	struct epoll_event events[EVENTS];
	int event, event_count; /* the next that is to be looked at, and how many there are */
	struct standing standing[STANDING_MAX];
	size_t standing_count;
};

static enum err watch(struct porch *porch, int fd, uint32_t how)
{
	struct epoll_event event = {.events = EPOLLIN | how, .data.fd = fd};

	return epoll_ctl(porch->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? OK : ERR_IO;
}

static enum err watch_all(struct porch *porch)
{
	porch->epoll = epoll_create1(EPOLL_CLOEXEC);
	porch->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (porch->epoll < 0 || porch->bell < 0)
		return ERR_IO;
	for (size_t i = 0; i < porch->listener_count; i++) {
		int fd = porch->listeners[i];
		int flags = fcntl(fd, F_GETFL);
		if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
			return ERR_IO;
		TRY(watch(porch, fd, 0));
	}
	return watch(porch, porch->bell, 0);
}

enum err porch_open(struct arena *arena, const int *listeners, size_t n, struct porch **out)
{
	struct porch *porch = n > CONFIG_LISTENERS ? NULL : arena_alloc(arena, sizeof *porch);

	if (porch == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < n; i++)
		porch->listeners[i] = listeners[i];
	porch->listener_count = n;
	enum err err = watch_all(porch);
	if (err != OK) {
		porch_close(&porch);
		return err;
	}
	*out = porch;
	return OK;
}

/* Edges, not levels: half a request would be there all the time. */
static void let_stand(struct porch *porch, int fd)
{
	if (porch->standing_count == STANDING_MAX || watch(porch, fd, EPOLLRDHUP | EPOLLET) != OK) {
		(void)close(fd);
		return;
	}
	porch->standing[porch->standing_count++] =
		(struct standing){.fd = fd, .until = clock_monotonic() + STANDING_SPAN};
}

static void forget(struct porch *porch, size_t i)
{
	(void)epoll_ctl(porch->epoll, EPOLL_CTL_DEL, porch->standing[i].fd, NULL);
	porch->standing[i] = porch->standing[--porch->standing_count];
}

/* Milliseconds until the first that stands is to go; -1: none stands. */
static int next_deadline(const struct porch *porch)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < porch->standing_count; i++)
		if (porch->standing[i].until < first)
			first = porch->standing[i].until;
	if (first == INT64_MAX)
		return -1;
	int64_t left = first - clock_monotonic();
	return left <= 0 ? 0 : (int)(left / CLOCK_MS) + 1;
}

static void send_away_late(struct porch *porch)
{
	int64_t now = porch->standing_count == 0 ? 0 : clock_monotonic();

	for (size_t i = porch->standing_count; i-- > 0;) {
		int fd = porch->standing[i].fd;
		if (porch->standing[i].until > now)
			continue;
		forget(porch, i);
		(void)close(fd);
	}
}

void porch_wait(struct porch *porch)
{
	/* What was not looked at yet (there was no more room) would not be told again. */
	if (porch->event < porch->event_count)
		return;
	send_away_late(porch);
	porch->event = 0;
	porch->event_count = epoll_wait(porch->epoll, porch->events, EVENTS, next_deadline(porch));
}

static bool is_listener(const struct porch *porch, int fd)
{
	for (size_t i = 0; i < porch->listener_count; i++)
		if (porch->listeners[i] == fd)
			return true;
	return false;
}

/* True: with enough of a request. False: none is left at this socket. */
static bool accept_next(struct porch *porch, int listener, int *connection,
			enum fcgi_arrival *arrival)
{
	int fd = -1;

	for (;;) {
		if (fcgi_next_connection(listener, &fd) != OK) {
			(void)poll(NULL, 0, PAUSE_MS);
			return false;
		}
		if (fd < 0)
			return false;
		*arrival = fcgi_arrival(fd);
		*connection = fd;
		if (*arrival == FCGI_ARRIVAL_GONE)
			(void)close(fd);
		else if (*arrival == FCGI_ARRIVAL_PART)
			let_stand(porch, fd);
		else
			return true;
	}
}

/* Bytes have come where some were missing; the next ones will be told again. */
static bool look_again(struct porch *porch, int fd, int *connection, enum fcgi_arrival *arrival)
{
	for (size_t i = 0; i < porch->standing_count; i++) {
		if (porch->standing[i].fd != fd)
			continue;
		*arrival = fcgi_arrival(fd);
		*connection = fd;
		if (*arrival == FCGI_ARRIVAL_PART)
			return false;
		forget(porch, i);
		if (*arrival != FCGI_ARRIVAL_GONE)
			return true;
		(void)close(fd);
		return false;
	}
	return false;
}

bool porch_next(struct porch *porch, int *connection, enum fcgi_arrival *arrival)
{
	while (porch->event < porch->event_count) {
		int fd = porch->events[porch->event].data.fd;

		if (is_listener(porch, fd)) {
			if (accept_next(porch, fd, connection, arrival))
				return true;
			porch->event++;
			continue;
		}
		porch->event++;
		if (fd != porch->bell && look_again(porch, fd, connection, arrival))
			return true;
	}
	return false;
}

void porch_ring(struct porch *porch)
{
	const uint64_t ring = 1;
	ssize_t written = write(porch->bell, &ring, sizeof ring);

	/* It fails only when it rings already. */
	(void)written;
}

void porch_close(struct porch **porch)
{
	struct porch *closed = *porch;

	*porch = NULL;
	if (closed == NULL)
		return;
	for (size_t i = 0; i < closed->standing_count; i++)
		(void)close(closed->standing[i].fd);
	if (closed->epoll >= 0)
		(void)close(closed->epoll);
	if (closed->bell >= 0)
		(void)close(closed->bell);
}
