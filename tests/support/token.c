/* Access tokens without an endpoint: token CONFIG USERNAME prints one for the newest session of the
 * user; token CONFIG --read TEXT says what Gatepost makes of one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access_call.h"
#include "arena.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "json.h"
#include "key_set.h"
#include "keyring.h"
#include "log.h"
#include "session.h"
#include "user_store.h"

#define MEMORY ((size_t)16 * 1024 * 1024)

static void fail(const char *what)
{
	(void)fprintf(stderr, "token: %s\n", what);
	exit(1);
}

static void set_up(struct auth_context *context, struct keyring **keys, const char *config)
{
	struct fault fault = {.text = "not enough memory"};

	if (db_init() != OK || arena_open(0, MEMORY, &context->arena) != OK ||
	    config_load(config, context->arena, &context->config, &fault) != OK ||
	    keyring_load(context->config->server.key_file.p, keys, &fault) != OK ||
	    key_box_open(context->config->token.signature_cache, &context->signing) != OK ||
	    db_open(context->config, DB_ROLE_WEB, &context->db) != OK ||
	    db_connect(context->db, &fault) != OK)
		fail(fault.text);
	json_init();
	context->keys = *keys;
	context->now = clock_now();
}

static enum err newest_session(const struct auth_context *context, const char *username,
			       struct session *out)
{
	struct session_found found = {.user_state = USER_ACTIVE};
	struct page_cursor start = {.at = context->now + CLOCK_DAY, .limit = 1};
	struct session_list list;
	struct user_row user;
	bool is_there = false;

	TRY(user_store_find(context->db, context->arena, str_of(username), &user, &is_there));
	if (!is_there)
		fail("no such user");
	TRY(session_list(context, &user.id, &start, &list));
	if (list.n == 0)
		fail("no session");
	found.session = list.rows[0];
	found.user_grants = STR("");
	session_judge(context, &found, out);
	return OK;
}

static enum err issue(const struct auth_context *context, const char *username)
{
	struct session session;
	struct access_issued issued;

	TRY(newest_session(context, username, &session));
	const struct access_grant grant = {
		.session = &session,
		.client = session.found.session.client,
		.audience = STR("https://api.example.org"),
		.scope = STR("flows:read"),
	};
	TRY(access_call_issue(context, &grant, &issued));
	(void)printf("%.*s\n", (int)issued.text.len, (const char *)issued.text.bytes);
	return OK;
}

static enum err judge(const struct auth_context *context, const char *text)
{
	static const char *const words[ACCESS_VERDICT_COUNT] = {"refused", "expired", "valid"};
	struct access_reading reading;

	/* Twice: the second time it is remembered. */
	TRY(access_call_read(context, str_of(text), &reading));
	TRY(access_call_read(context, str_of(text), &reading));
	(void)printf("%s\n", words[reading.verdict]);
	return OK;
}

int main(int argc, char **argv)
{
	struct auth_context context = {.ip = STR(""), .user_agent = STR("")};
	struct keyring *keys = NULL;

	if (argc != 3 && !(argc == 4 && strcmp(argv[2], "--read") == 0))
		fail("usage: CONFIG USERNAME | CONFIG --read TEXT");
	log_set_level(LOG_LEVEL_ERROR);
	set_up(&context, &keys, argv[1]);
	enum err e = argc == 3 ? issue(&context, argv[2]) : judge(&context, argv[3]);
	if (e != OK)
		fail(err_name(e));
	db_close(&context.db);
	db_done();
	key_box_close(&context.signing);
	keyring_free(&keys);
	arena_close(&context.arena);
	return 0;
}
