/* IN-25: a guarded request under every failure of the database, at every call: never a grant. */
#include "fault_trial.h"

#include "protect.h"

static struct auth_context guard_of(struct trial *t)
{
	struct auth_context context = t->w->context;

	context.db = t->w->fixture->guard;
	/* So late that the session has to be noted as used. */
	context.now += 2 * CLOCK_MINUTE;
	return context;
}

/* Where no section speaks: any user may. */
static bool may(const struct auth_context *context, const struct session *session)
{
	struct protect_request request = {
		.path = STR("/a"), .method = STR("GET"), .ip = STR(""), .now = context->now};
	struct config none = {.protect_count = 0};

	return protect_decide(&none, &request, session).verdict == PROTECT_GRANTED;
}

/* The handle, then one that was rotated away, then nobody's: as the desk asks, at once. */
static enum err look_up(struct trial *t, const struct auth_context *context,
			struct session sessions[3])
{
	struct credential presented[3] = {
		credential_of(t->w, CARRIER_HANDLE, t->scene.handle),
		credential_of(t->w, CARRIER_HANDLE, t->scene.old),
		credential_of(t->w, CARRIER_HANDLE, t->scene.guest),
	};
	struct session_look_up list[3];

	for (size_t i = 0; i < 3; i++) {
		sessions[i] = (struct session){.standing = SESSION_ABSENT};
		list[i] = (struct session_look_up){context, &presented[i], &sessions[i]};
	}
	enum err e = session_look_up(context->db, context->arena, list, 3);

	/* Whatever failed, nobody is known by it. */
	for (size_t i = 0; i < 3 && e != OK; i++) {
		assert_int_equal(sessions[i].standing, SESSION_ABSENT);
		assert_false(may(context, &sessions[i]));
	}
	return e;
}

static enum err run_look_up(struct trial *t, void *out)
{
	struct auth_context context = guard_of(t);
	struct session sessions[3];

	TRY(look_up(t, &context, sessions));
	TRY(must(may(&context, &sessions[0]) && !may(&context, &sessions[1]) &&
		 !may(&context, &sessions[2])));
	PUT(out, sessions);
	return OK;
}

static void check_look_up(struct trial *t, const void *out)
{
	const struct session *sessions = out;

	(void)t;
	assert_int_equal(sessions[0].standing, SESSION_LIVE);
	assert_int_equal(sessions[1].standing, SESSION_UNKNOWN);
	assert_true(session_is_guest(&sessions[2]));
}

/* Its failure changes neither the decision nor what is known of the session. */
static enum err run_request(struct trial *t, void *out)
{
	struct auth_context context = guard_of(t);
	struct session sessions[3];

	TRY(look_up(t, &context, sessions));
	struct session before = sessions[0];
	enum err e = session_touch_guarded(&context, &sessions[0]);

	assert_true(may(&context, &sessions[0]));
	if (e != OK)
		assert_memory_equal(&sessions[0], &before, sizeof before);
	TRY(e);
	TRY(must(sessions[0].found.session.last_seen == context.now));
	PUT(out, sessions[0]);
	return OK;
}

static void guarded_requests_under_every_failure(void **state)
{
	static const struct act acts[] = {
		{"guard looks up", run_look_up, check_look_up, ACT_ATOMIC | ACT_REPEATABLE},
		{"guarded request", run_request, NULL, ACT_ATOMIC | ACT_REPEATABLE},
	};

	trial_run(*state, acts, sizeof acts / sizeof acts[0]);
	for (unsigned kind = FAULT_NONE + 1; kind < FAULT_STORM; kind++)
		if (fault_fits((enum fault_kind)kind, FAULT_EXECUTE) &&
		    !fault_has_hit(STMT_SESSION_TOUCH_GUARD, (enum fault_kind)kind))
			fail_msg("the touch never met: %s", fault_name((enum fault_kind)kind));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guarded_requests_under_every_failure),
	};

	return cmocka_run_group_tests(tests, trial_open, trial_close);
}
