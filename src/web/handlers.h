/* The handlers behind the route table: one file a page, one file an API noun. */
#ifndef GATEPOST_WEB_HANDLERS_H
#define GATEPOST_WEB_HANDLERS_H

#include <stdbool.h>

#include "err.h"

struct call;
struct mail_code_row;
struct session_issued;
struct signin_form;

/*
 * Each answers one route into call->response. What a person or program did wrong is an answer and
 * OK; an error is for the dispatcher, which answers it as view_problem_of says.
 */

/* page_login.c */
MUST_CHECK enum err page_login_show(struct call *call);
MUST_CHECK enum err page_login_post(struct call *call);

/* page_logout.c */
MUST_CHECK enum err page_logout_show(struct call *call);
MUST_CHECK enum err page_logout_post(struct call *call);

/* page_account.c */
MUST_CHECK enum err page_account_home(struct call *call);
MUST_CHECK enum err page_account_show(struct call *call);
MUST_CHECK enum err page_account_post(struct call *call);

/* page_second_factor.c */
MUST_CHECK enum err page_second_factor_show(struct call *call);
MUST_CHECK enum err page_second_factor_post(struct call *call);

/* page_security.c, page_security_app.c, …_codes.c, …_passkey.c, …_remove.c */
MUST_CHECK enum err page_security_show(struct call *call);
MUST_CHECK enum err page_security_post(struct call *call);
MUST_CHECK enum err page_security_app_show(struct call *call);
MUST_CHECK enum err page_security_app_post(struct call *call);
MUST_CHECK enum err page_security_codes_show(struct call *call);
MUST_CHECK enum err page_security_codes_post(struct call *call);
MUST_CHECK enum err page_security_passkey_show(struct call *call);
MUST_CHECK enum err page_security_passkey_post(struct call *call);
MUST_CHECK enum err page_security_remove_show(struct call *call);
MUST_CHECK enum err page_security_remove_post(struct call *call);

/* page_address.c */
MUST_CHECK enum err page_address_show(struct call *call);
MUST_CHECK enum err page_address_post(struct call *call);
/*
 * The part of page_verify.c for the link of a change of address and for its ticket, shown and
 * posted: only the user who asked gets further. *taken false: it is not that.
 */
MUST_CHECK enum err page_verify_address(struct call *call, bool *taken);

/* page_restore.c: the parts of page_not_me.c for a MAIL_RESTORATION. */
MUST_CHECK enum err page_restore_show(struct call *call, const struct mail_code_row *row);
MUST_CHECK enum err page_restore_post(struct call *call, const struct mail_code_row *row);

/* page_close.c */
MUST_CHECK enum err page_close_show(struct call *call);
MUST_CHECK enum err page_close_post(struct call *call);

/* api_totp.c */
MUST_CHECK enum err api_totp_begin(struct call *call);
MUST_CHECK enum err api_totp_confirm(struct call *call);
MUST_CHECK enum err api_totp_remove(struct call *call);
MUST_CHECK enum err api_recovery_codes_show(struct call *call);
MUST_CHECK enum err api_recovery_codes_renew(struct call *call);

/* api_devices.c */
MUST_CHECK enum err api_devices_list(struct call *call);
MUST_CHECK enum err api_devices_set_key(struct call *call);
MUST_CHECK enum err api_devices_remove(struct call *call);

/* oauth_token.c */
MUST_CHECK enum err oauth_token(struct call *call);

/* api_token.c */
MUST_CHECK enum err api_session_token(struct call *call);

/* api_factor.c */
MUST_CHECK enum err api_session_challenge(struct call *call);
MUST_CHECK enum err api_session_second_factor(struct call *call);

/* api_session_state.c */
MUST_CHECK enum err api_session_state(struct call *call);

/* api_flows.c */
MUST_CHECK enum err api_flow_start(struct call *call);
MUST_CHECK enum err api_flow_show(struct call *call);
MUST_CHECK enum err api_flow_patch(struct call *call);
MUST_CHECK enum err api_flow_step(struct call *call);
MUST_CHECK enum err api_flow_end(struct call *call);
MUST_CHECK enum err api_flow_attempt(struct call *call);

/* api_hold.c */
MUST_CHECK enum err api_session_hold(struct call *call);

/* oauth_introspect.c, oauth_revoke.c */
MUST_CHECK enum err oauth_introspect(struct call *call);
MUST_CHECK enum err oauth_revoke(struct call *call);

/* page_sessions.c */
MUST_CHECK enum err page_activity_show(struct call *call);
MUST_CHECK enum err page_sessions_show(struct call *call);
MUST_CHECK enum err page_sessions_post(struct call *call);

/* verify_access.c, page_denied.c */
MUST_CHECK enum err verify_access(struct call *call);
MUST_CHECK enum err page_denied(struct call *call);

/* page_reauth.c */
MUST_CHECK enum err page_reauth_show(struct call *call);
MUST_CHECK enum err page_reauth_post(struct call *call);

/* page_password.c */
MUST_CHECK enum err page_password_show(struct call *call);
MUST_CHECK enum err page_password_post(struct call *call);

/* page_recover.c, page_reset.c, page_not_me.c */
MUST_CHECK enum err page_recover_show(struct call *call);
MUST_CHECK enum err page_recover_post(struct call *call);
MUST_CHECK enum err page_reset_show(struct call *call);
MUST_CHECK enum err page_reset_post(struct call *call);
MUST_CHECK enum err page_not_me_show(struct call *call);
MUST_CHECK enum err page_not_me_post(struct call *call);

/* api_recovery.c */
MUST_CHECK enum err api_password_recover(struct call *call);
MUST_CHECK enum err api_password_reset(struct call *call);

/* page_setup.c */
MUST_CHECK enum err page_setup_show(struct call *call);
MUST_CHECK enum err page_setup_post(struct call *call);

/* page_return.c */
MUST_CHECK enum err page_return_show(struct call *call);

/* page_problems.c */
MUST_CHECK enum err page_problems_show(struct call *call);

/* page_assets.c */
MUST_CHECK enum err page_assets_send(struct call *call);

/* api_passkeys.c */
MUST_CHECK enum err api_passkeys_options(struct call *call);
MUST_CHECK enum err api_passkeys_create(struct call *call);
MUST_CHECK enum err api_passkeys_list(struct call *call);
MUST_CHECK enum err api_passkeys_remove(struct call *call);
MUST_CHECK enum err api_sessions_passkey_options(struct call *call);

/* api_sessions.c */
MUST_CHECK enum err api_sessions_create(struct call *call);
MUST_CHECK enum err api_activity(struct call *call);
MUST_CHECK enum err api_sessions_list(struct call *call);
MUST_CHECK enum err api_sessions_end_one(struct call *call);
MUST_CHECK enum err api_sessions_end_many(struct call *call);

/* api_guest.c */
MUST_CHECK enum err api_guest_create(struct call *call);

/* api_session.c */
MUST_CHECK enum err api_session_show(struct call *call);
MUST_CHECK enum err api_session_end(struct call *call);

/* api_user.c */
MUST_CHECK enum err api_user_show(struct call *call);
MUST_CHECK enum err api_user_change(struct call *call);
MUST_CHECK enum err api_user_close(struct call *call);

/* api_email_change.c */
MUST_CHECK enum err api_email_ask(struct call *call);
/* The part of POST /email/verify for who asked for another address; *taken false: it is not that.
 */
MUST_CHECK enum err api_email_prove_change(struct call *call, bool *taken);

/* api_reauth.c */
MUST_CHECK enum err api_session_reauth(struct call *call);
MUST_CHECK enum err api_password_change(struct call *call);

/* api_tenants.c */
MUST_CHECK enum err api_tenants_list(struct call *call);
MUST_CHECK enum err api_session_tenant(struct call *call);

/* api_handover.c */
MUST_CHECK enum err api_handover_give(struct call *call);
/* The part of api_sessions_create for a hand-over; *taken false: the refusal is the answer. */
MUST_CHECK enum err api_handover_take(struct call *call, const struct signin_form *form,
				      struct session_issued *issued, bool *taken);

/* page_handover.c */
MUST_CHECK enum err page_handover_show(struct call *call);
MUST_CHECK enum err page_handover_post(struct call *call);

/* page_handover_give.c */
MUST_CHECK enum err page_handover_ask(struct call *call);
MUST_CHECK enum err page_handover_give(struct call *call);

/* api_admin.c */
MUST_CHECK enum err api_admin_users(struct call *call);
MUST_CHECK enum err api_admin_user(struct call *call);
MUST_CHECK enum err api_admin_lock(struct call *call);
MUST_CHECK enum err api_admin_unlock(struct call *call);
MUST_CHECK enum err api_admin_hold(struct call *call);
MUST_CHECK enum err api_admin_recover(struct call *call);
enum err api_admin_factors_reset(struct call *call);
enum err api_admin_factors_keep(struct call *call);
MUST_CHECK enum err api_admin_role_give(struct call *call);
MUST_CHECK enum err api_admin_role_take(struct call *call);

/* api_admin_parts.c */
MUST_CHECK enum err api_admin_roles(struct call *call);
MUST_CHECK enum err api_admin_sessions(struct call *call);
MUST_CHECK enum err api_admin_sessions_end(struct call *call);
MUST_CHECK enum err api_admin_session_end(struct call *call);

/* page_admin_users.c, page_admin_user.c */
MUST_CHECK enum err page_admin_users_show(struct call *call);
MUST_CHECK enum err page_admin_user_show(struct call *call);
MUST_CHECK enum err page_admin_user_post(struct call *call);

/* page_admin_overview.c */
MUST_CHECK enum err page_admin_overview_show(struct call *call);
/* api_email.c */
MUST_CHECK enum err api_users_create(struct call *call);
MUST_CHECK enum err api_email_verify(struct call *call);

/* page_register.c, page_verify.c */
MUST_CHECK enum err page_register_show(struct call *call);
MUST_CHECK enum err page_register_post(struct call *call);
MUST_CHECK enum err page_verify_show(struct call *call);
MUST_CHECK enum err page_verify_post(struct call *call);
MUST_CHECK enum err page_invite_show(struct call *call);
MUST_CHECK enum err page_invite_post(struct call *call);

/* api_health.c */
MUST_CHECK enum err api_health_show(struct call *call);

/* api_metrics.c */
MUST_CHECK enum err api_metrics_show(struct call *call);

/* api_document.c */
MUST_CHECK enum err api_document_send(struct call *call);

/* api_jwks.c */
MUST_CHECK enum err api_jwks_show(struct call *call);

/* api_metadata.c */
MUST_CHECK enum err api_metadata_show(struct call *call);

#endif
