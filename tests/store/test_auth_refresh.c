/* Exchanging refresh tokens: TK-12 … TK-16. */
#include "token_world.h"

#include <pthread.h>

#include "purge.h"

#define TEST(name) cmocka_unit_test_setup(name, token_world_clean)

static int64_t events(const char *detail)
{
	char sql[256];

	snprintf(sql, sizeof sql,
		 "SELECT COUNT(*) FROM audit_event WHERE event = 'authn_token_reuse' "
		 "AND detail = '%s'",
		 detail);
	return fixture_number(sql);
}

/* TK-12: opaque, of 256 bits, and only a digest of it is stored. */
static void a_sign_in_begins_a_family(void **state)
{
	struct world *w = *state;
	struct session_issued issued = sign_in(w, token_client(w, "alice"));
	const struct session_row *row = &issued.session.found.session;

	assert_int_equal(issued.carrier, CARRIER_TOKEN);
	assert_int_equal(text_of(issued).n, 4 + 43);
	assert_true(str_starts(text_of(issued), STR("gpr_")));
	assert_int_equal(row->carrier, CARRIER_TOKEN);
	assert_int_equal(row->class, CLASS_NATIVE);
	assert_false(id_is_none(row->pair_id));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM token_family"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM refresh_token r JOIN session s "
					"ON s.id = r.session_id AND s.pair_id = r.pair_id "
					"WHERE r.used_at IS NULL AND r.nonce IS NULL"),
			 1);
}

/* TK-15: the idle end moves, the absolute one never. */
static void an_exchange_gives_one_child(void **state)
{
	struct world *w = *state;
	struct session_issued issued = sign_in(w, token_client(w, "alice"));
	const struct session_row *before = &issued.session.found.session;
	struct refresh_outcome outcome;
	const struct session_row *row = &outcome.session.found.session;

	w->context.now += CLOCK_HOUR;
	outcome = exchange(w, text_of(issued));
	assert_int_equal(outcome.verdict, REFRESH_EXCHANGED);
	assert_false(outcome.repeated);
	assert_false(str_equal(child_of(&outcome), text_of(issued)));
	assert_true(id_equal(row->id, before->id));
	assert_int_equal(row->epoch, before->epoch);
	assert_int_equal(row->expires_at, before->expires_at);
	assert_int_equal(row->last_seen, w->context.now);
	assert_int_equal(row->idle_end, w->context.now + 14 * CLOCK_DAY);
	assert_false(id_equal(row->pair_id, before->pair_id));
	assert_int_equal(outcome.session.standing, SESSION_LIVE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM refresh_token"), 2);
	(void)exchanged(w, child_of(&outcome));
}

static void an_exchange_takes_four_statements(void **state)
{
	struct world *w = *state;
	struct session_issued issued = sign_in(w, token_client(w, "alice"));
	uint64_t before = statements(w);

	(void)exchanged(w, text_of(issued));
	/* With START TRANSACTION and COMMIT. */
	assert_int_equal(statements(w) - before, 4 + 2);
}

/* What is no refresh token costs no statement. */
static void other_texts_are_nothing(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_HANDLE};
	struct str handle = text_of(sign_in(w, c));
	char as_refresh[64];
	uint64_t before = statements(w);
	static const char *const texts[] = {
		"",
		"gpr_",
		"gpr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"gpr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"gpr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"gpr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
		"GPR_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"e30.e30.AAAA",
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_int_equal(exchange(w, str_of(texts[i])).verdict, REFRESH_REFUSED);
	assert_int_equal(exchange(w, handle).verdict, REFRESH_REFUSED);
	assert_int_equal(statements(w), before);
	/* The value of one kind matches no other. */
	snprintf(as_refresh, sizeof as_refresh, "gpr_%.43s", handle.p + 4);
	assert_int_equal(exchange(w, str_of(as_refresh)).verdict, REFRESH_REFUSED);
	assert_int_equal(
		exchange(w, STR("gpr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")).verdict,
		REFRESH_REFUSED);
	assert_int_equal(standing(w, CARRIER_HANDLE, handle), SESSION_LIVE);
}

static void another_clients_is_left_alone(void **state)
{
	struct world *w = *state;
	struct str token = text_of(sign_in(w, token_client(w, "alice")));

	assert_int_equal(exchange_as(w, token, "web").verdict, REFRESH_REFUSED);
	assert_int_equal(exchange_as(w, token, "app").verdict, REFRESH_EXCHANGED);
	assert_int_equal(exchange_as(w, token, "web").verdict, REFRESH_REFUSED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 1);
}

/* TK-14: who lost the answer gets the same one, for as long as nobody has used it. */
static void a_retry_gets_the_same_child(void **state)
{
	struct world *w = *state;
	struct str token = text_of(sign_in(w, token_client(w, "alice")));
	struct refresh_outcome first = exchange(w, token);
	struct refresh_outcome again;

	w->context.now += GRACE - 1;
	again = exchange(w, token);
	assert_int_equal(again.verdict, REFRESH_EXCHANGED);
	assert_true(again.repeated);
	assert_true(str_equal(child_of(&first), child_of(&again)));
	assert_true(
		id_equal(again.session.found.session.pair_id, first.session.found.session.pair_id));
	assert_int_equal(again.session.found.session.last_seen,
			 first.session.found.session.last_seen);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM refresh_token"), 2);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_token_repeat'"),
			 1);
	(void)exchanged(w, child_of(&again));
}

/* Nothing is given of a session on hold; but who only lost the answer is no thief. */
static void a_retry_on_hold_ends_nothing(void **state)
{
	struct world *w = *state;
	struct str token = text_of(sign_in(w, token_client(w, "alice")));

	(void)exchanged(w, token);
	fixture_sql("UPDATE session SET held = 1, epoch = epoch + 1");
	assert_int_equal(exchange(w, token).verdict, REFRESH_REFUSED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 1);
	w->context.now += GRACE;
	assert_int_equal(exchange(w, token).verdict, REFRESH_REUSED);
}

/* An access token of before is in use meanwhile: no reason to sign anybody out. */
static void an_older_access_token_changes_nothing(void **state)
{
	struct world *w = *state;
	struct session_issued issued = sign_in(w, token_client(w, "alice"));
	struct session_row older = issued.session.found.session;

	(void)exchanged(w, text_of(issued));
	use_access(w, &older);
	assert_true(exchange(w, text_of(issued)).repeated);
	/* Not even when it writes that the session was seen. */
	(void)exchange(w, text_of(issued));
	w->context.now += GRACE - 1;
	fixture_sql("UPDATE session SET last_seen = last_seen - 60000000");
	use_access(w, &older);
	assert_int_equal(fixture_number("SELECT value_used FROM session"), 0);
}

/* A request that was looked up before the exchange, and says after it that its pair is in use. */
static void a_use_counts_for_its_own_pair(void **state)
{
	struct world *w = *state;
	struct session_issued issued = sign_in(w, token_client(w, "alice"));
	struct str child = exchanged(w, text_of(issued));
	struct refresh_outcome second = exchange(w, child);
	struct credential credential = access_of(w, &second.session.found.session);
	struct session current = resolve_access(w, &credential);
	struct refresh_outcome third = exchange(w, child_of(&second));

	assert_false(current.is_older_pair);
	assert_ok(session_touch(&w->context, &current));
	assert_int_equal(fixture_number("SELECT value_used FROM session"), 0);
	struct refresh_outcome again = exchange(w, child_of(&second));
	assert_int_equal(again.verdict, REFRESH_EXCHANGED);
	assert_true(again.repeated);
	use_access(w, &third.session.found.session);
	assert_int_equal(fixture_number("SELECT value_used FROM session"), 1);
}

struct misuse {
	const char *name, *kind;
	void (*meanwhile)(struct world *w, const struct refresh_outcome *child);
};

static void too_late(struct world *w, const struct refresh_outcome *child)
{
	(void)child;
	w->context.now += GRACE;
}

static void use_the_child(struct world *w, const struct refresh_outcome *child)
{
	(void)exchanged(w, child_of(child));
}

static void use_its_access_token(struct world *w, const struct refresh_outcome *child)
{
	use_access(w, &child->session.found.session);
}

static void from_elsewhere(struct world *w, const struct refresh_outcome *child)
{
	(void)child;
	w->context.ip = STR("198.51.100.1");
}

static void by_another_program(struct world *w, const struct refresh_outcome *child)
{
	(void)child;
	w->context.user_agent = STR("curl");
}

static void from_elsewhere_much_later(struct world *w, const struct refresh_outcome *child)
{
	from_elsewhere(w, child);
	w->context.now += CLOCK_HOUR;
}

static void log_out(struct world *w, const struct refresh_outcome *child)
{
	assert_ok(session_end(&w->context, &child->session));
}

/* TK-13: family and session end, the newest member too; it is recorded, and the user is told. */
static void a_second_use_ends_all(void **state)
{
	static const struct misuse misuses[] = {
		{"too late", "retry", too_late},
		{"the child was used", "retry", use_the_child},
		{"its access token was used", "retry", use_its_access_token},
		{"from elsewhere", "recent", from_elsewhere},
		{"by another program", "recent", by_another_program},
		{"much later", "stale", from_elsewhere_much_later},
		{"after a logout", "after revocation", log_out},
	};
	struct world *w = *state;
	char name[16];

	for (size_t i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
		void *again = w;

		assert_int_equal(token_world_clean(&again), 0);
		snprintf(name, sizeof name, "alice%zu", i);
		struct str token = text_of(sign_in(w, token_client(w, name)));
		struct refresh_outcome child = exchange(w, token);
		misuses[i].meanwhile(w, &child);
		if (exchange(w, token).verdict != REFRESH_REUSED)
			fail_msg("%s: not refused as reuse", misuses[i].name);
		if (events(misuses[i].kind) != 1)
			fail_msg("%s: no event of kind %s", misuses[i].name, misuses[i].kind);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
		assert_int_equal(exchange(w, child_of(&child)).verdict,
				 misuses[i].meanwhile == use_the_child ? REFRESH_REUSED
								       : REFRESH_REFUSED);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox "
						"WHERE kind = 'token-reuse'"),
				 misuses[i].meanwhile == log_out ? 0 : 1);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM token_family "
						"WHERE ended_at IS NULL"),
				 0);
	}
}

/* A thief before the owner, between two exchanges, and after: the one or the other is the second.
 */
static void a_thief_is_found_out(void **state)
{
	struct world *w = *state;
	struct str stolen = text_of(sign_in(w, token_client(w, "alice")));

	w->context.ip = STR("203.0.113.66");
	struct str thiefs = exchanged(w, stolen);
	w->context.ip = STR("192.0.2.7");
	assert_int_equal(exchange(w, stolen).verdict, REFRESH_REUSED);
	assert_int_equal(exchange(w, thiefs).verdict, REFRESH_REFUSED);

	stolen = text_of(sign_in(w, token_client(w, "bob")));
	struct str owners = exchanged(w, stolen);
	w->context.ip = STR("203.0.113.66");
	assert_int_equal(exchange(w, stolen).verdict, REFRESH_REUSED);
	w->context.ip = STR("192.0.2.7");
	assert_int_equal(exchange(w, owners).verdict, REFRESH_REFUSED);
}

/* A client without a grace: the second of two is reuse even at once. */
static void without_grace_every_repetition_is_reuse(void **state)
{
	struct world *w = *state;

	w->config.clients[0].refresh_grace = 0;
	struct str token = text_of(sign_in(w, token_client(w, "alice")));
	(void)exchanged(w, token);
	assert_int_equal(exchange(w, token).verdict, REFRESH_REUSED);
	/* Who arrived first, and was outrun. */
	token = text_of(sign_in(w, token_client(w, "bob")));
	(void)exchanged(w, token);
	w->context.now--;
	assert_int_equal(exchange(w, token).verdict, REFRESH_REUSED);
	w->config.clients[0].refresh_grace = GRACE;
}

#define RIVALS 50

struct rival {
	struct world *w;
	struct str token;
	pthread_barrier_t *start;
	enum err e;
	enum refresh_verdict verdict;
	char child[64];
	bool repeated;
};

static void *compete(void *opaque)
{
	struct rival *rival = opaque;
	struct auth_context context = rival->w->context;
	struct refresh_request request = {.token = rival->token};
	struct refresh_outcome outcome = {.verdict = REFRESH_REFUSED};

	context.db = fixture_db(&rival->w->config, DB_ROLE_WEB);
	assert_ok(arena_open(65536, (size_t)1024 * 1024, &context.arena));
	pthread_barrier_wait(rival->start);
	rival->e = refresh_exchange(&context, &request, &outcome);
	rival->verdict = outcome.verdict;
	rival->repeated = outcome.repeated;
	if (outcome.token.len > 0 && outcome.token.len < sizeof rival->child)
		memcpy(rival->child, outcome.token.bytes, outcome.token.len);
	db_close(&context.db);
	arena_close(&context.arena);
	return NULL;
}

static void race(struct world *w, struct str token, struct rival *rivals)
{
	pthread_t threads[RIVALS];
	pthread_barrier_t start;

	assert_int_equal(pthread_barrier_init(&start, NULL, RIVALS), 0);
	for (size_t i = 0; i < RIVALS; i++) {
		rivals[i] = (struct rival){.w = w, .token = token, .start = &start};
		assert_int_equal(pthread_create(&threads[i], NULL, compete, &rivals[i]), 0);
	}
	for (size_t i = 0; i < RIVALS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_ok(rivals[i].e);
	}
	pthread_barrier_destroy(&start);
}

/* TK-14: of 50 at once one child is made, and with a grace all have it. */
static void fifty_at_once_share_one_child(void **state)
{
	static struct rival rivals[RIVALS];
	struct world *w = *state;
	struct str token = text_of(sign_in(w, token_client(w, "alice")));
	unsigned first = 0;

	race(w, token, rivals);
	for (size_t i = 0; i < RIVALS; i++) {
		assert_int_equal(rivals[i].verdict, REFRESH_EXCHANGED);
		assert_string_equal(rivals[i].child, rivals[0].child);
		first += rivals[i].repeated ? 0 : 1;
	}
	assert_int_equal(first, 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM refresh_token"), 2);
	(void)exchanged(w, str_of(rivals[0].child));
}

static void without_grace_one_of_fifty_has_it(void **state)
{
	static struct rival rivals[RIVALS];
	struct world *w = *state;
	unsigned exchanged_by = 0;

	w->config.clients[0].refresh_grace = 0;
	struct str token = text_of(sign_in(w, token_client(w, "alice")));
	race(w, token, rivals);
	for (size_t i = 0; i < RIVALS; i++)
		exchanged_by += rivals[i].verdict == REFRESH_EXCHANGED ? 1 : 0;
	assert_int_equal(exchanged_by, 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM refresh_token"), 2);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	/* Beside it, that of a sign-in without a device. */
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox WHERE kind = 'token-reuse'"),
			 1);
	w->config.clients[0].refresh_grace = GRACE;
}

/* TK-16: the account, the session and its ends are looked at anew. */
static void what_ends_a_session_ends_its_tokens(void **state)
{
	static const struct {
		const char *name, *sql;
		int64_t later;
	} ends[] = {
		{"held", "UPDATE session SET held = 1, epoch = epoch + 1", 0},
		{"locked", "UPDATE user SET state = 2", 0},
		{"revoked", "DELETE FROM session", 0},
		{"the family ended", "UPDATE token_family SET ended_at = 1", 0},
		{"replaced", "UPDATE refresh_token SET replaced_at = 1", 0},
		{"not complete", "UPDATE session SET state = 4", 0},
		{"idle for too long", "DO 0", 14 * CLOCK_DAY},
		{"over", "UPDATE session SET idle_end = expires_at", 30 * CLOCK_DAY},
		{"somebody else's", "UPDATE token_family SET user_id = REVERSE(user_id)", 0},
	};
	struct world *w = *state;
	char name[16];

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		void *again = w;

		assert_int_equal(token_world_clean(&again), 0);
		snprintf(name, sizeof name, "alice%zu", i);
		struct str token = text_of(sign_in(w, token_client(w, name)));
		fixture_sql(ends[i].sql);
		w->context.now += ends[i].later;
		if (exchange(w, token).verdict != REFRESH_REFUSED)
			fail_msg("%s: exchanged", ends[i].name);
		assert_int_equal(
			fixture_number("SELECT COUNT(*) FROM refresh_token WHERE used_at > 0"), 0);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
						"WHERE event LIKE 'authn_token%'"),
				 0);
	}
}

/* Signing in anew over it begins the chain anew: the token of before is dead at once. */
static void a_new_sign_in_replaces_the_token(void **state)
{
	struct world *w = *state;
	struct client c = token_client(w, "alice");
	struct session_issued first = sign_in(w, c);
	struct credential presented = access_of(w, &first.session.found.session);
	struct session current = resolve_access(w, &presented);
	struct session_start start = {
		.user_id = c.user,
		.carrier = CARRIER_TOKEN,
		.client = STR("app"),
		.amr = STR("pwd"),
		.aal = 1,
		.state = SESSION_ACTIVE,
		.presented = &presented,
		.current = &current,
		.proof = {{7}},
	};
	struct session_issued second;
	struct session_issued again;

	assert_ok(session_sign_in(&w->context, &start, &second));
	assert_true(id_equal(second.session.found.session.id, first.session.found.session.id));
	assert_int_equal(resolve_access(w, &presented).standing, SESSION_REPLACED);
	assert_int_equal(exchange(w, text_of(first)).verdict, REFRESH_REFUSED);
	/* The same request again gets the same refresh token, and the same pair. */
	current = resolve_access(w, &presented);
	assert_ok(session_sign_in(&w->context, &start, &again));
	assert_true(again.repeated);
	assert_true(str_equal(text_of(again), text_of(second)));
	assert_true(id_equal(again.session.found.session.pair_id,
			     second.session.found.session.pair_id));
	(void)exchanged(w, text_of(second));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM token_family"), 1);
}

/* A guest's session goes on under tokens, in the same row. */
static void a_guest_is_promoted_to_tokens(void **state)
{
	struct world *w = *state;
	struct client c = token_client(w, "alice");
	struct session_row guest = fixture_add_session(w->fixture, ID_NONE);

	fixture_sql("DELETE FROM session");
	(void)guest;
	c.carrier = CARRIER_HANDLE;
	c.presented = text_of(sign_in(w, c));
	fixture_sql("UPDATE session SET user_id = NULL, class = 1");
	c.carrier = CARRIER_TOKEN;
	c.presented_as = CARRIER_HANDLE;
	struct session_issued issued = sign_in(w, c);
	assert_int_equal(issued.session.found.session.carrier, CARRIER_TOKEN);
	assert_int_equal(standing(w, CARRIER_HANDLE, c.presented), SESSION_REPLACED);
	assert_true(sign_in(w, c).repeated);
	assert_true(str_equal(text_of(sign_in(w, c)), text_of(issued)));
	(void)exchanged(w, text_of(issued));
}

/* A sign-in that is not complete has no tokens: a handle completes it. */
static void a_pending_sign_in_has_a_handle(void **state)
{
	struct world *w = *state;
	struct client c = token_client(w, "alice");
	struct session_issued issued;

	fixture_sql("INSERT INTO password (user_id, hash, changed_at, must_change) "
		    "SELECT id, 'x', 1, 1 FROM user");
	issued = sign_in(w, c);
	assert_int_equal(issued.carrier, CARRIER_HANDLE);
	assert_int_equal(issued.session.standing, SESSION_PENDING);
	assert_true(str_starts(text_of(issued), STR("gps_")));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM token_family"), 0);
}

static void access_tokens_are_of_one_version(void **state)
{
	struct world *w = *state;
	struct session_issued issued = sign_in(w, token_client(w, "alice"));
	struct session_row row = issued.session.found.session;
	struct credential credential = access_of(w, &row);
	uint64_t before = statements(w);

	assert_int_equal(resolve_access(w, &credential).standing, SESSION_LIVE);
	assert_int_equal(statements(w) - before, 1);
	row.user_id = id_random();
	credential = access_of(w, &row);
	assert_int_equal(resolve_access(w, &credential).standing, SESSION_UNKNOWN);
	row = issued.session.found.session;
	row.epoch++;
	credential = access_of(w, &row);
	assert_int_equal(resolve_access(w, &credential).standing, SESSION_UNKNOWN);
	row = issued.session.found.session;
	fixture_sql("UPDATE session SET epoch = epoch + 1");
	credential = access_of(w, &row);
	assert_int_equal(resolve_access(w, &credential).standing, SESSION_UNKNOWN);
	fixture_sql("UPDATE session SET held = 1");
	assert_int_equal(resolve_access(w, &credential).standing, SESSION_HELD);
	fixture_sql("UPDATE session SET epoch = epoch + 1");
	assert_int_equal(resolve_access(w, &credential).standing, SESSION_UNKNOWN);
	/* Not proven: nobody, without a query. */
	credential.roots = 0;
	before = statements(w);
	assert_int_equal(resolve_access(w, &credential).standing, SESSION_UNKNOWN);
	assert_int_equal(statements(w), before);
}

static struct session_proof_again proof_of(struct id user, const struct credential *presented,
					   const struct session *current)
{
	return (struct session_proof_again){
		.user_id = user,
		.presented = presented,
		.current = current,
		.proof = {{1}},
		.method = STR("pwd"),
		.purpose = STR("test"),
	};
}

/* An access token of a cookie's session is good for requests, not for a new value. */
static void no_step_up_by_anothers_access_token(void **state)
{
	struct world *w = *state;
	struct client c = {.user = fixture_add_user(w->fixture, "alice"),
			   .carrier = CARRIER_COOKIE};
	struct session_issued issued = sign_in(w, c);
	struct credential credential = access_of(w, &issued.session.found.session);
	struct session current = resolve_access(w, &credential);
	struct session_proof_again again = proof_of(c.user, &credential, &current);
	struct session_issued after;

	assert_int_equal(current.standing, SESSION_LIVE);
	assert_int_equal(session_prove_again(&w->context, &again, &after), ERR_CONFLICT);
	assert_int_equal(standing(w, CARRIER_COOKIE, text_of(issued)), SESSION_LIVE);
}

/* Step-up by the access token of a session that tokens carry: a new pair, the old one is dead. */
static void a_step_up_gives_a_new_pair(void **state)
{
	struct world *w = *state;
	struct session_issued issued = sign_in(w, token_client(w, "alice"));
	struct credential credential = access_of(w, &issued.session.found.session);
	struct session current = resolve_access(w, &credential);
	struct session_proof_again again =
		proof_of(issued.session.found.session.user_id, &credential, &current);
	struct session_issued after;
	struct session_issued repeated;

	w->context.now += CLOCK_MINUTE;
	assert_ok(session_prove_again(&w->context, &again, &after));
	assert_int_equal(resolve_access(w, &credential).standing, SESSION_REPLACED);
	assert_int_equal(exchange(w, text_of(issued)).verdict, REFRESH_REFUSED);
	current = resolve_access(w, &credential);
	assert_ok(session_prove_again(&w->context, &again, &repeated));
	assert_true(repeated.repeated);
	assert_true(str_equal(text_of(repeated), text_of(after)));
	(void)exchanged(w, text_of(after));
}

/* Exchanged: it was used, and the same request gets it no more. */
static void a_step_up_is_not_repeated_when_its_token_was_used(void **state)
{
	struct world *w = *state;
	struct session_issued issued = sign_in(w, token_client(w, "alice"));
	struct credential credential = access_of(w, &issued.session.found.session);
	struct session current = resolve_access(w, &credential);
	struct session_proof_again again =
		proof_of(issued.session.found.session.user_id, &credential, &current);
	struct session_issued after;
	struct session_issued repeated;

	assert_ok(session_prove_again(&w->context, &again, &after));
	struct str child = exchanged(w, text_of(after));
	current = resolve_access(w, &credential);
	assert_int_equal(current.standing, SESSION_REPLACED);
	assert_int_equal(session_prove_again(&w->context, &again, &repeated), ERR_CONFLICT);
	(void)exchanged(w, child);
}

static enum revocation_outcome end_by(struct world *w, struct refresh_request request)
{
	enum revocation_outcome outcome = REVOCATION_FOREIGN;

	assert_ok(refresh_revoke(&w->context, &request, &outcome));
	return outcome;
}

/* RFC 7009: by any token of the family, used ones too. */
static void revoking_ends_the_family(void **state)
{
	struct world *w = *state;
	struct str token = text_of(sign_in(w, token_client(w, "alice")));
	struct str child = exchanged(w, token);
	struct refresh_request request = {.token = token, .client = STR("web")};

	assert_int_equal(end_by(w, request), REVOCATION_FOREIGN);
	request.client = STR_NONE;
	assert_int_equal(end_by(w, request), REVOCATION_DONE);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	assert_int_equal(exchange(w, child).verdict, REFRESH_REFUSED);
	assert_int_equal(end_by(w, request), REVOCATION_NOTHING);
	request.token = STR("gpr_nonsense");
	assert_int_equal(end_by(w, request), REVOCATION_NOTHING);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event "
					"WHERE event = 'authn_token_revoked'"),
			 1);
}

/* A new root key does not part a client from its family. */
static void tokens_outlive_a_new_root(void **state)
{
	struct world *w = *state;
	struct str token = text_of(sign_in(w, token_client(w, "alice")));
	struct keyring *both = world_keys(WORLD_KEY_1 WORLD_KEY_2);

	w->context.keys = both;
	struct str child = exchanged(w, token);
	(void)exchanged(w, child);
	w->context.keys = w->keys;
	keyring_free(&both);
}

static void what_is_over_is_purged(void **state)
{
	struct world *w = *state;
	struct purge_report report = {.sessions = 0};

	(void)exchanged(w, text_of(sign_in(w, token_client(w, "alice"))));
	w->context.now += 31 * CLOCK_DAY - 1;
	assert_ok(purge_run(&w->context, INT64_MAX, &report));
	assert_int_equal(report.refresh_tokens, 0);
	w->context.now += 2;
	assert_ok(purge_run(&w->context, INT64_MAX, &report));
	assert_int_equal(report.refresh_tokens, 2);
	assert_int_equal(report.families, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sign_in_begins_a_family),
		TEST(an_exchange_gives_one_child),
		TEST(an_exchange_takes_four_statements),
		TEST(other_texts_are_nothing),
		TEST(another_clients_is_left_alone),
		TEST(a_retry_gets_the_same_child),
		TEST(a_retry_on_hold_ends_nothing),
		TEST(an_older_access_token_changes_nothing),
		TEST(a_use_counts_for_its_own_pair),
		TEST(a_second_use_ends_all),
		TEST(a_thief_is_found_out),
		TEST(without_grace_every_repetition_is_reuse),
		TEST(fifty_at_once_share_one_child),
		TEST(without_grace_one_of_fifty_has_it),
		TEST(what_ends_a_session_ends_its_tokens),
		TEST(a_new_sign_in_replaces_the_token),
		TEST(a_guest_is_promoted_to_tokens),
		TEST(a_pending_sign_in_has_a_handle),
		TEST(access_tokens_are_of_one_version),
		TEST(no_step_up_by_anothers_access_token),
		TEST(a_step_up_gives_a_new_pair),
		TEST(a_step_up_is_not_repeated_when_its_token_was_used),
		TEST(revoking_ends_the_family),
		TEST(tokens_outlive_a_new_root),
		TEST(what_is_over_is_purged),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
