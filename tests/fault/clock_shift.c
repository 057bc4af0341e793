/*
 * A wall clock that a test moves: linked into a worker, before the C library's. The file named by
 * GATEPOST_TEST_CLOCK holds how many microseconds to add, an int64_t; the monotonic clock never
 * steps, as in life.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MICROSECONDS INT64_C(1000000)

static const volatile int64_t *shift;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_shift(void)
{
	const char *path = getenv("GATEPOST_TEST_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *page = MAP_FAILED;

	if (fd < 0)
		return;
	page = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (page != MAP_FAILED)
		shift = page;
}

int clock_gettime(clockid_t which, struct timespec *out)
{
	int e = (int)syscall(SYS_clock_gettime, which, out);
	int64_t at = 0;

	if (e != 0 || which != CLOCK_REALTIME)
		return e;
	pthread_once(&once, open_shift);
	if (shift == NULL)
		return e;
	at = (int64_t)out->tv_sec * MICROSECONDS + out->tv_nsec / 1000 + *shift;
	out->tv_sec = (time_t)(at / MICROSECONDS);
	out->tv_nsec = (long)(at % MICROSECONDS * 1000);
	return e;
}
