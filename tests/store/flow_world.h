/* What the tests of flows share: declared kinds, guests, and each act with its verdict. */
#ifndef GATEPOST_TESTS_STORE_FLOW_WORLD_H
#define GATEPOST_TESTS_STORE_FLOW_WORLD_H

#include "auth_world.h"
#include "flow.h"
#include "guest.h"
#include "json.h"
#include "json_merge.h"

enum { FUND_START, FUND_KYC, FUND_OTP, FUND_DONE };

#define FUND_ATTEMPTS 5
#define FUND_RESET (15 * CLOCK_MINUTE)
#define RESEND_ATTEMPTS 3
#define RESEND_COOLDOWN (30 * CLOCK_SECOND)
#define RESEND_RESET CLOCK_HOUR

/* The example of CONTRACT §5, and one whose flows are each session's. */
static inline void flow_world_config(struct config *config)
{
	static struct flow_config kinds[] = {
		{
			.kind = {"fund", 4},
			.steps = {{"start", 5}, {"kyc", 3}, {"otp", 3}, {"done", 4}},
			.step_count = 4,
			.moves = {1U << FUND_KYC, 0, 0, 0},
			.counters = {{.name = {"otp", 3},
				      .attempts = FUND_ATTEMPTS,
				      .reset = FUND_RESET},
				     {.name = {"resend", 6},
				      .attempts = RESEND_ATTEMPTS,
				      .cooldown = RESEND_COOLDOWN,
				      .reset = RESEND_RESET}},
			.counter_count = 2,
			.scope = FLOW_SCOPE_USER,
			.expires = CLOCK_DAY,
		},
		{
			.kind = {"tour", 4},
			.steps = {{"hello", 5}, {"bye", 3}},
			.step_count = 2,
			.moves = {1U << 1, 0},
			.counters = {{.name = {"ask", 3}, .attempts = 2, .reset = CLOCK_HOUR}},
			.counter_count = 1,
			.scope = FLOW_SCOPE_SESSION,
			.expires = 2 * CLOCK_HOUR,
		},
	};

	config->flows = kinds;
	config->flow_count = sizeof kinds / sizeof kinds[0];
	config->free_flows = true;
}

/* Before every test, as world_clean. */
static inline int flow_world_clean(void **state)
{
	struct world *w = *state;

	if (world_clean(state) != 0)
		return -1;
	flow_world_config(&w->config);
	w->config.throttle.guests = 1000;
	return 0;
}

static inline int flow_world_open(void **state)
{
	json_init();
	return world_open(state);
}

static inline struct session_issued guest_of(struct world *w)
{
	struct guest_request request = {.carrier = CARRIER_HANDLE, .client = STR("app")};
	enum guest_verdict verdict = GUEST_THROTTLED;
	struct session_issued issued;
	int64_t wait = -1;

	assert_ok(guest_begin(&w->context, &request, &verdict, &wait, &issued));
	assert_int_equal(verdict, GUEST_BEGUN);
	return issued;
}

static inline struct session_issued session_of(struct world *w, struct id user)
{
	return sign_in(w, (struct client){.user = user, .carrier = CARRIER_HANDLE, .proof = 1});
}

/* The guest becomes a user. */
static inline struct session_issued promoted(struct world *w, const struct session_issued *guest,
					     struct id user)
{
	return sign_in(w, (struct client){
				  .user = user,
				  .carrier = CARRIER_HANDLE,
				  .presented = text_of(*guest),
				  .proof = 1,
			  });
}

static inline struct flow_reach reach_of(struct session_issued issued)
{
	return flow_reach_of(&issued.session);
}

static inline struct flow_outcome start_with(struct world *w, struct flow_reach reach,
					     const char *kind, struct flow_beginning beginning)
{
	struct flow_key key = {.reach = reach, .kind = str_of(kind)};
	struct flow_outcome outcome;

	assert_ok(flow_start(&w->context, &key, &beginning, &outcome));
	return outcome;
}

static inline struct flow_outcome start(struct world *w, struct flow_reach reach, const char *kind)
{
	return start_with(w, reach, kind, (struct flow_beginning){.data = STR_NONE});
}

static inline struct flow_outcome read_flow(struct world *w, struct flow_reach reach,
					    const char *kind)
{
	struct flow_key key = {.reach = reach, .kind = str_of(kind)};
	struct flow_outcome outcome;

	assert_ok(flow_read(&w->context, &key, &outcome));
	return outcome;
}

static inline struct flow_match match_of(const struct flow_outcome *outcome)
{
	return (struct flow_match){
		.tags = {{outcome->flow.row.id, outcome->flow.row.version}},
		.n = 1,
	};
}

static const struct flow_match match_any = {.any = true};

static inline struct flow_outcome patch_with(struct world *w, struct flow_reach reach,
					     const char *kind, struct flow_patch patch)
{
	struct flow_key key = {.reach = reach, .kind = str_of(kind)};
	struct flow_outcome outcome;

	patch.merge = json_merge;
	if (patch.match == NULL)
		patch.match = &match_any;
	assert_ok(flow_patch(&w->context, &key, &patch, &outcome));
	return outcome;
}

static inline struct flow_outcome patch(struct world *w, struct flow_reach reach, const char *kind,
					const char *data)
{
	return patch_with(w, reach, kind, (struct flow_patch){.data = str_of(data)});
}

static inline struct flow_outcome step(struct world *w, struct flow_reach reach, const char *kind,
				       const struct flow_match *match, const char *to)
{
	struct flow_key key = {.reach = reach, .kind = str_of(kind)};
	struct flow_outcome outcome;

	assert_ok(flow_step(&w->context, &key, match, str_of(to), &outcome));
	return outcome;
}

static inline struct flow_outcome end_flow(struct world *w, struct flow_reach reach,
					   const char *kind, const struct flow_match *match)
{
	struct flow_key key = {.reach = reach, .kind = str_of(kind)};
	struct flow_outcome outcome;

	assert_ok(flow_end(&w->context, &key, match, &outcome));
	return outcome;
}

static inline struct flow_outcome attempt(struct world *w, struct flow_reach reach,
					  const char *kind, const char *counter)
{
	struct flow_key key = {.reach = reach, .kind = str_of(kind)};
	struct flow_outcome outcome;

	assert_ok(flow_attempt(&w->context, &key, str_of(counter), &outcome));
	return outcome;
}

static inline struct flow_outcome serve(struct world *w, struct flow_reach reach, const char *kind,
					struct str facts, struct str to)
{
	struct flow_key key = {.reach = reach, .kind = str_of(kind)};
	struct flow_service service = {.merge = json_merge, .facts = facts, .to = to};
	struct flow_outcome outcome;

	assert_ok(flow_serve(&w->context, &key, &service, &outcome));
	return outcome;
}

static inline struct flow_state state_of_session(struct world *w, const struct session *session)
{
	struct flow_state result;

	assert_ok(flow_state(&w->context, session, &result));
	return result;
}

/* A JSON object of exactly n bytes (at least 8). */
static inline struct str data_of_size(struct world *w, size_t n)
{
	char *p = arena_alloc(w->context.arena, n + 1);

	assert_non_null(p);
	memset(p, 'x', n);
	memcpy(p, "{\"a\":\"", 6);
	memcpy(p + n - 2, "\"}", 2);
	return (struct str){p, n};
}

#define assert_verdict(outcome, expected) assert_int_equal((outcome).verdict, (expected))

static inline struct flow_reach a_user(struct world *w, const char *name)
{
	return reach_of(session_of(w, fixture_add_user(w->fixture, name)));
}

/* All that can be done with a flow, as one that it cannot be done with answers. */
static inline void assert_all(struct world *w, struct flow_reach reach, const char *kind,
			      enum flow_verdict verdict)
{
	assert_verdict(read_flow(w, reach, kind), verdict);
	assert_verdict(patch(w, reach, kind, "{}"), verdict);
	assert_verdict(patch(w, reach, kind, "{\"b\":2}"), verdict);
	assert_verdict(step(w, reach, kind, &match_any, "kyc"), verdict);
	assert_verdict(end_flow(w, reach, kind, NULL), verdict);
	assert_verdict(attempt(w, reach, kind, "otp"), verdict);
	assert_verdict(serve(w, reach, kind, STR("{\"c\":3}"), STR_NONE), verdict);
}

#endif
