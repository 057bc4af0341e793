/* What the database accounts may do: as sql/grants.sql gives it, and as the server has it. */
#include "rights.h"

#include "arena.h"
#include "db.h"
#include "migrate_files.h"
#include "row.h"

static bool holds(struct str wide, struct str narrow)
{
	return wide.n == 0 || str_equal(wide, narrow);
}

bool right_covers(const struct right *wide, const struct right *narrow)
{
	bool place = str_equal(wide->place, STR("*")) || str_equal(wide->place, narrow->place);

	return place && holds(wide->table, narrow->table) && holds(wide->column, narrow->column) &&
	       str_equal(wide->privilege, narrow->privilege);
}

static enum err add(struct right_list *list, const struct right *right)
{
	if (list->n == RIGHTS_MAX)
		return ERR_TOO_LARGE;
	list->rights[list->n++] = *right;
	return OK;
}

static enum err open_list(struct arena *arena, struct right_list *list)
{
	list->n = 0;
	list->rights = arena_array(arena, RIGHTS_MAX, sizeof *list->rights);
	return list->rights == NULL ? ERR_MEMORY : OK;
}

/* Spaces, tabs and line ends at both ends. */
static struct str trim(struct str s)
{
	while (s.n > 0 && str_contains(STR(" \t\r\n"), s.p[0]))
		s = str_sub(s, 1, s.n);
	while (s.n > 0 && str_contains(STR(" \t\r\n"), s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Blank lines and comments before a statement. */
static struct str skip_comments(struct str s)
{
	struct str line = STR_NONE;
	struct str rest = STR_NONE;

	for (s = trim(s); str_starts(s, STR("--")); s = trim(rest))
		str_cut(s, '\n', &line, &rest);
	return s;
}

/* Where word stands in s by itself; s.n: nowhere. */
static size_t find_word(struct str s, struct str word)
{
	for (size_t i = 0; i + word.n <= s.n; i++)
		if (str_equal(str_sub(s, i, i + word.n), word))
			return i;
	return s.n;
}

static bool cut_word(struct str s, struct str word, struct str *head, struct str *tail)
{
	size_t at = find_word(s, word);

	if (at == s.n)
		return false;
	*head = trim(str_sub(s, 0, at));
	*tail = trim(str_sub(s, at + word.n, s.n));
	return true;
}

/* "SELECT (a, b)": the columns, one right each. */
static enum err add_columns(struct right_list *list, struct right right, struct str columns)
{
	struct str column = STR_NONE;

	for (bool more = true; more;) {
		more = str_cut(columns, ',', &column, &columns);
		right.column = trim(column);
		TRY(add(list, &right));
	}
	return OK;
}

/* Where the next comma is that stands in no bracket. */
static size_t end_of_item(struct str s)
{
	size_t i = 0;

	for (bool inside = false; i < s.n && (inside || s.p[i] != ','); i++)
		inside = s.p[i] == '(' || (inside && s.p[i] != ')');
	return i;
}

static enum err add_items(struct right_list *list, struct right right, struct str items)
{
	while (items.n > 0) {
		size_t end = end_of_item(items);
		struct str item = trim(str_sub(items, 0, end));
		struct str columns = STR_NONE;
		bool some = str_cut(item, '(', &right.privilege, &columns);

		right.privilege = trim(right.privilege);
		right.column = STR("");
		if (some)
			TRY(add_columns(list, right, str_sub(columns, 0, columns.n - 1)));
		else
			TRY(add(list, &right));
		items = str_sub(items, end + 1, items.n);
	}
	return OK;
}

static struct str name_of(enum db_role role)
{
	switch (role) {
	case DB_ROLE_WEB:
		return STR("{web}");
	case DB_ROLE_HASH:
		return STR("{hash}");
	case DB_ROLE_GUARD:
		return STR("{guard}");
	case DB_ROLE_MAIL:
		return STR("{mail}");
	case DB_ROLE_MIGRATE:
	case DB_ROLE_COUNT:
		break;
	}
	return STR("{migrate}");
}

static enum err add_statement(struct right_list *list, struct str statement, enum db_role role,
			      struct fault *fault)
{
	struct str database = STR("{database}.");
	struct right right = {.place = STR("")};
	struct str items = STR_NONE;
	struct str target = STR_NONE;
	struct str grantee = STR_NONE;

	if (!str_starts(statement, STR("GRANT ")) ||
	    !cut_word(str_sub(statement, 6, statement.n), STR(" ON "), &items, &target) ||
	    !cut_word(target, STR(" TO "), &target, &grantee) || !str_starts(target, database))
		return fault_set(fault, "grants.sql: not understood: %.*s",
				 (int)(statement.n < 60 ? statement.n : 60), statement.p);
	if (!str_equal(grantee, name_of(role)))
		return OK;
	right.table = str_sub(target, database.n, target.n);
	return add_items(list, right, items);
}

static enum err add_of_migrate(struct right_list *list)
{
	static const struct str needed[] = {
		{"SELECT", 6}, {"INSERT", 6}, {"UPDATE", 6}, {"DELETE", 6},      {"CREATE", 6},
		{"DROP", 4},   {"ALTER", 5},  {"INDEX", 5},  {"REFERENCES", 10},
	};

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		TRY(add(list, &(struct right){.place = STR(""),
					      .table = STR(""),
					      .column = STR(""),
					      .privilege = needed[i],
					      .grantable = true}));
	return OK;
}

enum err rights_parse(struct arena *arena, struct str text, enum db_role role,
		      struct right_list *out, struct fault *fault)
{
	struct right_list list;
	struct str statement = STR_NONE;

	TRY(open_list(arena, &list));
	if (role == DB_ROLE_MIGRATE)
		TRY(add_of_migrate(&list));
	for (text = skip_comments(text); text.n > 0; text = skip_comments(text)) {
		str_cut(text, ';', &statement, &text);
		TRY(add_statement(&list, trim(statement), role, fault));
	}
	*out = list;
	return OK;
}

enum err rights_expected(const struct config *config, struct arena *arena, enum db_role role,
			 struct right_list *out, struct fault *fault)
{
	struct str text = STR_NONE;

	TRY(migrate_file_read(arena, config->server.sql_dir, STR("grants.sql"), &text, fault));
	return rights_parse(arena, text, role, out, fault);
}

struct reading {
	struct right right;
	struct right_list list;
};

static enum err take(struct row_sink *sink)
{
	struct reading *reading = sink->context;

	return add(&reading->list, &reading->right);
}

enum err rights_actual(struct db *db, struct arena *arena, struct right_list *out)
{
	struct reading reading = {.list = {.n = 0}};
	struct row_sink sink = {
		.into = {.arena = arena, .row = &reading.right},
		.take = take,
		.context = &reading,
	};

	TRY(open_list(arena, &reading.list));
	TRY(row_each(db, STMT_DOCTOR_RIGHTS, ARGS_NONE, &sink));
	*out = reading.list;
	return OK;
}
