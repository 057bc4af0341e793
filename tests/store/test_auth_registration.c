/* Registration and invitation in the database: who gets which account, and who learns what. */
#include "mail_world.h"

#include <pthread.h>

#include "audit_store.h"
#include "invitation.h"
#include "registration.h"
#include "signin.h"

#define EVE "eve@example.org"
#define TO_EVE "recipient = 'eve@example.org'"
#define PAGE_LINKS (1U << MAIL_REGISTRATION)
#define API_LINKS (1U << MAIL_REGISTRATION | 1U << MAIL_INVITATION)
#define AT_ONCE 50

static const struct mail_asker api = {.kind = MAIL_ASKER_API};

static struct mail_asker browser(const char *pre)
{
	return (struct mail_asker){.kind = MAIL_ASKER_BROWSER, .value = str_of(pre)};
}

static int fresh(void **state)
{
	struct world *w = *state;

	w->config.account.registration = REGISTRATION_ON;
	/* What is limited elsewhere (throttle) must not stand in the way here. */
	w->config.throttle.mails = 1000;
	w->config.throttle.mails_day = 1000;
	w->config.throttle.source_mails = 1000;
	w->config.throttle.source_mails_day = 1000;
	w->config.throttle.source_short = 100000;
	w->config.throttle.source_long = 100000;
	w->config.throttle.free_failures = 5;
	return world_clean(state);
}

static struct registration_asked ask_for(struct world *w, const char *email,
					 struct mail_asker asker)
{
	const struct registration_request request = {.email = str_of(email), .asker = asker};
	struct registration_asked asked;

	assert_ok(registration_ask(&w->context, &request, &asked));
	return asked;
}

static void ask(struct world *w, const char *email)
{
	assert_int_equal(ask_for(w, email, api).verdict, REGISTRATION_ACCEPTED);
}

static struct registration_proof proof_of(const char *email, struct str code)
{
	return (struct registration_proof){
		.email = str_of(email),
		.code = code,
		.links = API_LINKS,
		.asker = api,
		.new_password = STR(WORLD_PASSWORD),
	};
}

static struct registration_result prove(struct world *w, const struct registration_proof *proof)
{
	struct registration_result result;

	assert_ok(registration_prove(&w->context, proof, &result));
	return result;
}

static enum registration_verdict shown(struct world *w, const char *email, struct str code)
{
	struct registration_proof proof = proof_of(email, code);

	return prove(w, &proof).verdict;
}

/* Somebody whose address is NAME@example.org. */
static struct id add_owner(struct world *w, const char *name)
{
	struct id id = fixture_add_user(w->fixture, name);

	fixture_sql("UPDATE user SET email = CONCAT(username, '@example.org')");
	return id;
}

static int64_t accounts(const char *email)
{
	char sql[200];

	(void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM user WHERE email = '%s'", email);
	return fixture_number(sql);
}

/* Whether name and password sign in. */
static bool signs_in(struct world *w, const char *name, const char *password)
{
	const struct credential nothing = {.syntax = CREDENTIAL_ABSENT};
	const struct session nobody = {.standing = SESSION_ABSENT};
	const struct signin_request request = {
		.identifier = str_of(name),
		.password = str_of(password),
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.presented = &nothing,
		.current = &nobody,
	};
	enum signin_verdict verdict = SIGNIN_REFUSED;
	struct session_issued issued;
	int64_t wait = 0;

	assert_ok(signin_password(&w->context, &request, &verdict, &wait, &issued));
	return verdict == SIGNIN_ACCEPTED;
}

static void nothing_is_there_before_the_proof(void **state)
{
	struct world *w = *state;
	struct registration_proof proof;
	struct registration_result result;
	struct str mail = STR_NONE;

	ask(w, "  EVE@Example.ORG ");
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password"), 0);
	mail = mail_found(w, TO_EVE " AND kind = 'register'");
	proof = proof_of("Eve@example.org", mail_value_of(mail, "code"));
	proof.username = STR("Eve");
	proof.display_name = STR("Eve E.");
	result = prove(w, &proof);
	assert_int_equal(result.verdict, REGISTRATION_ACCEPTED);
	assert_true(result.password_set);
	assert_str(result.account.user.username, "eve");
	assert_str(result.account.user.email, EVE);
	assert_str(result.account.user.display_name, "Eve E.");
	assert_int_equal(result.account.user.email_proven_at, w->context.now);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM session"), 0);
	assert_true(signs_in(w, EVE, WORLD_PASSWORD));
	assert_true(signs_in(w, "eve", WORLD_PASSWORD));
	assert_int_equal(
		fixture_number("SELECT COUNT(*) FROM audit_event WHERE event IN "
			       "('registration_asked', 'user_registered', 'email_proven')"),
		3);
}

/* RC-05: neither names nor a device's words reach a mailbox that nobody has proven. */
static void what_was_typed_is_kept_but_not_mailed(void **state)
{
	struct world *w = *state;
	const struct registration_request request = {
		.email = STR(EVE),
		.username = STR("Evelyn"),
		.display_name = STR("win at evil.example"),
		.language = STR("pl"),
		.asker = api,
	};
	struct registration_asked asked;
	struct registration_result result;
	struct registration_proof proof;
	struct str mail = STR_NONE;

	assert_ok(registration_ask(&w->context, &request, &asked));
	assert_str(asked.email, EVE);
	mail = mail_found(w, TO_EVE " AND language = 'pl'");
	assert_false(mail_has(mail, "evil"));
	assert_false(mail_has(mail, "evelyn"));
	proof = proof_of(EVE, mail_value_of(mail, "code"));
	result = prove(w, &proof);
	assert_int_equal(result.verdict, REGISTRATION_ACCEPTED);
	assert_str(result.account.user.username, "evelyn");
	assert_str(result.account.user.display_name, "win at evil.example");
	assert_str(result.account.user.language, "pl");
}

static void flaws_are_told_and_nothing_is_done(void **state)
{
	const struct {
		struct registration_request request;
		enum account_flaw flaw;
	} rows[] = {
		{{.email = STR("no address")}, ACCOUNT_BAD_EMAIL},
		{{.email = STR("")}, ACCOUNT_BAD_EMAIL},
		{{.username = STR("alice")}, ACCOUNT_BAD_EMAIL},
		{{.email = STR("a@b.example\r\nBcc: c@d.example")}, ACCOUNT_BAD_EMAIL},
		{{.email = STR("a@b.example,c@d.example")}, ACCOUNT_BAD_EMAIL},
		{{.email = STR(EVE), .username = STR("e v e")}, ACCOUNT_BAD_USERNAME},
		{{.email = STR(EVE), .display_name = STR("a\r\nBcc: c@d.example")},
		 ACCOUNT_BAD_DISPLAY_NAME},
		{{.email = STR(EVE),
		  .display_name = STR("ab\xe2\x80\xae"
				      "cd")},
		 ACCOUNT_BAD_DISPLAY_NAME},
	};
	struct world *w = *state;
	struct registration_asked asked;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_ok(registration_ask(&w->context, &rows[i].request, &asked));
		assert_int_equal(asked.verdict, REGISTRATION_FLAWED);
		assert_int_equal(asked.flaw, rows[i].flaw);
	}
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM throttle"), 0);
}

static void closed_is_closed(void **state)
{
	struct world *w = *state;
	struct str mail = STR_NONE;

	ask(w, EVE);
	mail = mail_found(w, TO_EVE);
	for (int mode = REGISTRATION_OFF; mode <= REGISTRATION_INVITATION; mode++) {
		if (mode == REGISTRATION_ON)
			continue;
		w->config.account.registration = (enum registration)mode;
		assert_int_equal(ask_for(w, "other@example.org", api).verdict, REGISTRATION_CLOSED);
		assert_int_equal(shown(w, EVE, mail_value_of(mail, "code")), REGISTRATION_CLOSED);
		assert_int_equal(shown(w, EVE, STR("00000000")), REGISTRATION_REFUSED);
	}
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox"), 1);
	assert_int_equal(accounts(EVE), 0);
	w->config.account.registration = REGISTRATION_ON;
	assert_int_equal(shown(w, EVE, mail_value_of(mail, "code")), REGISTRATION_ACCEPTED);
}

/* Statements and rows of one ask. */
struct cost {
	uint64_t statements;
	int64_t codes, mails, events;
};

static struct cost cost_of(struct world *w, const char *email)
{
	uint64_t before = statements(w);

	fixture_sql("DELETE FROM mail_code; DELETE FROM outbox; DELETE FROM audit_event");
	ask(w, email);
	return (struct cost){
		.statements = statements(w) - before,
		.codes = fixture_number("SELECT COUNT(*) FROM mail_code"),
		.mails = fixture_number("SELECT COUNT(*) FROM outbox"),
		.events = fixture_number("SELECT COUNT(*) FROM audit_event"),
	};
}

/* TH-12: by answer, statements and rows nobody learns whether an address is free. */
static void free_and_taken_cost_the_same(void **state)
{
	static const char *const taken[] = {"alice@example.org", "locked@example.org",
					    "closed@example.org"};
	struct world *w = *state;
	struct cost unknown;

	for (size_t i = 0; i < 3; i++) {
		char name[20];

		(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(taken[i], "@"), taken[i]);
		(void)add_owner(w, name);
	}
	fixture_sql("UPDATE user SET state = 2 WHERE username = 'locked';"
		    "UPDATE user SET state = 3 WHERE username = 'closed'");
	/* Everything is prepared. */
	ask(w, "first@example.org");
	ask(w, taken[0]);
	unknown = cost_of(w, "nobody@example.org");
	assert_int_equal(unknown.codes, 1);
	assert_int_equal(unknown.mails, 1);
	assert_int_equal(unknown.events, 1);
	for (size_t i = 0; i < 3; i++) {
		struct cost known = cost_of(w, taken[i]);

		assert_int_equal(
			fixture_number("SELECT COUNT(*) FROM outbox WHERE kind = 'register-taken'"),
			1);
		assert_memory_equal(&known, &unknown, sizeof known);
	}
	fixture_sql("INSERT INTO mail_code SELECT 0x01, 4, 0x02, 'was@example.org', NULL, 0x03, "
		    "0x04, 0x05, '', '', 0, 0, 0, 9000000000000000, NULL");
	{
		uint64_t before = statements(w);

		ask(w, "was@example.org");
		assert_int_equal(statements(w) - before, unknown.statements);
	}
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox WHERE recipient = "
					"'was@example.org'"),
			 0);
}

static void the_owner_of_a_taken_address_is_told_and_no_code_works(void **state)
{
	struct world *w = *state;
	struct id alice = add_owner(w, "alice");
	struct str mail = STR_NONE;

	fixture_sql("UPDATE user SET language = 'pl', display_name = 'Alice A'");
	ask(w, "alice@example.org");
	mail = mail_found(w, "recipient = 'alice@example.org' AND kind = 'register-taken' AND "
			     "language = 'pl'");
	assert_str(mail_value_of(mail, "link"), "https://www.example.org/auth/recover");
	assert_str(mail_value_of(mail, "display_name"), "Alice A");
	assert_false(str_is_present(mail_value_of(mail, "code")));
	/* Nobody knows what the row would be proven with: not even who reads it. */
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose = 1"), 1);
	assert_int_equal(shown(w, "alice@example.org", STR("12345678")), REGISTRATION_REFUSED);
	assert_int_equal(count_of(w, alice), 0);
	assert_int_equal(accounts("alice@example.org"), 1);
}

/* TH-11: one mail too many is answered as all the others, and does nothing. */
static void over_the_limit_nothing_is_done(void **state)
{
	struct world *w = *state;

	w->config.throttle.mails = 3;
	for (int i = 0; i < 5; i++) {
		ask(w, EVE);
		w->context.now += CLOCK_SECOND;
	}
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox"), 3);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event"), 3);
	assert_int_equal(shown(w, EVE, mail_value_of(mail_found(w, TO_EVE), "code")),
			 REGISTRATION_ACCEPTED);
}

static void codes_are_guessed_in_vain(void **state)
{
	struct world *w = *state;
	struct str mail = STR_NONE;
	struct str code = STR_NONE;
	struct str guess = STR_NONE;

	ask(w, EVE);
	mail = mail_found(w, TO_EVE);
	code = mail_value_of(mail, "code");
	guess = str_equal(code, STR("11111111")) ? STR("22222222") : STR("11111111");
	for (int i = 0; i < MAIL_CODE_TRIES; i++)
		assert_int_equal(shown(w, EVE, guess), REGISTRATION_REFUSED);
	/* Dead, and then the address waits as well. The link is not: it cannot be guessed. */
	assert_int_not_equal(shown(w, EVE, code), REGISTRATION_ACCEPTED);
	w->context.now += 5 * CLOCK_MINUTE;
	assert_int_equal(shown(w, EVE, code), REGISTRATION_REFUSED);
	assert_int_equal(accounts(EVE), 0);
	assert_int_equal(shown(w, EVE, mail_link_code(mail)), REGISTRATION_ACCEPTED);
	assert_int_equal(accounts(EVE), 1);
}

static void used_late_and_replaced_codes_are_over(void **state)
{
	struct world *w = *state;
	struct str first = STR_NONE;
	struct str second = STR_NONE;

	ask(w, EVE);
	first = mail_found(w, TO_EVE);
	w->context.now += CLOCK_MINUTE;
	ask(w, EVE);
	second = mail_found(w, TO_EVE);
	assert_int_equal(shown(w, EVE, mail_link_code(first)), REGISTRATION_REFUSED);
	if (!str_equal(mail_value_of(first, "code"), mail_value_of(second, "code")))
		assert_int_equal(shown(w, EVE, mail_value_of(first, "code")), REGISTRATION_REFUSED);
	w->context.now += 10 * CLOCK_MINUTE;
	assert_int_equal(shown(w, EVE, mail_value_of(second, "code")), REGISTRATION_OVER);
	w->context.now += CLOCK_DAY - 10 * CLOCK_MINUTE;
	assert_int_equal(shown(w, EVE, mail_link_code(second)), REGISTRATION_OVER);
	/* The clock is put back: one microsecond before the end it is good. */
	w->context.now -= 1;
	assert_int_equal(shown(w, EVE, mail_link_code(second)), REGISTRATION_ACCEPTED);
	assert_int_equal(shown(w, EVE, mail_link_code(second)), REGISTRATION_OVER);
	assert_int_equal(accounts(EVE), 1);
}

/* RC-02: neither in another flow, nor from elsewhere, nor of another address. */
static void a_code_is_good_for_one_thing(void **state)
{
	struct world *w = *state;
	struct mail_code_made recovery;
	const struct mail_code_request request = {
		.purpose = MAIL_RECOVERY, .address = STR(EVE), .asker = api};
	struct registration_proof proof;
	struct str mail = STR_NONE;

	assert_int_equal(db_begin(w->db), OK);
	assert_ok(mail_code_put(&w->context, w->db, &request, &recovery));
	assert_int_equal(db_commit(w->db), OK);
	assert_int_equal(ask_for(w, EVE, browser("here")).verdict, REGISTRATION_ACCEPTED);
	mail = mail_found(w, TO_EVE);
	proof = proof_of(EVE, (struct str){(const char *)recovery.link.bytes, recovery.link.len});
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_REFUSED);
	proof.code = (struct str){(const char *)recovery.code.bytes, recovery.code.len};
	if (!str_equal(proof.code, mail_value_of(mail, "code")))
		assert_int_equal(prove(w, &proof).verdict, REGISTRATION_REFUSED);
	proof.code = mail_value_of(mail, "code");
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_REFUSED);
	proof.asker = browser("there");
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_REFUSED);
	proof.asker = browser("here");
	proof.email = STR("bob@example.org");
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_REFUSED);
	proof.code = mail_link_code(mail);
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_REFUSED);
	proof.email = STR(EVE);
	proof.links = 1U << MAIL_INVITATION;
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_REFUSED);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user"), 0);
	proof.links = PAGE_LINKS;
	proof.code = mail_value_of(mail, "code");
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_ACCEPTED);
}

static void a_flaw_leaves_the_code_as_good_as_before(void **state)
{
	struct world *w = *state;
	struct registration_proof proof;
	struct registration_result result;

	(void)add_owner(w, "alice");
	ask(w, EVE);
	proof = proof_of(EVE, mail_value_of(mail_found(w, TO_EVE), "code"));
	const struct {
		struct str password, username, display_name;
		enum account_flaw flaw;
	} rows[] = {
		{STR("short"), STR_NONE, STR_NONE, ACCOUNT_BAD_PASSWORD},
		{STR(WORLD_PASSWORD), STR("ALICE"), STR_NONE, ACCOUNT_TAKEN},
		{STR(WORLD_PASSWORD), STR("al ice"), STR_NONE, ACCOUNT_BAD_USERNAME},
		{STR(WORLD_PASSWORD), STR_NONE, STR("a\nb"), ACCOUNT_BAD_DISPLAY_NAME},
	};

	for (size_t i = 0; i < 20; i++) {
		struct registration_proof flawed = proof;

		flawed.new_password = rows[i % 4].password;
		flawed.username = rows[i % 4].username;
		flawed.display_name = rows[i % 4].display_name;
		result = prove(w, &flawed);
		assert_int_equal(result.verdict, REGISTRATION_FLAWED);
		assert_int_equal(result.account.flaw, rows[i % 4].flaw);
		assert_false(result.address_taken);
	}
	assert_int_equal(accounts(EVE), 0);
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_ACCEPTED);
}

/* MF-10: the attacker is first, in every order of events; the mailbox decides. */
static void asking_first_gives_an_attacker_nothing(void **state)
{
	struct world *w = *state;

	for (unsigned order = 0; order < 4; order++) {
		struct registration_proof theirs;
		struct registration_proof hers;

		assert_int_equal(fresh(state), 0);
		/* Whose mail is read: the attacker asks, she asks, and the other way round. */
		assert_int_equal(ask_for(w, EVE, browser(order & 1 ? "hers" : "theirs")).verdict,
				 REGISTRATION_ACCEPTED);
		w->context.now += CLOCK_SECOND;
		assert_int_equal(ask_for(w, EVE, browser(order & 1 ? "theirs" : "hers")).verdict,
				 REGISTRATION_ACCEPTED);
		hers = proof_of(EVE, mail_value_of(mail_found(w, TO_EVE), "code"));
		if (order & 2)
			hers.code = mail_link_code(mail_found(w, TO_EVE));
		hers.asker = browser("hers");
		/* The attacker guesses, and sets a password of their own choice beforehand. */
		theirs = proof_of(EVE, STR("31415926"));
		theirs.asker = browser("theirs");
		theirs.new_password = STR("what the attacker would like");
		if (!str_equal(theirs.code, hers.code))
			assert_int_equal(prove(w, &theirs).verdict, REGISTRATION_REFUSED);
		assert_int_equal(accounts(EVE), 0);
		if (prove(w, &hers).verdict != REGISTRATION_ACCEPTED) {
			/* The code that came was asked for elsewhere: its link goes anywhere. */
			assert_int_equal(order, 1);
			hers.code = mail_link_code(mail_found(w, TO_EVE));
			assert_int_equal(prove(w, &hers).verdict, REGISTRATION_ACCEPTED);
		}
		assert_int_not_equal(prove(w, &theirs).verdict, REGISTRATION_ACCEPTED);
		assert_false(signs_in(w, EVE, "what the attacker would like"));
		assert_true(signs_in(w, EVE, WORLD_PASSWORD));
		/* And what they ask for from now on goes to her, and gives no code. */
		w->context.now += CLOCK_SECOND;
		ask(w, EVE);
		(void)mail_found(w, TO_EVE " AND kind = 'register-taken'");
	}
}

/* MF-10: what the attacker's own account waits for, with her address, is void with her proof. */
static void a_proof_voids_what_waits_for_that_address(void **state)
{
	struct world *w = *state;
	struct id mallory = add_owner(w, "mallory");
	const struct mail_code_request theirs = {
		.purpose = MAIL_ADDRESS,
		.address = STR(EVE),
		.user_id = mallory,
		.asker = {.kind = MAIL_ASKER_USER, .value = {(const char *)mallory.b, ID_BYTES}},
	};
	const struct invitation_request invitation = {.email = STR(EVE)};
	struct invitation_result invited;
	struct mail_code_made made;
	struct mail_code_row row;
	enum mail_verdict verdict = MAIL_RIGHT;
	int64_t wait = 0;

	assert_ok(invitation_send(&w->context, &invitation, &invited));
	assert_int_equal(db_begin(w->db), OK);
	assert_ok(mail_code_put(&w->context, w->db, &theirs, &made));
	assert_int_equal(db_commit(w->db), OK);
	w->context.now += CLOCK_SECOND;
	ask(w, EVE);
	assert_int_equal(shown(w, EVE, mail_link_code(mail_found(w, TO_EVE))),
			 REGISTRATION_ACCEPTED);
	const struct mail_claim claim = {
		.purpose = MAIL_ADDRESS,
		.links = 1U << MAIL_ADDRESS,
		.address = STR(EVE),
		.user_id = mallory,
		.code = {(const char *)made.link.bytes, made.link.len},
	};
	assert_ok(mail_code_check(&w->context, &claim, &verdict, &row, &wait));
	assert_int_equal(verdict, MAIL_WRONG);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE used_at IS NULL"), 0);
}

/*
 * An account with her address is made between her asking and her proof (imported, by the command, a
 * change of address): it is not touched; she recovers it, which ends what is not hers.
 */
static void an_account_that_came_between_stays_as_it_is(void **state)
{
	struct world *w = *state;
	struct registration_proof proof;
	struct registration_result result;
	struct id eve = ID_NONE;

	ask(w, EVE);
	proof = proof_of(EVE, mail_value_of(mail_found(w, TO_EVE), "code"));
	eve = add_owner(w, "eve");
	result = prove(w, &proof);
	assert_int_equal(result.verdict, REGISTRATION_FLAWED);
	assert_int_equal(result.account.flaw, ACCOUNT_TAKEN);
	assert_true(result.address_taken);
	assert_int_equal(accounts(EVE), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM password"), 0);
	assert_int_equal(count_of(w, eve), 0);
}

/* Each with a connection of its own. */
struct prover {
	struct world *w;
	pthread_barrier_t *start;
	struct registration_proof proof;
	enum registration_verdict verdict;
	enum err e;
};

static void *run(void *opaque)
{
	struct prover *p = opaque;
	struct auth_context context = p->w->context;
	struct registration_result result = {.verdict = REGISTRATION_REFUSED};

	db_thread_init();
	context.db = fixture_db(&p->w->config, DB_ROLE_WEB);
	p->e = arena_open(4096, 4 * 1048576, &context.arena);
	pthread_barrier_wait(p->start);
	if (p->e == OK)
		p->e = registration_prove(&context, &p->proof, &result);
	p->verdict = result.verdict;
	arena_close(&context.arena);
	db_close(&context.db);
	db_thread_done();
	return NULL;
}

/* Returns how many were accepted. */
static unsigned all_at_once(struct world *w, const struct registration_proof *proofs, size_t n)
{
	static struct prover provers[AT_ONCE];
	pthread_t threads[AT_ONCE];
	pthread_barrier_t start;
	unsigned wins = 0;

	assert_int_equal(pthread_barrier_init(&start, NULL, AT_ONCE), 0);
	for (size_t i = 0; i < AT_ONCE; i++) {
		provers[i] = (struct prover){.w = w, .start = &start, .proof = proofs[i % n]};
		assert_int_equal(pthread_create(&threads[i], NULL, run, &provers[i]), 0);
	}
	for (size_t i = 0; i < AT_ONCE; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(provers[i].e == OK || provers[i].e == ERR_UNAVAILABLE);
		wins += provers[i].e == OK && provers[i].verdict == REGISTRATION_ACCEPTED ? 1 : 0;
	}
	assert_int_equal(pthread_barrier_destroy(&start), 0);
	return wins;
}

/* RC-01: one of fifty, with the same link, with two links of one address, and for one user name. */
static void of_fifty_at_once_one_gets_the_account(void **state)
{
	struct world *w = *state;
	const struct invitation_request invitation = {.email = STR(EVE)};
	struct registration_proof proofs[2];
	struct invitation_result invited;

	assert_ok(invitation_send(&w->context, &invitation, &invited));
	ask(w, EVE);
	proofs[0] = proof_of(EVE, mail_link_code(mail_found(w, TO_EVE " AND kind = 'register'")));
	proofs[1] = proof_of(EVE, mail_link_code(mail_found(w, TO_EVE " AND kind = 'invite'")));
	proofs[0].new_password = STR_NONE;
	proofs[1].new_password = STR_NONE;
	assert_int_equal(all_at_once(w, proofs, 1), 1);
	assert_int_equal(accounts(EVE), 1);
	fixture_sql("DELETE FROM user; UPDATE mail_code SET used_at = NULL WHERE purpose = 6");
	assert_ok(invitation_send(&w->context, &invitation, &invited));
	ask(w, EVE);
	proofs[0].code = mail_link_code(mail_found(w, TO_EVE " AND kind = 'register'"));
	w->context.now += 1;
	fixture_sql("DELETE FROM outbox");
	assert_ok(invitation_send(&w->context, &invitation, &invited));
	proofs[1].code = mail_link_code(mail_found(w, TO_EVE " AND kind = 'invite'"));
	assert_int_equal(all_at_once(w, proofs, 2), 1);
	assert_int_equal(accounts(EVE), 1);
}

static void one_user_name_goes_to_one(void **state)
{
	struct world *w = *state;
	struct registration_proof proofs[AT_ONCE];
	static char addresses[AT_ONCE][32];

	for (size_t i = 0; i < AT_ONCE; i++) {
		char where[80];

		(void)snprintf(addresses[i], sizeof addresses[i], "eve%zu@example.org", i);
		(void)snprintf(where, sizeof where, "recipient = '%s'", addresses[i]);
		ask(w, addresses[i]);
		proofs[i] = proof_of(addresses[i], mail_link_code(mail_found(w, where)));
		proofs[i].username = STR("eve");
		proofs[i].new_password = STR_NONE;
	}
	assert_int_equal(all_at_once(w, proofs, AT_ONCE), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM user"), 1);
	/* The others' codes are as good as before. */
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code WHERE purpose = 1 AND "
					"used_at IS NULL"),
			 AT_ONCE - 1);
}

/* With one mailbox nobody lists which user names are taken: a free one waits like a taken one. */
static void names_are_not_listed_with_a_code(void **state)
{
	struct world *w = *state;
	struct registration_proof proof;

	(void)fixture_add_user(w->fixture, "alice");
	ask(w, EVE);
	proof = proof_of(EVE, mail_link_code(mail_found(w, TO_EVE)));
	proof.new_password = STR("short");
	for (unsigned i = 0; i < w->config.throttle.free_failures; i++) {
		proof.username = i % 2 == 0 ? STR("alice") : STR("free");
		assert_int_equal(prove(w, &proof).verdict, REGISTRATION_FLAWED);
	}
	proof.username = STR("alice");
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_THROTTLED);
	proof.username = STR("free");
	assert_true(prove(w, &proof).wait > 0);
	proof.new_password = STR(WORLD_PASSWORD);
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_THROTTLED);
	w->context.now += 30 * CLOCK_SECOND;
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_ACCEPTED);
}

/* Without a password the code is good for choosing one, once, where it was good before. */
static void the_password_may_come_after_the_proof(void **state)
{
	struct world *w = *state;

	for (int by_link = 0; by_link < 2; by_link++) {
		struct registration_proof proof;
		struct registration_result result;
		struct mail_claim claim;
		struct mail_code_row row;
		enum mail_verdict verdict = MAIL_WRONG;
		struct str mail = STR_NONE;
		int64_t wait = 0;

		assert_int_equal(fresh(state), 0);
		ask(w, EVE);
		mail = mail_found(w, TO_EVE);
		proof = proof_of(EVE, by_link ? mail_link_code(mail) : mail_value_of(mail, "code"));
		proof.new_password = STR_NONE;
		result = prove(w, &proof);
		assert_int_equal(result.verdict, REGISTRATION_ACCEPTED);
		assert_false(result.password_set);
		assert_int_equal(fixture_number("SELECT COUNT(*) FROM password"), 0);
		assert_int_equal(prove(w, &proof).verdict, REGISTRATION_REFUSED);
		claim = (struct mail_claim){
			.purpose = MAIL_RECOVERY,
			.links = 1U << MAIL_RECOVERY,
			.address = STR(EVE),
			.code = proof.code,
			.asker = browser("elsewhere"),
		};
		assert_ok(mail_code_check(&w->context, &claim, &verdict, &row, &wait));
		assert_int_equal(verdict, by_link ? MAIL_RIGHT : MAIL_WRONG);
		claim.asker = api;
		assert_ok(mail_code_check(&w->context, &claim, &verdict, &row, &wait));
		assert_int_equal(verdict, MAIL_RIGHT);
		assert_true(id_equal(row.user_id, result.account.user.id));
		w->context.now += 10 * CLOCK_MINUTE;
		assert_ok(mail_code_check(&w->context, &claim, &verdict, &row, &wait));
		assert_int_equal(verdict, MAIL_OVER);
	}
}

static void a_link_that_is_looked_at_is_not_used(void **state)
{
	struct world *w = *state;
	struct registration_proof proof;
	struct registration_result result;
	struct mail_code_row row;
	uint64_t before = 0;

	ask(w, EVE);
	proof = (struct registration_proof){
		.code = mail_link_code(mail_found(w, TO_EVE)),
		.links = PAGE_LINKS,
	};
	assert_ok(registration_look(&w->context, &proof, &row, &result));
	before = statements(w);
	for (int i = 0; i < 100; i++) {
		assert_ok(registration_look(&w->context, &proof, &row, &result));
		assert_int_equal(result.verdict, REGISTRATION_ACCEPTED);
	}
	assert_int_equal(statements(w) - before, 100);
	proof.ticket = row.id;
	proof.code = STR_NONE;
	proof.new_password = STR(WORLD_PASSWORD);
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_ACCEPTED);
	assert_int_equal(prove(w, &proof).verdict, REGISTRATION_OVER);
}

static void invitations(void **state)
{
	static const struct str roles[] = {{"admin", 5}};
	struct world *w = *state;
	const struct invitation_request request = {
		.email = STR("Eve@Example.org"),
		.username = STR("eve"),
		.display_name = STR("Eve E."),
		.language = STR("pl"),
		.roles = roles,
		.role_count = 1,
	};
	struct registration_proof proof;
	struct registration_result result;
	struct invitation_result invited;
	struct str mail = STR_NONE;

	w->config.account.registration = REGISTRATION_OFF;
	assert_ok(invitation_send(&w->context, &request, &invited));
	assert_int_equal(invited.flaw, ACCOUNT_FINE);
	assert_str(invited.email, EVE);
	assert_int_equal(invited.expires_at, w->context.now + 7 * CLOCK_DAY);
	mail = mail_found(w, TO_EVE " AND kind = 'invite' AND language = 'pl'");
	assert_str(mail_value_of(mail, "days"), "7");
	assert_false(str_is_present(mail_value_of(mail, "code")));
	w->context.now += 6 * CLOCK_DAY;
	proof = proof_of(EVE, mail_link_code(mail));
	result = prove(w, &proof);
	assert_int_equal(result.verdict, REGISTRATION_ACCEPTED);
	assert_str(result.account.user.username, "eve");
	assert_true(mail_has(result.account.user.grants, "role:admin"));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event WHERE event = "
					"'user_registered' AND detail = 'invited'"),
			 1);
}

static void who_cannot_be_invited(void **state)
{
	static const struct str unknown[] = {{"nobody", 6}};
	static const struct str odd[] = {{"a b\n", 4}};
	struct world *w = *state;
	const struct {
		struct invitation_request request;
		enum account_flaw flaw;
	} rows[] = {
		{{.email = STR("alice@example.org")}, ACCOUNT_TAKEN},
		{{.email = STR(EVE), .username = STR("alice")}, ACCOUNT_TAKEN},
		{{.email = STR("eve")}, ACCOUNT_BAD_EMAIL},
		{{.username = STR("eve")}, ACCOUNT_BAD_EMAIL},
		{{.email = STR(EVE), .roles = unknown, .role_count = 1}, ACCOUNT_UNKNOWN_ROLE},
		{{.email = STR(EVE), .roles = odd, .role_count = 1}, ACCOUNT_UNKNOWN_ROLE},
		{{.email = STR(EVE), .display_name = STR("\xe2\x80\x8b")},
		 ACCOUNT_BAD_DISPLAY_NAME},
	};
	struct invitation_result invited;

	(void)add_owner(w, "alice");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_ok(invitation_send(&w->context, &rows[i].request, &invited));
		assert_int_equal(invited.flaw, rows[i].flaw);
	}
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox"), 0);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM mail_code"), 0);
}

static void a_withdrawn_invitation_is_none(void **state)
{
	struct world *w = *state;
	const struct invitation_request request = {.email = STR(EVE)};
	struct invitation_result invited;
	bool withdrawn = true;

	assert_ok(invitation_withdraw(&w->context, STR(EVE), &withdrawn));
	assert_false(withdrawn);
	assert_ok(invitation_send(&w->context, &request, &invited));
	assert_ok(invitation_withdraw(&w->context, STR("EVE@example.org"), &withdrawn));
	assert_true(withdrawn);
	assert_int_equal(shown(w, EVE, mail_link_code(mail_found(w, TO_EVE))),
			 REGISTRATION_REFUSED);
	assert_int_equal(invitation_withdraw(&w->context, STR("eve"), &withdrawn), ERR_INPUT);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM audit_event WHERE event = "
					"'invitation_withdrawn'"),
			 1);
}

/* What a role is called is asked again when it is given: one that went is left out. */
static void a_role_that_went_is_left_out(void **state)
{
	static const struct str roles[] = {{"short", 5}, {"admin", 5}};
	struct world *w = *state;
	const struct invitation_request request = {
		.email = STR(EVE), .roles = roles, .role_count = 2};
	struct invitation_result invited;
	struct registration_proof proof;
	struct registration_result result;

	fixture_sql(
		"INSERT INTO role (id, name, elevated, created_at) VALUES (0x01, 'short', 0, 0)");
	assert_ok(invitation_send(&w->context, &request, &invited));
	assert_int_equal(invited.flaw, ACCOUNT_FINE);
	fixture_sql("DELETE FROM role WHERE name = 'short'");
	proof = proof_of(EVE, mail_link_code(mail_found(w, TO_EVE)));
	result = prove(w, &proof);
	assert_int_equal(result.verdict, REGISTRATION_ACCEPTED);
	assert_true(mail_has(result.account.user.grants, "role:admin"));
	assert_false(mail_has(result.account.user.grants, "role:short"));
}

#define TEST(f) cmocka_unit_test_setup(f, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_there_before_the_proof),
		TEST(what_was_typed_is_kept_but_not_mailed),
		TEST(flaws_are_told_and_nothing_is_done),
		TEST(closed_is_closed),
		TEST(free_and_taken_cost_the_same),
		TEST(the_owner_of_a_taken_address_is_told_and_no_code_works),
		TEST(over_the_limit_nothing_is_done),
		TEST(codes_are_guessed_in_vain),
		TEST(used_late_and_replaced_codes_are_over),
		TEST(a_code_is_good_for_one_thing),
		TEST(a_flaw_leaves_the_code_as_good_as_before),
		TEST(asking_first_gives_an_attacker_nothing),
		TEST(a_proof_voids_what_waits_for_that_address),
		TEST(an_account_that_came_between_stays_as_it_is),
		TEST(of_fifty_at_once_one_gets_the_account),
		TEST(one_user_name_goes_to_one),
		TEST(names_are_not_listed_with_a_code),
		TEST(the_password_may_come_after_the_proof),
		TEST(a_link_that_is_looked_at_is_not_used),
		TEST(invitations),
		TEST(who_cannot_be_invited),
		TEST(a_withdrawn_invitation_is_none),
		TEST(a_role_that_went_is_left_out),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
