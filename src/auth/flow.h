/* Flows: the state of a journey, kept on the server. */
#ifndef GATEPOST_AUTH_FLOW_H
#define GATEPOST_AUTH_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "flow_store.h"
#include "session.h"

struct db;

/* Bytes of "data" and "facts" as JSON text without white space (CONTRACT §5). */
#define FLOW_DATA_MAX 16384
#define FLOW_DATA_MAX_OF_USER 65536
#define FLOW_DATA_MAX_OF_GUEST 4096
#define FLOWS_OF_GUEST 5
#define FLOWS_OF_USER 64 /* the contract names none; memory and answers need one */

/* What is left of a counter. */
struct flow_counter {
	struct str name;
	unsigned left;
	int64_t retry_at; /* 0: at once */
};

/* One flow as its client may see it. */
struct flow {
	struct flow_row row;
	const struct flow_config *declared; /* NULL: nobody vouches for its steps */
	struct flow_counter counters[FLOW_COUNTERS];
	size_t counter_count;
};

enum flow_verdict {
	FLOW_REFUSED = 0,
	FLOW_DONE,
	FLOW_CREATED,
	FLOW_GONE,        /* the session is no longer what it was: nothing was done */
	FLOW_UNKNOWN,     /* no such kind here, or none of it runs */
	FLOW_OVER,        /* it has expired */
	FLOW_STALE,       /* its version is not one of those asked for; flow: as it is */
	FLOW_NO_MOVE,     /* flow: as it is */
	FLOW_TOO_MANY,    /* limit: so many run already */
	FLOW_TOO_LARGE,   /* limit: bytes of a flow, or of all of the owner's */
	FLOW_NO_COUNTER,  /* the kind has no counter of this name */
	FLOW_USED_UP,     /* flow_attempt: no attempts are left until retry_at */
	FLOW_COOLING_DOWN /* … it was too early, and took nothing */
};

struct flow_outcome {
	enum flow_verdict verdict;
	struct flow flow; /* FLOW_DONE, FLOW_CREATED, FLOW_STALE, FLOW_NO_MOVE */
	size_t limit;
	struct flow_counter counter; /* of flow_attempt */
};

/* Which flow of whom. */
struct flow_key {
	struct flow_reach reach;
	struct str kind; /* of the form that config_is_flow_name asks for */
};

/* Whose flows a live session reaches. */
struct flow_reach flow_reach_of(const struct session *session);

/* Versions a client takes for the present one (RFC 9110 §13.1.1). */
#define FLOW_TAGS 8
struct flow_tag {
	struct id id;
	int64_t version;
};
struct flow_match {
	bool any; /* the present one, whatever it is */
	struct flow_tag tags[FLOW_TAGS];
	size_t n;
};

/*
 * JSON is HTTP's business: whoever calls brings merge (RFC 7396), what target becomes by the patch,
 * both JSON objects. ERR_INPUT: one is none, or deeper than it may be; ERR_TOO_LARGE: over max
 * bytes. Text without white space, in the arena.
 */
/* All of flow_start … flow_attempt: one transaction, the owner locked first. OK with a verdict. */

/* return_to and data as checked by the caller; absent: none. Running already: FLOW_DONE with it. */
struct flow_beginning {
	struct str return_to;
	struct str data; /* a JSON object without white space */
};
MUST_CHECK enum err flow_start(const struct auth_context *context, const struct flow_key *key,
			       const struct flow_beginning *beginning, struct flow_outcome *out);

/* No lock and one statement. */
MUST_CHECK enum err flow_read(const struct auth_context *context, const struct flow_key *key,
			      struct flow_outcome *out);

struct flow_patch {
	const struct flow_match *match;
	enum err (*merge)(struct arena *arena, struct str target, struct str patch, size_t max,
			  struct str *out);
	struct str data;      /* a patch (JSON object); absent: none */
	bool clears_data;     /* data: null */
	struct str return_to; /* "": away with it; absent: stays */
};
/* What changes nothing makes no new version. */
MUST_CHECK enum err flow_patch(const struct auth_context *context, const struct flow_key *key,
			       const struct flow_patch *patch, struct flow_outcome *out);

/* A client's move. */
MUST_CHECK enum err flow_step(const struct auth_context *context, const struct flow_key *key,
			      const struct flow_match *match, struct str to,
			      struct flow_outcome *out);

/* match NULL: whatever it is. FLOW_DONE: it is over; its counters are not. */
MUST_CHECK enum err flow_end(const struct auth_context *context, const struct flow_key *key,
			     const struct flow_match *match, struct flow_outcome *out);

/* FLOW_DONE: one attempt was taken, durably. */
MUST_CHECK enum err flow_attempt(const struct auth_context *context, const struct flow_key *key,
				 struct str counter, struct flow_outcome *out);

/*
 * What a service may do that no client may: write facts, and move to any declared step; and it may
 * end the flow of another. An audit event tells kind, step and which of it, never the facts.
 */
struct flow_service {
	enum err (*merge)(struct arena *arena, struct str target, struct str patch, size_t max,
			  struct str *out);
	const struct flow_match *match; /* NULL: whatever it is */
	struct str facts;               /* a patch (JSON object); absent: none */
	bool clears_facts;              /* facts: null */
	struct str to;                  /* absent: it stays */
	bool ends;                      /* and nothing else; FLOW_DONE with the flow as it was */
};
MUST_CHECK enum err flow_serve(const struct auth_context *context, const struct flow_key *key,
			       const struct flow_service *service, struct flow_outcome *out);

/* Where the client goes on. */
enum flow_why {
	FLOW_WHY_NOTHING = 0,
	FLOW_WHY_STATE, /* the session is not active: what makes it so */
	FLOW_WHY_GUEST, /* a flow that the user has too, left by the guest they were */
	FLOW_WHY_FLOW   /* the one that changed last and has a return_to */
};
struct flow_state {
	struct flow *flows; /* in the arena, the one that changed last first */
	size_t n;
	enum flow_why why;
	const struct flow *next; /* FLOW_WHY_GUEST: none of flows; FLOW_WHY_FLOW */
};
/*
 * All that a session needs to resume: one statement, none while it is not active. What a guest left
 * is offered until the session writes to that kind, at most an hour.
 */
MUST_CHECK enum err flow_state(const struct auth_context *context, const struct session *session,
			       struct flow_state *out);

/* The same for a service: whatever the session's state is; why is FLOW_WHY_GUEST or nothing. */
MUST_CHECK enum err flow_list(const struct auth_context *context, const struct flow_reach *reach,
			      struct flow_state *out);

/*
 * Inside the transaction of a sign-in that promotes a guest's row (user locked): the guest's
 * user-scoped flows become the user's; where the user has one of that kind the guest's stays where
 * it is, to be offered, at most an hour. All of them are marked from_guest and lose their facts.
 * Counters: the user gets the worse of both in every respect, so that nobody has more left. Three
 * statements.
 */
MUST_CHECK enum err flow_promote(struct db *db, const struct id *session_id,
				 const struct id *user_id, int64_t now);

#endif
