/* Makes credentials as Gatepost would, with its own keys, so that no sign-in is needed for each. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "codec.h"
#include "credential.h"
#include "keyring.h"

#define VALUE_BYTES 32
#define ARENA_BYTES ((size_t)64 * 1024)

static void fail(const char *what)
{
	(void)fprintf(stderr, "bench_mint: %s\n", what);
	exit(1);
}

/* "TEXT HASH" for each. */
static void mint(FILE *file, const struct keyring *keys, enum session_carrier carrier)
{
	struct arena *arena;
	struct secret value;
	struct secret text;
	struct digest digest;
	struct buf buf;
	struct str hex;
	if (arena_open(ARENA_BYTES, ARENA_BYTES, &arena) != OK ||
	    secret_random(arena, VALUE_BYTES, &value) != OK ||
	    credential_text(arena, carrier, value, &text) != OK)
		fail("no memory");
	credential_digest(keys, 0, carrier, value, &digest);
	buf_init(&buf, arena, (size_t)DIGEST_BYTES * 2);
	codec_add_hex(&buf, digest.b, sizeof digest.b);
	if (buf_str(&buf, &hex) != OK || fwrite(text.bytes, 1, text.len, file) != text.len ||
	    fputc(' ', file) == EOF || fwrite(hex.p, 1, hex.n, file) != hex.n ||
	    fputc('\n', file) == EOF)
		fail("cannot write");
	arena_close(&arena);
}

static void mint_all(const char *path, const struct keyring *keys, enum session_carrier carrier,
		     unsigned long count)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	if (file == NULL)
		fail("cannot create a file");
	for (unsigned long i = 0; i < count; i++)
		mint(file, keys, carrier);
	if (fclose(file) != 0)
		fail("cannot write");
}

int main(int argc, char **argv)
{
	struct keyring *keys;
	struct fault fault;
	if (argc != 6)
		fail("usage: KEY_FILE COUNT COOKIES_FILE HANDLES_FILE TOKENS_FILE");
	if (keyring_load(argv[1], &keys, &fault) != OK)
		fail("no keys");
	unsigned long count = strtoul(argv[2], NULL, 10);
	mint_all(argv[3], keys, CARRIER_COOKIE, count);
	mint_all(argv[4], keys, CARRIER_HANDLE, count);
	mint_all(argv[5], keys, CARRIER_TOKEN, count);
	keyring_free(&keys);
	return 0;
}
