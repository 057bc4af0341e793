/* Fifty at once, each on a connection of its own, for what only one may get. */
#ifndef GATEPOST_TEST_CROWD_H
#define GATEPOST_TEST_CROWD_H

#include "fixture.h"

#include <pthread.h>

#define CROWD 50

/* What everybody does at once, in every round anew. */
struct crowd {
	const struct config *config;
	unsigned rounds;
	void *what;
	enum err (*once)(struct db *db, void *what, unsigned round, bool *won);
	pthread_barrier_t start;
};

struct crowd_member {
	struct crowd *crowd;
	pthread_t thread;
	size_t won;
	enum err e;
};

/* To the last round whatever happens: the others wait at the start. */
static inline void *crowd_go(void *opaque)
{
	struct crowd_member *member = opaque;
	struct crowd *crowd = member->crowd;
	struct db *db = NULL;

	db_thread_init();
	member->e = db_open(crowd->config, DB_ROLE_WEB, &db);
	for (unsigned i = 0; i < crowd->rounds; i++) {
		bool won = false;

		pthread_barrier_wait(&crowd->start);
		if (member->e == OK)
			member->e = crowd->once(db, crowd->what, i, &won);
		member->won += won;
	}
	db_close(&db);
	db_thread_done();
	return NULL;
}

/* How often somebody won, of all rounds. */
static inline size_t crowd_run(struct crowd *crowd)
{
	struct crowd_member members[CROWD];
	size_t won = 0;

	assert_int_equal(pthread_barrier_init(&crowd->start, NULL, CROWD), 0);
	for (size_t i = 0; i < CROWD; i++) {
		members[i] = (struct crowd_member){.crowd = crowd};
		assert_int_equal(pthread_create(&members[i].thread, NULL, crowd_go, &members[i]),
				 0);
	}
	for (size_t i = 0; i < CROWD; i++) {
		assert_int_equal(pthread_join(members[i].thread, NULL), 0);
		assert_ok(members[i].e);
		won += members[i].won;
	}
	assert_int_equal(pthread_barrier_destroy(&crowd->start), 0);
	return won;
}

#endif
