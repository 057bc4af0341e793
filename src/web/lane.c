/* The hash lane: a bounded queue of whole calls and as many low-priority threads as hash slots. */
#include "lane.h"

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "connections.h"
#include "db.h"
#include "dispatch.h"

#define LANE_NICE 10
#define LANE_SHARE 8 /* the newest measurement is an eighth of the average */

struct lane {
	struct arena *arena;
	struct app_box *box;
	unsigned threads;
	pthread_t *ids; /* of the first started */
	unsigned started;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t work, ended;
	struct call *waiting[LANE_DEPTH]; /* a ring */
	size_t first, depth;
	struct call *idle;
	int64_t average; /* microseconds that one takes */
	unsigned alive;
	bool closing;
};

bool lane_has_room(size_t waiting, unsigned threads, int64_t average)
{
	if (waiting >= LANE_DEPTH)
		return false;
	return waiting < LANE_ALWAYS || (int64_t)waiting * average / threads <= LANE_WAIT;
}

/* With the lock held. NULL: nothing waits. */
static struct call *pop(struct lane *lane)
{
	if (lane->depth == 0)
		return NULL;
	struct call *call = lane->waiting[lane->first];
	lane->first = (lane->first + 1) % LANE_DEPTH;
	lane->depth--;
	return call;
}

/* Waits for one; NULL: the lane is closing. */
static struct call *take(struct lane *lane)
{
	(void)pthread_mutex_lock(&lane->lock);
	while (lane->depth == 0 && !lane->closing)
		(void)pthread_cond_wait(&lane->work, &lane->lock);
	struct call *call = lane->closing ? NULL : pop(lane);
	(void)pthread_mutex_unlock(&lane->lock);
	return call;
}

static void give_back(struct lane *lane, struct call *call, int64_t took)
{
	(void)pthread_mutex_lock(&lane->lock);
	lane->average += lane->average == 0 ? took : (took - lane->average) / LANE_SHARE;
	call->next = lane->idle;
	lane->idle = call;
	(void)pthread_mutex_unlock(&lane->lock);
}

static void serve(struct lane *lane, struct connections *connections, struct call *call)
{
	if (connections_follow(connections, lane->box) == OK)
		dispatch_finish(call, &connections->open);
	else
		dispatch_refuse(call, call->app);
}

static void *run(void *arg)
{
	struct lane *lane = arg;
	struct connections connections = {.with_hash = true};
	struct call *call;
	/* Checks of sessions come first; refused where the system forbids it, which is no harm. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), LANE_NICE);
	db_thread_init();
	while ((call = take(lane)) != NULL) {
		int64_t since = clock_monotonic();
		serve(lane, &connections, call);
		give_back(lane, call, clock_monotonic() - since);
	}
	connections_close(&connections);
	db_thread_done();
	(void)pthread_mutex_lock(&lane->lock);
	lane->alive--;
	(void)pthread_cond_signal(&lane->ended);
	(void)pthread_mutex_unlock(&lane->lock);
	return NULL;
}

static enum err init_locks(struct lane *lane)
{
	pthread_condattr_t monotonic;
	if (pthread_condattr_init(&monotonic) != 0)
		return ERR_MEMORY;
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	bool fine = pthread_mutex_init(&lane->lock, NULL) == 0 &&
		    pthread_cond_init(&lane->work, NULL) == 0 &&
		    pthread_cond_init(&lane->ended, &monotonic) == 0;
	(void)pthread_condattr_destroy(&monotonic);
	return fine ? OK : ERR_MEMORY;
}

static enum err start_threads(struct lane *lane)
{
	lane->ids = arena_array(lane->arena, lane->threads, sizeof(*lane->ids));
	if (lane->ids == NULL)
		return ERR_MEMORY;
	lane->alive = lane->threads;
	while (lane->started < lane->threads) {
		if (pthread_create(&lane->ids[lane->started], NULL, run, lane) != 0)
			return ERR_MEMORY;
		lane->started++;
	}
	return OK;
}

enum err lane_open(struct app_box *box, unsigned threads, struct lane **out)
{
	size_t bytes = sizeof(struct lane) + (size_t)threads * sizeof(pthread_t) + 64;
	struct arena *arena;
	TRY(arena_open(bytes, bytes, &arena));
	struct lane *lane = arena_alloc(arena, sizeof(*lane));
	if (lane == NULL) {
		arena_close(&arena);
		return ERR_MEMORY;
	}
	lane->arena = arena;
	lane->box = box;
	lane->threads = threads;
	enum err err = init_locks(lane);
	if (err == OK)
		err = start_threads(lane);
	if (err == OK) {
		*out = lane;
		return OK;
	}
	lane->alive = lane->started;
	(void)lane_close(&lane, clock_monotonic() + CLOCK_SECOND);
	return err;
}

bool lane_put(struct lane *lane, struct call *call)
{
	(void)pthread_mutex_lock(&lane->lock);
	bool room = !lane->closing && lane_has_room(lane->depth, lane->threads, lane->average);
	if (room) {
		lane->waiting[(lane->first + lane->depth) % LANE_DEPTH] = call;
		lane->depth++;
		(void)pthread_cond_signal(&lane->work);
	}
	(void)pthread_mutex_unlock(&lane->lock);
	return room;
}

struct call *lane_take_idle(struct lane *lane, int fd)
{
	(void)pthread_mutex_lock(&lane->lock);
	struct call **place = &lane->idle;
	while (*place != NULL && (*place)->fd != fd)
		place = &(*place)->next;
	struct call *call = *place;
	if (call != NULL) {
		*place = call->next;
		call->next = NULL;
	}
	(void)pthread_mutex_unlock(&lane->lock);
	return call;
}

/* No thread takes any more, and nothing is put any more. */
static void refuse_waiting(struct lane *lane)
{
	for (;;) {
		(void)pthread_mutex_lock(&lane->lock);
		struct call *call = pop(lane);
		(void)pthread_mutex_unlock(&lane->lock);
		if (call == NULL)
			return;
		dispatch_refuse(call, call->app);
		call_close(&call);
	}
}

static bool wait_for_end(struct lane *lane, int64_t deadline)
{
	struct timespec until = {.tv_sec = deadline / CLOCK_SECOND,
				 .tv_nsec = deadline % CLOCK_SECOND * 1000};
	int waited = 0;
	(void)pthread_mutex_lock(&lane->lock);
	while (lane->alive > 0 && waited == 0)
		waited = pthread_cond_timedwait(&lane->ended, &lane->lock, &until);
	bool all = lane->alive == 0;
	(void)pthread_mutex_unlock(&lane->lock);
	return all;
}

bool lane_close(struct lane **lane, int64_t deadline)
{
	struct lane *closed = *lane;
	*lane = NULL;
	if (closed == NULL)
		return true;
	(void)pthread_mutex_lock(&closed->lock);
	closed->closing = true;
	(void)pthread_cond_broadcast(&closed->work);
	(void)pthread_mutex_unlock(&closed->lock);
	refuse_waiting(closed);
	if (!wait_for_end(closed, deadline))
		return false;
	for (unsigned i = 0; i < closed->started; i++)
		(void)pthread_join(closed->ids[i], NULL);
	while (closed->idle != NULL) {
		struct call *call = closed->idle;
		closed->idle = call->next;
		call_close(&call);
	}
	(void)pthread_cond_destroy(&closed->ended);
	(void)pthread_cond_destroy(&closed->work);
	(void)pthread_mutex_destroy(&closed->lock);
	struct arena *arena = closed->arena;
	arena_close(&arena);
	return true;
}
