/* What the tests of addresses and closed accounts share: people with addresses, and their mail. */
#ifndef GATEPOST_TESTS_STORE_ADDRESS_WORLD_H
#define GATEPOST_TESTS_STORE_ADDRESS_WORLD_H

#include "auth_world.h"

#include "account_close.h"
#include "address.h"
#include "address_mail.h"
#include "audit.h"
#include "mail.h"
#include "mail_code.h"

/* Who has a session, and what it is. */
struct person {
	struct id id;
	struct session_issued session;
};

static inline int address_clean(void **state)
{
	struct world *w = *state;

	fixture_sql("DELETE FROM mail_code");
	w->config.account.closed = 30 * CLOCK_DAY;
	return world_clean(state);
}

static inline struct user_row user_of(struct world *w, struct id id)
{
	struct user_row user = {.state = USER_NONE};
	bool found = false;

	assert_ok(user_store_find_by_id(w->db, w->context.arena, &id, &user, &found));
	return user;
}

static inline struct person add_person(struct world *w, const char *name, const char *email)
{
	struct user_row row = fixture_user(name);
	struct person person;

	row.email = email == NULL ? STR_NONE : str_of(email);
	row.email_proven_at = email == NULL ? 0 : w->context.now;
	assert_ok(user_store_insert(w->db, &row));
	person.id = row.id;
	person.session = sign_in(w, (struct client){.user = row.id, .carrier = CARRIER_COOKIE});
	return person;
}

/* A queued mail, opened. */
struct letter {
	const char *json;
	const char *recipient; /* "": a decoy */
	int64_t size;
};

static inline const char *kept(struct world *w, struct str text)
{
	char *copy = arena_alloc(w->context.arena, text.n + 1);

	assert_non_null(copy);
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return copy;
}

static inline void read_letter(struct world *w, MYSQL_ROW row, const unsigned long *lengths,
			       struct letter *out)
{
	struct id id;
	struct str json;

	memcpy(id.b, row[0], ID_BYTES);
	assert_ok(mail_open(
		w->keys, w->context.arena,
		&((struct mail_box){id, (uint32_t)strtoul(row[1], NULL, 10), {row[2], lengths[2]}}),
		&json));
	out->json = kept(w, json);
	out->recipient = kept(w, str_of(row[3] == NULL ? "" : row[3]));
	out->size = (int64_t)lengths[2];
}

/* The newest of a kind; false: there is none. */
static inline bool find_letter(struct world *w, const char *kind, struct letter *out)
{
	char sql[300];
	MYSQL *mysql = fixture_raw(&w->config, DB_ROLE_COUNT);
	MYSQL_RES *result = NULL;
	MYSQL_ROW row = NULL;

	snprintf(sql, sizeof sql,
		 "SELECT id, root, payload, recipient FROM outbox WHERE kind = '%s' "
		 "ORDER BY created_at DESC LIMIT 1",
		 kind);
	assert_int_equal(mysql_query(mysql, sql), 0);
	result = mysql_store_result(mysql);
	assert_non_null(result);
	row = mysql_fetch_row(result);
	if (row != NULL)
		read_letter(w, row, mysql_fetch_lengths(result), out);
	mysql_free_result(result);
	mysql_close(mysql);
	return row != NULL;
}

static inline struct letter letter(struct world *w, const char *kind)
{
	struct letter found;

	if (!find_letter(w, kind, &found))
		fail_msg("no mail %s", kind);
	return found;
}

/* A value of its template; strings without escapes only. */
static inline struct str value_of(struct world *w, const struct letter *from, const char *name)
{
	char member[64];
	const char *at = NULL;
	struct str value;

	snprintf(member, sizeof member, "\"%s\":\"", name);
	at = strstr(from->json, member);
	if (at == NULL) {
		fail_msg("no %s in %s", name, from->json);
		return STR_NONE;
	}
	at += strlen(member);
	assert_ok(str_copy(w->context.arena, (struct str){at, strcspn(at, "\"")}, &value));
	return value;
}

/* The code in its link. */
static inline struct str link_of(struct world *w, const struct letter *from)
{
	struct str link = value_of(w, from, "link");
	struct str page;
	struct str code;

	assert_true(str_cut(link, '=', &page, &code));
	assert_int_equal(code.n, MAIL_CODE_LINK);
	return code;
}

static inline int64_t mails(const char *kind)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM outbox WHERE kind = '%s'", kind);
	return fixture_number(sql);
}

static inline int64_t events(const char *event)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM audit_event WHERE event = '%s'", event);
	return fixture_number(sql);
}

static inline enum address_outcome ask(struct world *w, const struct person *who, const char *email)
{
	struct address_wish wish = {.user_id = who->id, .typed = str_of(email)};
	struct address_effect effect;

	assert_ok(address_ask(&w->context, &wish, &effect));
	return effect.outcome;
}

static inline enum address_outcome prove(struct world *w, const struct person *who,
					 const char *email, struct str code)
{
	struct address_proof proof = {
		.user_id = who->id,
		.session_id = who->session.session.found.session.id,
		.address = email == NULL ? STR_NONE : str_of(email),
		.code = code,
	};
	struct address_effect effect;

	assert_ok(address_prove(&w->context, &proof, &effect));
	return effect.outcome;
}

/* Asked for and proven; the time goes on, so that the newest mail is told. */
static inline void change(struct world *w, const struct person *who, const char *email)
{
	struct letter mail;

	w->context.now += CLOCK_SECOND;
	assert_int_equal(ask(w, who, email), ADDRESS_DONE);
	mail = letter(w, "address");
	assert_string_equal(mail.recipient, email);
	assert_int_equal(prove(w, who, email, value_of(w, &mail, "code")), ADDRESS_DONE);
}

/* By the link of a mail "address-changed". */
static inline enum address_outcome take_back(struct world *w, struct str code)
{
	struct mail_claim claim = {.links = 1U << MAIL_RESTORATION, .code = code};
	struct mail_code_row row;
	enum mail_verdict verdict = MAIL_WRONG;
	struct address_restoring restoring = {.context = &w->context, .row = &row};
	int64_t wait = 0;

	assert_ok(mail_code_check(&w->context, &claim, &verdict, &row, &wait));
	if (verdict != MAIL_RIGHT)
		return verdict == MAIL_OVER ? ADDRESS_OVER : ADDRESS_WRONG;
	assert_ok(address_restore(&restoring));
	return restoring.effect.outcome;
}

/* A hash that nothing matches. */
static inline void set_hash(struct world *w, struct id user, const char *text)
{
	struct secret hash;

	assert_ok(secret_from_str(w->context.arena, str_of(text), &hash));
	assert_ok(password_store_set(w->db, &user, hash, w->context.now));
}

static inline bool is_in(struct world *w, const struct person *who)
{
	return standing(w, CARRIER_COOKIE, text_of(who->session)) == SESSION_LIVE;
}

static inline enum account_outcome close_account(struct world *w, const struct person *who)
{
	struct closing closing = {who->id, who->session.session.found.session.id};
	enum account_outcome outcome = ACCOUNT_REFUSED;

	assert_ok(account_close(&w->context, &closing, &outcome));
	return outcome;
}

#endif
