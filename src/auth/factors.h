/* What a user has besides a password: how it changes, and what follows from a change. */
#ifndef GATEPOST_AUTH_FACTORS_H
#define GATEPOST_AUTH_FACTORS_H

#include <stdbool.h>

#include "audit.h"
#include "context.h"
#include "err.h"
#include "factor_store.h"
#include "session.h"
#include "str.h"

struct db;

/* 0 denies: the session is not the user's any more, or what is to change is not there. */
enum factors_verdict {
	FACTORS_GONE = 0,
	FACTORS_WRONG,     /* what was shown of the new one is not right */
	FACTORS_NEEDED,    /* the last one of somebody of whom one is required: it stays */
	FACTORS_TAKEN,     /* it is registered already, to whomever */
	FACTORS_FULL,      /* there are as many as there may be */
	FACTORS_THROTTLED, /* too many tries: nothing was looked at */
	FACTORS_DONE
};

/* A change on its way, inside a transaction. The first members are the caller's. */
struct factors_change {
	const struct auth_context *context;
	const struct session_found *person; /* whose, as the session's check read it */
	unsigned before;                    /* factors under the lock, set by factors_lock */
	unsigned after;                     /* set by factors_settle */
	struct audit_trail trail;           /* written by the caller after the commit */
};

/*
 * First: locks the user, and looks whether the session still is what it was. ERR_CONFLICT: it is
 * not, or the user is not active. Not where session_prove_again has done the same: there the claim
 * only begins the trail anew and reads what there is.
 */
MUST_CHECK enum err factors_lock(struct factors_change *change, struct db *db);

/* What was done, for the record and for the person. */
struct factors_event {
	enum audit_kind kind;
	struct str detail; /* of the event: "authenticator app", "passkey NAME" */
	struct str notice; /* mail kind: "factor-added", "factor-removed"; absent: none */
};
/*
 * Last: counts anew what there is, writes user.factors; with the last strong factor the recovery
 * codes go; adds the event to the trail and queues the notice.
 */
MUST_CHECK enum err factors_settle(struct factors_change *change, struct db *db,
				   const struct factors_event *event);
/*
 * Whether factors (bits) without this one leave somebody of whom one is required without any
 * (MF-17). remaining: the strong ones that would be left.
 */
bool factors_are_needed(const struct factors_change *change, unsigned remaining);

#endif
