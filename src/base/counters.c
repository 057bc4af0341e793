/* Counters of all processes of a host: a mapped file of stripes, places of processes, and cells. */
#include "counters.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

#define FORM UINT64_C(0x3130736c6c617467) /* of the file; another arrangement gets another one */
#define STRIPES 16 /* threads on different processors write to different lines of the cache */
#define LINE 8     /* cells of 8 octets in a line of the cache */
#define NAME_BYTES 40
#define NO_PLACE COUNTERS_PROCESSES
#define FNV_PRIME UINT64_C(0x100000001b3)

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "memory of several processes knows no locks");

/* What stands first in the file. A file of zeros is a good one in which nothing was counted yet. */
enum { HEAD_FORM = 0, HEAD_LAYOUT, HEAD_CELLS = LINE };
/* What stands first in the place of a process, before its gauges. */
enum { PLACE_PID = 0, PLACE_SINCE, PLACE_GAUGES };

struct counters {
	atomic_ullong *memory;
	size_t bytes;
	size_t counts, gauges, cells;
	size_t places;  /* where they begin in memory, in cells of 8 octets */
	size_t shared;  /* the same of the cells */
	size_t stripes; /* the same of the stripes */
	size_t place_size, stripe_size;
	size_t place; /* this process's, or NO_PLACE */
	int fd;       /* -1: nobody else's memory; the lock on our place goes with it */
};

uint64_t counters_layout(uint64_t layout, struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		layout = (layout ^ (unsigned char)name.p[i]) * FNV_PRIME;
	/* So that "ab", "c" is not "a", "bc". */
	return (layout ^ 0xff) * FNV_PRIME;
}

static size_t lines(size_t cells)
{
	return (cells + LINE - 1) / LINE * LINE;
}

static void arrange(struct counters *counters, const struct counters_plan *plan)
{
	counters->counts = plan->counts;
	counters->gauges = plan->gauges;
	counters->cells = plan->cells;
	counters->place_size = lines(PLACE_GAUGES + plan->gauges);
	counters->stripe_size = lines(plan->counts);
	counters->places = HEAD_CELLS;
	counters->shared = counters->places + COUNTERS_PROCESSES * counters->place_size;
	counters->stripes = counters->shared + lines(plan->cells);
	counters->bytes =
		(counters->stripes + STRIPES * counters->stripe_size) * sizeof(*counters->memory);
}

/* So that a later write finds room on the disk, and never a signal. A file that is whole is left.
 */
static enum err make_room(const struct counters *counters, int fd, const char *name,
			  struct fault *why)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1)
		return fault_set(why, "%s: is not a regular file of its own", name);
	if (status.st_uid != geteuid() || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return fault_set(why, "%s: belongs to, or is open to, another user", name);
	if (status.st_size == (off_t)counters->bytes)
		return OK;
	if (status.st_size != 0)
		return fault_set(why, "%s: has another size than it should", name);
	if (fallocate(fd, 0, 0, (off_t)counters->bytes) != 0)
		return fault_set(why, "%s: no room: %s", name, strerrordesc_np(errno));
	return OK;
}

/* Whoever comes first writes it; of two at once both write the same. */
static bool claim_head(struct counters *counters, size_t at, uint64_t value)
{
	unsigned long long was = 0;

	return atomic_compare_exchange_strong(&counters->memory[at], &was, value) || was == value;
}

static enum err map_file(struct counters *counters, int fd, const struct counters_plan *plan,
			 struct fault *why)
{
	void *memory = mmap(NULL, counters->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return fault_set(why, "%s: cannot be mapped: %s", plan->dir,
				 strerrordesc_np(errno));
	counters->memory = memory;
	if (claim_head(counters, HEAD_FORM, FORM) &&
	    claim_head(counters, HEAD_LAYOUT, plan->layout))
		return OK;
	(void)munmap(memory, counters->bytes);
	counters->memory = NULL;
	return fault_set(why, "%s: its file of metrics is something else", plan->dir);
}

static enum err open_file(struct counters *counters, const struct counters_plan *plan,
			  struct fault *why)
{
	char name[NAME_BYTES];
	int dir = open(plan->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)snprintf(name, sizeof name, "metrics-%016llx", (unsigned long long)plan->layout);
	if (dir < 0)
		return fault_set(why, "%s: %s", plan->dir, strerrordesc_np(errno));
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	int failure = errno;
	(void)close(dir);
	if (fd < 0)
		return fault_set(why, "%s/%s: %s", plan->dir, name, strerrordesc_np(failure));
	enum err e = make_room(counters, fd, name, why);
	if (e == OK)
		e = map_file(counters, fd, plan, why);
	if (e == OK)
		counters->fd = fd;
	else
		(void)close(fd);
	return e;
}

/* A lock of the open file on an octet for each place: the kernel lifts it, however we end. */
static struct flock lock_of(size_t place)
{
	return (struct flock){
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)place, .l_len = 1};
}

static atomic_ullong *place_at(const struct counters *counters, size_t place)
{
	return &counters->memory[counters->places + place * counters->place_size];
}

static bool take_place(struct counters *counters, size_t place)
{
	struct flock lock = lock_of(place);

	if (counters->fd >= 0 && fcntl(counters->fd, F_OFD_SETLK, &lock) != 0)
		return false;
	atomic_ullong *cells = place_at(counters, place);
	for (size_t i = 0; i < counters->gauges; i++)
		atomic_store(&cells[PLACE_GAUGES + i], 0);
	atomic_store(&cells[PLACE_SINCE], (unsigned long long)clock_now());
	atomic_store(&cells[PLACE_PID], (unsigned long long)getpid());
	counters->place = place;
	return true;
}

static void find_place(struct counters *counters)
{
	for (size_t i = 0; i < COUNTERS_PROCESSES; i++)
		if (take_place(counters, i))
			return;
}

enum err counters_open(const struct counters_plan *plan, struct counters **out, struct fault *why)
{
	struct counters *counters = calloc(1, sizeof *counters);

	if (counters == NULL)
		return ERR_MEMORY;
	*why = (struct fault){.text = ""};
	counters->fd = -1;
	counters->place = NO_PLACE;
	arrange(counters, plan);
	if (open_file(counters, plan, why) != OK)
		counters->memory = calloc(1, counters->bytes);
	if (counters->memory == NULL) {
		free(counters);
		return ERR_MEMORY;
	}
	if (plan->stays)
		find_place(counters);
	*out = counters;
	return OK;
}

void counters_close(struct counters **counters)
{
	struct counters *closed = *counters;

	*counters = NULL;
	if (closed == NULL)
		return;
	if (closed->place != NO_PLACE)
		atomic_store(place_at(closed, closed->place), 0);
	if (closed->fd >= 0) {
		(void)munmap(closed->memory, closed->bytes);
		(void)close(closed->fd);
	} else {
		free(closed->memory);
	}
	free(closed);
}

bool counters_is_shared(const struct counters *counters)
{
	return counters != NULL && counters->fd >= 0;
}

static atomic_ullong *count_at(const struct counters *counters, size_t stripe, size_t count)
{
	return &counters->memory[counters->stripes + stripe * counters->stripe_size + count];
}

void counters_add(struct counters *counters, size_t count, uint64_t n)
{
	if (counters == NULL || count >= counters->counts)
		return;
	int processor = sched_getcpu();
	size_t stripe = processor > 0 ? (size_t)processor % STRIPES : 0;
	(void)atomic_fetch_add_explicit(count_at(counters, stripe, count), n, memory_order_relaxed);
}

uint64_t counters_count(const struct counters *counters, size_t count)
{
	uint64_t sum = 0;

	if (counters == NULL || count >= counters->counts)
		return 0;
	for (size_t i = 0; i < STRIPES; i++)
		sum += atomic_load_explicit(count_at(counters, i, count), memory_order_relaxed);
	return sum;
}

void counters_set(struct counters *counters, size_t gauge, int64_t value)
{
	if (counters == NULL || counters->place == NO_PLACE || gauge >= counters->gauges)
		return;
	atomic_store_explicit(&place_at(counters, counters->place)[PLACE_GAUGES + gauge],
			      (unsigned long long)value, memory_order_relaxed);
}

/* Our own lock does not stand in our own way. */
static bool is_locked(const struct counters *counters, size_t place)
{
	struct flock lock = lock_of(place);

	if (place == counters->place)
		return true;
	return counters->fd >= 0 && fcntl(counters->fd, F_OFD_GETLK, &lock) == 0 &&
	       lock.l_type != F_UNLCK;
}

static void see(const struct counters *counters, size_t place, struct counters_live *out)
{
	const atomic_ullong *cells = place_at(counters, place);
	int64_t since = (int64_t)atomic_load(&cells[PLACE_SINCE]);

	if (atomic_load(&cells[PLACE_PID]) == 0 || !is_locked(counters, place))
		return;
	out->lives[place] = true;
	out->processes++;
	if (out->oldest == 0 || since < out->oldest)
		out->oldest = since;
	if (since > out->newest)
		out->newest = since;
}

void counters_look(const struct counters *counters, struct counters_live *out)
{
	*out = (struct counters_live){.processes = 0};
	for (size_t i = 0; counters != NULL && i < COUNTERS_PROCESSES; i++)
		see(counters, i, out);
}

int64_t counters_gauge(const struct counters *counters, const struct counters_live *live,
		       size_t gauge)
{
	int64_t sum = 0;

	if (counters == NULL || gauge >= counters->gauges)
		return 0;
	for (size_t i = 0; i < COUNTERS_PROCESSES; i++)
		if (live->lives[i])
			sum += (int64_t)atomic_load_explicit(
				&place_at(counters, i)[PLACE_GAUGES + gauge], memory_order_relaxed);
	return sum;
}

static atomic_ullong *cell_at(const struct counters *counters, size_t cell)
{
	return &counters->memory[counters->shared + cell];
}

int64_t counters_cell(const struct counters *counters, size_t cell)
{
	if (counters == NULL || cell >= counters->cells)
		return 0;
	return (int64_t)atomic_load(cell_at(counters, cell));
}

void counters_keep(struct counters *counters, size_t cell, int64_t value)
{
	if (counters != NULL && cell < counters->cells)
		atomic_store(cell_at(counters, cell), (unsigned long long)value);
}

bool counters_turn(struct counters *counters, size_t cell, int64_t seen, int64_t value)
{
	unsigned long long was = (unsigned long long)seen;

	return counters != NULL && cell < counters->cells &&
	       atomic_compare_exchange_strong(cell_at(counters, cell), &was,
					      (unsigned long long)value);
}
