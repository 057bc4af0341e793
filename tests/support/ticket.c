/* Tickets without a guard: ticket CONFIG SESSION SERVICE [SECONDS] prints one, made so long ago. */
#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "clock.h"
#include "config.h"
#include "keyring.h"
#include "ticket.h"

#define MEMORY ((size_t)4 * 1024 * 1024)

static void fail(const char *what)
{
	(void)fprintf(stderr, "ticket: %s\n", what);
	exit(1);
}

int main(int argc, char **argv)
{
	struct auth_context context = {.now = clock_now()};
	struct fault fault = {.text = "not enough memory"};
	struct keyring *keys = NULL;
	struct str text = STR_NONE;
	struct id session;

	if (argc < 4 || id_parse(str_of(argv[2]), &session) != OK)
		fail("ticket CONFIG SESSION SERVICE [SECONDS]");
	if (arena_open(0, MEMORY, &context.arena) != OK ||
	    config_load(argv[1], context.arena, &context.config, &fault) != OK ||
	    keyring_load(context.config->server.key_file.p, &keys, &fault) != OK)
		fail(fault.text);
	context.keys = keys;
	if (argc > 4)
		context.now -= strtoll(argv[4], NULL, 10) * CLOCK_SECOND;
	if (ticket_make(&context, &session, str_of(argv[3]), &text) != OK)
		fail("not possible");
	(void)printf("%.*s\n", (int)text.n, text.p);
	keyring_free(&keys);
	arena_close(&context.arena);
	return 0;
}
