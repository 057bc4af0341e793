/* Accounts: names, creation, passwords set by their keeper, the first administrator. */
#ifndef GATEPOST_AUTH_ACCOUNT_H
#define GATEPOST_AUTH_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "err.h"
#include "ident.h"
#include "password.h"
#include "password_rules.h"
#include "secret.h"
#include "str.h"
#include "user_store.h"

/*
 * The normal form under which names are unique. ASCII only (docs/decisions.md), lower case.
 * User name: [a-z0-9][a-z0-9._-]{1,63}. Address: local@domain, ≤ 254, no space, double quote,
 * control, angle bracket; a domain of labels. identifier: whichever it looks like. ERR_INPUT.
 */
MUST_CHECK enum err account_normal_username(struct arena *arena, struct str typed, struct str *out);
MUST_CHECK enum err account_normal_email(struct arena *arena, struct str typed, struct str *out);
MUST_CHECK enum err account_normal_identifier(struct arena *arena, struct str typed,
					      struct str *out);

/* UTF-8 without controls and hidden marks, 1 … 100 code points; trimmed already. */
bool account_is_display_name(struct str name);

/* What is thought of a new password. */
struct password_opinion {
	enum password_flaw flaw;
	enum password_hint hint;
};

enum account_flaw {
	ACCOUNT_FINE = 0,
	ACCOUNT_BAD_USERNAME,
	ACCOUNT_BAD_EMAIL,
	ACCOUNT_NO_NAME,          /* neither user name nor address */
	ACCOUNT_BAD_DISPLAY_NAME, /* over 100 code points, control, hidden mark, invalid UTF-8 */
	ACCOUNT_BAD_PASSWORD,     /* see password_flaw */
	ACCOUNT_TAKEN,
	ACCOUNT_BAD_CODE, /* setup: wrong, over or used */
	ACCOUNT_UNKNOWN_ROLE,
	ACCOUNT_FLAW_COUNT
};

struct account_request {
	struct str username, email, display_name; /* as typed; absent or empty: none */
	struct str password;                      /* as typed */
	const struct str *roles;
	size_t role_count;
};

struct account_result {
	enum account_flaw flaw;
	enum password_flaw password_flaw;
	enum password_hint password_hint;
	struct user_row user; /* when ACCOUNT_FINE */
};

/*
 * The names of an account in normal form, of which *user gets them and nothing else; no display
 * name is the user name, or the local part. A flaw is a result.
 */
MUST_CHECK enum err account_read_names(struct arena *arena, const struct account_request *request,
				       struct user_row *user, enum account_flaw *flaw);
/*
 * A new password checked against all rules: normal form, length, blocklist, about's words, those
 * that are known to be breached (ERR_UNAVAILABLE: their list cannot be read). *normal is set unless
 * the password cannot be one.
 */
MUST_CHECK enum err account_check_new(const struct auth_context *context, struct str typed,
				      const struct password_about *about, struct secret *normal,
				      struct password_opinion *opinion);
/*
 * The same and hashed (not inside a transaction: it takes its time); a flaw in *result.
 */
MUST_CHECK enum err account_hash_new(const struct auth_context *context, struct str typed,
				     const struct password_about *about, struct secret *phc,
				     struct account_result *result);
/* How long a person waits for a hash slot, and the command. On clock_monotonic. */
int64_t account_hash_deadline(const struct auth_context *context);
/* Creates user, password and roles in one transaction. A flaw is a result: nothing was done. */
MUST_CHECK enum err account_create(const struct auth_context *context,
				   const struct account_request *request,
				   struct account_result *out);
/*
 * Sets a new password (the command's "user passwd"), ends all sessions of the user, and tells the
 * address.
 */
MUST_CHECK enum err account_set_password(const struct auth_context *context,
					 const struct id *user_id, struct str typed,
					 struct account_result *out);
/* Deletes the account and all that belongs to it, in one transaction. One that is gone is OK. */
MUST_CHECK enum err account_remove(const struct auth_context *context, const struct id *user_id);
/* By the 22 characters of an id, which nobody else can have as a name; else user name or address.
 */
MUST_CHECK enum err account_find(const struct auth_context *context, struct str typed,
				 struct user_row *out, bool *found);

/* Set-up of the first administrator. An administrator exists already: *out is true. */
MUST_CHECK enum err account_has_administrator(const struct auth_context *context, bool *out);
/*
 * Makes and stores a new code (128 bits, one hour, replaces any before); text "xxxx-xxxx-…" for a
 * person.
 */
MUST_CHECK enum err account_setup_begin(const struct auth_context *context, struct secret *text);
/*
 * Consumes the code and creates the account with role admin (whatever roles the request names), in
 * one transaction; a flaw leaves the code usable.
 */
MUST_CHECK enum err account_setup_finish(const struct auth_context *context, struct str code,
					 const struct account_request *request,
					 struct account_result *out);

#endif
