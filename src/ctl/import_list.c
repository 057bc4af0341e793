/* The accounts of a file on their way in, and what is wrong with it. */
#include "import_list.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "file.h"
#include "role.h"

static void print(const struct import_list *list, unsigned line, const char *format,
		  va_list arguments)
{
	(void)fprintf(stderr, "%s:%u: ", list->file, line);
	(void)vfprintf(stderr, format, arguments);
	(void)fputc('\n', stderr);
}

void import_flaw(struct import_list *list, unsigned line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print(list, line, format, arguments);
	va_end(arguments);
	list->flaws++;
}

void import_note(const struct import_list *list, unsigned line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print(list, line, format, arguments);
	va_end(arguments);
}

enum err import_list_load(struct import_list *list, const char *file, struct str *text)
{
	list->file = file;
	return file_load(file, IMPORT_FILE_MAX, list->ctl->auth.arena, text, &list->ctl->fault);
}

enum err import_list_expect(struct import_list *list, struct str text)
{
	struct str line = STR_NONE;
	size_t n = 0;

	while (import_line(&text, &line))
		n += str_trim(line).n > 0;
	if (n > IMPORT_ACCOUNTS_MAX)
		return fault_set(&list->ctl->fault, "%s: has more than %u accounts; divide it",
				 list->file, IMPORT_ACCOUNTS_MAX);
	list->accounts = arena_array(list->ctl->auth.arena, n + 1, sizeof *list->accounts);
	list->room = n;
	return list->accounts != NULL ? OK : ERR_MEMORY;
}

bool import_line(struct str *rest, struct str *line)
{
	struct str tail = STR_NONE;

	if (rest->n == 0)
		return false;
	(void)str_cut(*rest, '\n', line, &tail);
	*rest = tail;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

bool import_word(struct str *rest, struct str *word)
{
	struct str text = str_trim(*rest);
	size_t n = 0;

	while (n < text.n && text.p[n] != ' ' && text.p[n] != '\t')
		n++;
	*word = str_sub(text, 0, n);
	*rest = str_sub(text, n, text.n);
	return n > 0;
}

static void say_flaw(struct import_list *list, unsigned line,
		     const struct account_import_flaw *flaw)
{
	if (flaw->account == ACCOUNT_BAD_PASSWORD)
		import_flaw(list, line, "%s", foreign_flaw_text(flaw->hash));
	else if (flaw->account == ACCOUNT_NO_NAME)
		import_flaw(list, line, "there is neither a user name nor an address");
	else
		import_flaw(list, line, "%s", ctl_account_flaw_text(flaw->account));
}

enum err import_list_take(struct import_list *list, const struct account_import *account)
{
	struct account_import_flaw flaw = {.account = ACCOUNT_FINE};
	struct account_import taken = *account;

	TRY(account_import_check(list->ctl->auth.arena, &taken, &flaw));
	if (flaw.account != ACCOUNT_FINE) {
		say_flaw(list, account->line, &flaw);
		return OK;
	}
	if (list->n >= list->room)
		return ERR_INTERNAL;
	list->accounts[list->n++] = taken;
	return OK;
}

/* list->n: it is not among them. */
static size_t place_of(const struct account_import_roles *roles, struct str name)
{
	size_t at = 0;

	while (at < roles->n && !str_equal(roles->names[at], name))
		at++;
	return at;
}

static enum err add_name(struct import_list *list, struct account_import_roles *roles,
			 struct str name)
{
	if (roles->n == ACCOUNT_IMPORT_NAMES_MAX)
		return fault_set(&list->ctl->fault, "%s: names more than %u roles", list->file,
				 ACCOUNT_IMPORT_NAMES_MAX);
	roles->names[roles->n++] = name;
	return OK;
}

static enum err look_up(struct import_list *list, struct str name)
{
	const struct auth_context *auth = &list->ctl->auth;
	struct role_row row;
	bool found = false;

	TRY(role_store_find(auth->db, auth->arena, name, &row, &found));
	return add_name(list, found ? &list->roles : &list->unknown, name);
}

static void give(struct import_list *list, unsigned line, size_t at, struct account_import *account)
{
	for (size_t i = 0; i < account->role_count; i++)
		if (account->roles[i] == at)
			return;
	if (account->role_count == ACCOUNT_IMPORT_ROLES_MAX)
		import_flaw(list, line, "more than %u roles for one account",
			    ACCOUNT_IMPORT_ROLES_MAX);
	else
		account->roles[account->role_count++] = (unsigned char)at;
}

enum err import_list_role(struct import_list *list, unsigned line, struct str name,
			  struct account_import *account)
{
	if (!role_is_name(name)) {
		import_flaw(list, line, "a role or group has a name that no role can have");
		return OK;
	}
	if (place_of(&list->roles, name) == list->roles.n &&
	    place_of(&list->unknown, name) == list->unknown.n)
		TRY(look_up(list, name));
	size_t at = place_of(&list->roles, name);
	if (at == list->roles.n)
		import_flaw(list, line, "there is no role %.*s: gatepost role add", (int)name.n,
			    name.p);
	else if (account != NULL)
		give(list, line, at, account);
	return OK;
}

static int compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

/* Of two with the same name the one that stands first in the file. */
static int compare_line(const struct account_import *a, const struct account_import *b)
{
	return (a->line > b->line) - (a->line < b->line);
}

static int by_username(const void *a, const void *b)
{
	const struct account_import *const *one = a;
	const struct account_import *const *other = b;
	int order = compare((*one)->username, (*other)->username);

	return order != 0 ? order : compare_line(*one, *other);
}

static int by_email(const void *a, const void *b)
{
	const struct account_import *const *one = a;
	const struct account_import *const *other = b;
	int order = compare((*one)->email, (*other)->email);

	return order != 0 ? order : compare_line(*one, *other);
}

static struct str username_of(const struct account_import *account)
{
	return account->username;
}

static struct str email_of(const struct account_import *account)
{
	return account->email;
}

/* Sorts those that have such a name; says which are there twice. */
static enum err sort(struct import_list *list, struct str (*name)(const struct account_import *),
		     int (*order)(const void *, const void *), struct account_import ***out)
{
	struct account_import **sorted =
		arena_array(list->ctl->auth.arena, list->n + 1, sizeof(struct account_import *));
	size_t n = 0;

	if (sorted == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < list->n; i++)
		if (name(&list->accounts[i]).n > 0)
			sorted[n++] = &list->accounts[i];
	qsort(sorted, n, sizeof(struct account_import *), order);
	for (size_t i = 1, first = 0; i < n; i++) {
		struct str own = name(sorted[i]);

		if (compare(name(sorted[first]), own) != 0)
			first = i;
		else
			import_flaw(list, sorted[i]->line, "%.*s stands in line %u already",
				    (int)own.n, own.p, sorted[first]->line);
	}
	list->named = n;
	*out = sorted;
	return OK;
}

enum err import_list_index(struct import_list *list)
{
	TRY(sort(list, email_of, by_email, &list->by_name));
	return sort(list, username_of, by_username, &list->by_name);
}

struct account_import *import_list_find(const struct import_list *list, struct str username)
{
	size_t low = 0;
	size_t high = list->named;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(username, list->by_name[middle]->username);

		if (order == 0)
			return list->by_name[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
