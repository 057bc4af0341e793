/* Makes sessions of a user without signing in: mint CONFIG USERNAME COUNT prints "ID HANDLE". */
#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "clock.h"
#include "config.h"
#include "credential.h"
#include "db.h"
#include "keyring.h"
#include "log.h"
#include "session_store.h"
#include "user_store.h"

#define MEMORY ((size_t)16 * 1024 * 1024)

struct mint {
	struct arena *lasting, *arena;
	const struct config *config;
	struct keyring *keys;
	struct db *db;
	struct user_row user;
};

static void fail(const char *what)
{
	(void)fprintf(stderr, "mint: %s\n", what);
	exit(1);
}

static void set_up(struct mint *mint, const char *config, const char *username)
{
	struct fault fault = {.text = "not enough memory"};
	bool found = false;

	if (db_init() != OK || arena_open(0, MEMORY, &mint->lasting) != OK ||
	    arena_open(0, MEMORY, &mint->arena) != OK ||
	    config_load(config, mint->lasting, &mint->config, &fault) != OK ||
	    keyring_load(mint->config->server.key_file.p, &mint->keys, &fault) != OK ||
	    db_open(mint->config, DB_ROLE_WEB, &mint->db) != OK ||
	    db_connect(mint->db, &fault) != OK)
		fail(fault.text);
	if (user_store_find(mint->db, mint->lasting, str_of(username), &mint->user, &found) != OK ||
	    !found)
		fail("no such user");
}

static struct session_row row_of(const struct mint *mint, int64_t now)
{
	return (struct session_row){
		.id = id_random(),
		.epoch = 1,
		.carrier = CARRIER_HANDLE,
		.class = CLASS_NATIVE,
		.state = SESSION_ACTIVE,
		.value_used = true,
		.user_id = mint->user.id,
		.client = STR("app"),
		.aal = 1,
		.amr = STR("pwd"),
		.auth_time = now,
		.created_at = now,
		.last_seen = now,
		.idle_end = now + CLOCK_DAY,
		.expires_at = now + CLOCK_DAY,
		.device_name = STR(""),
		.ip = STR("::1"),
		.user_agent = STR("mint"),
	};
}

static enum err make_one(struct mint *mint)
{
	struct session_row row = row_of(mint, clock_now());
	struct secret value = SECRET_NONE;
	struct secret text = SECRET_NONE;
	struct str id;

	TRY(secret_random(mint->arena, 32, &value));
	credential_digest(mint->keys, 0, CARRIER_HANDLE, value, &row.hash);
	TRY(session_store_insert(mint->db, &row));
	TRY(credential_text(mint->arena, CARRIER_HANDLE, value, &text));
	TRY(id_text(mint->arena, row.id, &id));
	(void)printf("%.*s %.*s\n", (int)id.n, id.p, (int)text.len, (const char *)text.bytes);
	return OK;
}

static enum err make_all(struct mint *mint, unsigned long count)
{
	TRY(db_begin(mint->db));
	for (unsigned long i = 0; i < count; i++) {
		TRY(make_one(mint));
		arena_reset(mint->arena);
	}
	return db_commit(mint->db);
}

int main(int argc, char **argv)
{
	struct mint mint = {.db = NULL};

	if (argc != 4)
		fail("usage: CONFIG USERNAME COUNT");
	log_set_level(LOG_LEVEL_ERROR);
	set_up(&mint, argv[1], argv[2]);
	if (make_all(&mint, strtoul(argv[3], NULL, 10)) != OK)
		fail("the database refused");
	db_close(&mint.db);
	db_done();
	keyring_free(&mint.keys);
	arena_close(&mint.arena);
	arena_close(&mint.lasting);
	return 0;
}
