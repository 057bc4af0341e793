/* Puts mails into the outbox: post CONFIG KIND RECIPIENT LANGUAGE COUNT [NAME=VALUE]... ("-": a
 * decoy; "%u" in the recipient is the mail's number; too_late=SECONDS from now is no value of the
 * mail). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "keyring.h"
#include "log.h"
#include "mail.h"

#define MEMORY ((size_t)16 * 1024 * 1024)
#define VALUES_MAX 16
#define RECIPIENT_MAX 320
#define BATCH 200

struct post {
	struct arena *lasting;
	struct auth_context context;
	struct keyring *keys;
	struct db *db;
	struct mail_value values[VALUES_MAX];
	struct mail mail;
};

static void fail(const char *what)
{
	(void)fprintf(stderr, "post: %s\n", what);
	exit(1);
}

static void set_up(struct post *post, const char *config)
{
	struct fault fault = {.text = "not enough memory"};

	if (db_init() != OK || arena_open(0, MEMORY, &post->lasting) != OK ||
	    arena_open(0, MEMORY, &post->context.arena) != OK ||
	    config_load(config, post->lasting, &post->context.config, &fault) != OK ||
	    keyring_load(post->context.config->server.key_file.p, &post->keys, &fault) != OK ||
	    db_open(post->context.config, DB_ROLE_WEB, &post->db) != OK ||
	    db_connect(post->db, &fault) != OK)
		fail(fault.text);
	post->context.keys = post->keys;
	post->context.now = clock_now();
	post->context.ip = STR("192.0.2.7");
	post->context.user_agent = STR("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
}

static void read_values(struct post *post, char *const *words)
{
	for (; *words != NULL; words++) {
		char *value = strchr(*words, '=');

		if (value == NULL || post->mail.n == VALUES_MAX)
			fail("a value is NAME=VALUE");
		*value++ = '\0';
		if (strcmp(*words, "too_late") == 0)
			post->mail.too_late =
				post->context.now + strtoll(value, NULL, 10) * CLOCK_SECOND;
		else if (strcmp(*words, "ip") == 0)
			post->context.ip = str_of(value);
		else
			post->values[post->mail.n++] =
				(struct mail_value){.name = *words, .value = str_of(value)};
	}
}

/* The number stands where %u does. */
static struct str recipient_of(const char *pattern, unsigned i, char text[RECIPIENT_MAX])
{
	const char *mark = strstr(pattern, "%u");

	if (strcmp(pattern, "-") == 0)
		return STR_NONE;
	if (mark == NULL)
		return str_of(pattern);
	(void)snprintf(text, RECIPIENT_MAX, "%.*s%u%s", (int)(mark - pattern), pattern, i,
		       mark + 2);
	return str_of(text);
}

static enum err add_all(struct post *post, const char *pattern, unsigned n)
{
	char text[RECIPIENT_MAX];

	for (unsigned i = 0; i < n; i++) {
		if (i % BATCH == 0)
			TRY(db_begin(post->db));
		post->mail.recipient = recipient_of(pattern, i, text);
		TRY(mail_queue(&post->context, post->db, &post->mail));
		arena_reset(post->context.arena);
		if (i % BATCH == BATCH - 1 || i == n - 1)
			TRY(db_commit(post->db));
	}
	return OK;
}

int main(int argc, char **argv)
{
	struct post post = {.db = NULL};

	if (argc < 6)
		fail("usage: post CONFIG KIND RECIPIENT LANGUAGE COUNT [NAME=VALUE]...");
	set_up(&post, argv[1]);
	post.mail.kind = str_of(argv[2]);
	post.mail.language = str_of(argv[4]);
	post.mail.values = post.values;
	read_values(&post, argv + 6);
	enum err e = add_all(&post, argv[3], (unsigned)strtoul(argv[5], NULL, 10));
	if (e != OK)
		fail(err_name(e));
	db_close(&post.db);
	keyring_free(&post.keys);
	arena_close(&post.context.arena);
	arena_close(&post.lasting);
	db_done();
	return 0;
}
