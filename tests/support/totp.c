/* What Gatepost makes of codes of an app: for each line "SECRET CODE MICROSECONDS" of standard
 * input, the secret in hexadecimal, prints the secret in base32 and the step that was right, or
 * "wrong". */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "codec.h"
#include "totp_code.h"

#define MEMORY ((size_t)1024 * 1024)
#define LINE_BYTES 256

static void fail(const char *what)
{
	(void)fprintf(stderr, "totp: %s\n", what);
	exit(1);
}

static void answer(struct arena *arena, const char *hex, const char *typed, int64_t now)
{
	unsigned char octets[TOTP_SECRET];
	struct secret secret = {octets, sizeof octets};
	struct secret text = SECRET_NONE;
	uint64_t step = 0;
	bool right = false;

	if (codec_hex_decode(str_of(hex), octets, sizeof octets) != OK ||
	    totp_code_secret_text(arena, secret, &text) != OK ||
	    totp_code_step(secret, str_of(typed), now, &step, &right) != OK)
		fail("not possible");
	(void)printf("%.*s ", (int)text.len, (const char *)text.bytes);
	if (right)
		(void)printf("%" PRIu64 "\n", step);
	else
		(void)puts("wrong");
}

int main(void)
{
	struct arena *arena = NULL;
	char line[LINE_BYTES];
	char hex[LINE_BYTES];
	char typed[LINE_BYTES];
	int64_t now = 0;

	if (arena_open(0, MEMORY, &arena) != OK)
		fail("not enough memory");
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (sscanf(line, "%255s %255s %" SCNd64, hex, typed, &now) != 3)
			fail("SECRET CODE MICROSECONDS");
		answer(arena, hex, typed, now);
	}
	arena_close(&arena);
	return 0;
}
