/* Opens sealed mail: outbox CONFIG reads lines "ID ROOT PAYLOAD" (id and payload in hexadecimal)
 * and prints the JSON of each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "config.h"
#include "keyring.h"
#include "mail.h"

#define MEMORY ((size_t)64 * 1024 * 1024)
#define SEALED_MAX 8192

static void fail(const char *what)
{
	(void)fprintf(stderr, "outbox: %s\n", what);
	exit(1);
}

static struct str bytes_of(const char *hex, unsigned char *out, size_t max)
{
	size_t n = 0;

	if (sodium_hex2bin(out, max, hex, strlen(hex), NULL, &n, NULL) != 0)
		fail("not hexadecimal");
	return (struct str){(const char *)out, n};
}

static void print(const struct auth_context *context, const char *name, uint32_t root,
		  const char *hex)
{
	static unsigned char sealed[SEALED_MAX];
	struct str json = STR_NONE;
	struct id id;

	if (bytes_of(name, id.b, ID_BYTES).n != ID_BYTES ||
	    mail_open(context->keys, context->arena,
		      &(struct mail_box){id, root, bytes_of(hex, sealed, sizeof sealed)},
		      &json) != OK)
		fail("a mail does not open");
	(void)printf("%.*s\n", (int)json.n, json.p);
}

int main(int argc, char **argv)
{
	static char name[2 * ID_BYTES + 1];
	static char hex[2 * SEALED_MAX + 1];
	struct auth_context context = {.now = clock_now()};
	struct fault fault = {.text = "not enough memory"};
	struct keyring *keys = NULL;
	unsigned root = 0;

	if (argc != 2)
		fail("outbox CONFIG");
	if (arena_open(0, MEMORY, &context.arena) != OK ||
	    config_load(argv[1], context.arena, &context.config, &fault) != OK ||
	    keyring_load(context.config->server.key_file.p, &keys, &fault) != OK)
		fail(fault.text);
	context.keys = keys;
	while (scanf("%32s %u %16384s", name, &root, hex) == 3)
		print(&context, name, root, hex);
	keyring_free(&keys);
	arena_close(&context.arena);
	return 0;
}
