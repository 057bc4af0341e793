/* What the tests of acts with mail share: a person with an address, and the outbox, opened. */
#ifndef GATEPOST_TESTS_STORE_RECOVERY_WORLD_H
#define GATEPOST_TESTS_STORE_RECOVERY_WORLD_H

#include "auth_world.h"
#include "mail.h"
#include "mail_code.h"
#include "signin.h"

#define RECOVERY_ADDRESS "alice@example.org"
#define RECOVERY_PASSWORD "quite another set of words"

/* The defaults of gatepost.conf about mail. */
static inline int recovery_world_clean(void **state)
{
	struct world *w = *state;

	w->config.throttle.mails = 3;
	w->config.throttle.mails_day = 10;
	w->config.throttle.source_mails = 30;
	w->config.throttle.source_mails_day = 200;
	w->config.account.restorable = 7 * CLOCK_DAY;
	w->config.account.invitation = 7 * CLOCK_DAY;
	return world_clean(state);
}

/* One with a password, whose address is proven, and who signed in before. */
static inline struct id mail_person(struct world *w, const char *username, const char *email)
{
	struct account_request request = {.username = str_of(username),
					  .email = str_of(email),
					  .password = STR(WORLD_PASSWORD)};
	struct account_result result;

	assert_ok(account_create(&w->context, &request, &result));
	assert_int_equal(result.flaw, ACCOUNT_FINE);
	fixture_sql("UPDATE user SET email_proven_at = 1, created_at = 1");
	return result.user.id;
}

/* A row of the outbox. */
struct mail_seen {
	char kind[33];
	char recipient[255]; /* "": a decoy */
	size_t sealed;       /* bytes */
	struct str json;     /* in the context's arena */
};

static inline size_t mail_copy(char *to, size_t room, const char *from, unsigned long n)
{
	assert_true(n < room);
	if (n > 0)
		memcpy(to, from, n);
	to[n] = '\0';
	return n;
}

static inline int64_t mail_count(const char *kind)
{
	char sql[128];

	snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM outbox WHERE kind = '%s'", kind);
	return fixture_number(sql);
}

/* The one row of that kind that there is, which goes. */
static inline struct mail_seen mail_take(struct world *w, const char *kind)
{
	MYSQL *mysql = fixture_raw(&w->config, DB_ROLE_COUNT);
	struct mail_seen seen = {.sealed = 0};
	char sql[256];
	struct id id;

	snprintf(sql, sizeof sql,
		 "SELECT id, root, recipient, payload, kind FROM outbox WHERE kind = '%s'", kind);
	assert_int_equal(mysql_query(mysql, sql), 0);
	MYSQL_RES *result = mysql_store_result(mysql);
	assert_non_null(result);
	assert_int_equal(mysql_num_rows(result), 1);
	MYSQL_ROW row = mysql_fetch_row(result);
	unsigned long *n = mysql_fetch_lengths(result);
	assert_int_equal(n[0], ID_BYTES);
	memcpy(id.b, row[0], ID_BYTES);
	mail_copy(seen.recipient, sizeof seen.recipient, row[2], n[2]);
	mail_copy(seen.kind, sizeof seen.kind, row[4], n[4]);
	seen.sealed = n[3];
	assert_ok(mail_open(w->keys, w->context.arena,
			    &((struct mail_box){id, (uint32_t)atoi(row[1]), {row[3], n[3]}}),
			    &seen.json));
	mysql_free_result(result);
	mysql_close(mysql);
	snprintf(sql, sizeof sql, "DELETE FROM outbox WHERE kind = '%s'", kind);
	fixture_sql(sql);
	return seen;
}

/* A value without anything to unescape; absent: there is none of that name. */
static inline struct str mail_value_of(const struct mail_seen *seen, const char *name)
{
	char key[64];
	struct str before = STR_NONE;
	struct str rest = seen->json;
	int n = snprintf(key, sizeof key, "\"%s\":\"", name);

	for (size_t i = 0; i + (size_t)n <= rest.n; i++) {
		if (memcmp(rest.p + i, key, (size_t)n) != 0)
			continue;
		rest = str_sub(rest, i + (size_t)n, rest.n);
		assert_true(str_cut(rest, '"', &before, &rest));
		return before;
	}
	return STR_NONE;
}

/* The link's code: what follows "?code=". */
static inline struct str mail_link_of(const struct mail_seen *seen)
{
	struct str link = mail_value_of(seen, "link");
	struct str page = STR_NONE;
	struct str code = STR_NONE;

	assert_true(str_cut(link, '=', &page, &code));
	assert_int_equal(code.n, MAIL_CODE_LINK);
	return code;
}

static inline enum signin_verdict mail_sign_in(struct world *w, const char *name,
					       const char *password, struct session_issued *issued)
{
	struct credential none = {.syntax = CREDENTIAL_ABSENT};
	struct session nobody = {.standing = SESSION_ABSENT};
	enum signin_verdict verdict = SIGNIN_REFUSED;
	int64_t wait = 0;
	struct signin_request request = {
		.identifier = str_of(name),
		.password = str_of(password),
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.presented = &none,
		.current = &nobody,
	};

	assert_ok(signin_password(&w->context, &request, &verdict, &wait, issued));
	return verdict;
}

static inline bool mail_signs_in(struct world *w, const char *password)
{
	struct session_issued issued;

	return mail_sign_in(w, "alice", password, &issued) == SIGNIN_ACCEPTED;
}

#endif
