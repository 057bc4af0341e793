/* Accounts of another program, with the password hashes that it made: checked, then written. */
#ifndef GATEPOST_AUTH_ACCOUNT_IMPORT_H
#define GATEPOST_AUTH_ACCOUNT_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "account.h"
#include "context.h"
#include "err.h"
#include "foreign_hash.h"
#include "secret.h"
#include "str.h"

struct arena;

#define ACCOUNT_IMPORT_ROLES_MAX 16  /* of one account */
#define ACCOUNT_IMPORT_NAMES_MAX 200 /* roles that a file names */
#define ACCOUNT_IMPORT_BATCH 100     /* accounts of one transaction */

enum account_import_outcome {
	ACCOUNT_IMPORT_NONE = 0, /* nothing was done */
	ACCOUNT_IMPORT_DONE,
	ACCOUNT_IMPORT_EXISTS,  /* user name or address is taken: left alone */
	ACCOUNT_IMPORT_TOO_MUCH /* the roles do not fit into the user's grants */
};

/* One account. */
struct account_import {
	struct str username, email, display_name; /* in normal form, after account_import_check */
	struct secret hash;
	enum foreign_form form;
	unsigned line;                                 /* of the file */
	unsigned char roles[ACCOUNT_IMPORT_ROLES_MAX]; /* places in account_import_roles */
	unsigned char role_count;
	bool must_change;  /* at the first sign-in */
	bool email_proven; /* the other program had proven it */
	enum account_import_outcome outcome;
};

/* The roles that a file names, all known. */
struct account_import_roles {
	struct str names[ACCOUNT_IMPORT_NAMES_MAX];
	size_t n;
};

/* Why an account cannot be one. */
struct account_import_flaw {
	enum account_flaw account; /* ACCOUNT_BAD_PASSWORD: the hash is */
	enum foreign_flaw hash;
};

/* Names into their normal form, and whether the hash can be verified. Asks no database. */
MUST_CHECK enum err account_import_check(struct arena *arena, struct account_import *account,
					 struct account_import_flaw *flaw);
/* Sets outcome to what account_import_write would find: NONE or EXISTS. */
MUST_CHECK enum err account_import_look(const struct auth_context *context,
					struct account_import *account);
/*
 * Writes n checked accounts, at most ACCOUNT_IMPORT_BATCH, in one transaction, an event each, and
 * another for its roles; roles are shared before and grants rewritten with them. Each outcome is
 * DONE or EXISTS. ERR_CONFLICT: nothing was done, for a role is gone meanwhile, or one account's
 * outcome is TOO_MUCH.
 */
MUST_CHECK enum err account_import_write(const struct auth_context *context,
					 const struct account_import_roles *roles,
					 struct account_import *accounts, size_t n);

#endif
