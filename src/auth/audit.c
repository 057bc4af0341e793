/* Decisions as events: one log line and one row each. */
#include "audit.h"

#include "arena.h"
#include "audit_store.h"
#include "buf.h"
#include "codec.h"
#include "counters.h"
#include "log.h"
#include "secret.h"
#include "tally.h"

#define SUBJECT_BYTES ((size_t)8)
#define DETAIL_MAX 1024 /* as the column */
#define LINE_FIELDS_ALWAYS 6
#define LINE_FIELDS (LINE_FIELDS_ALWAYS + 2)

static const struct {
	const char *name;
	const char *outcome;
	enum log_level level;
} kinds[AUDIT_KIND_COUNT] = {
	[AUDIT_LOGIN_SUCCESS] = {"authn_login_success", "ok", LOG_LEVEL_INFO},
	[AUDIT_LOGIN_FAIL] = {"authn_login_fail", "refused", LOG_LEVEL_WARN},
	[AUDIT_LOGIN_REPEAT] = {"authn_login_repeat", "ok", LOG_LEVEL_INFO},
	[AUDIT_SESSION_CREATED] = {"session_created", "ok", LOG_LEVEL_INFO},
	[AUDIT_SESSION_RENEWED] = {"session_renewed", "ok", LOG_LEVEL_INFO},
	[AUDIT_SESSION_ENDED] = {"session_ended", "ok", LOG_LEVEL_INFO},
	[AUDIT_SESSIONS_ENDED] = {"sessions_ended", "ok", LOG_LEVEL_INFO},
	[AUDIT_CSRF_REFUSED] = {"malicious_csrf", "refused", LOG_LEVEL_WARN},
	[AUDIT_USER_CREATED] = {"user_created", "ok", LOG_LEVEL_INFO},
	[AUDIT_PASSWORD_CHANGED] = {"authn_password_change", "ok", LOG_LEVEL_INFO},
	[AUDIT_ROLE_CHANGED] = {"authz_change", "ok", LOG_LEVEL_INFO},
	[AUDIT_SETUP_BEGUN] = {"setup_begun", "ok", LOG_LEVEL_INFO},
	[AUDIT_LOGIN_THROTTLED] = {"excess_rate_limit_exceeded", "refused", LOG_LEVEL_WARN},
	[AUDIT_THROTTLE_CLEARED] = {"throttle_cleared", "ok", LOG_LEVEL_INFO},
	[AUDIT_USER_LOCKED] = {"authn_login_lock", "ok", LOG_LEVEL_INFO},
	[AUDIT_USER_UNLOCKED] = {"authn_login_unlock", "ok", LOG_LEVEL_INFO},
	[AUDIT_PASSWORD_COMPROMISED] = {"authn_password_compromised", "ok", LOG_LEVEL_INFO},
	[AUDIT_SESSION_HELD] = {"session_held", "ok", LOG_LEVEL_INFO},
	[AUDIT_SESSIONS_HELD] = {"sessions_held", "ok", LOG_LEVEL_INFO},
	[AUDIT_ADMIN_REFUSED] = {"authz_fail", "refused", LOG_LEVEL_INFO},
	[AUDIT_SESSION_EXPIRED] = {"session_expired", "refused", LOG_LEVEL_INFO},
	[AUDIT_SEQUENCE_REFUSED] = {"sequence_fail", "refused", LOG_LEVEL_WARN},
	[AUDIT_USER_REMOVED] = {"user_removed", "ok", LOG_LEVEL_INFO},
	[AUDIT_REAUTH_SUCCESS] = {"authn_reauth_success", "ok", LOG_LEVEL_INFO},
	[AUDIT_REAUTH_FAIL] = {"authn_reauth_fail", "refused", LOG_LEVEL_WARN},
	[AUDIT_RESTORE_CHECKED] = {"sys_restore_check", "ok", LOG_LEVEL_INFO},
	[AUDIT_SESSION_PROMOTED] = {"session_promoted", "ok", LOG_LEVEL_INFO},
	[AUDIT_TENANT_CREATED] = {"tenant_created", "ok", LOG_LEVEL_INFO},
	[AUDIT_TENANT_CHANGED] = {"tenant_changed", "ok", LOG_LEVEL_INFO},
	[AUDIT_TENANT_REMOVED] = {"tenant_removed", "ok", LOG_LEVEL_INFO},
	[AUDIT_MEMBER_ADDED] = {"member_added", "ok", LOG_LEVEL_INFO},
	[AUDIT_MEMBER_REMOVED] = {"member_removed", "ok", LOG_LEVEL_INFO},
	[AUDIT_TENANT_CHOSEN] = {"tenant_chosen", "ok", LOG_LEVEL_INFO},
	[AUDIT_HANDOVER_GIVEN] = {"handover_given", "ok", LOG_LEVEL_INFO},
	[AUDIT_HANDOVER_TAKEN] = {"handover_taken", "ok", LOG_LEVEL_INFO},
	[AUDIT_HANDOVER_REFUSED] = {"handover_refused", "refused", LOG_LEVEL_WARN},
	[AUDIT_FLOW_SERVED] = {"flow_served", "ok", LOG_LEVEL_INFO},
	[AUDIT_KEYS_CHANGED] = {"signing_keys_changed", "ok", LOG_LEVEL_INFO},
	[AUDIT_ROOTS_CHANGED] = {"root_keys_changed", "ok", LOG_LEVEL_INFO},
	[AUDIT_KEYS_UNUSABLE] = {"signing_keys_unusable", "refused", LOG_LEVEL_ERROR},
	[AUDIT_TOKEN_REPEATED] = {"authn_token_repeat", "ok", LOG_LEVEL_INFO},
	[AUDIT_TOKEN_REUSED] = {"authn_token_reuse", "refused", LOG_LEVEL_WARN},
	[AUDIT_TOKEN_ISSUED] = {"authn_token_created", "ok", LOG_LEVEL_INFO},
	[AUDIT_TOKEN_REVOKED] = {"authn_token_revoked", "ok", LOG_LEVEL_INFO},
	[AUDIT_SERVICE_REFUSED] = {"service_login_fail", "refused", LOG_LEVEL_WARN},
	[AUDIT_SERVICE_CHANGED] = {"service_changed", "ok", LOG_LEVEL_INFO},
	[AUDIT_ROLE_CREATED] = {"role_created", "ok", LOG_LEVEL_INFO},
	[AUDIT_ROLE_REDEFINED] = {"role_changed", "ok", LOG_LEVEL_INFO},
	[AUDIT_ROLE_REMOVED] = {"role_removed", "ok", LOG_LEVEL_INFO},
	[AUDIT_SESSION_TRIED] = {"session_tried", "ok", LOG_LEVEL_WARN},
	[AUDIT_PASSWORD_UNREADABLE] = {"password_unreadable", "refused", LOG_LEVEL_ERROR},
	[AUDIT_BREACHED_UNUSABLE] = {"breached_list_unusable", "refused", LOG_LEVEL_ERROR},
	[AUDIT_ADDRESS_ASKED] = {"address_asked", "ok", LOG_LEVEL_INFO},
	[AUDIT_ADDRESS_CHANGED] = {"address_changed", "ok", LOG_LEVEL_INFO},
	[AUDIT_ADDRESS_RESTORED] = {"address_restored", "ok", LOG_LEVEL_WARN},
	[AUDIT_PROFILE_CHANGED] = {"profile_changed", "ok", LOG_LEVEL_INFO},
	[AUDIT_USER_CLOSED] = {"user_closed", "ok", LOG_LEVEL_INFO},
	[AUDIT_USER_REOPENED] = {"user_reopened", "ok", LOG_LEVEL_INFO},
	[AUDIT_RECOVERY_ASKED] = {"authn_recovery_asked", "ok", LOG_LEVEL_INFO},
	[AUDIT_RECOVERY_FAIL] = {"authn_recovery_fail", "refused", LOG_LEVEL_WARN},
	[AUDIT_PASSWORD_RECOVERED] = {"authn_password_recovered", "ok", LOG_LEVEL_INFO},
	[AUDIT_NOTICE_DISPUTED] = {"authn_notice_disputed", "ok", LOG_LEVEL_WARN},
	[AUDIT_REGISTRATION_ASKED] = {"registration_asked", "ok", LOG_LEVEL_INFO},
	[AUDIT_USER_REGISTERED] = {"user_registered", "ok", LOG_LEVEL_INFO},
	[AUDIT_EMAIL_PROVEN] = {"email_proven", "ok", LOG_LEVEL_INFO},
	[AUDIT_MAIL_CODE_REFUSED] = {"authn_mail_code_fail", "refused", LOG_LEVEL_WARN},
	[AUDIT_USER_INVITED] = {"user_invited", "ok", LOG_LEVEL_INFO},
	[AUDIT_INVITATION_WITHDRAWN] = {"invitation_withdrawn", "ok", LOG_LEVEL_INFO},
	[AUDIT_FACTOR_SUCCESS] = {"authn_factor_success", "ok", LOG_LEVEL_INFO},
	[AUDIT_FACTOR_FAIL] = {"authn_factor_fail", "refused", LOG_LEVEL_WARN},
	[AUDIT_FACTOR_ADDED] = {"factor_added", "ok", LOG_LEVEL_INFO},
	[AUDIT_FACTOR_REMOVED] = {"factor_removed", "ok", LOG_LEVEL_INFO},
	[AUDIT_FACTORS_RESET_ASKED] = {"factors_reset_asked", "ok", LOG_LEVEL_WARN},
	[AUDIT_FACTORS_RESET_STOPPED] = {"factors_reset_stopped", "ok", LOG_LEVEL_INFO},
	[AUDIT_FACTORS_RESET] = {"factors_reset", "ok", LOG_LEVEL_WARN},
	[AUDIT_RECOVERY_CODES_MADE] = {"recovery_codes_made", "ok", LOG_LEVEL_INFO},
	[AUDIT_RECOVERY_CODE_USED] = {"recovery_code_used", "ok", LOG_LEVEL_WARN},
	[AUDIT_PASSKEY_COUNTER] = {"passkey_counter", "refused", LOG_LEVEL_WARN},
	[AUDIT_DEVICE_KEY_SET] = {"device_key_set", "ok", LOG_LEVEL_INFO},
	[AUDIT_DEVICE_REMOVED] = {"device_removed", "ok", LOG_LEVEL_INFO},
	[AUDIT_DEVICE_TRUSTED] = {"device_trusted", "ok", LOG_LEVEL_INFO},
};

const char *audit_kind_name(enum audit_kind kind)
{
	return kinds[kind].name;
}

const char *audit_kind_outcome(enum audit_kind kind)
{
	return kinds[kind].outcome;
}

bool audit_is_event(struct str name)
{
	for (size_t i = 0; i < AUDIT_KIND_COUNT; i++)
		if (str_equal(name, str_of(kinds[i].name)))
			return true;
	return false;
}

static struct str or_empty(struct str s)
{
	return str_is_present(s) ? s : STR("");
}

/* "by SERVICE: DETAIL" */
static enum err detail_of(const struct auth_context *context, const struct audit_event *event,
			  struct str *out)
{
	struct buf text;

	*out = or_empty(event->detail);
	if (!str_is_present(context->service))
		return OK;
	buf_init(&text, context->arena, DETAIL_MAX);
	buf_add(&text, STR("by "));
	buf_add(&text, context->service);
	if (out->n > 0)
		buf_add(&text, STR(": "));
	buf_add(&text, *out);
	return buf_str(&text, out);
}

static enum err insert(const struct auth_context *context, const struct audit_event *event)
{
	struct audit_row row = {
		.at = context->now,
		.id = id_random(),
		.event = str_of(kinds[event->kind].name),
		.outcome = str_of(kinds[event->kind].outcome),
		.user_id = event->user_id,
		.actor_id = context->actor_id,
		.session_id = event->session_id,
		.request_id = context->request_id,
		.source = or_empty(context->ip),
	};

	TRY(detail_of(context, event, &row.detail));
	return audit_store_insert(context->db, &row);
}

static void tally(const struct auth_context *context, enum audit_kind kind)
{
	counters_add(context->counters, TALLY_EVENTS + kind, 1);
}

/* An id's text in the caller's buffer; none is an empty text. */
static struct str id_in(char text[ID_TEXT + 1], struct id id)
{
	if (id_is_none(id))
		return STR("");
	codec_base64url(id.b, ID_BYTES, text);
	return (struct str){.p = text, .n = ID_TEXT};
}

void audit_line(const struct auth_context *context, const struct audit_event *event)
{
	char user[ID_TEXT + 1];
	char actor[ID_TEXT + 1];
	char session[ID_TEXT + 1];
	char request[ID_TEXT + 1];
	struct log_field fields[LINE_FIELDS] = {
		LOG_TEXT("outcome", str_of(kinds[event->kind].outcome)),
		LOG_TEXT("user", id_in(user, event->user_id)),
		LOG_TEXT("session", id_in(session, event->session_id)),
		LOG_TEXT("request", id_in(request, context->request_id)),
		LOG_TEXT("ip", or_empty(context->ip)),
		LOG_TEXT("detail", or_empty(event->detail)),
	};
	size_t n = LINE_FIELDS_ALWAYS;

	tally(context, event->kind);
	if (!id_is_none(context->actor_id))
		fields[n++] = LOG_TEXT("actor", id_in(actor, context->actor_id));
	if (str_is_present(context->service))
		fields[n++] = LOG_TEXT("service", context->service);
	log_line(kinds[event->kind].level, kinds[event->kind].name, fields, n);
}

enum err audit_record(const struct auth_context *context, const struct audit_event *event)
{
	TRY(insert(context, event));
	audit_line(context, event);
	return OK;
}

enum err audit_row(const struct auth_context *context, const struct audit_event *event)
{
	TRY(insert(context, event));
	tally(context, event->kind);
	return OK;
}

enum err audit_trail_add(const struct auth_context *context, struct audit_trail *trail,
			 const struct audit_event *event)
{
	if (trail->n >= AUDIT_TRAIL_MAX)
		return ERR_INTERNAL;
	TRY(insert(context, event));
	trail->events[trail->n++] = *event;
	return OK;
}

void audit_trail_write(const struct auth_context *context, const struct audit_trail *trail)
{
	for (size_t i = 0; i < trail->n; i++)
		audit_line(context, &trail->events[i]);
}

enum err audit_subject(const struct auth_context *context, struct str identifier, struct str *out)
{
	struct secret part = keyring_part(identifier.p, identifier.n);
	struct digest digest;
	struct buf text;

	keyring_digest(context->keys, 0, KEY_AUDIT, &part, 1, &digest);
	buf_init(&text, context->arena, 2 * SUBJECT_BYTES);
	codec_add_hex(&text, digest.b, SUBJECT_BYTES);
	return buf_str(&text, out);
}
