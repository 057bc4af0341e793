/* A stored password: what is compared with what was typed, and what is written of a new one. */
#include "password_row.h"

#include "audit.h"
#include "buf.h"
#include "pepper.h"

#define DETAIL_MAX 64

/* A line and no row: it comes with every try. */
static enum err note_unreadable(const struct auth_context *context, const struct password_row *row,
				bool own, enum err why)
{
	struct audit_event event = {
		.kind = AUDIT_PASSWORD_UNREADABLE,
		.user_id = own ? row->user_id : ID_NONE,
	};
	struct buf text;

	buf_init(&text, context->arena, DETAIL_MAX);
	buf_addf(&text, why == ERR_CONFIG ? "there is no pepper %u" : "pepper %u does not open it",
		 pepper_number(row->hash));
	TRY(buf_str(&text, &event.detail));
	audit_line(context, &event);
	return ERR_UNAVAILABLE;
}

/* Stands in for another's, the row is opened as that one's: the work is the same. */
enum err password_row_compare(const struct auth_context *context, const struct id *user_id,
			      struct password_typed typed, int64_t deadline,
			      struct password_finding *out)
{
	struct password_row row = {.hash = SECRET_NONE};
	struct password_finding found = {.right = false};
	enum password_verdict verdict = PASSWORD_WRONG;
	struct secret hash = SECRET_NONE;
	bool own = false;

	TRY(password_store_get(context->hash_db, context->arena, user_id, &row, &own));
	enum err opened =
		pepper_open(context->peppers, context->arena, &row.user_id, row.hash, &hash);
	if (opened != OK && opened != ERR_CONFIG && opened != ERR_INPUT)
		return opened;
	if (typed.flaw != PASSWORD_TOO_LONG)
		TRY(password_verify(context->hasher, hash, typed.normal, deadline, &verdict));
	if (opened != OK)
		return note_unreadable(context, &row, own, opened);
	found.right = own && typed.flaw == PASSWORD_FINE && verdict == PASSWORD_RIGHT;
	found.outdated =
		found.right && (password_is_outdated(context->hasher, hash) ||
				pepper_number(row.hash) != pepper_newest(context->peppers));
	secret_wipe(&row.hash);
	secret_wipe(&hash);
	*out = found;
	return OK;
}

enum err password_row_set(const struct auth_context *context, struct db *db,
			  const struct id *user_id, struct secret hash)
{
	struct secret stored = SECRET_NONE;

	TRY(pepper_close(context->peppers, context->arena, user_id, hash, &stored));
	return password_store_set(db, user_id, stored, context->now);
}

enum err password_row_strengthen(const struct auth_context *context, struct db *db,
				 const struct id *user_id, struct secret hash)
{
	struct secret stored = SECRET_NONE;

	TRY(pepper_close(context->peppers, context->arena, user_id, hash, &stored));
	return password_store_strengthen(db, user_id, stored);
}
