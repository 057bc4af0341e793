/* What the tests of second factors and step-ups share: people with factors, and what they show. */
#ifndef GATEPOST_TESTS_STORE_PROVE_WORLD_H
#define GATEPOST_TESTS_STORE_PROVE_WORLD_H

#include "auth_world.h"

#include <liboath/oath.h>

#include "ed25519.h"
#include "factor_seal.h"
#include "prove.h"
#include "recovery_codes.h"
#include "totp_code.h"

#define STEP (TOTP_STEP_SECONDS * CLOCK_SECOND)

/* Of everybody's app. */
static const unsigned char prove_secret[TOTP_SECRET] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};

static inline int64_t step_at(int64_t now)
{
	return now / STEP;
}

/* What the app shows so many steps from now; in the context's arena. */
static inline struct str code_at(struct world *w, int64_t steps)
{
	char text[TOTP_DIGITS + 1];
	struct str code = STR_NONE;

	assert_int_equal(oath_hotp_generate((const char *)prove_secret, sizeof prove_secret,
					    (uint64_t)(step_at(w->context.now) + steps),
					    TOTP_DIGITS, false, OATH_HOTP_DYNAMIC_TRUNCATION, text),
			 OATH_OK);
	assert_ok(str_copy(w->context.arena, str_of(text), &code));
	return code;
}

static inline struct str code_now(struct world *w)
{
	return code_at(w, 0);
}

/* Six digits that are of none of the steps near now. */
static inline struct str wrong_code(struct world *w)
{
	for (char digit = '0'; digit <= '9'; digit++) {
		char text[] = {digit, digit, digit, digit, digit, digit, '\0'};
		struct str code = STR_NONE;

		if (str_equal(str_of(text), code_at(w, 0)) ||
		    str_equal(str_of(text), code_at(w, -1)))
			continue;
		assert_ok(str_copy(w->context.arena, str_of(text), &code));
		return code;
	}
	return STR_NONE;
}

/* An app that was set up ten steps ago, and recovery codes. */
static inline struct recovery_codes add_factors(struct world *w, const struct id *user)
{
	struct secret plain = SECRET_NONE;
	struct totp_confirmation of = {.user_id = *user, .now = w->context.now};
	struct recovery_codes codes;
	bool done = false;

	assert_ok(secret_from_str(w->context.arena,
				  (struct str){(const char *)prove_secret, TOTP_SECRET}, &plain));
	assert_ok(factor_seal_totp(w->context.arena, w->context.keys, user, plain, &of.next));
	of.step = step_at(w->context.now) - 10;
	assert_ok(db_begin(w->db));
	assert_ok(totp_store_offer(w->db, user, &of.next, w->context.now));
	assert_ok(totp_store_confirm(w->db, &of, &done));
	assert_true(done);
	assert_ok(recovery_codes_put(&w->context, w->db, user, &codes));
	assert_ok(factor_store_set(w->db, user, FACTOR_TOTP | FACTOR_RECOVERY));
	assert_ok(db_commit(w->db));
	return codes;
}

static inline void take_factors(struct world *w, const struct id *user)
{
	assert_ok(db_begin(w->db));
	assert_ok(factor_store_delete_all(w->db, user));
	assert_ok(db_commit(w->db));
}

/* One with an address and both. */
static inline struct client person_with_factors(struct world *w, const char *name,
						struct recovery_codes *codes)
{
	struct client c = {
		.user = fixture_add_user(w->fixture, name),
		.carrier = CARRIER_HANDLE,
	};
	struct recovery_codes made = add_factors(w, &c.user);

	if (codes != NULL)
		*codes = made;
	fixture_sql("UPDATE user SET email = CONCAT(username, '@example.test'), created_at = 1");
	return c;
}

static inline struct str text_of_code(const struct secret *code)
{
	return (struct str){(const char *)code->bytes, code->len};
}

/* A request with that credential. */
struct showing {
	struct prove_proof proof;
	struct str purpose;
	bool second, trust;
};

static inline struct prove_outcome show_with(struct world *w, const struct credential *presented,
					     const struct showing *what,
					     struct session_issued *issued)
{
	struct session current;
	struct prove_outcome outcome = {.verdict = PROVE_DONE};
	struct prove_request request = {
		.proof = what->proof,
		.purpose = what->purpose,
		.trust = what->trust,
		.presented = presented,
		.current = &current,
	};

	assert_ok(session_resolve(&w->context, presented, 1, &current));
	if (what->second)
		assert_ok(prove_second_factor(&w->context, &request, &outcome, issued));
	else
		assert_ok(prove_step_up(&w->context, &request, &outcome, issued));
	return outcome;
}

static inline enum prove_verdict show(struct world *w, struct str value, const struct showing *what,
				      struct session_issued *issued)
{
	struct credential presented = credential_of(w, CARRIER_HANDLE, value);

	return show_with(w, &presented, what, issued).verdict;
}

static inline struct showing second_factor(struct str code)
{
	return (struct showing){.proof = {.method = PROVE_TOTP, .code = code}, .second = true};
}

static inline enum prove_verdict complete(struct world *w, struct str value, struct str code,
					  struct session_issued *issued)
{
	const struct showing what = second_factor(code);

	return show(w, value, &what, issued);
}

static inline enum prove_verdict step_up(struct world *w, struct str value, struct str code,
					 struct session_issued *issued)
{
	struct showing what = second_factor(code);

	what.second = false;
	what.purpose = STR("payment");
	return show(w, value, &what, issued);
}

static inline enum prove_verdict recover(struct world *w, struct str value,
					 const struct secret *code, struct session_issued *issued)
{
	const struct showing what = {
		.proof = {.method = PROVE_RECOVERY_CODE, .code = text_of_code(code)},
		.second = true,
	};

	return show(w, value, &what, issued);
}

/* The value of a session that is complete. */
static inline struct str completed(struct world *w, struct client c)
{
	struct session_issued issued;

	assert_int_equal(complete(w, text_of(sign_in(w, c)), code_now(w), &issued), PROVE_DONE);
	return text_of(issued);
}

static inline int64_t events(const char *kind, const char *detail)
{
	char sql[256];

	snprintf(sql, sizeof sql,
		 "SELECT COUNT(*) FROM audit_event WHERE event = '%s' AND detail = '%s'", kind,
		 detail);
	return fixture_number(sql);
}

static inline int64_t mails(const char *kind)
{
	char sql[128];

	snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM outbox WHERE kind = '%s'", kind);
	return fixture_number(sql);
}

#endif
