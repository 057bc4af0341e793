/* ST-07, IN-25: every act with tenants, members and hand-overs under every failure of the database,
 * at every call. */
#include "fault_trial.h"

#include "handover.h"
#include "member.h"
#include "sha256.h"
#include "tenant.h"

/* Asked again, it is so already. */
static enum err tenant_done(enum err e, const struct tenant_effect *effect, void *out)
{
	TRY(e);
	TRY(must(effect->outcome == TENANT_DONE || effect->outcome == TENANT_ALREADY ||
		 effect->outcome == TENANT_NOT_THERE));
	PUT(out, *effect);
	return OK;
}

static enum err run_create(struct trial *t, void *out)
{
	struct tenant_request request = {.name = STR("gamma")};
	struct tenant_effect effect = {.outcome = TENANT_REFUSED};
	enum err e = tenant_create(&t->w->context, &request, &effect);

	return tenant_done(e, &effect, out);
}

static enum err run_rename(struct trial *t, void *out)
{
	struct tenant_request request = {.name = STR("gamma"), .title = STR("Gamma")};
	struct tenant_effect effect = {.outcome = TENANT_REFUSED};
	enum err e = tenant_rename(&t->w->context, &t->scene.acme, &request, &effect);

	return tenant_done(e, &effect, out);
}

static enum err run_remove(struct trial *t, void *out)
{
	struct tenant_request request = {.reason = STR("closed")};
	struct tenant_effect effect = {.outcome = TENANT_REFUSED, .members = 77};
	enum err e = tenant_remove(&t->w->context, &t->scene.acme, &request, &effect);

	assert_true(e == OK || (effect.outcome == TENANT_REFUSED && effect.members == 77));
	return tenant_done(e, &effect, out);
}

/* Nobody is left in it, in no way. */
static void check_removed(struct trial *t, const void *out)
{
	(void)out;
	assert_int_equal(
		fixture_number("SELECT (SELECT COUNT(*) FROM tenant WHERE name = 'acme') + "
			       "(SELECT COUNT(*) FROM membership) + "
			       "(SELECT COUNT(*) FROM user_role WHERE tenant_id <> "
			       "UNHEX(REPEAT('00',16))) + "
			       "(SELECT COUNT(*) FROM session WHERE tenant_id IS NOT NULL) + "
			       "(SELECT COUNT(*) FROM user WHERE default_tenant IS NOT NULL)"),
		0);
	assert_int_equal(trial_session(t, t->scene.handle).standing, SESSION_LIVE);
}

static enum err member_done(enum err e, const struct member_effect *effect, void *out)
{
	TRY(e);
	TRY(must(effect->outcome == MEMBER_DONE || effect->outcome == MEMBER_ALREADY ||
		 effect->outcome == MEMBER_NOT_A_MEMBER));
	PUT(out, *effect);
	return OK;
}

#define RUN_MEMBER(name, function, where, role_name)                                               \
	static enum err run_##name(struct trial *t, void *out)                                     \
	{                                                                                          \
		struct str role = STR(role_name);                                                  \
		struct member_act act = {                                                          \
			.key = {.user_id = t->scene.alice, .tenant_id = t->scene.where},           \
			.roles = &role,                                                            \
			.role_count = role.n > 0 ? 1 : 0,                                          \
			.make_default = true,                                                      \
		};                                                                                 \
		struct member_effect effect = {.outcome = MEMBER_REFUSED};                         \
		enum err e = function(&t->w->context, &act, &effect);                              \
                                                                                                   \
		return member_done(e, &effect, out);                                               \
	}
RUN_MEMBER(add, member_add, beta, "admin")
RUN_MEMBER(leave, member_remove, acme, "")
RUN_MEMBER(give, member_give_role, acme, "admin")
RUN_MEMBER(take, member_take_role, acme, "editor")

/* Elevated in a tenant: what her sessions had proven is not fresh any more. */
static void check_lowered(struct trial *t, const void *out)
{
	(void)out;
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM membership WHERE FIND_IN_SET("
					"'elevated', REPLACE(grants, ' ', ','))"),
			 1);
	assert_true(trial_session(t, t->scene.handle).found.session.auth_time < WORLD_START);
	assert_true(trial_session(t, t->scene.other).found.session.auth_time < WORLD_START);
}

static void check_left(struct trial *t, const void *out)
{
	struct session session = trial_session(t, t->scene.handle);

	(void)out;
	assert_int_equal(session.standing, SESSION_LIVE);
	assert_true(id_is_none(session.found.session.tenant_id));
	assert_int_equal(session.found.tenant_grants.n, 0);
}

static void check_taken(struct trial *t, const void *out)
{
	(void)out;
	assert_int_equal(trial_session(t, t->scene.handle).found.tenant_grants.n, 0);
}

/* The session with a device is in no tenant yet. */
static enum err choose(struct trial *t, const struct id *tenant_id, enum member_choice *choice,
		       struct session *session)
{
	struct credential presented = credential_of(t->w, CARRIER_HANDLE, t->scene.other);
	enum err e = OK;

	*choice = MEMBER_CHOICE_NONE;
	*session = (struct session){.standing = SESSION_ABSENT};
	e = member_choose(&t->w->context, &presented, tenant_id, choice, session);
	assert_true(e == OK ||
		    (*choice == MEMBER_CHOICE_NONE && session->standing == SESSION_ABSENT));
	return e;
}

static enum err run_choose(struct trial *t, void *out)
{
	enum member_choice choice;
	struct session session;

	TRY(choose(t, &t->scene.acme, &choice, &session));
	TRY(must(choice == MEMBER_CHOICE_MADE));
	PUT(out, session);
	return OK;
}

static void check_chosen(struct trial *t, const void *out)
{
	struct session now = trial_session(t, t->scene.other);
	struct session session;

	memcpy(&session, out, sizeof session);
	assert_true(id_equal(session.found.session.tenant_id, t->scene.acme));
	assert_true(id_equal(now.found.session.tenant_id, t->scene.acme));
}

static enum err run_choose_foreign(struct trial *t, void *out)
{
	enum member_choice choice;
	struct session session;
	enum err e = choose(t, &t->scene.beta, &choice, &session);

	assert_int_equal(choice, MEMBER_CHOICE_NONE);
	TRY(e);
	PUT(out, choice);
	return OK;
}

struct taker {
	struct credential presented;
	struct session current;
	struct handover_request request;
};

/* Of an app that has presented what; "": nothing. */
static enum err read_taker(struct trial *t, struct str presented, struct taker *out)
{
	out->presented = credential_of(t->w, CARRIER_HANDLE, presented);
	out->current = (struct session){.standing = SESSION_ABSENT};
	if (presented.n > 0)
		TRY(session_resolve(&t->w->context, &out->presented, 1, &out->current));
	out->request = (struct handover_request){
		.verifier = STR(TRIAL_VERIFIER),
		.receiver = HANDOVER_NATIVE,
		.carrier = CARRIER_HANDLE,
		.client = STR("app"),
		.presented = &out->presented,
		.current = &out->current,
	};
	assert_true(handover_code_hashes(t->w->keys, t->scene.code, out->request.hashes));
	return OK;
}

static enum err look(struct trial *t, struct str code, struct user_row *user)
{
	enum handover_verdict verdict = HANDOVER_REFUSED;
	struct taker taker;
	enum err e = OK;

	TRY(read_taker(t, STR(""), &taker));
	assert_true(handover_code_hashes(t->w->keys, code, taker.request.hashes));
	e = handover_look(&t->w->context, &taker.request, &verdict, user);
	assert_true(e == OK || verdict == HANDOVER_REFUSED);
	TRY(e);
	return must(verdict == HANDOVER_ACCEPTED);
}

static enum err run_look(struct trial *t, void *out)
{
	return look(t, t->scene.code, out);
}

static enum err run_give_handover(struct trial *t, void *out)
{
	struct credential presented = credential_of(t->w, CARRIER_HANDLE, t->scene.handle);
	struct digest challenge = sha256(STR(TRIAL_VERIFIER));
	struct session giver;

	TRY(session_resolve(&t->w->context, &presented, 1, &giver));
	return handover_give(&t->w->context, &giver, &challenge, HANDOVER_NATIVE, out);
}

/* The code is good, and the one before is not any more. */
static void check_given(struct trial *t, const void *out)
{
	struct handover_given given;
	struct user_row user;

	memcpy(&given, out, sizeof given);
	assert_ok(look(t, (struct str){(const char *)given.code.bytes, given.code.len}, &user));
	assert_true(id_equal(user.id, t->scene.alice));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM handover"), 1);
}

/* Whatever failed, nobody is let in by it. */
static enum err take_with(struct trial *t, const struct taker *taker, void *out)
{
	enum handover_verdict verdict = HANDOVER_REFUSED;
	struct session_issued issued;
	enum err e = handover_take(&t->w->context, &taker->request, &verdict, &issued);

	assert_true(e == OK || verdict == HANDOVER_REFUSED);
	TRY(e);
	TRY(must(verdict == HANDOVER_ACCEPTED));
	PUT(out, issued);
	return OK;
}

static enum err run_take_handover(struct trial *t, void *out)
{
	struct taker taker;

	TRY(read_taker(t, STR(""), &taker));
	return take_with(t, &taker, out);
}

/* By who is a guest there, and with the guest's value asks again when the answer was lost. */
static enum err run_take_as_guest(struct trial *t, void *out)
{
	struct taker taker;

	TRY(read_taker(t, t->scene.guest, &taker));
	return take_with(t, &taker, out);
}

/* A session, a code that is used, a notice: none of it without the others. */
static void check_handed_over(struct trial *t, const void *out)
{
	struct session_issued issued;

	memcpy(&issued, out, sizeof issued);
	trial_check_issued(t, out);
	assert_true(id_equal(issued.session.found.session.user_id, t->scene.alice));
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM handover WHERE used_at > 0"), 1);
	assert_int_equal(fixture_number("SELECT COUNT(*) FROM outbox WHERE kind = 'handover'"), 1);
}

static void check_promoted(struct trial *t, const void *out)
{
	struct session_issued issued;

	memcpy(&issued, out, sizeof issued);
	check_handed_over(t, out);
	assert_true(id_equal(issued.session.found.session.id, t->scene.guest_id));
	assert_int_equal(trial_session(t, t->scene.guest).standing, SESSION_REPLACED);
}

static enum err run_wrong_verifier(struct trial *t, void *out)
{
	enum handover_verdict verdict = HANDOVER_REFUSED;
	struct session_issued issued;
	struct taker taker;
	enum err e = OK;

	TRY(read_taker(t, STR(""), &taker));
	taker.request.verifier = STR("a-verifier-that-the-challenge-was-not-made-of");
	e = handover_take(&t->w->context, &taker.request, &verdict, &issued);
	assert_int_equal(verdict, HANDOVER_REFUSED);
	TRY(e);
	PUT(out, verdict);
	return OK;
}

static void members_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"create a tenant", run_create, NULL, ACT_ATOMIC},
		{"rename a tenant", run_rename, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"remove a tenant", run_remove, check_removed, ACT_REPEATABLE},
		{"add a member", run_add, check_lowered, ACT_ATOMIC | ACT_REPEATABLE},
		{"remove a member", run_leave, check_left, ACT_ATOMIC | ACT_REPEATABLE},
		{"give a role there", run_give, check_lowered, ACT_ATOMIC | ACT_REPEATABLE},
		{"take a role there", run_take, check_taken, ACT_ATOMIC | ACT_REPEATABLE},
		{"choose a tenant", run_choose, check_chosen, ACT_ATOMIC | ACT_REPEATABLE},
		{"choose a foreign tenant", run_choose_foreign, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"give a hand-over", run_give_handover, check_given, ACT_ATOMIC | ACT_REPEATABLE},
		{"look at a hand-over", run_look, NULL, ACT_ATOMIC | ACT_REPEATABLE},
		{"take a hand-over", run_take_handover, check_handed_over, ACT_ATOMIC},
		{"take it as a guest", run_take_as_guest, check_promoted,
		 ACT_ATOMIC | ACT_REPEATABLE},
		{"take it with a wrong verifier", run_wrong_verifier, NULL, ACT_ATOMIC},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_under_every_failure),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
