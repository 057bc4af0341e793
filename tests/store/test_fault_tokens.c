/* ST-07, IN-25, TK-13, TK-14: refresh tokens under every failure of the database: statements and
 * acts. Either the parent or the child is good, never neither, never both. */
#include "fault_trial.h"
#include "token_store.h"
#include "token_world.h"

#include <inttypes.h>

#define DB t->w->db
#define CONTEXT (&t->w->context)
#define FAR (WORLD_START + 1000 * CLOCK_DAY)

/* Bob's: a token that is good, and one of another session that was exchanged. */
static struct str good, used, child;
static struct id good_id;
static struct session_row good_row;

static enum err find(struct trial *t, struct str text, struct token_found *out)
{
	struct credential credential;
	bool found = false;

	TRY(credential_read_refresh(CONTEXT->arena, CONTEXT->keys, text, &credential));
	TRY(token_store_find(DB, CONTEXT->arena, credential.hashes, out, &found));
	return must(found);
}

ACT(token_find, struct token_found found; TRY(find(t, good, &found));
    PUT(out, found.token.issued_at); return must(id_equal(found.token.session_id, good_id));)

static enum err find_named(struct trial *t, size_t n, void *out)
{
	struct session_found *found = arena_array(CONTEXT->arena, n, sizeof *found);
	struct id ids[SESSION_BATCH_MAX];
	size_t count = 0;

	assert_non_null(found);
	for (size_t i = 0; i < n; i++)
		ids[i] = i == n - 1 ? good_id : id_random();
	TRY(session_store_find_named(DB, CONTEXT->arena, ids, n, found, &count));
	PUT(out, count);
	return must(count == 1 && id_equal(found[0].session.id, good_id));
}

ACT(named_1, return find_named(t, 1, out);)
ACT(named_2, return find_named(t, 2, out);)
ACT(named_4, return find_named(t, 3, out);)
ACT(named_8, return find_named(t, 8, out);)
ACT(named_16, return find_named(t, 9, out);)
ACT(named_32, return find_named(t, 32, out);)
ACT(token_end, bool ended = false; TRY(token_store_end(DB, &good_id, CONTEXT->now, &ended));
    return must(ended);)
ACT(token_purge, return token_store_purge(DB, FAR, 10, out);)
ACT(family_purge, return token_family_store_purge(DB, FAR, 10, out);)
ACT(end_of_user, return token_store_end_of_user(DB, &t->scene.bob, CONTEXT->now);)
ACT(token_of_user, return token_store_delete_of_user(DB, &t->scene.bob);)

static enum err token_begin(struct trial *t, void *out)
{
	const struct token_family_row family = {
		.session_id = good_id,
		.user_id = t->scene.bob,
		.client = STR("app"),
		.created_at = CONTEXT->now,
		.expires_at = FAR,
	};
	const struct refresh_token_row first = {
		.hash = fixture_digest(),
		.session_id = good_id,
		.pair_id = id_random(),
		.issued_at = CONTEXT->now,
		.expires_at = FAR,
	};

	(void)out;
	return token_store_begin(DB, &family, &first);
}

static enum err try_exchange(struct trial *t, struct str token, struct refresh_outcome *outcome)
{
	struct refresh_request request = {.token = token};

	return refresh_exchange(CONTEXT, &request, outcome);
}

static enum err exchange_it(struct trial *t, void *out)
{
	struct refresh_outcome outcome;

	TRY(try_exchange(t, good, &outcome));
	TRY(must(outcome.verdict == REFRESH_EXCHANGED));
	PUT(out, outcome);
	return OK;
}

/* Tokens of that session that can be exchanged, of the pair that its row tells of. */
static int64_t good_tokens(void)
{
	char sql[512];
	char hex[2 * ID_BYTES + 1];

	for (size_t i = 0; i < ID_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", good_id.b[i]);
	snprintf(sql, sizeof sql,
		 "SELECT COUNT(*) FROM refresh_token r JOIN session s ON s.id = r.session_id "
		 "AND s.pair_id = r.pair_id AND s.value_used = 0 WHERE r.used_at IS NULL "
		 "AND r.replaced_at IS NULL AND s.id = x'%s'",
		 hex);
	return fixture_number(sql);
}

/* What was given out is good, and is the one token that is. */
static void check_exchanged(struct trial *t, const void *out)
{
	struct refresh_outcome outcome;

	memcpy(&outcome, out, sizeof outcome);
	assert_int_equal(good_tokens(), 1);
	struct token_found found;
	assert_ok(find(t, child_of(&outcome), &found));
	assert_int_equal(found.token.used_at, 0);
}

static enum err repeat_it(struct trial *t, void *out)
{
	struct refresh_outcome outcome;

	TRY(try_exchange(t, used, &outcome));
	TRY(must(outcome.verdict == REFRESH_EXCHANGED && outcome.repeated &&
		 str_equal(child_of(&outcome), child)));
	PUT(out, outcome.repeated);
	return OK;
}

/* Once it was found out, it stays so: the answer is a refusal whoever asks again. */
static enum err reuse_it(struct trial *t, void *out)
{
	struct auth_context context = *CONTEXT;
	struct refresh_request request = {.token = used};
	struct refresh_outcome outcome;

	context.ip = STR("203.0.113.66");
	TRY(refresh_exchange(&context, &request, &outcome));
	TRY(must(outcome.verdict == REFRESH_REUSED));
	PUT(out, outcome.verdict);
	return OK;
}

static void check_ended(struct trial *t, const void *out)
{
	struct token_found found;

	(void)out;
	assert_ok(find(t, child, &found));
	assert_true(id_is_none(found.session.session.id));
	assert_true(found.family.ended_at > 0);
}

static enum err revoke_it(struct trial *t, void *out)
{
	struct refresh_request request = {.token = used};
	enum revocation_outcome outcome = REVOCATION_FOREIGN;

	TRY(refresh_revoke(CONTEXT, &request, &outcome));
	TRY(must(outcome != REVOCATION_FOREIGN));
	PUT(out, outcome);
	return OK;
}

static enum err sign_in_it(struct trial *t, void *out)
{
	struct client c = {.user = t->scene.bob, .carrier = CARRIER_TOKEN};
	struct session_issued issued;

	TRY(try_sign_in(t->w, &c, &issued));
	PUT(out, issued);
	return OK;
}

static void check_signed_in(struct trial *t, const void *out)
{
	struct session_issued issued;
	struct token_found found;

	memcpy(&issued, out, sizeof issued);
	assert_ok(find(t, text_of(issued), &found));
	assert_int_equal(found.token.used_at + found.token.replaced_at, 0);
	assert_true(id_equal(found.session.session.pair_id, found.token.pair_id));
}

static enum err prove_it(struct trial *t, void *out)
{
	struct credential credential = access_of(t->w, &good_row);
	struct session current;
	struct session_proof_again again = {
		.user_id = t->scene.bob,
		.presented = &credential,
		.current = &current,
		.proof = {{1}},
		.method = STR("pwd"),
		.purpose = STR("test"),
	};
	struct session_issued issued;

	TRY(session_resolve(CONTEXT, &credential, 1, &current));
	TRY(session_prove_again(CONTEXT, &again, &issued));
	PUT(out, issued);
	return OK;
}

static void statements_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"token find", token_find, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session named 1", named_1, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session named 2", named_2, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session named 4", named_4, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session named 8", named_8, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session named 16", named_16, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"session named 32", named_32, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"token begin", token_begin, NULL, ACT_ATOMIC | ACT_INSIDE},
		{"token end", token_end, NULL, ACT_ATOMIC},
		{"tokens purge", token_purge, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"families purge", family_purge, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"families of a user end", end_of_user, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"tokens of a user", token_of_user, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"token exchange", exchange_it, check_exchanged, ACT_ATOMIC},
		{"token repeat", repeat_it, NULL, ACT_REPEATABLE},
		{"token reuse", reuse_it, check_ended, ACT_REPEATABLE},
		{"token revoke", revoke_it, check_ended, ACT_REPEATABLE},
		{"sign-in by token", sign_in_it, check_signed_in, ACT_ATOMIC},
		{"step-up by token", prove_it, check_signed_in, ACT_ATOMIC},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

static void no_statement_is_left_out(void **state)
{
	(void)state;
	trial_demand(TRIAL_TOKENS);
}

/*
 * A client that refreshes while the database fails at random, and asks again with what it has: it
 * is never signed out, for whoever has an answer has the one token that is good.
 */
static void storms_sign_nobody_out(void **state)
{
	enum { STORMS = 60, ROUNDS = 6, PATIENCE = 40 };
	struct trial *t = *state;
	unsigned lost = 0;

	for (unsigned i = 1; i <= STORMS; i++) {
		struct str token = good;

		trial_restore(t);
		CONTEXT->now = WORLD_START + 2 * CLOCK_MINUTE;
		fault_seed(i);
		for (unsigned n = 0; n < ROUNDS; n++) {
			struct refresh_outcome outcome = {.verdict = REFRESH_REFUSED};
			enum err e = ERR_UNAVAILABLE;

			fault_arm(FAULT_STORM, FAULT_RUNNING, 0);
			for (unsigned tries = 0; e != OK && tries < PATIENCE; tries++) {
				e = try_exchange(t, token, &outcome);
				lost += e != OK ? 1 : 0;
				if (tries > 20)
					(void)fault_disarm();
			}
			(void)fault_disarm();
			assert_ok(e);
			assert_int_equal(outcome.verdict, REFRESH_EXCHANGED);
			token = child_of(&outcome);
		}
		assert_int_equal(good_tokens(), 1);
		arena_reset(CONTEXT->arena);
	}
	print_message("%u answers lost\n", lost);
	assert_true(lost > STORMS);
	trial_restore(t);
}

static int open_scene(void **state)
{
	static struct client_config clients[] = {{.name = {"app", 3}, .refresh_grace = GRACE}};
	struct session_issued issued;
	struct trial *t = NULL;

	if (trial_open(state) != 0)
		return -1;
	t = *state;
	t->w->config.clients = clients;
	t->w->config.client_count = 1;
	CONTEXT->now = WORLD_START;
	struct client c = {.user = t->scene.bob, .carrier = CARRIER_TOKEN};
	issued = sign_in(t->w, c);
	good = trial_lasting(t, text_of(issued));
	good_row = issued.session.found.session;
	good_id = good_row.id;
	issued = sign_in(t->w, c);
	used = trial_lasting(t, text_of(issued));
	CONTEXT->now = WORLD_START + 2 * CLOCK_MINUTE;
	child = trial_lasting(t, exchanged(t->w, used));
	trial_keep(t);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_under_every_failure),
		cmocka_unit_test(no_statement_is_left_out),
		cmocka_unit_test(storms_sign_nobody_out),
	};

	return cmocka_run_group_tests(tests, open_scene, trial_close);
}
