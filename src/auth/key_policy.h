/* When a signing key moves on: next, active, retiring, gone. Pure: rows and the time in, moves out.
 */
#ifndef GATEPOST_AUTH_KEY_POLICY_H
#define GATEPOST_AUTH_KEY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "key_store.h"

#define KEY_ROWS_MAX 64

/* Spans in microseconds. */
struct key_periods {
	int64_t lead;   /* published so long before it signs: what caches keep, and two minutes */
	int64_t active; /* signs so long */
	int64_t keep;   /* published so long after: the longest life, leeway, and two minutes */
};
struct key_periods key_policy_periods(const struct config *config);

/* Keys that are not gone. */
struct key_rows {
	struct key_row rows[KEY_ROWS_MAX];
	size_t n;
};

struct key_plan {
	struct {
		size_t at; /* of the rows */
		enum key_state to;
	} moves[KEY_ROWS_MAX];
	size_t n;
	bool make_active, make_next; /* new ones */
};
bool key_plan_is_empty(const struct key_plan *plan);

/* 0 refuses. */
enum key_verdict {
	KEY_REFUSED = 0,
	KEY_TOO_EARLY, /* the next one is not published long enough */
	KEY_UNKNOWN,   /* none of that name, or gone already */
	KEY_IN_USE,    /* it is the active one */
	KEY_ALLOWED,
	KEY_VERDICT_COUNT
};

/* What is due now; nothing most of the time. */
void key_policy_tend(const struct key_periods *periods, const struct key_rows *keys, int64_t now,
		     struct key_plan *plan);
/* The next key signs from now on. KEY_TOO_EARLY: *from says when it may. */
enum key_verdict key_policy_rotate(const struct key_periods *periods, const struct key_rows *keys,
				   int64_t now, struct key_plan *plan, int64_t *from);
/* Emergency: every key there is goes at once, with all tokens they signed; new ones are made. */
void key_policy_replace(const struct key_rows *keys, struct key_plan *plan);
/* A next or retiring key goes before its time. */
enum key_verdict key_policy_retire(const struct key_rows *keys, const struct digest *kid,
				   struct key_plan *plan);

/* "next", "active", "retiring", "gone"; static. */
const char *key_state_name(enum key_state state);

#endif
