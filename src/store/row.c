/* Running a statement of the table: parameters are bound, columns land in a struct. */
#include "row.h"

#include <string.h>

#include <mysql.h>
#include <mysqld_error.h>

#include "arena.h"
#include "clock.h"
#include "db_link.h"

/* A column of the current row, as the library leaves it. */
struct cell {
	int64_t number;
	unsigned char *bytes;
	unsigned long length;
	my_bool is_null;
	my_bool is_cut;
};

/* Prepared once a connection; all its memory is in the connection's arena and used again. */
struct prepared {
	MYSQL_STMT *stmt;
	MYSQL_BIND *params;
	int64_t *numbers; /* of integer parameters */
	struct cell *cells;
};

/* One call of row_run, row_find or row_each. */
struct run {
	struct db *db;
	enum stmt id;
	const struct stmt_def *def;
	struct args args;
	struct row_sink *sink; /* NULL: no rows */
	uint64_t affected;
	int64_t sent_at; /* 0: not sent yet */
	enum db_trouble trouble;
	bool delivered; /* sink->take saw a row */
};

static enum err failed(struct run *run, unsigned number)
{
	run->trouble = db_trouble(run->db, run->def->name, number);
	switch (run->trouble) {
	case DB_DUPLICATE:
		return ERR_CONFLICT;
	case DB_DEFECT:
		return ERR_INTERNAL;
	case DB_UNSURE:
		return run->db->in_transaction ? ERR_UNAVAILABLE : ERR_UNCERTAIN;
	case DB_LOST:
	case DB_RETRY:
	case DB_REFUSED:
		break;
	}
	return ERR_UNAVAILABLE;
}

void row_forget(struct db *db)
{
	for (size_t i = 0; i < STMT_COUNT; i++) {
		if (db->prepared[i] == NULL)
			continue;
		mysql_stmt_close(db->prepared[i]->stmt);
		db->prepared[i] = NULL;
	}
}

static bool is_number(const struct col *col)
{
	return col->type == COL_I64 || col->type == COL_U32 || col->type == COL_BOOL;
}

static size_t width_of(const struct col *col)
{
	if (col->type == COL_ID)
		return ID_BYTES;
	return col->type == COL_DIGEST ? DIGEST_BYTES : col->max;
}

/* The SELECT list and the table of columns say the same, in the same order. */
static bool has_columns(MYSQL_STMT *stmt, const struct stmt_def *def)
{
	MYSQL_RES *result = NULL;
	const MYSQL_FIELD *fields = NULL;
	bool same = mysql_stmt_field_count(stmt) == def->col_count;

	if (def->col_count == 0 || !same)
		return same;
	result = mysql_stmt_result_metadata(stmt);
	if (result == NULL)
		return false;
	fields = mysql_fetch_fields(result);
	for (size_t i = 0; i < def->col_count; i++)
		same = same && str_equal(str_of(fields[i].name), str_of(def->cols[i].name));
	mysql_free_result(result);
	return same;
}

/* The library copies the binds; the cells they point to stay. */
static enum err bind_columns(struct arena *arena, struct prepared *p, const struct stmt_def *def)
{
	MYSQL_BIND *binds = arena_array(arena, def->col_count, sizeof *binds);

	p->cells = arena_array(arena, def->col_count, sizeof *p->cells);
	if (binds == NULL || p->cells == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < def->col_count; i++) {
		struct cell *cell = &p->cells[i];

		binds[i] = (MYSQL_BIND){
			.buffer_type = MYSQL_TYPE_LONGLONG,
			.buffer = &cell->number,
			.buffer_length = sizeof cell->number,
			.length = &cell->length,
			.is_null = &cell->is_null,
			.error = &cell->is_cut,
		};
		if (is_number(&def->cols[i]))
			continue;
		cell->bytes = arena_alloc(arena, width_of(&def->cols[i]));
		if (cell->bytes == NULL)
			return ERR_MEMORY;
		binds[i].buffer_type = MYSQL_TYPE_BLOB;
		binds[i].buffer = cell->bytes;
		binds[i].buffer_length = width_of(&def->cols[i]);
	}
	return mysql_stmt_bind_result(p->stmt, binds) == 0 ? OK : ERR_MEMORY;
}

static enum err equip(struct run *run, struct prepared *p)
{
	struct arena *arena = run->db->arena;
	size_t n = strlen(run->def->params);

	p->params = arena_array(arena, n, sizeof *p->params);
	p->numbers = arena_array(arena, n, sizeof *p->numbers);
	if (p->params == NULL || p->numbers == NULL)
		return ERR_MEMORY;
	return run->def->col_count > 0 ? bind_columns(arena, p, run->def) : OK;
}

/* The connection's memory is taken only for what is prepared: a failure can come often. */
static enum err keep(struct run *run, MYSQL_STMT *stmt, struct prepared **out)
{
	struct prepared *p = NULL;

	if (mysql_stmt_param_count(stmt) != strlen(run->def->params) ||
	    !has_columns(stmt, run->def))
		return db_defect(run->db, run->def->name, "the table says something else");
	p = arena_alloc(run->db->arena, sizeof *p);
	if (p == NULL)
		return ERR_MEMORY;
	p->stmt = stmt;
	TRY(equip(run, p));
	run->db->prepared[run->id] = p;
	*out = p;
	return OK;
}

static enum err prepare(struct run *run, struct prepared **out)
{
	MYSQL_STMT *stmt = mysql_stmt_init(run->db->mysql);
	const char *sql = run->def->sql;
	unsigned number = 0;
	enum err e = OK;

	if (stmt == NULL)
		return ERR_MEMORY;
	if (mysql_stmt_prepare(stmt, sql, strlen(sql)) != 0) {
		number = mysql_stmt_errno(stmt);
		mysql_stmt_close(stmt);
		return failed(run, number);
	}
	e = keep(run, stmt, out);
	if (e != OK)
		mysql_stmt_close(stmt);
	return e;
}

/* The library's binds are for both directions, so they take no const; parameters are only read. */
static void *as_buffer(const void *bytes)
{
	union {
		const void *in;
		void *out;
	} pointer = {.in = bytes};

	return pointer.out;
}

static bool fits(enum arg_type type, char letter)
{
	switch (type) {
	case ARG_NULL:
		return true;
	case ARG_INT:
		return letter == 'i';
	case ARG_BYTES:
		return letter == 'b';
	case ARG_TEXT:
		return letter == 't';
	}
	return false;
}

static MYSQL_BIND bind_of(const struct arg *arg, int64_t *number)
{
	*number = arg->number;
	switch (arg->type) {
	case ARG_NULL:
		break;
	case ARG_INT:
		return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = number};
	case ARG_BYTES:
	case ARG_TEXT:
		return (MYSQL_BIND){
			.buffer_type = arg->type == ARG_TEXT ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB,
			.buffer = as_buffer(arg->bytes),
			.buffer_length = arg->n,
		};
	}
	return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_NULL};
}

static enum err bind_params(struct run *run, struct prepared *p)
{
	const char *letters = run->def->params;

	for (size_t i = 0; i < run->args.n; i++) {
		if (!fits(run->args.list[i].type, letters[i]))
			return db_defect(run->db, run->def->name, "wrong type of a parameter");
		p->params[i] = bind_of(&run->args.list[i], &p->numbers[i]);
	}
	if (run->args.n > 0 && mysql_stmt_bind_param(p->stmt, p->params) != 0)
		return db_defect(run->db, run->def->name, "a parameter cannot be bound");
	return OK;
}

static enum err load_bytes(const struct col *col, const struct cell *cell, struct arena *arena,
			   void *target)
{
	struct str bytes = {.p = (const char *)cell->bytes, .n = cell->length};
	struct str text = STR_NONE;
	struct secret secret = SECRET_NONE;
	enum err e = OK;

	if (col->type == COL_SECRET) {
		if (!cell->is_null)
			e = secret_from_str(arena, bytes, &secret);
		secret_wipe_bytes(cell->bytes, cell->length);
		memcpy(target, &secret, sizeof secret);
		return e;
	}
	if (!cell->is_null)
		e = str_copy(arena, bytes, &text);
	memcpy(target, &text, sizeof text);
	return e;
}

/* ERR_INPUT: the value does not fit the member it is for. */
static enum err load(const struct col *col, const struct cell *cell, struct row_into into)
{
	void *target = (unsigned char *)into.row + col->offset;
	int64_t number = cell->is_null ? 0 : cell->number;
	uint32_t small = (uint32_t)number;
	bool truth = number != 0;
	size_t width = width_of(col);

	switch (col->type) {
	case COL_I64:
		memcpy(target, &number, sizeof number);
		return OK;
	case COL_U32:
		memcpy(target, &small, sizeof small);
		return number >= 0 && number <= (int64_t)UINT32_MAX ? OK : ERR_INPUT;
	case COL_BOOL:
		memcpy(target, &truth, sizeof truth);
		return OK;
	case COL_ID:
	case COL_DIGEST:
		if (cell->is_null)
			memset(target, 0, width);
		else if (cell->length == width)
			memcpy(target, cell->bytes, width);
		else
			return ERR_INPUT;
		return OK;
	case COL_STR:
	case COL_SECRET:
		break;
	}
	return into.arena != NULL ? load_bytes(col, cell, into.arena, target) : ERR_INPUT;
}

static enum err deliver(struct run *run, const struct prepared *p)
{
	for (size_t i = 0; i < run->def->col_count; i++) {
		enum err e = load(&run->def->cols[i], &p->cells[i], run->sink->into);

		if (e == ERR_INPUT)
			return db_defect(run->db, run->def->name, "a column has another shape");
		TRY(e);
	}
	run->delivered = true;
	return run->sink->take(run->sink);
}

/* What the server sends instead of a row is known to the connection only. */
static unsigned error_of(const struct run *run, const struct prepared *p)
{
	unsigned number = mysql_stmt_errno(p->stmt);

	return number != 0 ? number : mysql_errno(run->db->mysql);
}

/* Rows are taken as they come, without the library's copy of all; so they are always read to the
 * end. */
static enum err fetch(struct run *run, struct prepared *p)
{
	enum err e = OK;

	while (e == OK) {
		int state = mysql_stmt_fetch(p->stmt);

		if (state == MYSQL_NO_DATA)
			return OK;
		if (state == 0)
			e = deliver(run, p);
		else if (state == MYSQL_DATA_TRUNCATED)
			e = db_defect(run->db, run->def->name, "a column was cut");
		else
			e = failed(run, error_of(run, p));
	}
	if (run->trouble != DB_LOST)
		mysql_stmt_free_result(p->stmt);
	return e;
}

/*
 * A cluster undoes a transaction that stands in another node's way, and the statement that was
 * running may not say so (INSERT IGNORE makes a warning of it). What follows would take effect by
 * itself.
 */
static bool left_transaction(const struct run *run)
{
	return run->db->in_transaction &&
	       (run->db->mysql->server_status & SERVER_STATUS_IN_TRANS) == 0;
}

static enum err attempt(struct run *run)
{
	struct prepared *p = run->db->prepared[run->id];

	TRY(db_ready(run->db));
	p = run->db->prepared[run->id];
	if (p == NULL)
		TRY(prepare(run, &p));
	if (p == NULL)
		return db_defect(run->db, run->def->name, "not prepared");
	TRY(bind_params(run, p));
	run->db->statements++;
	run->sent_at = clock_monotonic();
	if (mysql_stmt_execute(p->stmt) != 0)
		return failed(run, error_of(run, p));
	if (run->def->col_count > 0)
		TRY(fetch(run, p));
	else
		run->affected = mysql_stmt_affected_rows(p->stmt);
	return left_transaction(run) ? failed(run, ER_LOCK_DEADLOCK) : OK;
}

/* A server that did not answer in time is not asked again: the visitor waited long enough. */
static bool timed_out(const struct run *run)
{
	return run->sent_at != 0 && clock_monotonic() - run->sent_at >= run->db->patience;
}

static bool may_repeat(const struct run *run, unsigned tries)
{
	if (run->db->in_transaction || run->delivered)
		return false;
	if (run->trouble == DB_RETRY)
		return tries < DB_TRIES;
	if (run->trouble != DB_LOST || tries > 1 || timed_out(run))
		return false;
	return run->def->kind != STMT_WRITE || run->sent_at == 0;
}

static enum err check(const struct run *run)
{
	const struct stmt_def *def = run->def;

	if ((def->roles & 1U << run->db->role) == 0)
		return db_defect(run->db, def->name, "not for this account");
	if (run->args.n != strlen(def->params) || (def->col_count > 0) != (run->sink != NULL))
		return db_defect(run->db, def->name, "called in another shape");
	/* Outside the transaction that it belongs to, it would take effect by itself. */
	return run->db->broken ? ERR_UNAVAILABLE : OK;
}

static enum err perform(struct run *run)
{
	bool uncertain = false;
	enum err e = OK;

	run->def = stmt_def(run->id);
	TRY(check(run));
	for (unsigned tries = 1;; tries++) {
		run->trouble = DB_DEFECT;
		run->sent_at = 0;
		e = attempt(run);
		if (e == OK)
			return OK;
		if (run->trouble == DB_LOST && run->sent_at != 0)
			uncertain = run->def->kind != STMT_READ && !run->db->in_transaction;
		if (!may_repeat(run, tries))
			return uncertain ? ERR_UNCERTAIN : e;
	}
}

enum err row_run(struct db *db, enum stmt stmt, struct args args, uint64_t *affected)
{
	struct run run = {.db = db, .id = stmt, .args = args};

	TRY(perform(&run));
	if (affected != NULL)
		*affected = run.affected;
	return OK;
}

static enum err take_only(struct row_sink *sink)
{
	bool *found = sink->context;

	if (*found)
		return ERR_INTERNAL;
	*found = true;
	return OK;
}

enum err row_find(struct db *db, enum stmt stmt, struct args args, struct row_into into,
		  bool *found)
{
	bool any = false;
	struct row_sink sink = {.into = into, .take = take_only, .context = &any};

	TRY(row_each(db, stmt, args, &sink));
	*found = any;
	return OK;
}

static enum err take_next(struct row_sink *sink)
{
	struct row_page *page = sink->context;

	page->n++;
	if (page->n < page->room)
		sink->into.row = (char *)page->rows + page->n * page->size;
	return page->n <= page->room ? OK : ERR_INTERNAL;
}

enum err row_fill(struct db *db, enum stmt stmt, struct args args, struct row_page *page)
{
	struct row_sink sink = {
		.into = {.arena = page->arena, .row = page->rows},
		.take = take_next,
		.context = page,
	};

	page->n = 0;
	return page->room == 0 ? ERR_INTERNAL : row_each(db, stmt, args, &sink);
}

enum err row_each(struct db *db, enum stmt stmt, struct args args, struct row_sink *sink)
{
	struct run run = {.db = db, .id = stmt, .args = args, .sink = sink};

	return perform(&run);
}
