/* A crew: threads that take whole calls from a bounded queue and bring them to their end. */
#include "crew.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "dispatch.h"

#define SHARE 8     /* the newest measurement is an eighth of the average */
#define IDLE_MAX 32 /* finished calls kept for reuse: memory of a burst goes back */
#define WAKE_EVERY (10 * CLOCK_MS)

struct crew {
	struct arena *arena;
	struct app_box *box;
	struct crew_plan plan;
	pthread_t *ids; /* of the first started */
	unsigned started;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t work, ended;
	struct call *waiting[CREW_DEPTH]; /* a ring */
	size_t first, depth;
	struct call *idle;
	size_t idle_count;
	int64_t average; /* microseconds that one takes */
	size_t running;
	unsigned alive;
	bool closing;
};

/* With the lock held. */
static void show(const struct crew *crew)
{
	meter_queue(app_box_counters(crew->box), crew->plan.queue, crew->depth, crew->running);
}

/* With the lock held. NULL: nothing waits. */
static struct call *pop(struct crew *crew)
{
	if (crew->depth == 0)
		return NULL;
	struct call *call = crew->waiting[crew->first];
	crew->first = (crew->first + 1) % CREW_DEPTH;
	crew->depth--;
	return call;
}

/* Waits for one; NULL: the crew is closing. */
static struct call *take(struct crew *crew)
{
	(void)pthread_mutex_lock(&crew->lock);
	while (crew->depth == 0 && !crew->closing)
		(void)pthread_cond_wait(&crew->work, &crew->lock);
	struct call *call = crew->closing ? NULL : pop(crew);
	crew->running += call != NULL;
	show(crew);
	(void)pthread_mutex_unlock(&crew->lock);
	return call;
}

/* call NULL: it is another crew's now. */
static void give_back(struct crew *crew, struct call *call, int64_t took)
{
	(void)pthread_mutex_lock(&crew->lock);
	crew->average += crew->average == 0 ? took : (took - crew->average) / SHARE;
	crew->running--;
	show(crew);
	if (call != NULL && crew->idle_count < IDLE_MAX) {
		call->next = crew->idle;
		crew->idle = call;
		crew->idle_count++;
		call = NULL;
	}
	(void)pthread_mutex_unlock(&crew->lock);
	call_close(&call);
}

static void *run(void *arg)
{
	struct crew *crew = arg;
	const struct crew_plan *plan = &crew->plan;
	struct connections connections = {.with_hash = plan->with_hash};
	struct call *call;
	/* Refused where the system forbids it, which is no harm. */
	if (plan->nice != 0)
		(void)setpriority(PRIO_PROCESS, (id_t)gettid(), plan->nice);
	db_thread_init();
	while ((call = take(crew)) != NULL) {
		int64_t since = clock_monotonic();
		enum err ready = connections_follow(&connections, crew->box);
		bool ours = plan->serve(plan->caller, call, &connections, ready);
		give_back(crew, ours ? call : NULL, clock_monotonic() - since);
	}
	connections_close(&connections);
	db_thread_done();
	(void)pthread_mutex_lock(&crew->lock);
	crew->alive--;
	(void)pthread_cond_signal(&crew->ended);
	(void)pthread_mutex_unlock(&crew->lock);
	return NULL;
}

static enum err init_locks(struct crew *crew)
{
	pthread_condattr_t monotonic;
	if (pthread_condattr_init(&monotonic) != 0)
		return ERR_MEMORY;
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	bool fine = pthread_mutex_init(&crew->lock, NULL) == 0 &&
		    pthread_cond_init(&crew->work, NULL) == 0 &&
		    pthread_cond_init(&crew->ended, &monotonic) == 0;
	(void)pthread_condattr_destroy(&monotonic);
	return fine ? OK : ERR_MEMORY;
}

static enum err start_threads(struct crew *crew)
{
	crew->ids = arena_array(crew->arena, crew->plan.threads, sizeof(*crew->ids));
	if (crew->ids == NULL)
		return ERR_MEMORY;
	crew->alive = crew->plan.threads;
	while (crew->started < crew->plan.threads) {
		if (pthread_create(&crew->ids[crew->started], NULL, run, crew) != 0)
			return ERR_MEMORY;
		crew->started++;
	}
	return OK;
}

enum err crew_open(struct app_box *box, const struct crew_plan *plan, struct crew **out)
{
	size_t bytes = sizeof(struct crew) + (size_t)plan->threads * sizeof(pthread_t) + 64;
	struct arena *arena;
	TRY(arena_open(bytes, bytes, &arena));
	struct crew *crew = arena_alloc(arena, sizeof(*crew));
	if (crew == NULL) {
		arena_close(&arena);
		return ERR_MEMORY;
	}
	crew->arena = arena;
	crew->box = box;
	crew->plan = *plan;
	enum err err = init_locks(crew);
	if (err == OK)
		err = start_threads(crew);
	if (err == OK) {
		*out = crew;
		return OK;
	}
	crew->alive = crew->started;
	(void)crew_close(&crew, clock_monotonic() + CLOCK_SECOND);
	return err;
}

/* With the lock held. */
static bool has_room(const struct crew *crew)
{
	return !crew->closing && crew->depth < CREW_DEPTH &&
	       crew->plan.has_room(crew->depth, crew->plan.threads, crew->average);
}

bool crew_put(struct crew *crew, struct call *call)
{
	(void)pthread_mutex_lock(&crew->lock);
	bool room = has_room(crew);
	if (room) {
		crew->waiting[(crew->first + crew->depth) % CREW_DEPTH] = call;
		crew->depth++;
		show(crew);
		(void)pthread_cond_signal(&crew->work);
	}
	(void)pthread_mutex_unlock(&crew->lock);
	if (!room)
		meter_refused(app_box_counters(crew->box), crew->plan.queue);
	return room;
}

bool crew_has_room(struct crew *crew)
{
	(void)pthread_mutex_lock(&crew->lock);
	bool room = has_room(crew);
	(void)pthread_mutex_unlock(&crew->lock);
	return room;
}

struct call *crew_take_idle(struct crew *crew, int fd)
{
	(void)pthread_mutex_lock(&crew->lock);
	struct call **place = &crew->idle;
	while (*place != NULL && (*place)->fd != fd)
		place = &(*place)->next;
	struct call *call = *place;
	if (call != NULL) {
		*place = call->next;
		call->next = NULL;
		crew->idle_count--;
	}
	(void)pthread_mutex_unlock(&crew->lock);
	return call;
}

/* No thread takes any more, and nothing is put any more. */
static void refuse_waiting(struct crew *crew)
{
	for (;;) {
		(void)pthread_mutex_lock(&crew->lock);
		struct call *call = pop(crew);
		show(crew);
		(void)pthread_mutex_unlock(&crew->lock);
		if (call == NULL)
			return;
		/* A connection that nobody has read from has no request to be answered yet. */
		if (call->app != NULL)
			dispatch_refuse(call, call->app);
		call_close(&call);
	}
}

/* SIGUSR2 reaches only who waits for a request of a kept connection (fcgi_accept). */
static bool wait_for_end(struct crew *crew, int64_t deadline)
{
	(void)pthread_mutex_lock(&crew->lock);
	while (crew->alive > 0 && clock_monotonic() < deadline) {
		int64_t at = clock_monotonic() + WAKE_EVERY;
		struct timespec until = {.tv_sec = at / CLOCK_SECOND,
					 .tv_nsec = at % CLOCK_SECOND * 1000};
		for (unsigned i = 0; i < crew->started; i++)
			(void)pthread_kill(crew->ids[i], SIGUSR2);
		(void)pthread_cond_timedwait(&crew->ended, &crew->lock, &until);
	}
	bool all = crew->alive == 0;
	(void)pthread_mutex_unlock(&crew->lock);
	return all;
}

bool crew_close(struct crew **crew, int64_t deadline)
{
	struct crew *closed = *crew;
	*crew = NULL;
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
