/* Counters over threads and processes: exact sums, gauges that go with who had them, files refused.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <pthread.h>

#include "base_scratch.h"
#include "clock.h"
#include "counters.h"

#define LAYOUT UINT64_C(0x1234)
#define FILE_NAME "metrics-0000000000001234"
#define COUNTS 19
#define PROCESSES 4
#define THREADS 8
#define ROUNDS 20000

static struct counters *opened_as(const struct scratch *scratch, uint64_t layout, bool stays)
{
	const struct counters_plan plan = {
		.dir = scratch->dir,
		.layout = layout,
		.counts = COUNTS,
		.gauges = 3,
		.cells = 5,
		.stays = stays,
	};
	struct counters *counters = NULL;
	struct fault why = {"not set"};

	assert_int_equal(counters_open(&plan, &counters, &why), OK);
	assert_non_null(counters);
	assert_int_equal(why.text[0] == '\0', counters_is_shared(counters));
	return counters;
}

static struct counters *opened(const struct scratch *scratch)
{
	return opened_as(scratch, LAYOUT, true);
}

static void *count(void *counters)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		counters_add(counters, 0, 1);
		counters_add(counters, COUNTS - 1, 3);
	}
	return NULL;
}

/* What a process of its own does with the file. */
static void count_in_threads(const struct scratch *scratch)
{
	pthread_t threads[THREADS];
	struct counters *counters = opened(scratch);

	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, count, counters) != 0)
			_exit(2);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	counters_close(&counters);
	_exit(0);
}

static void sums_are_exact_over_threads_and_processes(void **state)
{
	pid_t children[PROCESSES];
	int status = 0;

	for (unsigned i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		if (children[i] == 0)
			count_in_threads(*state);
	}
	for (unsigned i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	struct counters *counters = opened(*state);
	assert_true(counters_is_shared(counters));
	assert_int_equal(counters_count(counters, 0), PROCESSES * THREADS * ROUNDS);
	assert_int_equal(counters_count(counters, COUNTS - 1), 3 * PROCESSES * THREADS * ROUNDS);
	for (size_t i = 1; i < COUNTS - 1; i++)
		assert_int_equal(counters_count(counters, i), 0);
	counters_close(&counters);
	assert_null(counters);
}

/* A child that has set a gauge and waits to be killed. */
static pid_t waiting_child(const struct scratch *scratch, int64_t value)
{
	int ready[2];
	char told = 0;

	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		struct counters *counters = opened(scratch);
		counters_set(counters, 1, value);
		counters_add(counters, 2, 7);
		if (write(ready[1], "x", 1) != 1)
			_exit(2);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ready[0], &told, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void a_killed_process_leaves_its_counts_and_no_gauge(void **state)
{
	struct counters *counters = opened(*state);
	struct counters_live live;

	counters_set(counters, 1, 10);
	pid_t first = waiting_child(*state, 20);
	pid_t second = waiting_child(*state, 30);
	counters_look(counters, &live);
	assert_int_equal(live.processes, 3);
	assert_true(live.oldest > 0 && live.oldest <= live.newest);
	assert_int_equal(counters_gauge(counters, &live, 1), 60);
	assert_int_equal(counters_gauge(counters, &live, 0), 0);

	kill(first, SIGKILL);
	assert_int_equal(waitpid(first, NULL, 0), first);
	counters_look(counters, &live);
	assert_int_equal(live.processes, 2);
	assert_int_equal(counters_gauge(counters, &live, 1), 40);
	assert_int_equal(counters_count(counters, 2), 14);

	/* Who comes next has the place, not the value. */
	pid_t third = waiting_child(*state, 0);
	counters_look(counters, &live);
	assert_int_equal(live.processes, 3);
	assert_int_equal(counters_gauge(counters, &live, 1), 40);
	kill(second, SIGKILL);
	kill(third, SIGKILL);
	assert_int_equal(waitpid(second, NULL, 0), second);
	assert_int_equal(waitpid(third, NULL, 0), third);
	counters_close(&counters);
}

static void who_does_not_stay_counts_and_has_no_place(void **state)
{
	struct counters *passing = opened_as(*state, LAYOUT, false);
	struct counters_live live;

	counters_set(passing, 1, 5);
	counters_add(passing, 4, 2);
	counters_look(passing, &live);
	assert_int_equal(live.processes, 0);
	assert_int_equal(live.oldest, 0);
	assert_int_equal(counters_gauge(passing, &live, 1), 0);
	assert_int_equal(counters_count(passing, 4), 2);
	counters_close(&passing);
}

static void more_processes_than_places_count_all_the_same(void **state)
{
	struct counters *all[COUNTERS_PROCESSES + 2];
	struct counters_live live;

	for (size_t i = 0; i < COUNTERS_PROCESSES + 2; i++) {
		all[i] = opened(*state);
		counters_set(all[i], 0, 1);
		counters_add(all[i], 1, 1);
	}
	counters_look(all[0], &live);
	assert_int_equal(live.processes, COUNTERS_PROCESSES);
	assert_int_equal(counters_gauge(all[0], &live, 0), COUNTERS_PROCESSES);
	assert_int_equal(counters_count(all[0], 1), COUNTERS_PROCESSES + 2);
	for (size_t i = 0; i < COUNTERS_PROCESSES + 2; i++)
		counters_close(&all[i]);
}

static void another_layout_has_a_file_of_its_own(void **state)
{
	struct counters *ours = opened(*state);
	struct counters *theirs = opened_as(*state, LAYOUT + 1, true);

	counters_add(ours, 3, 1);
	assert_true(counters_is_shared(ours) && counters_is_shared(theirs));
	assert_int_equal(counters_count(theirs, 3), 0);
	assert_true(counters_layout(counters_layout(COUNTERS_LAYOUT, STR("ab")), STR("c")) !=
		    counters_layout(counters_layout(COUNTERS_LAYOUT, STR("a")), STR("bc")));
	counters_close(&ours);
	counters_close(&theirs);
}

static void cells_are_taken_by_one(void **state)
{
	struct counters *one = opened(*state);
	struct counters *other = opened(*state);

	assert_int_equal(counters_cell(one, 2), 0);
	assert_true(counters_turn(one, 2, 0, 100));
	assert_false(counters_turn(other, 2, 0, 200));
	assert_int_equal(counters_cell(other, 2), 100);
	counters_keep(other, 3, -1);
	assert_int_equal(counters_cell(one, 3), -1);
	counters_close(&one);
	counters_close(&other);
}

/* It is no failure: this process counts for itself. */
static void assert_alone(const struct scratch *scratch, const char *reason)
{
	const struct counters_plan plan = {
		.dir = scratch->dir,
		.layout = LAYOUT,
		.counts = COUNTS,
		.gauges = 3,
		.cells = 5,
		.stays = true,
	};
	struct counters *counters = NULL;
	struct counters_live live;
	struct fault why = {""};

	assert_int_equal(counters_open(&plan, &counters, &why), OK);
	assert_false(counters_is_shared(counters));
	assert_non_null(strstr(why.text, reason));
	counters_add(counters, 1, 2);
	counters_set(counters, 2, 9);
	counters_look(counters, &live);
	assert_int_equal(live.processes, 1);
	assert_int_equal(counters_gauge(counters, &live, 2), 9);
	assert_int_equal(counters_count(counters, 1), 2);
	counters_close(&counters);
}

static void what_is_no_file_of_ours_is_left_alone(void **state)
{
	struct scratch *scratch = *state;
	struct counters *counters = NULL;
	struct stat status;
	char path[SCRATCH_PATH];

	(void)snprintf(path, sizeof path, "%s", scratch_path(scratch, FILE_NAME));
	(void)scratch_file(scratch, "target", "victim", 0600);
	assert_int_equal(symlink(scratch_path(scratch, "target"), path), 0);
	assert_alone(scratch, "");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(link(scratch_path(scratch, "target"), path), 0);
	assert_alone(scratch, "regular file of its own");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(stat(scratch_path(scratch, "target"), &status), 0);
	assert_int_equal(status.st_size, 6);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_alone(scratch, "");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_alone(scratch, "regular file of its own");
	assert_int_equal(unlink(path), 0);

	(void)scratch_file(scratch, FILE_NAME, "short", 0600);
	assert_alone(scratch, "another size");
	assert_int_equal(unlink(path), 0);

	counters = opened(scratch);
	counters_close(&counters);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(chmod(path, 0640), 0);
	assert_alone(scratch, "open to");
	assert_int_equal(chmod(path, 0600), 0);
	int fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "nonsense", 8), 8);
	close(fd);
	assert_alone(scratch, "something else");
}

static void a_full_disk_is_no_failure(void **state)
{
	struct rlimit before;
	struct rlimit small;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){.rlim_cur = 100, .rlim_max = before.rlim_max};
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_alone(*state, "no room");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	/* And what it left is a good beginning. */
	struct counters *counters = opened(*state);
	assert_true(counters_is_shared(counters));
	counters_close(&counters);
}

static void without_a_directory_one_counts_alone(void **state)
{
	struct scratch gone = *(struct scratch *)*state;

	(void)snprintf(gone.dir, sizeof gone.dir, "/nonexistent/gatepost");
	assert_alone(&gone, "/nonexistent/gatepost");
}

static void nothing_counts_nothing(void **state)
{
	struct counters *none = NULL;
	struct counters_live live;
	struct counters *counters = opened(*state);

	counters_add(none, 0, 1);
	counters_set(none, 0, 1);
	counters_keep(none, 0, 1);
	assert_false(counters_turn(none, 0, 0, 1));
	assert_false(counters_is_shared(none));
	counters_look(none, &live);
	assert_int_equal(live.processes, 0);
	assert_int_equal(counters_count(none, 0), 0);
	assert_int_equal(counters_cell(none, 0), 0);
	assert_int_equal(counters_gauge(none, &live, 0), 0);
	counters_close(&none);

	/* Beyond what there is. */
	counters_add(counters, COUNTS, 1);
	counters_set(counters, 3, 1);
	counters_keep(counters, 5, 1);
	for (size_t i = 0; i < COUNTS; i++)
		assert_int_equal(counters_count(counters, i), 0);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(counters_cell(counters, i), 0);
	counters_close(&counters);
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCRATCH(sums_are_exact_over_threads_and_processes),
		WITH_SCRATCH(a_killed_process_leaves_its_counts_and_no_gauge),
		WITH_SCRATCH(who_does_not_stay_counts_and_has_no_place),
		WITH_SCRATCH(more_processes_than_places_count_all_the_same),
		WITH_SCRATCH(another_layout_has_a_file_of_its_own),
		WITH_SCRATCH(cells_are_taken_by_one),
		WITH_SCRATCH(what_is_no_file_of_ours_is_left_alone),
		WITH_SCRATCH(a_full_disk_is_no_failure),
		WITH_SCRATCH(without_a_directory_one_counts_alone),
		WITH_SCRATCH(nothing_counts_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
