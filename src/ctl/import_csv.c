/* Accounts of a table: comma-separated values as RFC 4180 has them, the first line names columns.
 */
#include "import_list.h"

#include "buf.h"

#define BYTE_ORDER_MARK STR("\xef\xbb\xbf")
#define FIELD_MAX ((size_t)4096)

enum column {
	COLUMN_USERNAME,
	COLUMN_EMAIL,
	COLUMN_DISPLAY_NAME,
	COLUMN_PASSWORD_HASH,
	COLUMN_ROLES,
	COLUMN_MUST_CHANGE,
	COLUMN_EMAIL_PROVEN,
	COLUMN_COUNT
};

static const struct str COLUMNS[COLUMN_COUNT] = {
	[COLUMN_USERNAME] = {"username", 8},
	[COLUMN_EMAIL] = {"email", 5},
	[COLUMN_DISPLAY_NAME] = {"display_name", 12},
	[COLUMN_PASSWORD_HASH] = {"password_hash", 13},
	[COLUMN_ROLES] = {"roles", 5},
	[COLUMN_MUST_CHANGE] = {"must_change", 11},
	[COLUMN_EMAIL_PROVEN] = {"email_proven", 12},
};

/* A table that is being read. */
struct table {
	struct import_list *list;
	struct str rest;
	unsigned line;                   /* where rest begins */
	unsigned began;                  /* where the record began */
	enum column order[COLUMN_COUNT]; /* what the fields of a record are */
	size_t width;                    /* how many */
	bool has[COLUMN_COUNT];
	struct str fields[COLUMN_COUNT];
	size_t count; /* fields of this record; may be more than there is room for */
	bool broken;  /* the record; its flaw has been said */
};

static void flaw(struct table *t, const char *text)
{
	if (!t->broken)
		import_flaw(t->list, t->began, "%s", text);
	t->broken = true;
}

static char next(const struct table *t)
{
	return t->rest.n > 0 ? t->rest.p[0] : '\n';
}

static void skip(struct table *t, size_t n)
{
	t->rest = str_sub(t->rest, n, t->rest.n);
}

/* At the end of a record: what is left of its line when it is broken, too. */
static void end_line(struct table *t)
{
	struct str line = STR_NONE;

	if (import_line(&t->rest, &line))
		t->line++;
}

static bool at_end(const struct table *t)
{
	return next(t) == '\n' || str_starts(t->rest, STR("\r\n"));
}

/* The closing quote, or an escaped one; the end of the file. */
static size_t find_quote(struct table *t)
{
	size_t n = 0;

	while (n < t->rest.n && t->rest.p[n] != '"') {
		t->line += t->rest.p[n] == '\n';
		n++;
	}
	return n;
}

static enum err read_quoted(struct table *t, struct str *out)
{
	struct buf text;
	bool more = true;

	buf_init(&text, t->list->ctl->auth.arena, FIELD_MAX);
	skip(t, 1);
	while (more) {
		size_t n = find_quote(t);

		buf_add(&text, str_sub(t->rest, 0, n));
		if (n == t->rest.n) {
			flaw(t, "a quotation mark is not closed");
			skip(t, n);
			return OK;
		}
		skip(t, n + 1);
		more = t->rest.n > 0 && next(t) == '"';
		if (more) {
			buf_add_char(&text, '"');
			skip(t, 1);
		}
	}
	if (text.failed == ERR_TOO_LARGE) {
		flaw(t, "a field is too long");
		return OK;
	}
	return buf_str(&text, out);
}

static enum err read_field(struct table *t, struct str *out)
{
	size_t n = 0;

	if (t->rest.n > 0 && next(t) == '"') {
		TRY(read_quoted(t, out));
		if (!t->broken && next(t) != ',' && !at_end(t))
			flaw(t, "text behind a closing quotation mark");
		return OK;
	}
	while (n < t->rest.n && t->rest.p[n] != ',' && t->rest.p[n] != '\n')
		n++;
	*out = str_sub(t->rest, 0, n);
	if (n > 0 && out->p[n - 1] == '\r' && (n == t->rest.n || t->rest.p[n] == '\n'))
		out->n--;
	if (str_contains(*out, '"'))
		flaw(t, "a quotation mark in a field that does not begin with one");
	skip(t, out->n);
	return OK;
}

/* The fields of the next record, which stay in the file or the arena. */
static enum err read_record(struct table *t)
{
	bool more = true;

	t->began = t->line;
	t->broken = false;
	t->count = 0;
	while (more) {
		struct str field = STR("");

		TRY(read_field(t, &field));
		if (t->count < COLUMN_COUNT)
			t->fields[t->count] = field;
		t->count++;
		more = !t->broken && next(t) == ',';
		if (more)
			skip(t, 1);
	}
	end_line(t);
	return OK;
}

static enum column column_of(struct str name)
{
	unsigned i = 0;

	while (i < COLUMN_COUNT && !str_equal(COLUMNS[i], name))
		i++;
	return (enum column)i;
}

static enum err read_header(struct table *t)
{
	TRY(read_record(t));
	if (!t->broken && t->count > COLUMN_COUNT)
		flaw(t, "more columns than there can be");
	for (size_t i = 0; !t->broken && i < t->count; i++) {
		enum column column = column_of(str_trim(t->fields[i]));

		if (column == COLUMN_COUNT || t->has[column]) {
			import_flaw(t->list, t->began, "column %zu is unknown, or there twice",
				    i + 1);
			t->broken = true;
			return OK;
		}
		t->order[i] = column;
		t->has[column] = true;
	}
	t->width = t->count;
	if (!t->has[COLUMN_PASSWORD_HASH] || !(t->has[COLUMN_USERNAME] || t->has[COLUMN_EMAIL]))
		flaw(t, "the first line must name the columns password_hash and username or email");
	return OK;
}

static bool read_choice(struct table *t, struct str text)
{
	text = str_trim(text);
	if (text.n > 0 && !str_equal(text, STR("yes")) && !str_equal(text, STR("no")))
		flaw(t, "must_change and email_proven are yes or no");
	return str_equal(text, STR("yes"));
}

static enum err read_roles(struct table *t, struct str names, struct account_import *account)
{
	size_t before = t->list->flaws;
	struct str name = STR_NONE;

	while (import_word(&names, &name))
		TRY(import_list_role(t->list, t->began, name, account));
	t->broken = t->broken || t->list->flaws > before;
	return OK;
}

static enum err take_record(struct table *t)
{
	struct str by[COLUMN_COUNT] = {STR_NONE};
	struct account_import account = {.line = t->began};

	for (size_t i = 0; i < t->width; i++)
		by[t->order[i]] = t->fields[i];
	account.username = by[COLUMN_USERNAME];
	account.email = by[COLUMN_EMAIL];
	account.display_name = by[COLUMN_DISPLAY_NAME];
	account.must_change = read_choice(t, by[COLUMN_MUST_CHANGE]);
	account.email_proven = read_choice(t, by[COLUMN_EMAIL_PROVEN]);
	TRY(read_roles(t, by[COLUMN_ROLES], &account));
	TRY(secret_from_str(t->list->ctl->auth.arena, str_trim(by[COLUMN_PASSWORD_HASH]),
			    &account.hash));
	/* All that is wrong with the record is said, its names and hash as well. */
	return import_list_take(t->list, &account);
}

enum err import_csv(struct import_list *list, struct str text)
{
	struct table table = {.list = list, .rest = text, .line = 1};

	if (str_starts(text, BYTE_ORDER_MARK))
		skip(&table, BYTE_ORDER_MARK.n);
	TRY(read_header(&table));
	if (table.broken)
		return OK;
	while (table.rest.n > 0) {
		TRY(read_record(&table));
		if (table.broken || (table.count == 1 && table.fields[0].n == 0))
			continue;
		if (table.count != table.width)
			import_flaw(list, table.began, "%zu fields, where the first line has %zu",
				    table.count, table.width);
		else
			TRY(take_record(&table));
	}
	return OK;
}
