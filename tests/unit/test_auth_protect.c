/* What [protect] sections say: of a place, of a method, and of whoever asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_conf.h"
#include "clock.h"
#include "protect.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW (INT64_C(1800000000) * CLOCK_SECOND)

#define SECTION(path, require) "[protect \"" path "\"]\nrequire = " require "\n"
#define METHODS(path, methods, require) SECTION(path, require) "methods = " methods "\n"

/* Who may ask. */
enum who {
	STRANGER,
	UNKNOWN,  /* what was presented is no session */
	EXPIRED,  /* alice's, with all that she has */
	REPLACED, /* the same */
	GUEST,
	PENDING,      /* alice's, before her second factor */
	PENDING_USER, /* the same without any grant */
	HELD,         /* alice's */
	PLAIN,        /* signed in an hour ago, without any grant */
	ALICE,        /* role:editor, perm:pages:write; two factors, just now */
	OLD_ALICE,    /* the same, an hour ago, with one factor */
	MEMBER,       /* of acme, where role:treasurer is held */
	FORMER,       /* the same, who is no member any more */
	WHO_COUNT
};

static struct session user(const char *name, const char *grants, unsigned aal, int64_t age)
{
	struct session session = {
		.standing = SESSION_LIVE,
		.aal = aal,
		.found = {.user_state = USER_ACTIVE,
			  .username = str_of(name),
			  .email = STR("alice@example.org"),
			  .user_grants = str_of(grants),
			  .session = {.user_id = {{7}},
				      .state = SESSION_ACTIVE,
				      .aal = aal,
				      .auth_time = NOW - age}},
	};

	return session;
}

static struct session session_of(enum who who)
{
	struct session alice = user("alice", "role:editor perm:pages:write", 2, CLOCK_SECOND);
	struct session member = user("max", "", 1, CLOCK_HOUR);

	member.found.tenant_name = STR("acme");
	member.found.tenant_grants = STR("role:treasurer");
	switch (who) {
	case STRANGER:
		return (struct session){.standing = SESSION_ABSENT};
	case UNKNOWN:
		return (struct session){.standing = SESSION_UNKNOWN};
	case EXPIRED:
		alice.standing = SESSION_EXPIRED;
		return alice;
	case REPLACED:
		alice.standing = SESSION_REPLACED;
		return alice;
	case GUEST:
		return (struct session){.standing = SESSION_LIVE, .aal = 0};
	case PENDING:
		alice.standing = SESSION_PENDING;
		return alice;
	case PENDING_USER:
		member = user("max", "", 1, CLOCK_SECOND);
		member.standing = SESSION_PENDING;
		return member;
	case HELD:
		alice.standing = SESSION_HELD;
		return alice;
	case PLAIN:
		return user("paul", "", 1, CLOCK_HOUR);
	case OLD_ALICE:
		return user("alice", "role:editor perm:pages:write", 1, CLOCK_HOUR);
	case MEMBER:
		return member;
	case FORMER:
		member.found.tenant_grants = STR_NONE;
		return member;
	default:
		return alice;
	}
}

struct row {
	enum who who;
	enum protect_verdict verdict;
	bool needs_aal2;
	int64_t max_age;
};

static struct protect_request at(const char *path, const char *method)
{
	return (struct protect_request){
		.path = str_of(path), .method = str_of(method), .ip = STR("192.0.2.7"), .now = NOW};
}

/* A place with that requirement: what each of the rows is told. */
static void told(struct scratch *scratch, const char *require, const struct row *rows, size_t n)
{
	char content[512];

	(void)snprintf(content, sizeof content, "%s[protect \"/a\"]\nrequire = %s\n", REQUIRED,
		       require);
	const struct config *config = loaded(scratch, content);
	for (size_t i = 0; i < n; i++) {
		struct protect_request request = at("/a/b", "GET");
		struct session session = session_of(rows[i].who);
		struct protect_decision decision = protect_decide(config, &request, &session);

		if (decision.verdict != rows[i].verdict ||
		    decision.needs_aal2 != rows[i].needs_aal2 ||
		    decision.max_age != rows[i].max_age)
			fail_msg("%s: who %d: verdict %d, aal2 %d, max-age %lld", require,
				 rows[i].who, decision.verdict, decision.needs_aal2,
				 (long long)decision.max_age);
		assert_ptr_equal(decision.rule, &config->protects[0]);
		assert_int_equal(decision.unmet == NULL, decision.verdict == PROTECT_GRANTED);
	}
}

#define TOLD(require, ...)                                                                         \
	do {                                                                                       \
		static const struct row rows_[] = {__VA_ARGS__};                                   \
		told(*state, (require), rows_, COUNT(rows_));                                      \
	} while (0)

#define MAY(who)                                                                                   \
	{                                                                                          \
		who, PROTECT_GRANTED, false, 0                                                     \
	}
#define MAY_NOT(who)                                                                               \
	{                                                                                          \
		who, PROTECT_FORBIDDEN, false, 0                                                   \
	}
#define SIGN_IN(who)                                                                               \
	{                                                                                          \
		who, PROTECT_SIGN_IN, false, 0                                                     \
	}
#define COMPLETE(who)                                                                              \
	{                                                                                          \
		who, PROTECT_COMPLETE, false, 0                                                    \
	}
#define PROVE(who)                                                                                 \
	{                                                                                          \
		who, PROTECT_STEP_UP, false, 0                                                     \
	}
#define FACTOR(who)                                                                                \
	{                                                                                          \
		who, PROTECT_STEP_UP, true, 0                                                      \
	}
#define AGAIN(who, age)                                                                            \
	{                                                                                          \
		who, PROTECT_STEP_UP, false, age                                                   \
	}
#define NOBODY_YET                                                                                 \
	SIGN_IN(STRANGER), SIGN_IN(UNKNOWN), SIGN_IN(EXPIRED), SIGN_IN(REPLACED),                  \
		COMPLETE(PENDING), COMPLETE(PENDING_USER)
#define NOR_HELD NOBODY_YET, PROVE(HELD)

static void each_word(void **state)
{
	TOLD("public", MAY(STRANGER), MAY(UNKNOWN), MAY(EXPIRED), MAY(REPLACED), MAY(GUEST),
	     MAY(PENDING), MAY(HELD), MAY(PLAIN));
	TOLD("guest", NOR_HELD, MAY(GUEST), MAY(PLAIN), MAY(ALICE));
	TOLD("user", NOR_HELD, SIGN_IN(GUEST), MAY(PLAIN), MAY(ALICE), MAY(MEMBER), MAY(FORMER));
	TOLD("user:alice", NOR_HELD, SIGN_IN(GUEST), MAY_NOT(PLAIN), MAY(ALICE), MAY(OLD_ALICE));
	TOLD("user:Alice@Example.org", NOR_HELD, MAY(ALICE));
	TOLD("user:alic", MAY_NOT(ALICE));
	TOLD("user:alice2", MAY_NOT(ALICE));
	TOLD("role:editor", NOR_HELD, SIGN_IN(GUEST), MAY_NOT(PLAIN), MAY(ALICE));
	TOLD("role:edit", MAY_NOT(ALICE));
	TOLD("role:pages:write", MAY_NOT(ALICE));
	TOLD("permission:pages:write", NOR_HELD, SIGN_IN(GUEST), MAY_NOT(PLAIN), MAY(ALICE));
	TOLD("permission:editor", MAY_NOT(ALICE));
	TOLD("permission:pages", MAY_NOT(ALICE));
	TOLD("tenant", NOR_HELD, SIGN_IN(GUEST), MAY_NOT(ALICE), MAY(MEMBER), MAY_NOT(FORMER));
	TOLD("tenant:acme", NOR_HELD, SIGN_IN(GUEST), MAY(MEMBER), MAY_NOT(FORMER));
	TOLD("tenant:beta", MAY_NOT(MEMBER));
	TOLD("aal2", NOR_HELD, SIGN_IN(GUEST), FACTOR(PLAIN), FACTOR(OLD_ALICE), MAY(ALICE));
	TOLD("max-age:5m", NOBODY_YET, AGAIN(HELD, 5 * CLOCK_MINUTE), SIGN_IN(GUEST),
	     AGAIN(PLAIN, 5 * CLOCK_MINUTE), MAY(ALICE));
	TOLD("network:192.0.2.0/24", MAY(STRANGER), MAY(UNKNOWN), MAY(PENDING), MAY(HELD),
	     MAY(GUEST), MAY(PLAIN));
	TOLD("network:203.0.113.0/24", MAY_NOT(STRANGER), MAY_NOT(UNKNOWN), MAY_NOT(EXPIRED),
	     MAY_NOT(PENDING), MAY_NOT(HELD), MAY_NOT(GUEST), MAY_NOT(ALICE));
}

static void all_of_several(void **state)
{
	TOLD("role:editor, aal2, max-age:5m", NOBODY_YET, AGAIN(HELD, 5 * CLOCK_MINUTE),
	     SIGN_IN(GUEST), MAY_NOT(PLAIN), MAY(ALICE),
	     {OLD_ALICE, PROTECT_STEP_UP, true, 5 * CLOCK_MINUTE});
	TOLD("max-age:2h, max-age:5m, max-age:10m", AGAIN(OLD_ALICE, 5 * CLOCK_MINUTE), MAY(ALICE));
	TOLD("max-age:2h", MAY(OLD_ALICE));
	TOLD("user, network:192.0.2.0/24", NOR_HELD, MAY(PLAIN));
	/* Who may not in any case is not asked to do something first. */
	TOLD("user, network:203.0.113.0/24", MAY_NOT(STRANGER), MAY_NOT(GUEST), MAY_NOT(PENDING),
	     MAY_NOT(HELD), MAY_NOT(ALICE));
	TOLD("network:203.0.113.0/24, aal2", MAY_NOT(STRANGER), MAY_NOT(OLD_ALICE));
	TOLD("guest, user", SIGN_IN(GUEST), MAY(PLAIN));
}

static void one_of_several(void **state)
{
	TOLD("role:editor|tenant:acme", NOR_HELD, SIGN_IN(GUEST), MAY_NOT(PLAIN), MAY(ALICE),
	     MAY(MEMBER), MAY_NOT(FORMER));
	TOLD("network:192.0.2.0/24|user", MAY(STRANGER), MAY(PENDING), MAY(PLAIN));
	TOLD("network:203.0.113.0/24|user", NOR_HELD, SIGN_IN(GUEST), MAY(PLAIN));
	TOLD("aal2|role:editor", FACTOR(PLAIN), MAY(OLD_ALICE));
	TOLD("role:admin|aal2", FACTOR(PLAIN), MAY(ALICE));
	/* Of two ways to step up the one that a password does; of two ages the easier. */
	TOLD("aal2|max-age:5m", AGAIN(PLAIN, 5 * CLOCK_MINUTE), MAY(ALICE));
	TOLD("max-age:5m|aal2", AGAIN(PLAIN, 5 * CLOCK_MINUTE), MAY(ALICE));
	TOLD("max-age:5m|max-age:10m", AGAIN(PLAIN, 10 * CLOCK_MINUTE), MAY(ALICE));
	TOLD("max-age:10m|max-age:5m", AGAIN(PLAIN, 10 * CLOCK_MINUTE));
	/* A group with no way out decides before those that have one. */
	TOLD("aal2|max-age:5m, role:admin|user:bob", MAY_NOT(OLD_ALICE), MAY_NOT(ALICE));
}

/* What is held in a tenant counts where only its members come. */
static void grants_of_the_tenant(void **state)
{
	TOLD("role:treasurer", MAY_NOT(MEMBER));
	TOLD("tenant, role:treasurer", MAY(MEMBER), MAY_NOT(FORMER), MAY_NOT(ALICE));
	TOLD("role:treasurer, tenant:acme", MAY(MEMBER));
	TOLD("tenant:acme|tenant:beta, role:treasurer", MAY(MEMBER));
	TOLD("tenant:beta, role:treasurer", MAY_NOT(MEMBER));
	TOLD("tenant|role:editor, role:treasurer", MAY_NOT(MEMBER));
	TOLD("tenant, permission:treasurer", MAY_NOT(MEMBER));
}

/* To the microsecond, and not by a clock that is ahead. */
static void ages_end(void **state)
{
	const struct config *config = loaded(*state, REQUIRED SECTION("/", "max-age:5m"));
	static const struct {
		int64_t age;
		bool may;
	} cases[] = {
		{5 * CLOCK_MINUTE, true},
		{5 * CLOCK_MINUTE + 1, false},
		{-CLOCK_MINUTE, true},
		{-CLOCK_MINUTE - 1, false},
		{NOW, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct protect_request request = at("/", "GET");
		struct session session = user("alice", "", 1, cases[i].age);

		assert_int_equal(protect_decide(config, &request, &session).verdict,
				 cases[i].may ? PROTECT_GRANTED : PROTECT_STEP_UP);
	}
}

static void an_address_that_is_not_known_is_in_no_network(void **state)
{
	const struct config *config = loaded(*state, REQUIRED SECTION("/", "network:::/0"));
	struct protect_request request = at("/", "GET");
	struct session nobody = session_of(STRANGER);

	assert_int_equal(protect_decide(config, &request, &nobody).verdict, PROTECT_GRANTED);
	request.ip = STR("");
	assert_int_equal(protect_decide(config, &request, &nobody).verdict, PROTECT_FORBIDDEN);
	request.ip = STR_NONE;
	assert_int_equal(protect_decide(config, &request, &nobody).verdict, PROTECT_FORBIDDEN);
}

#define NONE 0 /* no section is about it */

/* Sections in no order; the line of the one that speaks. */
static void the_longest_path_decides(void **state)
{
	static const struct {
		const char *path, *method;
		unsigned line;
		bool no_method;
	} cases[] = {
		{"/", "GET", NONE, false},
		{"/x", "GET", NONE, false},
		{"/a", "GET", 6, false},
		{"/a/", "GET", 6, false},
		{"/a/x", "POST", 6, false},
		{"/ab", "GET", NONE, false},
		{"/a.b", "GET", NONE, false},
		{"/A", "GET", NONE, false},
		{"/x/a", "GET", NONE, false},
		{"/a/b", "GET", 4, false},
		{"/a/b/", "GET", 4, false},
		{"/a/b/c/d", "GET", 4, false},
		{"/a/bc", "GET", 6, false},
		{"/a/b.c", "GET", 6, false},
		{"/m", "GET", 8, false},
		{"/m/x", "HEAD", 8, false},
		{"/m/x", "POST", 11, false},
		{"/m/x", "PUT", 11, false},
		/* A method that no section of the path names is refused, and the section above it
		 * has nothing to say. */
		{"/m/x", "DELETE", 8, true},
		{"/m/x", "get", 8, true},
		{"/m/x", "", 8, true},
		{"/m/n", "GET", 14, false},
		{"/m/n", "POST", 14, true},
		{"/m/n/o", "POST", 14, true},
	};
	const struct config *config = loaded(
		*state, REQUIRED SECTION("/a/b/", "role:admin") SECTION("/a/", "user")
				METHODS("/m", "GET", "public") METHODS("/m", "POST PUT", "user")
					METHODS("/m/n", "GET", "user"));

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct protect_request request = at(cases[i].path, cases[i].method);
		bool no_method = !cases[i].no_method;
		const struct protect_config *rule = protect_find(config, &request, &no_method);

		if ((rule == NULL ? NONE : rule->line) != cases[i].line ||
		    no_method != cases[i].no_method)
			fail_msg("%s %s: line %u", cases[i].method, cases[i].path,
				 rule == NULL ? NONE : rule->line);
	}
}

/* Exceptions work both ways, and the root is everything. */
static void an_exception_is_no_more_than_itself(void **state)
{
	static const struct {
		const char *path, *method;
		enum protect_verdict stranger, plain;
	} cases[] = {
		{"/", "GET", PROTECT_SIGN_IN, PROTECT_GRANTED},
		{"/anything", "BREW", PROTECT_SIGN_IN, PROTECT_GRANTED},
		{"/open", "GET", PROTECT_GRANTED, PROTECT_GRANTED},
		{"/open/x", "DELETE", PROTECT_GRANTED, PROTECT_GRANTED},
		{"/opened", "GET", PROTECT_SIGN_IN, PROTECT_GRANTED},
		{"/open/secret", "GET", PROTECT_SIGN_IN, PROTECT_FORBIDDEN},
		{"/open/secret/x", "GET", PROTECT_SIGN_IN, PROTECT_FORBIDDEN},
		{"/open/secrets", "GET", PROTECT_GRANTED, PROTECT_GRANTED},
		{"/read", "GET", PROTECT_GRANTED, PROTECT_GRANTED},
		{"/read", "HEAD", PROTECT_GRANTED, PROTECT_GRANTED},
		{"/read", "POST", PROTECT_FORBIDDEN, PROTECT_FORBIDDEN},
		{"/read/x", "OPTIONS", PROTECT_FORBIDDEN, PROTECT_FORBIDDEN},
	};
	const struct config *config =
		loaded(*state, REQUIRED SECTION("/", "user") SECTION("/open", "public")
				       SECTION("/open/secret", "role:admin")
					       METHODS("/read", "GET", "public"));
	struct session stranger = session_of(STRANGER);
	struct session plain = session_of(PLAIN);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct protect_request request = at(cases[i].path, cases[i].method);
		enum protect_verdict of_stranger =
			protect_decide(config, &request, &stranger).verdict;
		enum protect_verdict of_plain = protect_decide(config, &request, &plain).verdict;

		if (of_stranger != cases[i].stranger || of_plain != cases[i].plain)
			fail_msg("%s %s: %d, %d", cases[i].method, cases[i].path, of_stranger,
				 of_plain);
	}
}

/* A guarded path without a rule needs a user; nothing else is asked. */
static void without_a_section_any_user_may(void **state)
{
	static const enum protect_verdict verdicts[WHO_COUNT] = {
		[STRANGER] = PROTECT_SIGN_IN,      [UNKNOWN] = PROTECT_SIGN_IN,
		[EXPIRED] = PROTECT_SIGN_IN,       [REPLACED] = PROTECT_SIGN_IN,
		[GUEST] = PROTECT_SIGN_IN,         [PENDING] = PROTECT_COMPLETE,
		[PENDING_USER] = PROTECT_COMPLETE, [HELD] = PROTECT_STEP_UP,
		[PLAIN] = PROTECT_GRANTED,         [ALICE] = PROTECT_GRANTED,
		[OLD_ALICE] = PROTECT_GRANTED,     [MEMBER] = PROTECT_GRANTED,
		[FORMER] = PROTECT_GRANTED,
	};
	const struct config *config = loaded(*state, REQUIRED SECTION("/a", "public"));

	for (int who = STRANGER; who < WHO_COUNT; who++) {
		struct protect_request request = at("/b", "POST");
		struct session session = session_of((enum who)who);
		struct protect_decision decision = protect_decide(config, &request, &session);

		assert_int_equal(decision.verdict, verdicts[who]);
		assert_null(decision.rule);
		assert_false(decision.no_method || decision.needs_aal2);
	}
}

static void what_is_public(void **state)
{
	const struct config *config =
		loaded(*state, REQUIRED SECTION("/a", "public") SECTION("/b", "guest")
				       SECTION("/c", "network:::/0"));

	assert_true(protect_is_public(&config->protects[0]));
	assert_false(protect_is_public(&config->protects[1]));
	assert_false(protect_is_public(&config->protects[2]));
	assert_false(protect_is_public(NULL));
	assert_false(protect_is_public(&(struct protect_config){.line = 0}));
}

/* IN-25: memory that nobody filled, and words that nobody knows, let nobody in. */
static void what_nobody_made_never_grants(void **state)
{
	static const enum session_standing standings[] = {
		SESSION_UNKNOWN, SESSION_ABSENT,  SESSION_EXPIRED, SESSION_REPLACED,
		SESSION_HELD,    SESSION_PENDING, SESSION_LIVE,    (enum session_standing)77};
	struct protect_config rule = {.path = STR("")};
	struct config config = {.protects = &rule, .protect_count = 1};
	struct protect_request request = at("/a", "GET");

	(void)state;
	assert_int_equal((struct protect_decision){.no_method = false}.verdict, PROTECT_FORBIDDEN);
	for (size_t s = 0; s < COUNT(standings); s++) {
		struct session session = session_of(ALICE);

		session.standing = standings[s];
		rule.term_count = 0;
		assert_int_equal(protect_decide(&config, &request, &session).verdict,
				 PROTECT_FORBIDDEN);
		for (size_t terms = 1; terms <= PROTECT_TERMS; terms++) {
			rule.term_count = terms;
			for (int kind = 0; kind < 1000; kind++) {
				if (kind > PROTECT_NOBODY && kind < PROTECT_KIND_COUNT)
					continue;
				rule.terms[terms - 1].kind = (enum protect_kind)kind;
				assert_int_not_equal(
					protect_decide(&config, &request, &session).verdict,
					PROTECT_GRANTED);
			}
			rule.terms[terms - 1].kind = PROTECT_NOBODY;
		}
	}
}

/* Every kind beside every standing, whatever the session's row has: only a live one opens. */
static void only_a_live_session_opens(void **state)
{
	static const char *const requires[] = {"guest",
					       "user",
					       "user:alice",
					       "role:editor",
					       "permission:pages:write",
					       "tenant",
					       "tenant:acme",
					       "aal2",
					       "max-age:400d",
					       "guest|user|user:alice|role:editor|permission:pages:"
					       "write|tenant|aal2|max-age:400d"};

	for (size_t i = 0; i < COUNT(requires); i++) {
		char content[512];

		(void)snprintf(content, sizeof content, "%s[protect \"/a\"]\nrequire = %s\n",
			       REQUIRED, requires[i]);
		const struct config *config = loaded(*state, content);
		for (int standing = -1; standing < 100; standing++) {
			struct protect_request request = at("/a", "GET");
			struct session session = session_of(ALICE);

			session.found.tenant_name = STR("acme");
			session.found.tenant_grants = STR("role:editor");
			session.standing = (enum session_standing)standing;
			assert_int_equal(protect_decide(config, &request, &session).verdict ==
						 PROTECT_GRANTED,
					 standing == SESSION_LIVE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word),
		cmocka_unit_test(all_of_several),
		cmocka_unit_test(one_of_several),
		cmocka_unit_test(grants_of_the_tenant),
		cmocka_unit_test(ages_end),
		cmocka_unit_test(an_address_that_is_not_known_is_in_no_network),
		cmocka_unit_test(the_longest_path_decides),
		cmocka_unit_test(an_exception_is_no_more_than_itself),
		cmocka_unit_test(without_a_section_any_user_may),
		cmocka_unit_test(what_is_public),
		cmocka_unit_test(what_nobody_made_never_grants),
		cmocka_unit_test(only_a_live_session_opens),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
