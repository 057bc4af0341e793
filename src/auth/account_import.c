/* Accounts of another program, with the password hashes that it made: checked, then written. */
#include "account_import.h"

#include "audit.h"
#include "buf.h"
#include "db.h"
#include "password_row.h"
#include "role_store.h"

#define DETAIL_MAX 1024 /* as the column */

enum err account_import_check(struct arena *arena, struct account_import *account,
			      struct account_import_flaw *flaw)
{
	const struct account_request request = {
		.username = account->username,
		.email = account->email,
		.display_name = account->display_name,
	};
	struct account_import_flaw found = {.account = ACCOUNT_FINE};
	struct user_row user = {.state = USER_NONE};
	struct foreign_hash hash = {.form = FOREIGN_NONE};

	TRY(account_read_names(arena, &request, &user, &found.account));
	if (found.account == ACCOUNT_FINE) {
		account->username = user.username;
		account->email = user.email;
		account->display_name = user.display_name;
		found.hash = foreign_hash_read(account->hash, &hash);
		account->form = hash.form;
		if (found.hash != FOREIGN_FINE)
			found.account = ACCOUNT_BAD_PASSWORD;
	}
	*flaw = found;
	return OK;
}

static enum err is_taken(const struct auth_context *context, struct str name, bool *taken)
{
	struct user_row user;
	bool found = false;

	if (name.n == 0 || *taken)
		return OK;
	TRY(user_store_find(context->db, context->arena, name, &user, &found));
	*taken = found;
	return OK;
}

enum err account_import_look(const struct auth_context *context, struct account_import *account)
{
	bool taken = false;

	TRY(is_taken(context, account->username, &taken));
	TRY(is_taken(context, account->email, &taken));
	account->outcome = taken ? ACCOUNT_IMPORT_EXISTS : ACCOUNT_IMPORT_NONE;
	return OK;
}

/* One transaction. */
struct writing {
	const struct auth_context *context;
	const struct account_import_roles *roles;
	struct account_import *accounts;
	size_t n;
};

static enum err note_creation(const struct writing *w, const struct account_import *account,
			      const struct id *user_id)
{
	struct audit_event event = {.kind = AUDIT_USER_CREATED, .user_id = *user_id};
	struct buf detail;

	buf_init(&detail, w->context->arena, DETAIL_MAX);
	buf_add(&detail, STR("imported, "));
	buf_add(&detail, str_of(foreign_form_name(account->form)));
	TRY(buf_str(&detail, &event.detail));
	return audit_row(w->context, &event);
}

static enum err give_roles(const struct writing *w, struct db *db, struct account_import *account,
			   const struct id *user_id)
{
	struct audit_event event = {.kind = AUDIT_ROLE_CHANGED, .user_id = *user_id};
	struct buf given;

	if (account->role_count == 0)
		return OK;
	buf_init(&given, w->context->arena, DETAIL_MAX);
	for (size_t i = 0; i < account->role_count; i++) {
		struct str name = w->roles->names[account->roles[i]];
		bool known = false;
		enum err e = role_store_give(db, user_id, name, w->context->now, &known);

		if (e == ERR_TOO_LARGE) {
			account->outcome = ACCOUNT_IMPORT_TOO_MUCH;
			return ERR_CONFLICT;
		}
		TRY(e);
		if (!known)
			return ERR_CONFLICT;
		buf_add(&given, i > 0 ? STR(" +") : STR("+"));
		buf_add(&given, name);
	}
	/* Sixteen names of 64 characters and their signs are longer than the column. */
	if (given.failed == ERR_TOO_LARGE)
		event.detail = STR("+many");
	else
		TRY(buf_str(&given, &event.detail));
	return audit_row(w->context, &event);
}

static enum err write_one(const struct writing *w, struct db *db, struct account_import *account)
{
	int64_t now = w->context->now;
	const struct user_row user = {
		.id = id_random(),
		.username = account->username,
		.email = account->email,
		.display_name = account->display_name,
		.state = USER_ACTIVE,
		.email_proven_at = account->email_proven && account->email.n > 0 ? now : 0,
		.grants = STR(""),
		.created_at = now,
		.updated_at = now,
	};
	enum err e = user_store_insert(db, &user);

	account->outcome = e == ERR_CONFLICT ? ACCOUNT_IMPORT_EXISTS : ACCOUNT_IMPORT_DONE;
	if (e == ERR_CONFLICT)
		return OK;
	TRY(e);
	TRY(password_row_set(w->context, db, &user.id, account->hash));
	if (account->must_change)
		TRY(password_store_require_change(db, &user.id));
	TRY(note_creation(w, account, &user.id));
	return give_roles(w, db, account, &user.id);
}

static enum err write_work(struct db *db, void *opaque)
{
	struct writing *w = opaque;

	for (size_t i = 0; i < w->n; i++)
		w->accounts[i].outcome = ACCOUNT_IMPORT_NONE;
	for (size_t i = 0; i < w->roles->n; i++) {
		bool known = false;

		TRY(role_store_share(db, w->roles->names[i], &known));
		if (!known)
			return ERR_CONFLICT;
	}
	for (size_t i = 0; i < w->n; i++)
		TRY(write_one(w, db, &w->accounts[i]));
	return OK;
}

enum err account_import_write(const struct auth_context *context,
			      const struct account_import_roles *roles,
			      struct account_import *accounts, size_t n)
{
	struct writing writing = {.context = context, .roles = roles, .accounts = accounts, .n = n};
	enum err e = n <= ACCOUNT_IMPORT_BATCH ? db_transact(context->db, write_work, &writing)
					       : ERR_INTERNAL;

	for (size_t i = 0; e != OK && i < n; i++)
		if (accounts[i].outcome != ACCOUNT_IMPORT_TOO_MUCH)
			accounts[i].outcome = ACCOUNT_IMPORT_NONE;
	return e;
}
