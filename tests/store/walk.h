/* A random walk over sessions, flows, hand-overs and tokens, step by step beside its reference
 * model. */
#ifndef GATEPOST_TEST_WALK_H
#define GATEPOST_TEST_WALK_H

#include "flow_world.h"
#include "walk_model.h"

#define WALK_TRACE 30
#define WALK_LINE 240
#define WALK_TEXT 64
#define WALK_RECENT 12
#define WALK_RETURNS 4

enum walk_act { WALK_SIGN_IN, WALK_STEP_UP, WALK_TAKE };

/* A request that may be sent again. */
struct walk_request {
	enum walk_act act;
	struct model_entry entry;
	struct model_taking taking;
};

struct walk {
	struct world *w;
	struct model m;
	uint64_t seed, dice;
	int step, steps;
	int looked_at; /* the value */
	bool going;    /* a step is not over: at the end of the test it has failed */
	char trace[WALK_TRACE][WALK_LINE];
	struct id users[MODEL_USERS], tenants[MODEL_TENANTS];
	char (*texts)[WALK_TEXT];        /* by value; of a pair the refresh token */
	struct credential_claim *claims; /* by value: what the access token of a pair says */
	char (*codes)[WALK_TEXT];
	struct id *flows; /* by serial */
	struct walk_request requests[WALK_RECENT];
	struct model_match tags[WALK_RECENT]; /* as clients have seen them, stale ones too */
	int request_count, tag_count;
	uint64_t numbers; /* of requests */
	int ways[WAY_NEW + 1], takes[TAKE_ACCEPTED + 1], standings[MODEL_LIVE + 1];
	int verdicts[VERDICT_COOLING_DOWN + 1];
	int exchanges[EXCHANGE_DONE + 1];
	int throttled, offers, gone, revoked, older;
};

/* 0 … n - 1. */
int walk_below(struct walk *walk, int n);
bool walk_chance(struct walk *walk, int percent);
/* Adds to the line of this step. */
__attribute__((format(printf, 2, 3))) void walk_note(struct walk *walk, const char *format, ...);

/* The clock goes to time, or shortly before or behind it, unless that is far or past. An arrival
 * takes a microsecond. */
void walk_wait(struct walk *walk, int64_t time);

/* What a request begins with: its credential resolved, compared with the model, and used. */
struct walk_arrival {
	int value;
	struct credential credential;
	struct session session;
	struct model_session *live; /* the model's, or NULL */
};
/* value NONE: nothing is presented. Reads without a use. */
struct walk_arrival walk_look(struct walk *walk, int value);
struct walk_arrival walk_arrive(struct walk *walk, int value);
void walk_check_session(struct walk *walk, const struct session *real,
			const struct model_session *s);
/* A value of a live session, of a user or (or else) a guest; NONE: there is none. */
int walk_pick_live(struct walk *walk, bool guest);
/* Any of those that were given out lately, dead or alive; NONE: there is none. */
int walk_pick_any(struct walk *walk);

/* Compares all that can be seen; whole: of every value that there ever was. */
void walk_check_all(struct walk *walk, bool whole);
void walk_check_flow(struct walk *walk, const struct flow *real, struct model_session *s, int kind,
		     const struct model_flow *flow);
void walk_check_flows(struct walk *walk, const struct walk_arrival *arrival);

/* What they are called. */
const char *walk_kind_name(int kind);
const char *walk_step_name(int kind, int step);
const char *walk_counter_name(int kind, int counter);
const char *walk_return(int which);
/* What a client remembers of it for If-Match. */
void walk_keep_tag(struct walk *walk, const struct model_flow *flow);

enum session_carrier walk_carrier(enum model_carrier carrier);
const char *walk_carrier_name(enum model_carrier carrier);
struct secret walk_device(int device);
/* The access token of a pair, and what a client is told with one. */
struct credential walk_access(struct walk *walk, int value);
void walk_keep_claim(struct walk *walk, int value, const struct session_row *row);
/* What somebody may ask for who signs in, and what with: a value, or NONE. */
struct model_entry walk_entry(struct walk *walk);
int walk_pick_presented(struct walk *walk);
/* A client was told a value: one that nobody had before, or the one of the lost answer. */
void walk_issued(struct walk *walk, const struct session_issued *issued, int value, bool repeated);
/* Whoever has the old value has nothing. */
void walk_check_dead(struct walk *walk, int value);
/* It may be sent again. */
void walk_remember(struct walk *walk, struct walk_request request);
/* The user of a live session does something; NULL: nobody is there. */
struct model_session *walk_arrive_live(struct walk *walk, struct walk_arrival *arrival);
void walk_take_with(struct walk *walk, struct model_taking taking);

/* Steps. */
void walk_sign_in(struct walk *walk);
void walk_guest(struct walk *walk);
void walk_step_up(struct walk *walk);
void walk_repeat(struct walk *walk);
void walk_logout(struct walk *walk);
void walk_revoke(struct walk *walk);
void walk_tenant(struct walk *walk);
void walk_exchange(struct walk *walk);
void walk_revoke_token(struct walk *walk);
void walk_give(struct walk *walk);
void walk_take(struct walk *walk);
void walk_use(struct walk *walk);
void walk_purge(struct walk *walk);
/* A guest signs in when the window of a counter is just over; what was taken last may not be cool.
 */
void walk_promote_late(struct walk *walk, int value);
void walk_flow_start(struct walk *walk);
void walk_flow_patch(struct walk *walk);
void walk_flow_step(struct walk *walk);
void walk_flow_end(struct walk *walk);
void walk_flow_attempt(struct walk *walk);
void walk_flow_late(struct walk *walk);
void walk_flow_serve(struct walk *walk);
void walk_flow_read(struct walk *walk);

#endif
