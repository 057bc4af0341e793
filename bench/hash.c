/* The yardstick of sign-ins: threads that hash passwords as Gatepost does, and nothing else. */
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64

struct bench {
	unsigned long long passes;
	size_t memory;
	atomic_ulong done;
	atomic_bool stop;
};

static void fail(const char *what)
{
	(void)fprintf(stderr, "bench_hash: %s\n", what);
	exit(1);
}

static void *work(void *context)
{
	struct bench *bench = context;
	static const char password[] = "a password of some length";
	unsigned char key[32];
	unsigned char salt[crypto_pwhash_SALTBYTES] = {0};
	while (!atomic_load(&bench->stop)) {
		if (crypto_pwhash(key, sizeof key, password, strlen(password), salt, bench->passes,
				  bench->memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
			fail("no memory");
		atomic_fetch_add(&bench->done, 1);
	}
	return NULL;
}

static double now(void)
{
	struct timespec time;
	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (*text == '\0' || *end != '\0' || value == 0)
		fail("a number is wrong");
	return value;
}

/* Hashes that ended a second; one that began before the end counts with the time it took. */
int main(int argc, char **argv)
{
	if (argc != 5)
		fail("usage: THREADS SECONDS KIB PASSES");
	unsigned long threads = number(argv[1]);
	struct bench bench = {.passes = number(argv[4]), .memory = number(argv[3]) * 1024};
	pthread_t thread[THREADS_MAX];
	/* The priority that Gatepost's hash lane has. */
	if (threads > THREADS_MAX || sodium_init() < 0 || nice(10) == -1)
		fail("cannot begin");
	double begin = now();
	for (unsigned long i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, &bench) != 0)
			fail("no thread");
	(void)sleep((unsigned)number(argv[2]));
	atomic_store(&bench.stop, true);
	for (unsigned long i = 0; i < threads; i++)
		(void)pthread_join(thread[i], NULL);
	(void)printf("%.2f\n", (double)atomic_load(&bench.done) / (now() - begin));
	return 0;
}
