/* The database: connection, clock, schema, grants columns, what nobody purged. */
#include "doctor_store.h"

#include <stdlib.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "doctor.h"
#include "factor_store.h"
#include "grants_store.h"
#include "ident.h"
#include "judge.h"
#include "migrate.h"
#include "restore.h"
#include "role_store.h"

#define OVERDUE_AFTER CLOCK_HOUR
#define BATCH_MEMORY ((size_t)64 * 1024 * 1024)
#define NAMED_USERS 20

static void fail(struct doctor *doctor, const char *name, enum err e)
{
	doctor_add(doctor, DOCTOR_FAIL, name, "see the database's log",
		   "the database did not tell: %s", err_name(e));
}

static bool connect_web(struct doctor *doctor)
{
	struct ctl *ctl = doctor->ctl;
	struct fault fault = {"no memory"};
	enum err e = db_open(doctor->config, DB_ROLE_WEB, &ctl->auth.db);

	if (e == OK)
		e = db_connect(ctl->auth.db, &fault);
	if (e == OK) {
		doctor_add(doctor, DOCTOR_OK, "database", "", "account web connects");
		return true;
	}
	db_close(&ctl->auth.db);
	doctor_add(doctor, DOCTOR_FAIL, "database",
		   e == ERR_CONFIG ? "nothing works without it"
				   : "is it running, and where [database] says?",
		   "%s", fault.text);
	return false;
}

static void check_clock(struct doctor *doctor)
{
	int64_t before = clock_now();
	int64_t there = 0;
	enum err e = doctor_store_clock(doctor->ctl->auth.db, &there);

	if (e != OK) {
		fail(doctor, "clock", e);
		return;
	}
	int64_t difference = there - (before + clock_now()) / 2;
	enum doctor_result result = judge_clock(difference);
	doctor_add(doctor, result, "clock",
		   result == DOCTOR_OK ? ""
				       : "sessions end too early or too late: run an NTP client on "
					 "every host",
		   "the database's clock differs by %lld ms",
		   (long long)llabs((long long)(difference / CLOCK_MS)));
}

/* The web account sees the version only; what was applied as which text, migrate. */
static void check_schema(struct doctor *doctor)
{
	const struct db_account *migrate = &doctor->config->database.accounts[DB_ROLE_MIGRATE];
	struct migrate_report report = {.from = 0};
	struct fault fault = {""};

	if (!secret_is_present(migrate->password)) {
		doctor_add(doctor, DOCTOR_OK, "schema", "",
			   "a version that this program knows (migrations not compared: the "
			   "password of migrate cannot be read here)");
		return;
	}
	enum err e = migrate_check(doctor->config, doctor->arena, &report, &fault);
	if (e != OK)
		doctor_add(doctor, DOCTOR_FAIL, "schema",
			   "put back the files of the version that is installed", "%s", fault.text);
	else if (report.from < report.to)
		doctor_add(doctor, DOCTOR_WARN, "schema", "run gatepost migrate",
			   "version %u, but there are migrations up to %u", report.from, report.to);
	else
		doctor_add(doctor, DOCTOR_OK, "schema", "", "version %u, applied as the files are",
			   report.from);
}

static void check_overdue(struct doctor *doctor)
{
	int64_t before = doctor->ctl->auth.now - OVERDUE_AFTER;
	struct doctor_overdue overdue = {.sessions = 0};
	enum err e = doctor_store_overdue(doctor->ctl->auth.db,
					  before - doctor->config->session.expired_kept, before,
					  &overdue);

	if (e != OK)
		fail(doctor, "purge", e);
	else if (overdue.sessions + overdue.rotations + overdue.throttles > 0)
		doctor_add(doctor, DOCTOR_WARN, "purge",
			   "is a worker running? gatepost purge clears it once",
			   "over an hour overdue: %lld sessions, %lld rotations, %lld throttle "
			   "rows",
			   (long long)overdue.sessions, (long long)overdue.rotations,
			   (long long)overdue.throttles);
	else
		doctor_add(doctor, DOCTOR_OK, "purge", "", "nothing is overdue");
}

/* Who seems wrong is looked at once more: a role may have changed in between. */
static enum err compare_batch(struct doctor *doctor, struct arena *arena,
			      struct grants_batch *batch)
{
	struct grants_batch again = *batch;

	TRY(grants_store_compare(doctor->ctl->auth.db, arena, batch));
	if (batch->wrong_count == 0)
		return OK;
	arena_reset(arena);
	TRY(grants_store_compare(doctor->ctl->auth.db, arena, &again));
	*batch = again;
	return OK;
}

static enum err compare_all(struct doctor *doctor, struct arena *arena, struct buf *names,
			    size_t *wrong)
{
	struct grants_batch *batch = arena_alloc(doctor->arena, sizeof *batch);

	if (batch == NULL)
		return ERR_MEMORY;
	for (*wrong = 0; !batch->end; arena_reset(arena)) {
		TRY(compare_batch(doctor, arena, batch));
		for (size_t i = 0; i < batch->wrong_count; i++) {
			if ((*wrong)++ >= NAMED_USERS)
				continue;
			buf_add_char(names, ' ');
			id_add(names, batch->wrong[i]);
		}
	}
	return OK;
}

/* A change of a role that is not through yet explains what would look like a hand. */
static bool say_unfinished(struct doctor *doctor)
{
	struct role_row role = {.work = ROLE_WORK_NONE};
	bool found = false;
	enum err e = role_store_find_work(doctor->ctl->auth.db, doctor->arena, &role, &found);

	if (e == OK && found)
		doctor_add(doctor, DOCTOR_WARN, "grants",
			   "a worker goes on within a minute; gatepost purge does it now",
			   "a change of the role %.*s has not reached all who have it",
			   (int)role.name.n, role.name.p);
	return e == OK && found;
}

static void check_grants(struct doctor *doctor)
{
	struct arena *arena = NULL;
	struct str text = STR_NONE;
	struct buf names;
	size_t wrong = 0;
	enum err e = arena_open(0, BATCH_MEMORY, &arena);

	buf_init(&names, doctor->arena, 4096);
	buf_add(&names, STR("stored roles and permissions differ from the role tables, of user"));
	if (e == OK)
		e = compare_all(doctor, arena, &names, &wrong);
	arena_close(&arena);
	if (wrong > NAMED_USERS)
		buf_addf(&names, " and %zu more", wrong - NAMED_USERS);
	if (e == OK)
		e = buf_str(&names, &text);
	if (e != OK)
		fail(doctor, "grants", e);
	else if (wrong > 0 && say_unfinished(doctor))
		return;
	else if (wrong > 0)
		doctor_add_text(doctor, DOCTOR_FAIL, "grants",
				"somebody wrote the tables by hand; giving each of them a role "
				"anew writes it right",
				text);
	else
		doctor_add(doctor, DOCTOR_OK, "grants", "",
			   "stored roles and permissions of all users are as the role tables say");
}

static enum err compare_factors(struct doctor *doctor, struct buf *names, size_t *wrong)
{
	struct factors_batch *batch = arena_alloc(doctor->arena, sizeof *batch);

	if (batch == NULL)
		return ERR_MEMORY;
	for (*wrong = 0; !batch->end;) {
		TRY(factor_store_compare(doctor->ctl->auth.db, batch));
		for (size_t i = 0; i < batch->wrong_count; i++) {
			if ((*wrong)++ >= NAMED_USERS)
				continue;
			buf_add_char(names, ' ');
			id_add(names, batch->wrong[i]);
		}
	}
	return OK;
}

/* Who seems to have none signs in with a password alone. */
static void check_factors(struct doctor *doctor)
{
	struct str text = STR_NONE;
	struct buf names;
	size_t wrong = 0;

	buf_init(&names, doctor->arena, 4096);
	buf_add(&names, STR("stored second factors differ from the tables, of user"));
	enum err e = compare_factors(doctor, &names, &wrong);
	if (wrong > NAMED_USERS)
		buf_addf(&names, " and %zu more", wrong - NAMED_USERS);
	if (e == OK)
		e = buf_str(&names, &text);
	if (e != OK)
		fail(doctor, "factors", e);
	else if (wrong > 0)
		doctor_add_text(doctor, DOCTOR_FAIL, "factors",
				"somebody wrote the tables by hand; any change that each of them "
				"makes to a second factor writes it right",
				text);
	else
		doctor_add(doctor, DOCTOR_OK, "factors", "",
			   "stored second factors of all users are as their tables say");
}

static void add_time(struct buf *buf, const char *before, int64_t at)
{
	buf_add(buf, str_of(before));
	clock_add_rfc3339(buf, at);
}

/* Where a backup was put back and nobody looked, sessions live that were ended. */
static void check_restore(struct doctor *doctor)
{
	struct restore_signs signs = {.made = 0};
	struct str text = STR_NONE;
	struct buf detail;
	enum err e = restore_look(&doctor->ctl->auth, &signs);

	if (e == OK && (!signs.restored || signs.checked)) {
		doctor_add(doctor, DOCTOR_OK, "restore", "",
			   signs.restored ? "restored or moved once, and checked since"
					  : "nothing looks restored from a backup");
		return;
	}
	buf_init(&detail, doctor->arena, 256);
	add_time(&detail, "the tables were made ", signs.made);
	add_time(&detail, ", the newest event from before is of ", signs.newest);
	if (e == OK)
		e = buf_str(&detail, &text);
	if (e != OK)
		fail(doctor, "restore", e);
	else
		doctor_add_text(doctor, DOCTOR_WARN, "restore",
				"if a backup was restored: gatepost restore-check; if the files "
				"were only moved: gatepost restore-check --keep-sessions",
				text);
}

void doctor_database(struct doctor *doctor)
{
	if (!connect_web(doctor))
		return;
	check_clock(doctor);
	check_schema(doctor);
	check_grants(doctor);
	check_factors(doctor);
	check_overdue(doctor);
	check_restore(doctor);
}
