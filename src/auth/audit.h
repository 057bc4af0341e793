/* Decisions as events: one log line and one row each, and counted (tally.h). Both name the
 * context's service, if any. */
#ifndef GATEPOST_AUTH_AUDIT_H
#define GATEPOST_AUTH_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "context.h"
#include "err.h"
#include "ident.h"
#include "str.h"

enum audit_kind {
	AUDIT_LOGIN_SUCCESS = 0,
	AUDIT_LOGIN_FAIL,
	AUDIT_LOGIN_REPEAT,
	AUDIT_SESSION_CREATED,
	AUDIT_SESSION_RENEWED,
	AUDIT_SESSION_ENDED,
	AUDIT_SESSIONS_ENDED,
	AUDIT_CSRF_REFUSED,
	AUDIT_USER_CREATED,
	AUDIT_PASSWORD_CHANGED,
	AUDIT_ROLE_CHANGED,
	AUDIT_SETUP_BEGUN,
	AUDIT_LOGIN_THROTTLED,
	AUDIT_THROTTLE_CLEARED,
	AUDIT_USER_LOCKED,
	AUDIT_USER_UNLOCKED,
	AUDIT_PASSWORD_COMPROMISED,
	AUDIT_SESSION_HELD,
	AUDIT_SESSIONS_HELD,
	AUDIT_ADMIN_REFUSED,
	AUDIT_SESSION_EXPIRED,
	AUDIT_SEQUENCE_REFUSED,
	AUDIT_USER_REMOVED,
	AUDIT_REAUTH_SUCCESS,
	AUDIT_REAUTH_FAIL,
	AUDIT_RESTORE_CHECKED,
	AUDIT_SESSION_PROMOTED,
	AUDIT_TENANT_CREATED,
	AUDIT_TENANT_CHANGED,
	AUDIT_TENANT_REMOVED,
	AUDIT_MEMBER_ADDED,
	AUDIT_MEMBER_REMOVED,
	AUDIT_TENANT_CHOSEN,
	AUDIT_HANDOVER_GIVEN,
	AUDIT_HANDOVER_TAKEN,
	AUDIT_HANDOVER_REFUSED,
	AUDIT_FLOW_SERVED,
	AUDIT_KEYS_CHANGED,
	AUDIT_ROOTS_CHANGED,
	AUDIT_KEYS_UNUSABLE,
	AUDIT_TOKEN_REPEATED,
	AUDIT_TOKEN_REUSED,
	AUDIT_TOKEN_ISSUED,
	AUDIT_TOKEN_REVOKED,
	AUDIT_SERVICE_REFUSED,
	AUDIT_SERVICE_CHANGED,
	AUDIT_ROLE_CREATED,
	AUDIT_ROLE_REDEFINED,
	AUDIT_ROLE_REMOVED,
	AUDIT_SESSION_TRIED,
	AUDIT_PASSWORD_UNREADABLE,
	AUDIT_BREACHED_UNUSABLE,
	AUDIT_ADDRESS_ASKED,
	AUDIT_ADDRESS_CHANGED,
	AUDIT_ADDRESS_RESTORED,
	AUDIT_PROFILE_CHANGED,
	AUDIT_USER_CLOSED,
	AUDIT_USER_REOPENED,
	AUDIT_RECOVERY_ASKED,
	AUDIT_RECOVERY_FAIL,
	AUDIT_PASSWORD_RECOVERED,
	AUDIT_NOTICE_DISPUTED,
	AUDIT_REGISTRATION_ASKED,
	AUDIT_USER_REGISTERED,
	AUDIT_EMAIL_PROVEN,
	AUDIT_MAIL_CODE_REFUSED,
	AUDIT_USER_INVITED,
	AUDIT_INVITATION_WITHDRAWN,
	AUDIT_FACTOR_SUCCESS,
	AUDIT_FACTOR_FAIL,
	AUDIT_FACTOR_ADDED,
	AUDIT_FACTOR_REMOVED,
	AUDIT_FACTORS_RESET_ASKED,
	AUDIT_FACTORS_RESET_STOPPED,
	AUDIT_FACTORS_RESET,
	AUDIT_RECOVERY_CODES_MADE,
	AUDIT_RECOVERY_CODE_USED,
	AUDIT_PASSKEY_COUNTER,
	AUDIT_DEVICE_KEY_SET,
	AUDIT_DEVICE_REMOVED,
	AUDIT_DEVICE_TRUSTED,
	AUDIT_KIND_COUNT
};

struct audit_event {
	enum audit_kind kind;
	struct id user_id;
	struct id session_id;
	/* Never typed text of a person: an unknown user name appears only as its keyed hash
	 * (audit_subject). */
	struct str detail;
};

/* False: no event has this name. */
bool audit_is_event(struct str name);
/* The event's name in rows and lines ("authn_login_success"); static. */
const char *audit_kind_name(enum audit_kind kind);
/* "ok" or "refused"; static. */
const char *audit_kind_outcome(enum audit_kind kind);

/*
 * Inserts the row and writes the line. Not inside db_transact, where a second run would write the
 * line twice and a rollback would leave it standing: there an audit_trail does it.
 */
MUST_CHECK enum err audit_record(const struct auth_context *context,
				 const struct audit_event *event);

/* The events of one transaction: rows go in with it, lines are written when it is committed. */
#define AUDIT_TRAIL_MAX 8
struct audit_trail {
	struct audit_event events[AUDIT_TRAIL_MAX];
	size_t n;
};
/* Inserts the row and keeps the event for its line. ERR_INTERNAL beyond AUDIT_TRAIL_MAX. */
MUST_CHECK enum err audit_trail_add(const struct auth_context *context, struct audit_trail *trail,
				    const struct audit_event *event);
/* The lines, after the commit. */
void audit_trail_write(const struct auth_context *context, const struct audit_trail *trail);

/* The row only, inside a transaction: for what comes by the hundred. */
MUST_CHECK enum err audit_row(const struct auth_context *context, const struct audit_event *event);
/* The line only: for what must not cost a statement. */
void audit_line(const struct auth_context *context, const struct audit_event *event);
/* 16 hexadecimal digits that stand for an identifier in logs. */
MUST_CHECK enum err audit_subject(const struct auth_context *context, struct str identifier,
				  struct str *out);

#endif
