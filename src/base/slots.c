/* A counting lock over processes (flock) and, inside one, over threads (mutex and condition). */
#include "slots.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

#define NAME_BYTES 32
#define POLL (2 * CLOCK_MS)

/* flock knows the open file, not the thread: busy keeps two threads of this process apart. */
struct slot {
	int fd;
	bool busy;
};

struct slots {
	pthread_mutex_t mutex;
	pthread_cond_t freed;
	unsigned count;
	struct slot slots[];
};

static enum err open_slot(const char *dir, int dir_fd, struct slots *slots, struct fault *fault)
{
	char name[NAME_BYTES];
	struct stat st;

	(void)snprintf(name, sizeof name, "hash-%u.lock", slots->count);
	int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0) {
		(void)fault_set(fault, "%s/%s: %s", dir, name, strerrordesc_np(errno));
		return ERR_IO;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		(void)fault_set(fault, "%s/%s: is not a regular file", dir, name);
		return ERR_IO;
	}
	slots->slots[slots->count++].fd = fd;
	return OK;
}

static enum err open_all(const char *dir, unsigned count, struct slots *slots, struct fault *fault)
{
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0) {
		(void)fault_set(fault, "%s: %s", dir, strerrordesc_np(errno));
		return ERR_IO;
	}
	enum err e = OK;
	while (e == OK && slots->count < count)
		e = open_slot(dir, dir_fd, slots, fault);
	close(dir_fd);
	return e;
}

static bool init_waiting(struct slots *slots)
{
	pthread_condattr_t attributes;

	if (pthread_condattr_init(&attributes) != 0)
		return false;
	bool good = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		    pthread_cond_init(&slots->freed, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	if (good && pthread_mutex_init(&slots->mutex, NULL) != 0) {
		pthread_cond_destroy(&slots->freed);
		return false;
	}
	return good;
}

enum err slots_open(const char *dir, unsigned count, struct slots **out, struct fault *fault)
{
	if (count == 0) {
		(void)fault_set(fault, "%s: no lock files are asked for", dir);
		return ERR_INTERNAL;
	}
	struct slots *slots = calloc(1, sizeof *slots + count * sizeof(struct slot));
	if (slots == NULL || !init_waiting(slots)) {
		free(slots);
		(void)fault_set(fault, "%s: no memory for %u lock files", dir, count);
		return ERR_MEMORY;
	}
	enum err e = open_all(dir, count, slots, fault);
	if (e != OK) {
		slots_close(&slots);
		return e;
	}
	*out = slots;
	return OK;
}

/* Under the mutex. *idle: this process has a slot free that another process holds. */
static bool try_all(struct slots *slots, unsigned *slot, bool *idle)
{
	*idle = false;
	for (unsigned i = 0; i < slots->count; i++) {
		if (slots->slots[i].busy)
			continue;
		if (flock(slots->slots[i].fd, LOCK_EX | LOCK_NB) == 0) {
			slots->slots[i].busy = true;
			*slot = i;
			return true;
		}
		*idle = true;
	}
	return false;
}

/* The end of another process's hash wakes nobody here, so then it is looked for again soon. */
static void wait_freed(struct slots *slots, int64_t deadline, bool idle)
{
	int64_t until = deadline;

	if (idle) {
		int64_t soon = clock_monotonic() + POLL;
		until = soon < deadline ? soon : deadline;
	}
	struct timespec at = {
		.tv_sec = until / CLOCK_SECOND,
		.tv_nsec = until % CLOCK_SECOND * 1000,
	};
	(void)pthread_cond_timedwait(&slots->freed, &slots->mutex, &at);
}

enum err slots_take(struct slots *slots, int64_t deadline, unsigned *slot)
{
	bool idle = false;
	unsigned taken = 0;

	pthread_mutex_lock(&slots->mutex);
	bool got = try_all(slots, &taken, &idle);
	while (!got && clock_monotonic() < deadline) {
		wait_freed(slots, deadline, idle);
		got = try_all(slots, &taken, &idle);
	}
	pthread_mutex_unlock(&slots->mutex);
	if (!got)
		return ERR_UNAVAILABLE;
	*slot = taken;
	return OK;
}

void slots_give(struct slots *slots, unsigned slot)
{
	pthread_mutex_lock(&slots->mutex);
	if (slot < slots->count && slots->slots[slot].busy) {
		flock(slots->slots[slot].fd, LOCK_UN);
		slots->slots[slot].busy = false;
		pthread_cond_signal(&slots->freed);
	}
	pthread_mutex_unlock(&slots->mutex);
}

void slots_close(struct slots **slots)
{
	if (*slots == NULL)
		return;
	for (unsigned i = 0; i < (*slots)->count; i++)
		close((*slots)->slots[i].fd);
	pthread_cond_destroy(&(*slots)->freed);
	pthread_mutex_destroy(&(*slots)->mutex);
	free(*slots);
	*slots = NULL;
}
