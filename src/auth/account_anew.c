/* An account begins anew: what was begun in its name before a proof, or a dispute, ends. */
#include "account_anew.h"

#include "device_store.h"
#include "factor_store.h"
#include "handover_store.h"
#include "mail_code_store.h"
#include "session_store.h"
#include "token_store.h"

enum err account_end_access(const struct auth_context *context, struct db *db,
			    const struct id *user_id, uint64_t *sessions)
{
	TRY(session_store_delete_of_user(db, user_id, &ID_NONE, sessions));
	TRY(token_store_end_of_user(db, user_id, context->now));
	TRY(handover_store_delete_of_user(db, user_id));
	TRY(mail_code_store_void_user(db, user_id));
	return device_store_disarm(db, user_id);
}

enum err account_begin_anew(const struct auth_context *context, struct db *db,
			    const struct user_row *user, uint64_t *sessions)
{
	TRY(account_end_access(context, db, &user->id, sessions));
	TRY(mail_code_store_void_address(db, user->email));
	if (user->email_proven_at > 0)
		return OK;
	TRY(device_store_delete_of_user(db, &user->id));
	/* Of whom the address was not: later ones outlive every recovery (MF-14). */
	TRY(factor_store_delete_all(db, &user->id));
	return user_store_set_proven(db, &user->id, context->now);
}
