/* One act under every failure of the database: what it may answer, and what may be left of it. */
#ifndef GATEPOST_TEST_FAULT_TRIAL_H
#define GATEPOST_TEST_FAULT_TRIAL_H

#include "auth_world.h"
#include "fault.h"

#define TRIAL_OUT ((size_t)64 * 1024)
#define TRIAL_TEXT ((size_t)256 * 1024)
#define TRIAL_CHAIN 24
#define TRIAL_VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

/* What every act finds: made once, then restored from copies of the tables. */
struct scene {
	struct id alice, bob, admin;
	struct str handle; /* of alice */
	struct str other;  /* another one of hers, with a device */
	struct str old;    /* hers, rotated away */
	struct str cookie; /* of bob */
	struct str guest;  /* nobody's, with flows and a counter */
	struct id handle_id, other_id, guest_id;
	struct id acme, beta; /* tenants */
	struct str code;      /* of a hand-over by handle to who has TRIAL_VERIFIER */
	struct digest handle_hash;
	struct str setup_code;
	struct id recovery_id; /* alice's, asked for by the API: its code and its link */
	struct str recovery, recovery_link;
	struct str dispute; /* the link of a notice of bob's */
};

struct trial {
	struct world *w;
	struct scene scene;
	MYSQL *keeper; /* the administrator's own connection */
	char *before;  /* the tables as text */
	char *chain[TRIAL_CHAIN];
	size_t links;
};

/* ATOMIC: one transaction or statement; REPEATABLE: asked again after a failure, it is done. */
#define ACT_ATOMIC 1U
#define ACT_REPEATABLE 2U
/* Takes it from its caller that a transaction is open. */
#define ACT_INSIDE 4U

/*
 * out: TRIAL_OUT bytes of 0xa5; run writes to it only what the act gives out. check (may be NULL)
 * looks at it after OK.
 */
struct act {
	const char *name;
	enum err (*run)(struct trial *t, void *out);
	void (*check)(struct trial *t, const void *out);
	unsigned flags;
};

/* A verdict that the act cannot have: ERR_CONFLICT, which no failure may be answered with. */
static inline enum err must(bool so)
{
	return so ? OK : ERR_CONFLICT;
}

/* One function of the store: its name, its call, its outputs into out. */
#define ACT(name, ...)                                                                             \
	static enum err name(struct trial *t, void *out)                                           \
	{                                                                                          \
		(void)out;                                                                         \
		__VA_ARGS__                                                                        \
	}

#define PUT(out, value) memcpy((out), &(value), sizeof(value))

/* Group set-up and tear-down: *state is a struct trial. */
int trial_open(void **state);
int trial_close(void **state);
/*
 * The tables as text, to be freed; waits for what the server still undoes, and fails for a
 * transaction that somebody left open. And back to how trial_open left them.
 */
char *trial_state(struct trial *t);
void trial_restore(struct trial *t);
/* The administrator's connection, and tables for the copies. */
void trial_open_keeper(struct trial *t);
/* What is there now is what every act finds from now on. */
void trial_keep(struct trial *t);
/* A copy that outlives the acts. */
struct str trial_lasting(struct trial *t, struct str text);
/* Every kind at every call; then storms. Fails the test with the act, the kind and the call. */
void trial_run(struct trial *t, const struct act *acts, size_t n);

/* Which file has the acts of a statement; a new one is CORE until fault_trial.c says otherwise. */
enum trial_share {
	TRIAL_CORE,       /* test_fault_statements */
	TRIAL_TENANCY,    /* test_fault_tenancy: tenants, members, hand-overs, outbox */
	TRIAL_FLOWS,      /* test_fault_flows */
	TRIAL_KEYS,       /* test_fault_keys */
	TRIAL_TOKENS,     /* test_fault_tokens */
	TRIAL_SERVICES,   /* test_fault_services */
	TRIAL_ROLES,      /* test_fault_roles */
	TRIAL_ACCOUNT,    /* test_fault_address */
	TRIAL_MAIL_CODES, /* test_fault_mail_codes */
	TRIAL_OVERVIEW,   /* test_fault_overview */
	TRIAL_MAIL,       /* test_fault_mail */
	TRIAL_FACTORS,    /* test_fault_factors */
	TRIAL_MIGRATION,  /* test_fault_migrate */
};
/* Fails for a statement of that share that did not meet every failure in this process. */
void trial_demand(enum trial_share share);

/* Checks: what was given out is good; the scene's handle is replaced by it; it has ended. */
void trial_check_issued(struct trial *t, const void *out);
void trial_check_rotated(struct trial *t, const void *out);
void trial_check_ended(struct trial *t, const void *out);

/* The session row of one of the scene's handles. */
struct session trial_session(struct trial *t, struct str handle);

#endif
