/* Applies numbered migrations, one runner at a time, and gives the accounts their rights. */
#include "migrate.h"

#include <time.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "db_link.h"
#include "migrate_files.h"
#include "row.h"

#define LOCK_SPAN (10 * CLOCK_MINUTE)
#define WAIT_SPAN CLOCK_MINUTE
#define WAIT_STEP 50 /* ms */
#define GRANTS_TEXT_MAX ((size_t)64 * 1024)

/* Row 0 is no migration: it is the lock. */
#define OWN_TABLE                                                                                  \
	"CREATE TABLE IF NOT EXISTS schema_migration ("                                            \
	"version INT NOT NULL, name VARBINARY(255) NOT NULL, sha256 BINARY(32) NOT NULL, "         \
	"applied_at BIGINT NOT NULL, lock_owner BINARY(16) NULL, lock_until BIGINT NULL, "         \
	"PRIMARY KEY (version)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;"                      \
	"INSERT IGNORE INTO schema_migration (version, name, sha256, applied_at) "                 \
	"VALUES (0, 'lock', UNHEX(REPEAT('00', 32)), 0)"

struct migration {
	const struct config *config;
	struct arena *arena;
	struct db *db;
	struct id owner;
	struct migrate_file *files;
	size_t file_count;
	size_t applied; /* what the database has */
	int64_t renewals;
	struct migrate_report report;
	struct fault *fault;
};

/* Never the same end twice: what would stay as it is, the server does not count. */
static enum err lock_once(struct migration *m, bool *taken)
{
	uint64_t affected = 0;

	m->renewals++;
	TRY(row_run(m->db, STMT_MIGRATION_LOCK,
		    ARGS(arg_id(&m->owner), arg_int(LOCK_SPAN + m->renewals), arg_id(&m->owner)),
		    &affected));
	*taken = affected == 1;
	return OK;
}

static void wait_a_little(void)
{
	const struct timespec step = {.tv_nsec = WAIT_STEP * 1000000L};

	nanosleep(&step, NULL);
}

static enum err take_lock(struct migration *m)
{
	int64_t deadline = clock_monotonic() + WAIT_SPAN;
	bool taken = false;

	for (;;) {
		TRY(lock_once(m, &taken));
		if (taken)
			return OK;
		if (clock_monotonic() >= deadline)
			break;
		wait_a_little();
	}
	(void)fault_set(m->fault, "another migration is running and did not end");
	return ERR_UNAVAILABLE;
}

/* A runner that was stopped for ten minutes finds that another has taken over. */
static enum err keep_lock(struct migration *m)
{
	bool taken = false;

	TRY(lock_once(m, &taken));
	if (taken)
		return OK;
	(void)fault_set(m->fault, "another migration took over");
	return ERR_UNAVAILABLE;
}

static enum err digest_of(const struct migration *m, struct str text, struct digest *digest)
{
	bool found = false;

	TRY(row_find(m->db, STMT_MIGRATION_DIGEST, ARGS(arg_bytes(text)),
		     (struct row_into){.row = digest}, &found));
	return found ? OK : ERR_INTERNAL;
}

/* Rows come in the order of their versions, and nothing may be missing below the newest. */
static enum err check_version(struct row_sink *sink)
{
	struct migration *m = sink->context;
	struct stmt_migration *row = sink->into.row;

	if (row->version != (int64_t)m->applied + 1)
		return fault_set(m->fault, "the database lacks migration %zu, but has %lld",
				 m->applied + 1, (long long)row->version);
	m->applied++;
	if (m->applied <= m->file_count)
		sink->into.row = row + 1;
	return OK;
}

static enum err check_applied(struct migration *m)
{
	struct stmt_migration *rows = arena_array(m->arena, m->file_count + 1, sizeof *rows);
	struct digest digest = {{0}};
	struct row_sink sink = {
		.into = {.arena = m->arena, .row = rows},
		.take = check_version,
		.context = m,
	};

	if (rows == NULL)
		return ERR_MEMORY;
	m->applied = 0;
	TRY(row_each(m->db, STMT_MIGRATION_LIST, ARGS_NONE, &sink));
	if (m->applied > m->file_count)
		return fault_set(m->fault,
				 "the database has migration %zu, the newest file is %zu: "
				 "it belongs to a newer program",
				 m->applied, m->file_count);
	for (size_t i = 0; i < m->applied; i++) {
		TRY(digest_of(m, m->files[i].text, &digest));
		if (!digest_equal(&digest, &rows[i].sha256))
			return fault_set(m->fault, "%s was changed after it was applied",
					 m->files[i].name.p);
	}
	return OK;
}

static enum err apply(struct migration *m, size_t i)
{
	const struct migrate_file *file = &m->files[i];
	struct digest digest = {{0}};

	TRY(keep_lock(m));
	TRY(digest_of(m, file->text, &digest));
	TRY(db_script(m->db, file->text, m->fault));
	TRY(row_run(m->db, STMT_MIGRATION_INSERT,
		    ARGS(arg_int((int64_t)i + 1), arg_bytes(file->name), arg_digest(&digest),
			 arg_int(clock_now())),
		    NULL));
	m->report.applied++;
	return OK;
}

/* Doubled within quotes; a backslash has a meaning only in strings. */
static void add_quoted(struct buf *buf, struct str s, char quote)
{
	buf_add_char(buf, quote);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == quote || (s.p[i] == '\\' && quote == '\''))
			buf_add_char(buf, s.p[i]);
		buf_add_char(buf, s.p[i]);
	}
	buf_add_char(buf, quote);
}

static bool add_name(struct buf *buf, const struct config *config, struct str name, struct str host)
{
	static const struct {
		struct str name;
		enum db_role role;
	} accounts[] = {
		{{"web", 3}, DB_ROLE_WEB},
		{{"hash", 4}, DB_ROLE_HASH},
		{{"guard", 5}, DB_ROLE_GUARD},
		{{"mail", 4}, DB_ROLE_MAIL},
	};

	if (str_equal(name, STR("database"))) {
		add_quoted(buf, config->database.name, '`');
		return true;
	}
	for (size_t i = 0; i < sizeof accounts / sizeof accounts[0]; i++) {
		if (!str_equal(name, accounts[i].name))
			continue;
		add_quoted(buf, config->database.accounts[accounts[i].role].user, '\'');
		buf_add_char(buf, '@');
		add_quoted(buf, host, '\'');
		return true;
	}
	return false;
}

static enum err fill_in(const struct migration *m, struct str text, struct str host,
			struct str *out)
{
	struct str before = STR_NONE;
	struct str name = STR_NONE;
	struct buf buf;

	buf_init(&buf, m->arena, GRANTS_TEXT_MAX);
	while (str_cut(text, '{', &before, &text)) {
		buf_add(&buf, before);
		if (!str_cut(text, '}', &name, &text) || !add_name(&buf, m->config, name, host))
			return fault_set(m->fault, "grants.sql: unknown name in braces");
	}
	buf_add(&buf, before);
	return buf_str(&buf, out);
}

/* The others are known at the same host as this account: "user@host", as the server sees it. */
static enum err apply_grants(struct migration *m)
{
	struct str text = STR_NONE;
	struct str script = STR_NONE;
	struct str account = STR_NONE;
	size_t at = 0;
	bool found = false;

	TRY(migrate_file_read(m->arena, m->config->server.sql_dir, STR("grants.sql"), &text,
			      m->fault));
	TRY(row_find(m->db, STMT_MIGRATION_ACCOUNT, ARGS_NONE,
		     (struct row_into){.arena = m->arena, .row = &account}, &found));
	for (size_t i = 0; i < account.n; i++)
		if (account.p[i] == '@')
			at = i + 1;
	TRY(fill_in(m, text, str_sub(account, at, account.n), &script));
	return db_script(m->db, script, m->fault);
}

static enum err apply_missing(struct migration *m)
{
	TRY(check_applied(m));
	m->report.from = (unsigned)m->applied;
	m->report.to = (unsigned)m->file_count;
	for (size_t i = m->applied; i < m->file_count; i++)
		TRY(apply(m, i));
	TRY(keep_lock(m));
	return apply_grants(m);
}

/* A lock that cannot be given back ends by itself. */
static enum err run_locked(struct migration *m)
{
	enum err e = OK;

	TRY(db_connect(m->db, m->fault));
	TRY(db_script(m->db, STR(OWN_TABLE), m->fault));
	TRY(take_lock(m));
	e = apply_missing(m);
	if (row_run(m->db, STMT_MIGRATION_UNLOCK, ARGS(arg_id(&m->owner)), NULL) != OK && e == OK)
		e = ERR_UNAVAILABLE;
	return e;
}

static enum err look(struct migration *m)
{
	TRY(db_connect(m->db, m->fault));
	TRY(check_applied(m));
	m->report.from = (unsigned)m->applied;
	m->report.to = (unsigned)m->file_count;
	return OK;
}

static enum err with_account(struct migration *m, enum err (*work)(struct migration *m),
			     struct migrate_report *report)
{
	const struct config *config = m->config;
	enum err e = OK;

	m->fault->text[0] = '\0';
	TRY(migrate_files_read(m->arena, config->server.sql_dir, &m->files, &m->file_count,
			       m->fault));
	TRY(db_open(config, DB_ROLE_MIGRATE, &m->db));
	e = work(m);
	db_close(&m->db);
	if (e == OK)
		*report = m->report;
	else if (m->fault->text[0] == '\0')
		(void)fault_set(m->fault, "the database failed: %s", err_name(e));
	return e;
}

enum err migrate_run(const struct config *config, struct arena *arena,
		     struct migrate_report *report, struct fault *fault)
{
	struct migration m = {
		.config = config,
		.arena = arena,
		.owner = id_random(),
		.fault = fault,
	};

	return with_account(&m, run_locked, report);
}

enum err migrate_check(const struct config *config, struct arena *arena,
		       struct migrate_report *report, struct fault *fault)
{
	struct migration m = {.config = config, .arena = arena, .fault = fault};

	return with_account(&m, look, report);
}
