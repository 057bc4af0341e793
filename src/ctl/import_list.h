/* The accounts of a file on their way in, and what is wrong with it. */
#ifndef GATEPOST_CTL_IMPORT_LIST_H
#define GATEPOST_CTL_IMPORT_LIST_H

#include <stddef.h>

#include "account_import.h"
#include "ctl.h"
#include "err.h"
#include "str.h"

#define IMPORT_FILE_MAX ((size_t)64 * 1024 * 1024)
#define IMPORT_ACCOUNTS_MAX 200000

/* In the command's arena. A flaw is printed at once, "FILE:LINE: reason", and counted. */
struct import_list {
	struct ctl *ctl;
	const char *file; /* that is read just now */
	struct account_import *accounts;
	size_t n, room;
	struct account_import_roles roles; /* that the files name */
	struct account_import_roles
		unknown;                 /* those that do not exist: named, and looked up once */
	struct account_import **by_name; /* sorted, after import_list_index */
	size_t named;
	size_t flaws;
};

/* Reads a file whole. ERR_CONFIG with the reason in ctl->fault. */
MUST_CHECK enum err import_list_load(struct import_list *list, const char *file, struct str *text);
/* Room for as many accounts as the text has lines, at most IMPORT_ACCOUNTS_MAX. */
MUST_CHECK enum err import_list_expect(struct import_list *list, struct str text);

/* Never given a hash, nor anything that is not known to be a name: a file may have them anywhere.
 */
void import_flaw(struct import_list *list, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, but nothing is wrong: not counted. */
void import_note(const struct import_list *list, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The next line of *rest without its end (LF or CR LF); false: there is none. */
bool import_line(struct str *rest, struct str *line);
/* The next word of *rest, between spaces and tabs; false: there is none. */
bool import_word(struct str *rest, struct str *word);

/* Checks names and hash and takes the account in, unless there is a flaw. */
MUST_CHECK enum err import_list_take(struct import_list *list,
				     const struct account_import *account);
/* The account gets the role, if it exists; asks the database once for each name. */
MUST_CHECK enum err import_list_role(struct import_list *list, unsigned line, struct str name,
				     struct account_import *account);
/* Sorts by user name and address, and finds what is there twice. When all are taken in. */
MUST_CHECK enum err import_list_index(struct import_list *list);
/* By user name in normal form; NULL: none. */
struct account_import *import_list_find(const struct import_list *list, struct str username);

/* Apache's password file ("name:hash") and group file ("group: name name"), and a table (RFC 4180).
 */
MUST_CHECK enum err import_htpasswd(struct import_list *list, struct str text);
/* After import_list_index. */
MUST_CHECK enum err import_groups(struct import_list *list, struct str text);
MUST_CHECK enum err import_csv(struct import_list *list, struct str text);

#endif
