/* What a user has besides a password: how it changes, and what follows from a change. */
#include "factors.h"

#include "notice.h"
#include "policy.h"
#include "user_store.h"

enum err factors_lock(struct factors_change *change, struct db *db)
{
	const struct session_row *row = &change->person->session;
	struct user_locked locked = {.state = USER_NONE};
	struct session_row now;
	bool found = false;

	change->trail.n = 0;
	TRY(user_store_lock_whole(db, &row->user_id, &locked, &found));
	if (!found || locked.state != USER_ACTIVE)
		return ERR_CONFLICT;
	TRY(session_store_find_by_id(db, change->context->arena, &row->id, &now, &found));
	if (!found || now.epoch != row->epoch)
		return ERR_CONFLICT;
	change->before = locked.factors;
	return OK;
}

static enum err tell(const struct factors_change *change, struct db *db, struct str kind)
{
	const struct session_found *person = change->person;
	const struct notice notice = {
		.kind = kind,
		.user_id = person->session.user_id,
		.recipient = person->email,
		.language = person->language,
		.display_name = person->display_name,
	};

	return str_is_present(kind) ? notice_queue(change->context, db, &notice) : OK;
}

enum err factors_settle(struct factors_change *change, struct db *db,
			const struct factors_event *event)
{
	const struct session_row *row = &change->person->session;
	const struct audit_event noted = {
		.kind = event->kind,
		.user_id = row->user_id,
		.session_id = row->id,
		.detail = event->detail,
	};

	TRY(factor_store_count(db, &row->user_id, &change->after));
	if ((change->after & FACTORS_STRONG) == 0 && change->after != 0) {
		TRY(recovery_store_delete(db, &row->user_id));
		change->after = 0;
	}
	TRY(factor_store_set(db, &row->user_id, change->after));
	TRY(tell(change, db, event->notice));
	return audit_trail_add(change->context, &change->trail, &noted);
}

bool factors_are_needed(const struct factors_change *change, unsigned remaining)
{
	return (remaining & FACTORS_STRONG) == 0 &&
	       policy_requires_factor(change->context->config, change->person);
}
