/* The reference model of a random walk: what CONTRACT §1, §4, §5 and §7 promise of sessions, flows,
 * hand-overs and tokens, with no database and nothing of the program's decisions. */
#ifndef GATEPOST_TEST_WALK_MODEL_H
#define GATEPOST_TEST_WALK_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ident.h"

#define MODEL_USERS 4
#define MODEL_KINDS 8
#define MODEL_COUNTERS 2
#define MODEL_TENANTS 2
#define MODEL_SOURCES 3
#define MODEL_MOST 6    /* sessions a user */
#define MODEL_GUESTS 20 /* an hour a source */
#define NONE (-1)       /* no user (a guest), no value, no tenant, no device, no member */

/* The first two kinds are declared, "fund" for a user and "tour" for a session; the others free. */
enum { KIND_FUND, KIND_TOUR, KIND_FREE };
/* By tokens: a value is a pair, which checks by its access token (whose own end is not the walk's)
 * and is exchanged by its refresh token. */
enum model_carrier { MODEL_COOKIE, MODEL_HANDLE, MODEL_TOKEN, MODEL_CARRIERS };
enum model_class { MODEL_GUEST, MODEL_BROWSER, MODEL_REMEMBERED, MODEL_NATIVE, MODEL_CLASSES };

/* {"a": digit, "b": digit, "p": so many letters}; NONE: no such member. */
struct model_data {
	int a, b, p;
};
size_t model_data_size(const struct model_data *data);

struct model_flow {
	bool is;
	unsigned serial; /* no two flows have the same */
	int step, return_to, facts;
	struct model_data data;
	bool from_guest;
	int64_t version, updated_at, expires_at;
};

struct model_counter {
	int taken;
	int64_t last, ends; /* 0: never */
};

/* What a counter shows. */
struct model_left {
	int left;
	int64_t retry_at; /* 0: at once */
};

struct model_owner {
	struct model_flow flows[MODEL_KINDS];
	struct model_counter counters[MODEL_KINDS][MODEL_COUNTERS];
};

struct model_user {
	struct model_owner own;
	bool member[MODEL_TENANTS];
	int64_t joined[MODEL_TENANTS];
	int tenant; /* the default */
};

struct model_session {
	bool is; /* expired ones too, until they are purged */
	struct id id;
	int user, tenant, device, value;
	enum model_carrier carrier;
	enum model_class class;
	int64_t auth_time, began, seen, idle_end, end;
	bool used;
	int changes;            /* of value or tenant */
	bool ended;             /* the family of its tokens: revoked, or one was used twice */
	struct model_owner own; /* of a user's: flows of scope session, and what is offered */
};

/* A credential that was ever given out. */
struct model_value {
	enum model_carrier carrier;
	int session;
	bool rotated;
	int child; /* if rotated: the value that came after it */
	uint64_t request;
	int64_t rotated_at;
	bool forgotten; /* that it was rotated */
	/* Of a pair. */
	int version;       /* the session's changes when it was made */
	int64_t end;       /* of its refresh token */
	int64_t exchanged; /* when; 0: never */
	int heir;          /* if exchanged: the pair that came of it */
	int presenter;     /* who did it */
	bool replaced;     /* by a new sign-in or a step-up */
	bool purged;       /* its refresh token */
};

struct model_code {
	int giver, changes, user;
	int receiver; /* enum handover_receiver */
	int64_t ends;
	bool used, withdrawn;
};

struct model {
	int64_t now;
	unsigned serials;
	struct model_user users[MODEL_USERS];
	struct model_session *sessions;
	struct model_value *values;
	struct model_code *codes;
	int *active; /* sessions of which some may be no more; all others are none */
	int session_count, value_count, code_count, active_count, room;
	int64_t guest_window[MODEL_SOURCES];
	int guest_count[MODEL_SOURCES];
};

void model_open(struct model *m, int room);
void model_close(struct model *m);

enum model_standing {
	MODEL_UNKNOWN,
	MODEL_EXPIRED,
	MODEL_REPLACED,
	MODEL_LIVE,
};
enum model_standing model_standing(const struct model *m, int value);
/* The live session of a value, or NULL. */
struct model_session *model_live(const struct model *m, int value);
bool model_is_live(const struct model *m, const struct model_session *s);
/* The value of a live session was used. */
void model_touch(struct model *m, int value);
/* Whether the row of its session is found by it. */
bool model_shows(const struct model *m, int value);

/* False: too many; *wait is how long. */
bool model_guest(struct model *m, int source, enum model_carrier carrier, int64_t *wait);

/* All methods of signing in. */
struct model_entry {
	int user;
	enum model_carrier carrier;
	bool remember;
	int device, presented, tenant;
	uint64_t request;
	int64_t auth_time, latest_end; /* 0: now, and as the class says */
};
enum model_way { WAY_GONE, WAY_REPEATED, WAY_RENEWED, WAY_PROMOTED, WAY_NEW };
/* *value: what the client has now. */
enum model_way model_sign_in(struct model *m, const struct model_entry *entry, int *value);
/* WAY_GONE, WAY_REPEATED or WAY_RENEWED. */
enum model_way model_step_up(struct model *m, int presented, uint64_t request, int *value);

/* A refresh token is presented: the owner's program, or another. */
enum model_exchange { EXCHANGE_REFUSED, EXCHANGE_REUSED, EXCHANGE_REPEATED, EXCHANGE_DONE };
enum { OWNER, THIEF };
/* *heir: the pair that the client has now. */
enum model_exchange model_exchange(struct model *m, int value, int presenter, int *heir);
/* False: there was nothing to end. */
bool model_revoke(struct model *m, int value);
/* Parts of what is above. */
int model_add_value(struct model *m, enum model_carrier carrier, int session);
enum model_standing model_token_standing(const struct model *m, int value);
void model_token_rotate(struct model *m, int presented);
void model_token_begin(struct model *m, struct model_session *s);
void model_token_purge(struct model *m);

/* The number of sessions that end; only: the one to end; keep: the one not to; NULL: none. */
int model_end(struct model *m, int user, const struct model_session *only,
	      const struct model_session *keep);
bool model_choose(struct model *m, struct model_session *s, int tenant);
bool model_join(struct model *m, int user, int tenant);
bool model_leave(struct model *m, int user, int tenant);
void model_purge(struct model *m);

void model_give(struct model *m, const struct model_session *giver, int receiver);
enum model_take { TAKE_REFUSED, TAKE_OVER, TAKE_OTHER, TAKE_ACCEPTED };
struct model_taking {
	int code;
	bool knows_verifier, replaces_other;
	int receiver;
	struct model_entry entry; /* user, tenant, times: filled in by the code's giver */
};
enum model_take model_look(const struct model *m, const struct model_taking *taking);
enum model_take model_take(struct model *m, struct model_taking *taking, enum model_way *way,
			   int *value);

/* An act with a flow. */
enum model_verdict {
	VERDICT_DONE,
	VERDICT_CREATED,
	VERDICT_UNKNOWN,
	VERDICT_OVER,
	VERDICT_STALE,
	VERDICT_NO_MOVE,
	VERDICT_TOO_MANY,
	VERDICT_TOO_LARGE,
	VERDICT_NO_COUNTER,
	VERDICT_USED_UP,
	VERDICT_COOLING_DOWN
};
struct model_match {
	bool any; /* else the serial and the version, if they are the present ones */
	unsigned serial;
	int64_t version;
};
#define KEEP (-2) /* a member of a patch that is not in it */

bool model_is_declared(int kind);
int model_steps_of(int kind);
struct model_owner *model_owner_of(struct model *m, struct model_session *s, int kind);
struct model_flow *model_flow_of(struct model *m, struct model_session *s, int kind);
const struct model_flow *model_offer_of(const struct model *m, const struct model_session *s,
					int kind);
struct model_counter *model_counter_of(struct model *m, struct model_session *s, int kind,
				       int counter);
struct model_left model_left_of(struct model *m, struct model_session *s, int kind, int counter);
bool model_runs(const struct model *m, const struct model_flow *flow);

enum model_verdict model_read(struct model *m, struct model_session *s, int kind);
enum model_verdict model_start(struct model *m, struct model_session *s, int kind,
			       const struct model_flow *beginning);
/* Members that are KEEP stay, NONE go; return_to likewise. */
struct model_patch {
	struct model_match match;
	struct model_data data;
	int return_to;
};
enum model_verdict model_patch(struct model *m, struct model_session *s, int kind,
			       const struct model_patch *patch);
enum model_verdict model_step(struct model *m, struct model_session *s, int kind,
			      const struct model_match *match, int to);
enum model_verdict model_drop(struct model *m, struct model_session *s, int kind,
			      const struct model_match *match);
enum model_verdict model_attempt(struct model *m, struct model_session *s, int kind, int counter);
/* facts, to: KEEP stays. */
enum model_verdict model_serve(struct model *m, struct model_session *s, int kind, int facts,
			       int to);
enum model_verdict model_serve_end(struct model *m, struct model_session *s, int kind);
/* Inside a sign-in. */
void model_promote(struct model *m, struct model_session *s, struct model_user *user);

#endif
