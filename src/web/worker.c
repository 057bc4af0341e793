/* The threads of a FastCGI worker: accept threads, hash lane, housekeeper; and plain CGI without
 * any. */
#include "worker.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "connections.h"
#include "db.h"
#include "desk.h"
#include "dispatch.h"
#include "keeper.h"
#include "lane.h"

#define STOP_LIMIT (5 * CLOCK_SECOND)
#define DRAIN_LIMIT CLOCK_SECOND
#define WAKE_EVERY (10 * CLOCK_MS)
#define QUIET_ROUNDS 2        /* the one that was just accepted is still being read */
#define PAUSE (50 * CLOCK_MS) /* after an accept that failed */
#define WORKER_MEMORY ((size_t)4 * 1024 * 1024)
#define CGI_TIDY_ONE_IN 50
#define CGI_TIDY_BUDGET (100 * CLOCK_MS)

/* A listening socket. */
struct door {
	int fd;
	enum listen_role role;
	unsigned threads;
	bool has_desk;
	bool forwarded;
	const char *path; /* of a unix socket that we opened; NULL: none to remove */
	dev_t device;
	ino_t inode;
};

/* An accept thread. */
struct seat {
	struct worker *worker;
	const struct door *door;
	pthread_t thread;
	atomic_bool ended;
};

struct worker {
	struct arena *arena; /* holds this struct, doors and seats */
	struct app_box *box;
	struct app *app; /* held: doors name its strings */
	struct crew *lane;
	struct desk *desks[LISTEN_ROLE_COUNT]; /* NULL: none of those doors has one */
	struct keeper *keeper;
	struct door doors[CONFIG_LISTENERS];
	size_t door_count;
	struct seat *seats;
	size_t seat_count;    /* started ones */
	atomic_bool stopping; /* what comes now is refused */
	atomic_bool closing;  /* nothing is accepted any more */
};

/* Whoever is asked in another role than it has answers with a complete refusal, never a grant. */
static bool is_ours(const struct door *door, enum fcgi_role role)
{
	/* What started us with a socket knows what it is for. */
	if (door->fd == 0)
		return role != FCGI_ROLE_OTHER;
	return role ==
	       (door->role == LISTEN_AUTHORIZER ? FCGI_ROLE_AUTHORIZER : FCGI_ROLE_RESPONDER);
}

/* True: the call went to the hash lane and is the lane's now. */
static bool serve(struct seat *seat, struct call *call, struct connections *connections)
{
	struct worker *worker = seat->worker;
	enum err err = connections_follow(connections, worker->box);
	bool ours = is_ours(seat->door, fcgi_role(call->fcgi));
	/* At a socket that is only lent, others serve on: nobody is refused, what was taken is
	 * served. */
	bool refusing = atomic_load(&worker->stopping) && seat->door->fd > 0;
	call->forwarded = seat->door->forwarded;
	if (err != OK || !ours || refusing) {
		struct app *app = app_current(worker->box);
		dispatch_refuse(call, app);
		app_release(&app);
		return false;
	}
	if (dispatch_begin(call, connections->app, &connections->open) == DISPATCH_DONE)
		return false;
	if (crew_put(worker->lane, call))
		return true;
	dispatch_refuse(call, connections->app);
	return false;
}

static struct call *next_call(struct seat *seat)
{
	struct call *call = crew_take_idle(seat->worker->lane, seat->door->fd);
	if (call != NULL)
		return call;
	struct app *app = app_current(seat->worker->box);
	size_t memory = (size_t)app->config->server.request_memory * 1024;
	app_release(&app);
	return call_open(seat->door->fd, memory, &call) == OK ? call : NULL;
}

static void *run(void *arg)
{
	struct seat *seat = arg;
	struct connections connections = {.with_hash = false};
	struct call *call = NULL;
	db_thread_init();
	while (!atomic_load(&seat->worker->closing)) {
		if (call == NULL)
			call = next_call(seat);
		if (call != NULL && fcgi_accept(call->fcgi) == OK) {
			if (serve(seat, call, &connections))
				call = NULL;
		} else if (!atomic_load(&seat->worker->closing)) {
			clock_pause(PAUSE);
		}
	}
	call_close(&call);
	connections_close(&connections);
	db_thread_done();
	atomic_store(&seat->ended, true);
	return NULL;
}

/* A descriptor that was given may be shared, and a proxy's word is taken by threads: those have
 * them alone. */
static bool can_have_desk(const struct config *config, const struct listen_config *listener)
{
	return config->server.desk && !listener->forwarded;
}

static enum err open_door(const struct config *config, const struct listen_config *listener,
			  struct door *door, struct fault *fault)
{
	struct stat status;
	TRY(fcgi_listen(listener->address.p, listener->mode, &door->fd, fault));
	door->role = listener->role;
	door->threads = listener->threads;
	door->forwarded = listener->forwarded;
	door->has_desk = can_have_desk(config, listener);
	if (listener->address.p[0] == '/' && stat(listener->address.p, &status) == 0) {
		door->path = listener->address.p;
		door->device = status.st_dev;
		door->inode = status.st_ino;
	}
	return OK;
}

static enum err open_doors(struct worker *worker, struct fault *fault)
{
	const struct config *config = worker->app->config;
	for (size_t i = 0; i < config->listener_count; i++) {
		TRY(open_door(config, &config->listeners[i], &worker->doors[i], fault));
		worker->door_count++;
	}
	if (config->listener_count > 0)
		return OK;
	if (fcgi_is_cgi())
		return fault_set(fault,
				 "%s: no section [listen NAME], and descriptor 0 is not a "
				 "listening socket",
				 config->file.p);
	worker->doors[0] = (struct door){.fd = 0, .threads = config->server.threads};
	worker->door_count = 1;
	return OK;
}

/* A newer worker may have put its own socket in the place of ours. */
static void remove_sockets(const struct worker *worker)
{
	for (size_t i = 0; i < worker->door_count; i++) {
		const struct door *door = &worker->doors[i];
		struct stat status;
		if (door->path != NULL && stat(door->path, &status) == 0 &&
		    status.st_dev == door->device && status.st_ino == door->inode)
			(void)unlink(door->path);
	}
}

static void close_doors(const struct worker *worker)
{
	for (size_t i = 0; i < worker->door_count; i++)
		if (worker->doors[i].fd > 0)
			(void)close(worker->doors[i].fd);
}

static enum err start_seats(struct worker *worker)
{
	size_t wanted = 0;
	for (size_t i = 0; i < worker->door_count; i++)
		wanted += worker->doors[i].has_desk ? 0 : worker->doors[i].threads;
	worker->seats = arena_array(worker->arena, wanted, sizeof(*worker->seats));
	if (worker->seats == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < worker->door_count; i++) {
		for (unsigned n = 0; n < worker->doors[i].threads && !worker->doors[i].has_desk;
		     n++) {
			struct seat *seat = &worker->seats[worker->seat_count];
			seat->worker = worker;
			seat->door = &worker->doors[i];
			if (pthread_create(&seat->thread, NULL, run, seat) != 0)
				return ERR_MEMORY;
			worker->seat_count++;
		}
	}
	return OK;
}

static enum err start_desk(struct worker *worker, enum listen_role role)
{
	int listeners[CONFIG_LISTENERS];
	struct desk_plan plan = {
		.box = worker->box,
		.lane = worker->lane,
		.listeners = listeners,
		.authorizes = role == LISTEN_AUTHORIZER,
	};
	for (size_t i = 0; i < worker->door_count; i++) {
		if (!worker->doors[i].has_desk || worker->doors[i].role != role)
			continue;
		listeners[plan.n++] = worker->doors[i].fd;
		plan.threads += worker->doors[i].threads;
	}
	return plan.n == 0 ? OK : desk_open(&plan, &worker->desks[role]);
}

static unsigned hash_slots(const struct config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (config->server.hash_slots > 0)
		return config->server.hash_slots;
	return cores > 0 ? (unsigned)cores : 1;
}

static enum err start_all(struct worker *worker, struct fault *fault)
{
	TRY(open_doors(worker, fault));
	TRY(lane_open(worker->box, LANE_THREADS_A_SLOT * hash_slots(worker->app->config),
		      &worker->lane));
	TRY(keeper_start(worker->box, &worker->keeper));
	for (unsigned role = 0; role < LISTEN_ROLE_COUNT; role++)
		TRY(start_desk(worker, (enum listen_role)role));
	return start_seats(worker);
}

enum err worker_start(struct app_box *box, struct worker **out, struct fault *fault)
{
	struct arena *arena;
	*fault = (struct fault){.text = ""};
	if (arena_open(sizeof(struct worker), WORKER_MEMORY, &arena) != OK)
		return fault_set(fault, "not enough memory");
	struct worker *worker = arena_alloc(arena, sizeof(*worker));
	if (worker == NULL) {
		arena_close(&arena);
		return fault_set(fault, "not enough memory");
	}
	worker->arena = arena;
	worker->box = box;
	worker->app = app_current(box);
	enum err err = start_all(worker, fault);
	if (err != OK) {
		worker_stop(&worker);
		return fault->text[0] != '\0' ? err : fault_set(fault, "threads cannot be started");
	}
	*out = worker;
	return OK;
}

static bool all_ended(const struct worker *worker)
{
	for (size_t i = 0; i < worker->seat_count; i++)
		if (!atomic_load(&worker->seats[i].ended))
			return false;
	return true;
}

/* Nothing else wakes a thread that blocks in accept; fcgi.c lets the signal in only there. */
static bool clear_seats(struct worker *worker, int64_t deadline)
{
	while (!all_ended(worker) && clock_monotonic() < deadline) {
		for (size_t i = 0; i < worker->seat_count; i++) {
			struct seat *seat = &worker->seats[i];
			if (!atomic_load(&seat->ended))
				(void)pthread_kill(seat->thread, SIGUSR2);
		}
		clock_pause(WAKE_EVERY);
	}
	return all_ended(worker);
}

/* Connections that wait at a socket of ours; one that we were given is served on by its others. */
static bool someone_waits(const struct worker *worker)
{
	struct pollfd waiting[CONFIG_LISTENERS];
	nfds_t n = 0;
	for (size_t i = 0; i < worker->door_count; i++)
		if (worker->doors[i].fd > 0)
			waiting[n++] = (struct pollfd){.fd = worker->doors[i].fd, .events = POLLIN};
	return n > 0 && poll(waiting, n, 0) > 0;
}

/* Answers what has connected already: closing the socket would tear it. */
static void refuse_waiting(const struct worker *worker, int64_t deadline)
{
	unsigned quiet = 0;
	while (quiet < QUIET_ROUNDS && clock_monotonic() < deadline) {
		quiet = someone_waits(worker) ? 0 : quiet + 1;
		clock_pause(WAKE_EVERY);
	}
}

void worker_stop(struct worker **worker)
{
	struct worker *stopped = *worker;
	int64_t deadline = clock_monotonic() + STOP_LIMIT;
	*worker = NULL;
	if (stopped == NULL)
		return;
	atomic_store(&stopped->stopping, true);
	for (unsigned role = 0; role < LISTEN_ROLE_COUNT; role++)
		desk_refuse(stopped->desks[role]);
	remove_sockets(stopped);
	refuse_waiting(stopped, clock_monotonic() + DRAIN_LIMIT);
	atomic_store(&stopped->closing, true);
	fcgi_shut_down();
	bool out = clear_seats(stopped, deadline);
	for (unsigned role = 0; role < LISTEN_ROLE_COUNT; role++)
		out = desk_close(&stopped->desks[role], deadline) && out;
	out = crew_close(&stopped->lane, deadline) && out;
	out = keeper_stop(&stopped->keeper, deadline) && out;
	close_doors(stopped);
	/* A thread that still runs would use what is freed below. */
	if (!out)
		_exit(EXIT_FAILURE);
	for (size_t i = 0; i < stopped->seat_count; i++)
		(void)pthread_join(stopped->seats[i].thread, NULL);
	app_release(&stopped->app);
	struct arena *arena = stopped->arena;
	arena_close(&arena);
}

static void tidy_now_and_then(struct connections *connections, struct arena *arena)
{
	struct id random = id_random();
	if (random.b[0] % CGI_TIDY_ONE_IN != 0)
		return;
	keeper_tend_keys(connections, arena);
	keeper_tidy(connections, arena, CGI_TIDY_BUDGET);
}

enum err worker_run_cgi(struct app_box *box)
{
	struct connections connections = {.with_hash = true};
	struct call *call = NULL;
	TRY(connections_follow(&connections, box));
	size_t memory = (size_t)connections.app->config->server.request_memory * 1024;
	enum err err = call_open(CALL_CGI, memory, &call);
	if (err == OK)
		err = fcgi_accept(call->fcgi);
	if (err == OK && dispatch_begin(call, connections.app, &connections.open) == DISPATCH_HASH)
		dispatch_finish(call, &connections.open);
	if (err == OK)
		tidy_now_and_then(&connections, call->arena);
	call_close(&call);
	connections_close(&connections);
	return err;
}
