/* The housekeeper: a thread that tends keys, finishes changes of roles, counts hours and deletes
 * what is over. */
#include "keeper.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "connections.h"
#include "db.h"
#include "ident.h"
#include "key_set.h"
#include "overview.h"
#include "purge.h"
#include "role.h"
#include "signing_key.h"

#define KEEPER_EVERY CLOCK_MINUTE
#define KEEPER_JITTER (15 * CLOCK_SECOND) /* so that many workers do not come at once */
#define KEEPER_BUDGET (3 * CLOCK_SECOND)  /* two thirds of it at rest (purge.c) */
#define KEYS_EVERY (25 * CLOCK_SECOND) /* and up to 15 s more: known everywhere within a minute */
#define KEEPER_MEMORY ((size_t)1024 * 1024)

struct keeper {
	struct arena *arena; /* holds this struct */
	struct app_box *box;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping, ended;
	struct fault told; /* the last complaint about keys that was written */
};

static struct auth_context make_context(struct connections *connections, struct arena *arena)
{
	return (struct auth_context){
		.config = connections->app->config,
		.keys = connections->app->keys,
		.signing = connections->app->signing,
		.counters = connections->app->counters,
		.db = connections->open.web,
		.arena = arena,
		.now = clock_now(),
		.ip = STR(""),
		.user_agent = STR(""),
	};
}

/* Every worker says it once, not every half a minute. */
static void complain(struct keeper *keeper, const struct auth_context *context,
		     const struct fault *fault)
{
	bool is_new = strcmp(keeper->told.text, fault->text) != 0;

	keeper->told = *fault;
	if (is_new && fault->text[0] != '\0')
		audit_line(context, &(struct audit_event){.kind = AUDIT_KEYS_UNUSABLE,
							  .detail = str_of(fault->text)});
}

/* ERR_CONFIG: *fault says which key is of no use. */
static enum err tend(const struct auth_context *context, struct fault *fault)
{
	struct key_outcome outcome = {.verdict = KEY_REFUSED};
	enum err e = signing_key_tend(context, &outcome);

	if (e == ERR_CONFIG)
		*fault = outcome.fault;
	db_rollback(context->db);
	/* What is there is read in any case: others may have changed it. */
	enum err read = key_box_refresh(context);
	if (read == OK && fault->text[0] == '\0')
		key_box_fault(context->signing, fault);
	return e != OK ? e : read;
}

void keeper_tend_keys(struct connections *connections, struct arena *arena)
{
	struct auth_context context = make_context(connections, arena);
	struct fault fault = {.text = ""};
	enum err ignored = tend(&context, &fault);

	(void)ignored;
}

void keeper_tidy(struct connections *connections, struct arena *arena, int64_t budget)
{
	struct purge_report report = {.sessions = 0};
	struct auth_context context = make_context(connections, arena);
	int64_t until = clock_monotonic() + budget;
	uint64_t batches;
	/* Rights first, rubbish last; db.c has logged why not. */
	enum err roles = role_go_on(&context, until, &batches);
	db_rollback(connections->open.web);
	enum err hours = overview_keep(&context, until);
	enum err rubbish = purge_run(&context, until, &report);
	(void)roles;
	(void)hours;
	(void)rubbish;
	db_rollback(connections->open.web);
}

static int64_t jitter(void)
{
	struct id random = id_random();
	int64_t share = random.b[0] << 8 | random.b[1];
	return KEEPER_JITTER * share / (1 << 16);
}

static struct timespec timespec_of(int64_t at)
{
	return (struct timespec){.tv_sec = at / CLOCK_SECOND, .tv_nsec = at % CLOCK_SECOND * 1000};
}

/* False: stopping. */
static bool wait_until(struct keeper *keeper, int64_t at)
{
	struct timespec until = timespec_of(at);
	int waited = 0;
	(void)pthread_mutex_lock(&keeper->lock);
	while (!keeper->stopping && waited == 0)
		waited = pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until);
	bool go_on = !keeper->stopping;
	(void)pthread_mutex_unlock(&keeper->lock);
	return go_on;
}

/* What the thread does, and when it does it next. */
struct rounds {
	struct connections connections;
	struct arena *arena;
	int64_t next_keys, next_tidy;
};

static void keep_keys(struct keeper *keeper, struct rounds *rounds)
{
	struct auth_context context = make_context(&rounds->connections, rounds->arena);
	struct fault fault = {.text = ""};
	enum err e = tend(&context, &fault);

	if (e == OK || e == ERR_CONFIG)
		complain(keeper, &context, &fault);
	rounds->next_keys = clock_monotonic() + KEYS_EVERY + jitter();
}

static void go_round(struct keeper *keeper, struct rounds *rounds)
{
	if (clock_monotonic() >= rounds->next_keys)
		keep_keys(keeper, rounds);
	if (clock_monotonic() >= rounds->next_tidy) {
		keeper_tidy(&rounds->connections, rounds->arena, KEEPER_BUDGET);
		rounds->next_tidy = clock_monotonic() + KEEPER_EVERY + jitter();
	}
}

static int64_t next_round(const struct rounds *rounds)
{
	return rounds->next_keys < rounds->next_tidy ? rounds->next_keys : rounds->next_tidy;
}

/* The keys first, at once: until there are some, no token is made. */
static void *run(void *arg)
{
	struct keeper *keeper = arg;
	int64_t start = clock_monotonic();
	struct rounds rounds = {.next_keys = start, .next_tidy = start + jitter()};
	db_thread_init();
	bool able = arena_open(0, KEEPER_MEMORY, &rounds.arena) == OK;
	while (wait_until(keeper, able ? next_round(&rounds) : INT64_MAX / 2)) {
		if (connections_follow(&rounds.connections, keeper->box) == OK)
			go_round(keeper, &rounds);
		else
			rounds.next_keys = rounds.next_tidy =
				clock_monotonic() + KEEPER_EVERY + jitter();
		arena_reset(rounds.arena);
	}
	connections_close(&rounds.connections);
	arena_close(&rounds.arena);
	db_thread_done();
	(void)pthread_mutex_lock(&keeper->lock);
	keeper->ended = true;
	(void)pthread_cond_signal(&keeper->wake);
	(void)pthread_mutex_unlock(&keeper->lock);
	return NULL;
}

static enum err init_locks(struct keeper *keeper)
{
	pthread_condattr_t monotonic;
	if (pthread_condattr_init(&monotonic) != 0)
		return ERR_MEMORY;
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	bool fine = pthread_mutex_init(&keeper->lock, NULL) == 0 &&
		    pthread_cond_init(&keeper->wake, &monotonic) == 0;
	(void)pthread_condattr_destroy(&monotonic);
	return fine ? OK : ERR_MEMORY;
}

static enum err begin(struct keeper *keeper)
{
	TRY(init_locks(keeper));
	return pthread_create(&keeper->thread, NULL, run, keeper) == 0 ? OK : ERR_MEMORY;
}

enum err keeper_start(struct app_box *box, struct keeper **out)
{
	size_t bytes = sizeof(struct keeper) + 64;
	struct arena *arena;
	TRY(arena_open(bytes, bytes, &arena));
	struct keeper *keeper = arena_alloc(arena, sizeof(*keeper));
	enum err err = keeper == NULL ? ERR_MEMORY : OK;
	if (err == OK) {
		keeper->arena = arena;
		keeper->box = box;
		err = begin(keeper);
	}
	if (err != OK) {
		arena_close(&arena);
		return err;
	}
	*out = keeper;
	return OK;
}

static bool wait_for_end(struct keeper *keeper, int64_t deadline)
{
	struct timespec until = timespec_of(deadline);
	int waited = 0;
	(void)pthread_mutex_lock(&keeper->lock);
	keeper->stopping = true;
	(void)pthread_cond_signal(&keeper->wake);
	while (!keeper->ended && waited == 0)
		waited = pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until);
	bool ended = keeper->ended;
	(void)pthread_mutex_unlock(&keeper->lock);
	return ended;
}

bool keeper_stop(struct keeper **keeper, int64_t deadline)
{
	struct keeper *stopped = *keeper;
	*keeper = NULL;
	if (stopped == NULL)
		return true;
	if (!wait_for_end(stopped, deadline))
		return false;
	(void)pthread_join(stopped->thread, NULL);
	(void)pthread_cond_destroy(&stopped->wake);
	(void)pthread_mutex_destroy(&stopped->lock);
	struct arena *arena = stopped->arena;
	arena_close(&arena);
	return true;
}
