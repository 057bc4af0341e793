/* What a service sends: the first byte says whether it is a header, a ticket, or scopes. No ticket
 * is good but ours; scopes and credentials that are read are what was written. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "basic.h"
#include "buf.h"
#include "service.h"
#include "ticket.h"

#define NOW (INT64_C(1800000000) * CLOCK_SECOND)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static struct keyring *load_keys(void)
{
	static const char line[] = "1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n";
	char path[] = "/tmp/gatepost-fuzz-XXXXXX";
	struct keyring *keys = NULL;
	struct fault fault;
	int fd = mkstemp(path);

	require(fd >= 0);
	require(write(fd, line, sizeof line - 1) == (ssize_t)(sizeof line - 1));
	close(fd);
	require(keyring_load(path, &keys, &fault) == OK);
	unlink(path);
	return keys;
}

static void check_basic(struct arena *arena, struct str text)
{
	struct basic basic;

	if (basic_read(arena, text, &basic) != OK)
		return;
	require(basic_is(text));
	require(basic.user.n + basic.password.n < BASIC_MAX);
	require(str_is_utf8(basic.user) && str_is_utf8(basic.password));
}

/* The one that this key makes for this session and time is the only text that is taken. */
static void check_ticket(const struct auth_context *context, struct str text)
{
	struct ticket ticket;
	struct str again = STR_NONE;

	ticket_read(context, text, STR("shop"), &ticket);
	if (!ticket.valid)
		return;
	require(ticket.expires_at > NOW && ticket_is(text));
	require(ticket_make(context, &ticket.session_id, STR("shop"), &again) == OK);
	require(str_equal(again, text) || ticket.expires_at != NOW + TICKET_LIFE);
}

static void check_scopes(struct arena *arena, struct str text)
{
	uint32_t scopes = 0;
	uint32_t back = 0;
	struct str words = STR_NONE;
	struct buf buf;

	if (service_scopes_parse(text, &scopes) != OK)
		return;
	buf_init(&buf, arena, 128);
	service_scopes_add(&buf, scopes);
	require(buf_str(&buf, &words) == OK);
	require(service_scopes_parse(words, &back) == OK && back == scopes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keyring *keys;
	struct auth_context context = {.now = NOW};
	struct str text = {.p = (const char *)data + 1, .n = size == 0 ? 0 : size - 1};

	if (keys == NULL)
		keys = load_keys();
	if (size == 0 || arena_open(4096, 4194304, &context.arena) != OK)
		return 0;
	context.keys = keys;
	if (data[0] == 'b')
		check_basic(context.arena, text);
	else if (data[0] == 't')
		check_ticket(&context, text);
	else
		check_scopes(context.arena, text);
	arena_close(&context.arena);
	return 0;
}
