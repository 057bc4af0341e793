/* One act under every failure of the database: what it may answer, and what may be left of it. */
#include "fault_trial.h"

#include <inttypes.h>

#include "stmt_part.h"

#define STORMS 8
#define TRIAL_CALLS 256

static struct trial *measured;

/* The clean run's links: what is there after each thing that lasts. */
static void add_link(void)
{
	struct trial *t = measured;
	char *now = trial_state(t);

	if (t->links > 0 && strcmp(t->chain[t->links - 1], now) == 0) {
		free(now);
		return;
	}
	assert_true(t->links < TRIAL_CHAIN);
	t->chain[t->links++] = now;
}

static void forget_chain(struct trial *t)
{
	while (t->links > 0)
		free(t->chain[--t->links]);
}

static enum err run_inside(struct trial *t, const struct act *act, void *out)
{
	enum err e = OK;

	TRY(db_begin(t->w->db));
	e = act->run(t, out);
	if (e == OK)
		e = db_commit(t->w->db);
	db_rollback(t->w->db);
	if (e != OK)
		memset(out, 0xa5, TRIAL_OUT); /* what the act gave out before this failed */
	return e;
}

static enum err run_once(struct trial *t, const struct act *act, unsigned char *out)
{
	memset(out, 0xa5, TRIAL_OUT);
	arena_reset(t->w->context.arena);
	t->w->context.request_id = id_random();
	return act->flags & ACT_INSIDE ? run_inside(t, act, out) : act->run(t, out);
}

static void measure(struct trial *t, const struct act *act, unsigned char *out)
{
	enum err e = OK;

	forget_chain(t);
	measured = t;
	add_link();
	fault_watch(add_link);
	fault_arm(FAULT_NONE, FAULT_RUNNING, 0);
	e = run_once(t, act, out);
	(void)fault_disarm();
	fault_watch(NULL);
	if (e != OK)
		fail_msg("%s: %s without any failure", act->name, err_name(e));
	add_link();
	if ((act->flags & ACT_ATOMIC) && t->links > 2)
		fail_msg("%s: lasts in %zu steps", act->name, t->links - 1);
	if (act->check != NULL)
		act->check(t, out);
	trial_restore(t);
}

struct strike {
	const struct act *act;
	enum fault_kind kind;
	enum fault_side side;
	unsigned at; /* of a storm: its number */
};

#define COMPLAIN(strike, ...)                                                                      \
	do {                                                                                       \
		fprintf(stderr, "%s: %s at %s call %u\n", (strike)->act->name,                     \
			fault_name((strike)->kind),                                                \
			(strike)->side == FAULT_OPENING ? "opening" : "running", (strike)->at);    \
		fail_msg(__VA_ARGS__);                                                             \
	} while (0)

static void check_out(const struct strike *s, const unsigned char *out)
{
	for (size_t i = 0; i < TRIAL_OUT; i++)
		if (out[i] != 0xa5)
			COMPLAIN(s, "byte %zu of the output was touched", i);
}

/* The link of the chain that the tables are at. */
static size_t link_of(struct trial *t, const struct strike *s, const char *now)
{
	for (size_t i = 0; i < t->links; i++)
		if (strcmp(t->chain[i], now) == 0)
			return i;
	fprintf(stderr, "before:\n%s\nafter all:\n%s\nnow:\n%s\n", t->chain[0],
		t->chain[t->links - 1], now);
	COMPLAIN(s, "neither whole nor nothing");
	return 0;
}

static void check_state(struct trial *t, const struct strike *s, enum err e)
{
	char *now = trial_state(t);
	size_t at = link_of(t, s, now);
	size_t last = t->links - 1;
	bool changed = strcmp(now, t->before) != 0;

	free(now);
	if (e == OK && at != last)
		COMPLAIN(s, "OK, but only step %zu of %zu was done", at, last);
	if (e == ERR_UNAVAILABLE && at == last && last > 0)
		COMPLAIN(s, "not done, it says, but it was");
	if (changed)
		trial_restore(t);
}

/* The connection serves the next one as if nothing had been. */
static void check_connection(struct trial *t, const struct strike *s)
{
	struct user_row user;
	bool found = false;

	if (db_in_transaction(t->w->db) || db_in_transaction(t->w->hash_db))
		COMPLAIN(s, "a transaction is open");
	arena_reset(t->w->context.arena);
	if (user_store_find_by_id(t->w->db, t->w->context.arena, &t->scene.bob, &user, &found) !=
		    OK ||
	    !found)
		COMPLAIN(s, "the connection is of no use any more");
}

static void ask_again(struct trial *t, const struct strike *s, unsigned char *out)
{
	enum err e = run_once(t, s->act, out);

	if (e != OK)
		COMPLAIN(s, "asked again: %s", err_name(e));
	if (s->act->check != NULL)
		s->act->check(t, out);
}

/* False: no failure was met. */
static bool strike(struct trial *t, const struct strike *s, unsigned char *out)
{
	enum err e = OK;
	bool struck = false;
	char *now = NULL;

	fault_arm(s->kind, s->side, s->at);
	e = run_once(t, s->act, out);
	struck = fault_disarm();
	if (e != OK && e != ERR_UNAVAILABLE && e != ERR_UNCERTAIN)
		COMPLAIN(s, "answered %s", err_name(e));
	if (e != OK)
		check_out(s, out);
	else if (s->act->check != NULL)
		s->act->check(t, out);
	check_connection(t, s);
	if (e != OK && (s->act->flags & ACT_REPEATABLE)) {
		now = trial_state(t);
		(void)link_of(t, s, now);
		free(now);
		ask_again(t, s, out);
		trial_restore(t);
		return struck;
	}
	check_state(t, s, e);
	return struck;
}

static uint64_t seed_of_run(void)
{
	const char *text = getenv("GATEPOST_SEED");
	struct id random = id_random();
	uint64_t seed = 0;

	memcpy(&seed, random.b, sizeof seed);
	seed = text != NULL ? strtoull(text, NULL, 10) : seed >> 16;
	print_message("seed %" PRIu64 " (GATEPOST_SEED repeats it)\n", seed);
	return seed;
}

/* Connections as of a worker that has just begun. */
static void renew_connections(struct trial *t)
{
	struct fixture *fixture = t->w->fixture;

	db_close(&fixture->web);
	db_close(&fixture->hash);
	db_close(&fixture->guard);
	db_close(&fixture->mail);
	fixture->guard = fixture_db(&t->w->config, DB_ROLE_GUARD);
	fixture->mail = fixture_db(&t->w->config, DB_ROLE_MAIL);
	fixture->web = fixture_db(&t->w->config, DB_ROLE_WEB);
	fixture->hash = fixture_db(&t->w->config, DB_ROLE_HASH);
	t->w->db = t->w->context.db = fixture->web;
	t->w->hash_db = t->w->context.hash_db = fixture->hash;
}

/* Where each call went, as the clean run had it. */
struct course {
	enum fault_place places[FAULT_SIDES][TRIAL_CALLS];
	unsigned calls[FAULT_SIDES];
};

static void chart(struct course *course)
{
	for (unsigned side = 0; side < FAULT_SIDES; side++) {
		course->calls[side] = fault_calls((enum fault_side)side);
		assert_in_range(course->calls[side], 0, TRIAL_CALLS);
		for (unsigned at = 1; at <= course->calls[side]; at++)
			course->places[side][at - 1] = fault_place_of((enum fault_side)side, at);
	}
}

static unsigned strike_all(struct trial *t, struct strike s, const struct course *course,
			   unsigned char *out)
{
	unsigned struck = 0;

	for (s.at = 1; s.at <= course->calls[s.side]; s.at++) {
		if (!fault_fits(s.kind, course->places[s.side][s.at - 1]))
			continue;
		if (s.side == FAULT_OPENING)
			renew_connections(t);
		if (!strike(t, &s, out))
			COMPLAIN(&s, "there was no such call");
		struck++;
	}
	return struck;
}

static void run_act(struct trial *t, const struct act *act, unsigned char *out)
{
	struct strike s = {.act = act};
	struct course course;
	unsigned struck = 0;

	trial_restore(t);
	renew_connections(t);
	measure(t, act, out);
	chart(&course);
	for (unsigned kind = FAULT_NONE + 1; kind < FAULT_STORM; kind++) {
		s.kind = (enum fault_kind)kind;
		for (unsigned side = 0; side < FAULT_SIDES; side++) {
			s.side = (enum fault_side)side;
			struck += strike_all(t, s, &course, out);
		}
	}
	s.kind = FAULT_STORM;
	for (s.at = 1; s.at <= STORMS; s.at++)
		struck += strike(t, &s, out) ? 1 : 0;
	print_message("%-28s %u calls, %u failures\n", act->name,
		      course.calls[FAULT_RUNNING] + course.calls[FAULT_OPENING], struck);
}

void trial_run(struct trial *t, const struct act *acts, size_t n)
{
	unsigned char *out = malloc(TRIAL_OUT);

	assert_non_null(out);
	fault_seed(seed_of_run());
	for (size_t i = 0; i < n; i++)
		run_act(t, &acts[i], out);
	forget_chain(t);
	free(out);
}

/* Statements that lie in files of their own, and whose acts do. */
static enum trial_share share_of(enum stmt stmt)
{
	static const struct stmt_def *const tenancy[] = {stmt_part_tenants, stmt_part_handover};

	if (stmt_def(stmt)->roles == 1U << DB_ROLE_MIGRATE)
		return TRIAL_MIGRATION;
	for (size_t i = 0; i < sizeof tenancy / sizeof tenancy[0]; i++)
		if (tenancy[i][stmt].name != NULL)
			return TRIAL_TENANCY;
	if (stmt_part_key[stmt].name != NULL)
		return TRIAL_KEYS;
	bool names = stmt >= STMT_SESSION_FOUND_BY_ID_1 && stmt <= STMT_SESSION_FOUND_BY_ID_32;
	if (stmt_part_token[stmt].name != NULL || names)
		return TRIAL_TOKENS;
	if (stmt_part_mail_code[stmt].name != NULL)
		return TRIAL_MAIL_CODES;
	if (stmt_part_account[stmt].name != NULL)
		return TRIAL_ACCOUNT;
	if (stmt_part_mail[stmt].name != NULL)
		return TRIAL_MAIL;
	if (stmt_part_service[stmt].name != NULL)
		return TRIAL_SERVICES;
	if (stmt_part_roles[stmt].name != NULL)
		return TRIAL_ROLES;
	if (stmt_part_overview[stmt].name != NULL)
		return TRIAL_OVERVIEW;
	if (stmt_part_factor[stmt].name != NULL)
		return TRIAL_FACTORS;
	return stmt_part_flow[stmt].name != NULL ? TRIAL_FLOWS : TRIAL_CORE;
}

void trial_demand(enum trial_share share)
{
	for (unsigned i = 0; i < STMT_COUNT; i++) {
		enum fault_place place = i == STMT_SCHEMA_VERSION ? FAULT_SET_UP : FAULT_EXECUTE;

		if (share_of((enum stmt)i) != share)
			continue;
		for (unsigned kind = FAULT_NONE + 1; kind < FAULT_STORM; kind++)
			if (fault_fits((enum fault_kind)kind, place) &&
			    !fault_has_hit((enum stmt)i, (enum fault_kind)kind))
				fail_msg("%s never met: %s", stmt_def((enum stmt)i)->name,
					 fault_name((enum fault_kind)kind));
	}
}
