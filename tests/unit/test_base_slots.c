/* The counting lock: over threads of one process, and over processes. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <pthread.h>

#include "base_scratch.h"
#include "clock.h"
#include "slots.h"

#define SOON (clock_monotonic() + 10 * CLOCK_MS)
#define LATER (clock_monotonic() + 60 * CLOCK_SECOND)
#define THREADS 8
#define ROUNDS 40

static struct slots *opened(const struct scratch *scratch, unsigned count)
{
	struct slots *slots = NULL;
	struct fault fault = {""};

	assert_int_equal(slots_open(scratch->dir, count, &slots, &fault), OK);
	assert_non_null(slots);
	return slots;
}

static void as_many_as_there_are(void **state)
{
	struct slots *slots = opened(*state, 3);
	unsigned taken[3];
	unsigned more = 4711;
	struct stat st;

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(slots_take(slots, 0, &taken[i]), OK);
	assert_true(taken[0] != taken[1] && taken[1] != taken[2] && taken[0] != taken[2]);
	assert_int_equal(slots_take(slots, 0, &more), ERR_UNAVAILABLE);
	assert_int_equal(slots_take(slots, SOON, &more), ERR_UNAVAILABLE);
	assert_int_equal(more, 4711);
	slots_give(slots, taken[1]);
	assert_int_equal(slots_take(slots, 0, &more), OK);
	assert_int_equal(more, taken[1]);

	/* What was not taken cannot be given. */
	slots_give(slots, taken[0]);
	slots_give(slots, taken[0]);
	slots_give(slots, 99);
	assert_int_equal(slots_take(slots, 0, &more), OK);
	assert_int_equal(slots_take(slots, 0, &more), ERR_UNAVAILABLE);
	slots_close(&slots);
	assert_null(slots);
	slots_close(&slots);

	assert_int_equal(stat(scratch_path(*state, "hash-2.lock"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void closing_gives_everything_back(void **state)
{
	struct slots *first = opened(*state, 1);
	struct slots *second = opened(*state, 1);
	unsigned slot = 0;

	assert_int_equal(slots_take(first, 0, &slot), OK);
	assert_int_equal(slots_take(second, SOON, &slot), ERR_UNAVAILABLE);
	slots_close(&first);
	assert_int_equal(slots_take(second, 0, &slot), OK);
	slots_close(&second);
}

struct crowd {
	struct slots *slots;
	atomic_int inside;
	atomic_int most;
	atomic_int rounds;
};

static void *worker(void *argument)
{
	struct crowd *crowd = argument;

	for (int i = 0; i < ROUNDS; i++) {
		unsigned slot = 0;
		if (slots_take(crowd->slots, LATER, &slot) != OK)
			return NULL;
		int now = atomic_fetch_add(&crowd->inside, 1) + 1;
		int most = atomic_load(&crowd->most);
		while (now > most && !atomic_compare_exchange_weak(&crowd->most, &most, now))
			continue;
		sched_yield();
		atomic_fetch_sub(&crowd->inside, 1);
		atomic_fetch_add(&crowd->rounds, 1);
		slots_give(crowd->slots, slot);
	}
	return NULL;
}

static void threads_share_the_ceiling(void **state)
{
	struct crowd crowd = {.slots = opened(*state, 2)};
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker, &crowd), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&crowd.rounds), THREADS * ROUNDS);
	assert_in_range(atomic_load(&crowd.most), 1, 2);
	slots_close(&crowd.slots);
}

/* The other process: takes the one slot, says so, and holds it until told or killed. */
static void hold(const char *dir, int say, int hear)
{
	struct slots *slots = NULL;
	struct fault fault;
	unsigned slot = 0;
	char c = 'n';

	if (slots_open(dir, 1, &slots, &fault) == OK && slots_take(slots, LATER, &slot) == OK)
		c = 'y';
	if (write(say, &c, 1) != 1 || read(hear, &c, 1) != 1)
		_exit(1);
	slots_give(slots, slot);
	(void)!read(hear, &c, 1);
	_exit(0);
}

struct other {
	pid_t pid;
	int say;
	int hear;
};

static struct other other_holding(const struct scratch *scratch)
{
	struct other other;
	int up[2];
	int down[2];
	char c = 'n';

	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	other.pid = fork();
	assert_true(other.pid >= 0);
	if (other.pid == 0) {
		close(up[0]);
		close(down[1]);
		hold(scratch->dir, up[1], down[0]);
	}
	close(up[1]);
	close(down[0]);
	other.say = down[1];
	other.hear = up[0];
	assert_int_equal(read(other.hear, &c, 1), 1);
	assert_int_equal(c, 'y');
	return other;
}

static void other_done(const struct other *other)
{
	close(other->say);
	close(other->hear);
	assert_int_equal(waitpid(other->pid, NULL, 0), other->pid);
}

static void processes_share_the_ceiling(void **state)
{
	struct other other = other_holding(*state);
	struct slots *slots = opened(*state, 1);
	unsigned slot = 0;

	assert_int_equal(slots_take(slots, 0, &slot), ERR_UNAVAILABLE);
	assert_int_equal(slots_take(slots, SOON, &slot), ERR_UNAVAILABLE);
	/* It gives the slot back and lives on: waiting ends without a signal between processes. */
	assert_int_equal(write(other.say, "g", 1), 1);
	assert_int_equal(slots_take(slots, LATER, &slot), OK);
	slots_give(slots, slot);
	other_done(&other);
	slots_close(&slots);
}

static void killed_processes_give_back(void **state)
{
	struct other other = other_holding(*state);
	struct slots *slots = opened(*state, 1);
	unsigned slot = 0;

	assert_int_equal(slots_take(slots, 0, &slot), ERR_UNAVAILABLE);
	assert_int_equal(kill(other.pid, SIGKILL), 0);
	assert_int_equal(slots_take(slots, LATER, &slot), OK);
	other_done(&other);
	slots_close(&slots);
}

static void assert_not_opened(const char *dir, unsigned count, enum err expected,
			      const char *reason)
{
	struct slots *slots = NULL;
	struct fault fault = {""};

	assert_int_equal(slots_open(dir, count, &slots, &fault), expected);
	assert_null(slots);
	assert_non_null(strstr(fault.text, reason));
}

static void faults_are_named(void **state)
{
	struct scratch *scratch = *state;
	char victim[SCRATCH_PATH];

	assert_not_opened("/proc/self/nowhere", 1, ERR_IO, "No such file or directory");
	assert_not_opened(scratch->dir, 0, ERR_INTERNAL, "no lock files");

	/* Never through a link that somebody else put there. */
	(void)snprintf(victim, sizeof victim, "%s", scratch_path(scratch, "victim"));
	const char *path = scratch_path(scratch, "hash-5.lock");
	assert_int_equal(symlink(victim, path), 0);
	assert_not_opened(scratch->dir, 6, ERR_IO, "hash-5.lock: Too many levels");
	assert_int_equal(access(victim, F_OK), -1);
	assert_int_equal(unlink(scratch_path(scratch, "hash-5.lock")), 0);
	assert_int_equal(mkfifo(scratch_path(scratch, "hash-5.lock"), 0600), 0);
	assert_not_opened(scratch->dir, 6, ERR_IO, "hash-5.lock: is not a regular file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_as_there_are),
		cmocka_unit_test(closing_gives_everything_back),
		cmocka_unit_test(threads_share_the_ceiling),
		cmocka_unit_test(processes_share_the_ceiling),
		cmocka_unit_test(killed_processes_give_back),
		cmocka_unit_test(faults_are_named),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
