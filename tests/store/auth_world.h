/* What the tests of sessions, sign-in, accounts and purge share: a database, people, requests. */
#ifndef GATEPOST_TESTS_STORE_AUTH_WORLD_H
#define GATEPOST_TESTS_STORE_AUTH_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "arena.h"
#include "blocklist.h"
#include "clock.h"
#include "db.h"
#include "fixture.h"
#include "log.h"
#include "password.h"
#include "session.h"

#define WORLD_START (INT64_C(1800000000) * CLOCK_SECOND)
#define WORLD_PASSWORD "a password of some length"
#define WORLD_KEY_1 "1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
#define WORLD_KEY_2 "2 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\n"

struct world {
	struct fixture *fixture;
	struct config config;
	struct keyring *keys;
	struct hasher *hasher;
	struct arena *lasting; /* of what outlives a test */
	const struct blocklist *blocklist;
	struct db *db;
	struct db *hash_db;
	struct auth_context context;
};

static inline struct keyring *world_keys(const char *lines)
{
	char path[] = "/tmp/gatepost-keys-XXXXXX";
	struct keyring *keys = NULL;
	struct fault fault;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, lines, strlen(lines)), strlen(lines));
	close(fd);
	assert_int_equal(keyring_load(path, &keys, &fault), OK);
	unlink(path);
	return keys;
}

/* The defaults of gatepost.conf that matter here. */
static inline void world_config(struct config *c)
{
	fixture_config(c);
	c->session.classes[CLASS_BROWSER] =
		(struct class_limits){30 * CLOCK_MINUTE, 12 * CLOCK_HOUR};
	c->session.classes[CLASS_REMEMBERED] =
		(struct class_limits){14 * CLOCK_DAY, 30 * CLOCK_DAY};
	c->session.classes[CLASS_NATIVE] = (struct class_limits){14 * CLOCK_DAY, 30 * CLOCK_DAY};
	c->session.classes[CLASS_GUEST] = (struct class_limits){24 * CLOCK_HOUR, 7 * CLOCK_DAY};
	c->session.elevated = (struct class_limits){15 * CLOCK_MINUTE, 12 * CLOCK_HOUR};
	c->session.aal2 = (struct class_limits){CLOCK_HOUR, 12 * CLOCK_HOUR};
	c->session.fresh = 15 * CLOCK_MINUTE;
	c->session.expired_kept = CLOCK_DAY;
	c->session.most = 50;
	c->password.memory = 19456;
	c->password.passes = 2;
	c->password.min_length = 15;
	c->throttle.free_failures = 5;
	c->throttle.first_wait = 30 * CLOCK_SECOND;
	c->throttle.longest_wait = CLOCK_HOUR;
	c->throttle.most = 100;
	c->throttle.device_failures = 10;
	c->throttle.source_short = 50;
	c->throttle.source_long = 300;
	c->throttle.guests = 20;
	c->throttle.mails = 3;
	c->throttle.mails_day = 10;
	c->throttle.source_mails = 20;
	c->throttle.source_mails_day = 200;
	c->account.registration = REGISTRATION_ON;
	c->account.invitation = 7 * CLOCK_DAY;
	c->account.restorable = 7 * CLOCK_DAY;
	c->account.closed = 30 * CLOCK_DAY;
	c->token.life = 10 * CLOCK_MINUTE;
	c->token.leeway = 30 * CLOCK_SECOND;
	c->token.key_active = 30 * CLOCK_DAY;
	c->token.jwks_cache = 10 * CLOCK_MINUTE;
	c->token.alg = SIGNING_EDDSA;
	c->second_factor.require = FACTOR_OPTIONAL;
	c->second_factor.roles = STR("elevated");
	c->second_factor.reset_delay = 3 * CLOCK_DAY;
	c->passkey.rp_id = STR("www.example.org");
	c->passkey.origins[0] = STR("https://www.example.org");
	c->passkey.origin_count = 1;
	c->passkey.counter_refuses = true;
	c->server.origin = STR("https://www.example.org");
	c->server.base_path = STR("/auth");
}

/* Before every test: no rows, the same time, source and limits. */
static inline int world_clean(void **state)
{
	struct world *w = *state;
	void *fixture = w->fixture;

	if (fixture_clean(&fixture) != 0)
		return -1;
	arena_reset(w->context.arena);
	w->context.config = &w->config;
	w->context.keys = w->keys;
	w->context.signing = NULL;
	w->context.hasher = w->hasher;
	w->context.blocklist = w->blocklist;
	w->context.db = w->db;
	w->context.hash_db = w->hash_db;
	w->context.now = WORLD_START;
	w->context.request_id = id_random();
	w->context.ip = STR("192.0.2.7");
	w->context.user_agent = STR("tests");
	return 0;
}

static inline int world_open(void **state)
{
	static struct world world;
	struct world *w = &world;
	void *fixture = NULL;
	struct fault fault;

	if (fixture_open(&fixture) != 0)
		return -1;
	*state = w;
	w->fixture = fixture;
	w->db = w->fixture->web;
	w->hash_db = w->fixture->hash;
	world_config(&w->config);
	w->keys = world_keys(WORLD_KEY_1);
	log_set_level(LOG_LEVEL_ERROR);
	assert_ok(arena_open(65536, (size_t)16 * 1024 * 1024, &w->context.arena));
	assert_ok(hasher_open(&w->config, NULL, &w->hasher));
	assert_ok(arena_open(65536, (size_t)4 * 1024 * 1024, &w->lasting));
	assert_ok(blocklist_load(TEST_SOURCE_DIR "/conf/blocklist.txt", w->lasting, &w->blocklist,
				 &fault));
	return 0;
}

static inline int world_close(void **state)
{
	struct world *w = *state;
	void *fixture = w->fixture;

	hasher_close(&w->hasher);
	keyring_free(&w->keys);
	arena_close(&w->context.arena);
	arena_close(&w->lasting);
	return fixture_close(&fixture);
}

static inline void world_give_role(struct world *w, struct id user, const char *role)
{
	bool known = false;

	assert_int_equal(db_begin(w->db), OK);
	assert_int_equal(role_store_give(w->db, &user, str_of(role), w->context.now, &known), OK);
	assert_true(known);
	assert_int_equal(db_commit(w->db), OK);
}

/* Somebody's client: what it presents, and what its request is made of. */
struct client {
	struct id user;
	enum session_carrier carrier;
	bool remember;
	const char *device;   /* NULL: none */
	unsigned char proof;  /* stands for what was typed */
	struct str presented; /* "": nothing */
	enum session_carrier presented_as;
};

static inline struct credential_input input_of(enum session_carrier carrier, struct str text)
{
	struct credential_input input = {.cookie = STR_NONE};

	if (text.n > 0 && carrier == CARRIER_COOKIE)
		input.cookie = text;
	if (text.n > 0 && carrier == CARRIER_HANDLE)
		input.session_id_header = text;
	return input;
}

static inline struct credential credential_of(struct world *w, enum session_carrier carrier,
					      struct str text)
{
	struct credential_input input = input_of(carrier, text);
	struct credential credential;

	assert_int_equal(credential_read(w->context.arena, w->context.keys, &input, &credential),
			 OK);
	return credential;
}

static inline struct session resolve(struct world *w, enum session_carrier carrier, struct str text)
{
	struct credential credential = credential_of(w, carrier, text);
	struct session session;

	assert_int_equal(session_resolve(&w->context, &credential, 1, &session), OK);
	return session;
}

static inline enum session_standing standing(struct world *w, enum session_carrier carrier,
					     struct str text)
{
	return resolve(w, carrier, text).standing;
}

static inline enum err try_sign_in(struct world *w, const struct client *c,
				   struct session_issued *out)
{
	enum session_carrier as = c->presented_as ? c->presented_as : c->carrier;
	struct credential presented = credential_of(w, as, c->presented);
	struct session current = resolve(w, as, c->presented);
	unsigned char device[64] = {0};
	struct session_start start = {
		.user_id = c->user,
		.carrier = c->carrier,
		.remember = c->remember,
		.client = STR("app"),
		.amr = STR("pwd"),
		.aal = 1,
		.state = SESSION_ACTIVE,
		.presented = &presented,
		.current = &current,
		.proof = {{c->proof}},
	};

	if (c->device != NULL) {
		size_t n = strlen(c->device);

		assert_true(n < sizeof device);
		memcpy(device, c->device, n);
		start.device_kind = DEVICE_APP;
		start.device_ref = (struct secret){device, n};
		start.device_name = STR("telephone");
	}
	return session_sign_in(&w->context, &start, out);
}

static inline struct session_issued sign_in(struct world *w, struct client c)
{
	struct session_issued issued;

	assert_int_equal(try_sign_in(w, &c, &issued), OK);
	return issued;
}

static inline struct str text_of(struct session_issued issued)
{
	return (struct str){(const char *)issued.text.bytes, issued.text.len};
}

static inline uint64_t count_of(struct world *w, struct id user)
{
	uint64_t count = 0;

	assert_int_equal(session_store_count(w->db, &user, &count), OK);
	return count;
}

static inline uint64_t statements(struct world *w)
{
	return db_statement_count(w->db);
}

#endif
