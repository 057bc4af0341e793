/* The front desk: takes all that waits, asks once for all of it, answers what is light. */
#include "desk.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "dispatch.h"
#include "guard.h"
#include "log.h"
#include "porch.h"
#include "token_call.h"

#define PATIENCE (500 * CLOCK_MS)     /* one slow statement holds everybody up */
#define BLIND_SPAN (2 * CLOCK_SECOND) /* after one that failed: the crew asks for itself */
#define MEMORY ((size_t)256 * 1024)
#define PAUSE CLOCK_MS
#define IDLE_MAX SESSION_BATCH_MAX
#define ROUND_FIRST ((size_t)32 * 1024)
#define ROUND_CEILING ((size_t)4 * 1024 * 1024)

/* A request of this round. */
struct visitor {
	struct call *call;
	bool whole;  /* nothing that is done with it will wait for the web server */
	bool asking; /* its credential is among those that are looked up */
};

struct desk {
	struct arena *arena; /* holds this struct */
	struct app_box *box;
	struct crew *lane, *crew;
	struct porch *porch;
	enum fcgi_role role;
	pthread_t thread;
	bool started;
	atomic_bool refusing, closing, ended;

	/* All below is the thread's own. */
	struct connections connections;
	int64_t blind_until; /* no look-ups before */
	struct visitor visitors[SESSION_BATCH_MAX];
	size_t visitor_count;
	bool crowded;        /* the last round had more than one */
	size_t hashes;       /* that the visitors' credentials stand for */
	struct arena *round; /* what was found; wiped after each round */
	struct call *idle;
	size_t idle_count;
	struct log_batch lines;
};

/* For the crew: a call of the desk's, opened and perhaps resolved; or a connection, unread. */
static bool serve_one(const struct desk *desk, struct call *call, struct connections *connections,
		      enum err ready)
{
	enum dispatch_step step = DISPATCH_DONE;

	if (ready != OK || fcgi_role(call->fcgi) != desk->role) {
		struct app *app = app_current(desk->box);
		dispatch_refuse(call, app);
		app_release(&app);
		return true;
	}
	step = call->app != NULL ? dispatch_go_on(call, &connections->open)
				 : dispatch_begin(call, connections->app, &connections->open);
	if (step == DISPATCH_DONE)
		return true;
	if (crew_put(desk->lane, call))
		return false;
	dispatch_refuse(call, call->app);
	return true;
}

/* A kept connection has its thread until it ends, as it has without a desk. */
static bool serve(const void *caller, struct call *call, struct connections *connections,
		  enum err ready)
{
	const struct desk *desk = caller;

	if (call->app != NULL)
		return serve_one(desk, call, connections, ready);
	while (fcgi_accept(call->fcgi) == OK) {
		if (!serve_one(desk, call, connections, ready))
			return false;
		ready = connections_follow(connections, desk->box);
	}
	return true;
}

static bool crew_may_queue(size_t waiting, unsigned threads, int64_t average)
{
	(void)threads;
	(void)average;
	return waiting < CREW_DEPTH;
}

static void put_back(struct desk *desk, struct call *call)
{
	if (desk->idle_count >= IDLE_MAX) {
		call_close(&call);
		return;
	}
	call->next = desk->idle;
	desk->idle = call;
	desk->idle_count++;
}

/* NULL: no memory. */
static struct call *next_call(struct desk *desk)
{
	struct call *call = desk->idle;

	if (call != NULL) {
		desk->idle = call->next;
		desk->idle_count--;
		call->next = NULL;
		return call;
	}
	call = crew_take_idle(desk->crew, CALL_DESK);
	if (call == NULL)
		call = crew_take_idle(desk->lane, CALL_DESK);
	if (call != NULL)
		return call;
	size_t memory = (size_t)desk->connections.app->config->server.request_memory * 1024;
	return call_open(CALL_DESK, memory, &call) == OK ? call : NULL;
}

/* To the crew as it is, unread. What finds no place there is closed: no answer is no grant. */
static void pass_on(struct desk *desk, int fd)
{
	struct call *call = next_call(desk);

	if (call == NULL) {
		(void)close(fd);
		return;
	}
	fcgi_adopt(call->fcgi, fd, FCGI_ARRIVAL_OTHER);
	if (!crew_put(desk->crew, call))
		call_close(&call);
}

/* Whether what the request asks for begins with a look-up of its credential. */
static bool asks(struct call *call)
{
	if (call->match.route == NULL || call->request.flaw != REQUEST_FINE)
		return false;
	if (guard_identify(call) != OK || token_recall(call) != OK) {
		call->identified = false; /* whoever goes on with it meets that again */
		return false;
	}
	return call->credential.syntax == CREDENTIAL_WELL_FORMED;
}

static bool has_no_stdin(const struct call *call)
{
	return call->authorizes && str_is_present(call->request.apache_role);
}

/* Begins the request of a connection, whose parameters have arrived. */
static void let_in(struct desk *desk, int fd, enum fcgi_arrival arrival)
{
	struct call *call = next_call(desk);
	struct app *app = desk->connections.app;

	if (call == NULL) {
		(void)close(fd);
		return;
	}
	fcgi_adopt(call->fcgi, fd, arrival);
	if (fcgi_accept(call->fcgi) != OK) {
		put_back(desk, call);
		return;
	}
	if (atomic_load(&desk->refusing) || fcgi_role(call->fcgi) != desk->role) {
		dispatch_refuse(call, app);
		put_back(desk, call);
		return;
	}
	if (!dispatch_open(call, app)) {
		put_back(desk, call);
		return;
	}
	struct visitor visitor = {
		.call = call,
		.whole = arrival == FCGI_ARRIVAL_WHOLE || has_no_stdin(call),
		.asking = asks(call),
	};
	if (visitor.asking)
		desk->hashes += session_hashes(&call->credential);
	desk->visitors[desk->visitor_count++] = visitor;
}

static bool has_room(const struct desk *desk)
{
	return desk->visitor_count < SESSION_BATCH_MAX &&
	       desk->hashes + KEYRING_ROOTS <= SESSION_BATCH_MAX;
}

/* Waits for visitors, and takes as many as one statement can look up. */
static void collect(struct desk *desk)
{
	enum fcgi_arrival arrival = FCGI_ARRIVAL_GONE;
	int fd = -1;

	/* Where many come, the web server is let on first: it brings more, and one statement is for
	 * all. */
	if (desk->crowded)
		(void)sched_yield();
	porch_wait(desk->porch);
	/*
	 * What comes while the crew has no place waits at the socket, as it does without a desk. A
	 * desk without a configuration could not even refuse.
	 */
	if (!crew_has_room(desk->crew) || connections_follow(&desk->connections, desk->box) != OK) {
		clock_pause(PAUSE);
		return;
	}
	while (has_room(desk) && porch_next(desk->porch, &fd, &arrival)) {
		if (arrival == FCGI_ARRIVAL_OTHER)
			pass_on(desk, fd);
		else
			let_in(desk, fd, arrival);
	}
}

static struct db *account_of(const struct desk *desk)
{
	const struct call_connections *open = &desk->connections.open;

	return desk->role == FCGI_ROLE_AUTHORIZER ? open->guard : open->web;
}

/* What was not found may have been rotated away, which nobody asks who guards something else. */
static bool is_settled(const struct call *call)
{
	/* A token that is not proven yet has not been looked for. */
	bool is_looked_for = call->credential.roots > 0;

	return call->session.standing != SESSION_UNKNOWN ||
	       ((call->match.route->exempt & ROUTE_GUARDS) != 0 && is_looked_for);
}

/* One statement for all values, one for all proven access tokens. Where one fails nobody is known,
 * and the crew asks again. */
static void look_up(struct desk *desk)
{
	struct session_look_up list[SESSION_BATCH_MAX];
	size_t n = 0;

	for (size_t i = 0; i < desk->visitor_count; i++) {
		struct call *call = desk->visitors[i].call;
		if (desk->visitors[i].asking)
			list[n++] = (struct session_look_up){
				.context = &call->auth,
				.credential = &call->credential,
				.out = &call->session,
			};
	}
	if (n == 0 || clock_monotonic() < desk->blind_until)
		return;
	if (session_look_up(account_of(desk), desk->round, list, n) != OK) {
		desk->blind_until = clock_monotonic() + BLIND_SPAN;
		return;
	}
	for (size_t i = 0; i < desk->visitor_count; i++) {
		struct call *call = desk->visitors[i].call;
		call->resolved = desk->visitors[i].asking && is_settled(call);
	}
}

static bool must_touch(const struct call *call)
{
	const struct session *session = &call->session;

	if (call->guarded != NULL)
		return session_must_touch_guarded(&call->auth, session);
	return session_must_touch(session, call->request.now);
}

/* Nothing but what has been looked up is needed, and nothing is to be written. */
static bool is_light(const struct visitor *visitor)
{
	const struct call *call = visitor->call;
	const struct session *session = &call->session;

	if (!visitor->whole || call->match.route == NULL ||
	    (call->match.route->exempt & ROUTE_LIGHT) == 0)
		return false;
	if (!visitor->asking)
		return true;
	if ((call->match.route->exempt & ROUTE_GUARDS) != 0)
		return call->resolved && !must_touch(call);
	return call->resolved && session->standing >= SESSION_PENDING && !must_touch(call);
}

static void answer(struct desk *desk, struct call *call)
{
	call->lines = &desk->lines;
	if (dispatch_go_on(call, &desk->connections.open) == DISPATCH_HASH)
		dispatch_refuse(call, call->app);
	put_back(desk, call);
}

static void hand_over(struct desk *desk, struct call *call)
{
	if (call->resolved && session_keep(call->arena, &call->session) != OK)
		call->resolved = false;
	if (!call->resolved)
		call->session = (struct session){.standing = SESSION_ABSENT};
	if (crew_put(desk->crew, call))
		return;
	dispatch_refuse(call, call->app);
	put_back(desk, call);
}

/* The heavy ones first: their threads work while the light ones are answered. */
static void serve_round(struct desk *desk)
{
	bool light[SESSION_BATCH_MAX];

	look_up(desk);
	for (size_t i = 0; i < desk->visitor_count; i++) {
		light[i] = is_light(&desk->visitors[i]);
		if (!light[i])
			hand_over(desk, desk->visitors[i].call);
	}
	for (size_t i = 0; i < desk->visitor_count; i++)
		if (light[i])
			answer(desk, desk->visitors[i].call);
	log_flush(&desk->lines);
	if (desk->visitor_count > 0)
		secret_wipe_stack();
	arena_reset(desk->round);
	desk->crowded = desk->visitor_count > 1;
	desk->visitor_count = 0;
	desk->hashes = 0;
}

static void *run(void *arg)
{
	struct desk *desk = arg;

	db_thread_init();
	while (!atomic_load(&desk->closing)) {
		collect(desk);
		serve_round(desk);
	}
	while (desk->idle != NULL) {
		struct call *call = desk->idle;
		desk->idle = call->next;
		call_close(&call);
	}
	connections_close(&desk->connections);
	db_thread_done();
	atomic_store(&desk->ended, true);
	return NULL;
}

static enum err start(struct desk *desk, const struct desk_plan *desk_plan)
{
	struct crew_plan plan = {
		.threads = desk_plan->threads,
		.queue = desk_plan->authorizes ? METER_GUARDED : METER_REQUESTS,
		.caller = desk,
		.has_room = crew_may_queue,
		.serve = serve,
	};

	TRY(porch_open(desk->arena, desk_plan->listeners, desk_plan->n, &desk->porch));
	TRY(arena_open(ROUND_FIRST, ROUND_CEILING, &desk->round));
	TRY(crew_open(desk->box, &plan, &desk->crew));
	desk->started = pthread_create(&desk->thread, NULL, run, desk) == 0;
	return desk->started ? OK : ERR_MEMORY;
}

enum err desk_open(const struct desk_plan *plan, struct desk **out)
{
	struct arena *arena = NULL;

	TRY(arena_open(sizeof(struct desk), MEMORY, &arena));
	struct desk *desk = arena_alloc(arena, sizeof(*desk));
	if (desk == NULL) {
		arena_close(&arena);
		return ERR_MEMORY;
	}
	desk->arena = arena;
	desk->box = plan->box;
	desk->lane = plan->lane;
	desk->role = plan->authorizes ? FCGI_ROLE_AUTHORIZER : FCGI_ROLE_RESPONDER;
	desk->connections.patience = PATIENCE;
	enum err err = start(desk, plan);
	if (err != OK) {
		(void)desk_close(&desk, clock_monotonic() + CLOCK_SECOND);
		return err;
	}
	*out = desk;
	return OK;
}

void desk_refuse(struct desk *desk)
{
	if (desk != NULL)
		atomic_store(&desk->refusing, true);
}

static bool stop_thread(struct desk *desk, int64_t deadline)
{
	atomic_store(&desk->closing, true);
	if (!desk->started)
		return true;
	while (!atomic_load(&desk->ended) && clock_monotonic() < deadline) {
		porch_ring(desk->porch);
		clock_pause(PAUSE);
	}
	if (!atomic_load(&desk->ended))
		return false;
	(void)pthread_join(desk->thread, NULL);
	return true;
}

bool desk_close(struct desk **desk, int64_t deadline)
{
	struct desk *closed = *desk;

	*desk = NULL;
	if (closed == NULL)
		return true;
	if (!stop_thread(closed, deadline) || !crew_close(&closed->crew, deadline))
		return false;
	porch_close(&closed->porch);
	arena_close(&closed->round);
	struct arena *arena = closed->arena;
	arena_close(&arena);
	return true;
}
