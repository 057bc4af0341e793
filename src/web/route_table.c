/* The rows of THE route table, and the fields that each may be given. */
#include "handlers.h"
#include "routes.h"
#include "service.h"

/* Longer than any right answer: what is too long for one is wrong, not malformed. */
#define TYPED_MAX 4096
#define NAME_MAX_BYTES 1024
#define PASSKEY_JSON_MAX 32768

static const struct field_def LOGIN_QUERY[] = {
	{.name = "done", .max = 16, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = "switch", .max = 8, .optional = true},
	{.name = NULL},
};
static const struct field_def LOGIN_BODY[] = {
	{.name = "identifier", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "password", .kind = FIELD_SECRET, .max = TYPED_MAX, .optional = true},
	{.name = "passkey", .max = PASSKEY_JSON_MAX, .optional = true},
	{.name = "remember", .kind = FIELD_BOOL, .max = 8, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def NO_BODY[] = {
	{.name = NULL},
};
static const struct field_def ACTIVITY_QUERY[] = {
	{.name = "cursor", .max = 64, .optional = true},
	{.name = NULL},
};
static const struct field_def SESSIONS_QUERY[] = {
	{.name = "cursor", .max = 64, .optional = true},
	{.name = "done", .max = 16, .optional = true},
	{.name = NULL},
};
static const struct field_def SESSIONS_BODY[] = {
	{.name = "end", .max = 64, .optional = true},
	{.name = "scope", .max = 16, .optional = true},
	{.name = NULL},
};
static const struct field_def SETUP_BODY[] = {
	{.name = "code", .kind = FIELD_SECRET, .max = NAME_MAX_BYTES},
	{.name = "username", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "email", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "display_name", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "new_password", .kind = FIELD_SECRET, .max = TYPED_MAX},
	{.name = NULL},
};
static const struct field_def HEALTH_QUERY[] = {
	{.name = "ready", .max = 8, .optional = true},
	{.name = NULL},
};
static const struct field_def API_SIGNIN_BODY[] = {
	{.name = "identifier", .max = 254, .optional = true},
	{.name = "password", .kind = FIELD_SECRET, .max = 1024, .optional = true},
	{.name = "transport", .max = 16},
	{.name = "client", .max = 64, .optional = true},
	{.name = "device_name", .max = 400, .optional = true},
	{.name = "device_id", .max = 128, .optional = true},
	{.name = "remember", .kind = FIELD_BOOL, .max = 8, .optional = true},
	{.name = "handover", .kind = FIELD_SECRET, .max = 64, .optional = true},
	{.name = "verifier", .kind = FIELD_SECRET, .max = 128, .optional = true},
	{.name = "passkey", .kind = FIELD_OBJECT, .optional = true},
	{.name = NULL},
};
static const struct field_def API_FLOW_BODY[] = {
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = "data", .kind = FIELD_OBJECT, .optional = true},
	{.name = NULL},
};
static const struct field_def API_FLOW_PATCH[] = {
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true, .nullable = true},
	{.name = "data", .kind = FIELD_OBJECT, .optional = true, .nullable = true},
	{.name = "facts", .kind = FIELD_OBJECT, .optional = true, .nullable = true},
	{.name = NULL},
};
static const struct field_def API_HOLD_BODY[] = {
	{.name = "reason", .max = NAME_MAX_BYTES},
	{.name = NULL},
};
static const struct field_def OAUTH_INTROSPECT_BODY[] = {
	{.name = "token", .kind = FIELD_SECRET, .max = TYPED_MAX},
	{.name = "token_type_hint", .max = TYPED_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def OAUTH_TOKEN_BODY[] = {
	{.name = "grant_type", .max = TYPED_MAX},
	{.name = "refresh_token", .kind = FIELD_SECRET, .max = TYPED_MAX, .optional = true},
	{.name = "client_id", .max = TYPED_MAX, .optional = true},
	{.name = "scope", .max = TYPED_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def OAUTH_REVOKE_BODY[] = {
	{.name = "token", .kind = FIELD_SECRET, .max = TYPED_MAX},
	{.name = "token_type_hint", .max = TYPED_MAX, .optional = true},
	{.name = "client_id", .max = TYPED_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def API_FLOW_STEP_BODY[] = {
	{.name = "to", .max = NAME_MAX_BYTES},
	{.name = NULL},
};
static const struct field_def API_FLOW_ATTEMPT_BODY[] = {
	{.name = "counter", .max = NAME_MAX_BYTES},
	{.name = NULL},
};
static const struct field_def API_REAUTH_BODY[] = {
	{.name = "method", .max = 16},
	{.name = "password", .kind = FIELD_SECRET, .max = 1024, .optional = true},
	{.name = "code", .kind = FIELD_SECRET, .max = 256, .optional = true},
	{.name = "passkey", .kind = FIELD_OBJECT, .optional = true},
	{.name = "device_id", .max = 128, .optional = true},
	{.name = "challenge", .max = 1024, .optional = true},
	{.name = "signature", .max = 256, .optional = true},
	{.name = "purpose", .max = 64, .optional = true},
	{.name = NULL},
};
static const struct field_def API_FACTOR_BODY[] = {
	{.name = "method", .max = 16},
	{.name = "code", .kind = FIELD_SECRET, .max = 256, .optional = true},
	{.name = "passkey", .kind = FIELD_OBJECT, .optional = true},
	{.name = "trust_device", .kind = FIELD_BOOL, .max = 8, .optional = true},
	{.name = NULL},
};
static const struct field_def API_CHALLENGE_BODY[] = {
	{.name = "purpose", .max = 64},
	{.name = NULL},
};
static const struct field_def API_PASSWORD_BODY[] = {
	{.name = "current_password", .kind = FIELD_SECRET, .max = 1024},
	{.name = "new_password", .kind = FIELD_SECRET, .max = TYPED_MAX},
	{.name = NULL},
};
static const struct field_def API_HANDOVER_BODY[] = {
	{.name = "challenge", .max = 64},
	{.name = "to", .max = 16},
	{.name = NULL},
};
static const struct field_def HANDOVER_QUERY[] = {
	{.name = "code", .kind = FIELD_SECRET, .max = NAME_MAX_BYTES, .optional = true},
	{.name = "ticket", .max = 64, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def HANDOVER_BODY[] = {
	{.name = "code", .kind = FIELD_SECRET, .max = NAME_MAX_BYTES, .optional = true},
	{.name = "ticket", .max = 64, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def GIVE_FIELDS[] = {
	{.name = "challenge", .max = 64, .optional = true},
	{.name = "to", .max = 16, .optional = true},
	{.name = "device", .max = 400, .optional = true},
	{.name = "sign", .max = 64, .optional = true},
	{.name = NULL},
};
static const struct field_def API_TENANT_BODY[] = {
	{.name = "tenant", .max = 64},
	{.name = NULL},
};
static const struct field_def API_LIST_QUERY[] = {
	{.name = "limit", .max = 8, .optional = true},
	{.name = "cursor", .max = 64, .optional = true},
	{.name = NULL},
};
static const struct field_def API_SCOPE_QUERY[] = {
	{.name = "scope", .max = 16, .optional = true},
	{.name = NULL},
};

static const struct field_def API_GUEST_BODY[] = {
	{.name = "transport", .max = 16},
	{.name = "client", .max = 64, .optional = true},
	{.name = "device_name", .max = 400, .optional = true},
	{.name = NULL},
};
static const struct field_def RETURN_QUERY[] = {
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};

#define ENTRY (ROUTE_ANONYMOUS | ROUTE_STALE_OK)
#define WAY_OUT (ROUTE_ANONYMOUS | ROUTE_STALE_OK | ROUTE_PENDING_OK)
/* Step-up: what is stale or on hold is what it is for. */
#define AGAIN (ROUTE_STALE_OK | ROUTE_HELD_OK | ROUTE_ENROLMENT_OK)
/* Reading and writing where a journey stands: also a guest's. */
#define JOURNEY (ROUTE_STALE_OK | ROUTE_GUEST_OK)
/* Password change: the current password is the proof (PW-14). */
#define CHANGE (ROUTE_STALE_OK | ROUTE_PENDING_OK)

/* Exemptions only: a row without any needs a live and fresh session and a form token. */
const struct route route_table[] = {
	/* Pages */
	{.method = METHOD_GET, .path = "", .exempt = ENTRY, .handle = page_account_home},
	{.method = METHOD_GET, .path = "/", .exempt = ENTRY, .handle = page_account_home},
	{.method = METHOD_GET,
	 .path = "/login",
	 .exempt = ENTRY,
	 .query = LOGIN_QUERY,
	 .handle = page_login_show},
	{.method = METHOD_POST,
	 .path = "/login",
	 .exempt = ENTRY | ROUTE_HASHES | ROUTE_STALE_FORM,
	 .body = LOGIN_BODY,
	 .handle = page_login_post},
	{.method = METHOD_GET, .path = "/logout", .exempt = WAY_OUT, .handle = page_logout_show},
	{.method = METHOD_POST,
	 .path = "/logout",
	 .exempt = WAY_OUT | ROUTE_STALE_FORM,
	 .body = NO_BODY,
	 .handle = page_logout_post},
	{.method = METHOD_GET,
	 .path = "/account/activity",
	 .exempt = ROUTE_STALE_OK,
	 .query = ACTIVITY_QUERY,
	 .handle = page_activity_show},
	{.method = METHOD_GET,
	 .path = "/account/sessions",
	 .exempt = ROUTE_STALE_OK,
	 .query = SESSIONS_QUERY,
	 .handle = page_sessions_show},
	{.method = METHOD_POST,
	 .path = "/account/sessions",
	 .exempt = ROUTE_AAL1_OK | ROUTE_STALE_FORM,
	 .body = SESSIONS_BODY,
	 .handle = page_sessions_post},
	{.method = METHOD_GET, .path = "/setup", .exempt = ENTRY, .handle = page_setup_show},
	{.method = METHOD_POST,
	 .path = "/setup",
	 .exempt = ENTRY | ROUTE_HASHES | ROUTE_STALE_FORM,
	 .body = SETUP_BODY,
	 .handle = page_setup_post},
	{.method = METHOD_GET, .path = "/problems", .exempt = ENTRY, .handle = page_problems_show},
	{.method = METHOD_GET,
	 .path = "/assets/{id}",
	 .exempt = ROUTE_NO_CREDENTIAL | ROUTE_CACHEABLE,
	 .handle = page_assets_send},

	{.method = METHOD_GET, .path = "/denied", .exempt = ROUTE_GUARDS, .handle = page_denied},

	/* API */
	{.method = METHOD_GET,
	 .path = "/verify-access",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_GUARDS | ROUTE_LIGHT,
	 .handle = verify_access},
	{.method = METHOD_GET,
	 .path = "/health",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_NO_CREDENTIAL,
	 .query = HEALTH_QUERY,
	 .handle = api_health_show},
	/* Its handler looks at the address, and at a service's credential. */
	{.method = METHOD_GET,
	 .path = "/metrics",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_NO_CREDENTIAL,
	 .handle = api_metrics_show,
	 .type = "text/plain"},
	{.method = METHOD_GET,
	 .path = "/api/v1/openapi.yaml",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_NO_CREDENTIAL | ROUTE_CACHEABLE,
	 .handle = api_document_send,
	 .type = "application/yaml"},
	{.method = METHOD_GET,
	 .path = "/.well-known/jwks.json",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_NO_CREDENTIAL | ROUTE_CACHEABLE,
	 .handle = api_jwks_show,
	 .type = "application/jwk-set+json"},
	/* Also before base_path, where RFC 8414 looks for it: admit.c. */
	{.method = METHOD_GET,
	 .path = "/.well-known/oauth-authorization-server",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_NO_CREDENTIAL | ROUTE_CACHEABLE,
	 .handle = api_metadata_show},
	/* The caller proves itself by Basic, or by having the token; no cookie is looked at. */
	{.method = METHOD_POST,
	 .path = "/oauth/token",
	 .surface = SURFACE_OAUTH,
	 .exempt = ROUTE_NO_CREDENTIAL | ROUTE_NO_CSRF,
	 .body = OAUTH_TOKEN_BODY,
	 .handle = oauth_token},
	{.method = METHOD_POST,
	 .path = "/oauth/introspect",
	 .surface = SURFACE_OAUTH,
	 .exempt = ROUTE_NO_CREDENTIAL | ROUTE_NO_CSRF,
	 .body = OAUTH_INTROSPECT_BODY,
	 .handle = oauth_introspect},
	{.method = METHOD_POST,
	 .path = "/oauth/revoke",
	 .surface = SURFACE_OAUTH,
	 .exempt = ROUTE_NO_CREDENTIAL | ROUTE_NO_CSRF,
	 .body = OAUTH_REVOKE_BODY,
	 .handle = oauth_revoke},
	{.method = METHOD_GET,
	 .path = "/api/v1/activity",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK,
	 .query = API_LIST_QUERY,
	 .handle = api_activity},
	{.method = METHOD_POST,
	 .path = "/api/v1/sessions",
	 .surface = SURFACE_API,
	 .exempt = ENTRY | ROUTE_HASHES,
	 .body = API_SIGNIN_BODY,
	 .handle = api_sessions_create},
	{.method = METHOD_GET,
	 .path = "/api/v1/sessions",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK,
	 .query = API_LIST_QUERY,
	 .handle = api_sessions_list},
	{.method = METHOD_DELETE,
	 .path = "/api/v1/sessions",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_AAL1_OK,
	 .query = API_SCOPE_QUERY,
	 .handle = api_sessions_end_many},
	{.method = METHOD_DELETE,
	 .path = "/api/v1/sessions/{id}",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_AAL1_OK,
	 .service = SERVICE_SESSIONS_END,
	 .names_session = true,
	 .handle = api_sessions_end_one},
	{.method = METHOD_POST,
	 .path = "/api/v1/sessions/{id}/hold",
	 .surface = SURFACE_API,
	 .body = API_HOLD_BODY,
	 .service = SERVICE_SESSIONS_HOLD,
	 .names_session = true,
	 .handle = api_session_hold},
	{.method = METHOD_GET,
	 .path = "/api/v1/session",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK | ROUTE_PENDING_OK | ROUTE_GUEST_OK | ROUTE_LIGHT,
	 .handle = api_session_show},
	{.method = METHOD_DELETE,
	 .path = "/api/v1/session",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK | ROUTE_PENDING_OK | ROUTE_GUEST_OK,
	 .service = SERVICE_SESSIONS_END,
	 .handle = api_session_end},
	{.method = METHOD_GET,
	 .path = "/api/v1/user",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK | ROUTE_LIGHT,
	 .handle = api_user_show},
	{.method = METHOD_POST,
	 .path = "/api/v1/session/reauth",
	 .surface = SURFACE_API,
	 .exempt = AGAIN | ROUTE_REPLACED_OK | ROUTE_HASHES,
	 .body = API_REAUTH_BODY,
	 .handle = api_session_reauth},
	{.method = METHOD_POST,
	 .path = "/api/v1/session/challenge",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK | ROUTE_HELD_OK | ROUTE_PENDING_OK,
	 .body = API_CHALLENGE_BODY,
	 .handle = api_session_challenge},
	{.method = METHOD_POST,
	 .path = "/api/v1/session/second-factor",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK | ROUTE_PENDING_OK | ROUTE_REPLACED_OK,
	 .body = API_FACTOR_BODY,
	 .handle = api_session_second_factor},
	{.method = METHOD_PUT,
	 .path = "/api/v1/password",
	 .surface = SURFACE_API,
	 .exempt = CHANGE | ROUTE_REPLACED_OK | ROUTE_HASHES,
	 .factor = true,
	 .body = API_PASSWORD_BODY,
	 .handle = api_password_change},
	{.method = METHOD_POST,
	 .path = "/api/v1/sessions/guest",
	 .surface = SURFACE_API,
	 .exempt = ENTRY,
	 .body = API_GUEST_BODY,
	 .handle = api_guest_create},
	{.method = METHOD_GET,
	 .path = "/api/v1/tenants",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK,
	 .query = API_LIST_QUERY,
	 .handle = api_tenants_list},
	{.method = METHOD_PUT,
	 .path = "/api/v1/session/tenant",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK,
	 .body = API_TENANT_BODY,
	 .handle = api_session_tenant},
	{.method = METHOD_POST,
	 .path = "/api/v1/session/handover",
	 .surface = SURFACE_API,
	 .body = API_HANDOVER_BODY,
	 .handle = api_handover_give},

	{.method = METHOD_POST,
	 .path = "/api/v1/session/token",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK,
	 .handle = api_session_token},
	{.method = METHOD_GET,
	 .path = "/api/v1/session/state",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK | ROUTE_PENDING_OK | ROUTE_GUEST_OK,
	 .handle = api_session_state},
	{.method = METHOD_POST,
	 .path = "/api/v1/flows/{kind}",
	 .surface = SURFACE_API,
	 .exempt = JOURNEY,
	 .body = API_FLOW_BODY,
	 .handle = api_flow_start},
	{.method = METHOD_GET,
	 .path = "/api/v1/flows/{kind}",
	 .surface = SURFACE_API,
	 .exempt = JOURNEY,
	 .service = SERVICE_FLOWS_READ,
	 .handle = api_flow_show},
	{.method = METHOD_PATCH,
	 .path = "/api/v1/flows/{kind}",
	 .surface = SURFACE_API,
	 .exempt = JOURNEY,
	 .body = API_FLOW_PATCH,
	 .service = SERVICE_FLOWS_WRITE,
	 .handle = api_flow_patch},
	{.method = METHOD_DELETE,
	 .path = "/api/v1/flows/{kind}",
	 .surface = SURFACE_API,
	 .exempt = JOURNEY,
	 .service = SERVICE_FLOWS_WRITE,
	 .handle = api_flow_end},
	{.method = METHOD_POST,
	 .path = "/api/v1/flows/{kind}/step",
	 .surface = SURFACE_API,
	 .exempt = JOURNEY,
	 .body = API_FLOW_STEP_BODY,
	 .service = SERVICE_FLOWS_WRITE,
	 .handle = api_flow_step},
	{.method = METHOD_POST,
	 .path = "/api/v1/flows/{kind}/attempts",
	 .surface = SURFACE_API,
	 .exempt = JOURNEY,
	 .body = API_FLOW_ATTEMPT_BODY,
	 .handle = api_flow_attempt},

	/* Hand-over: the receiver's page is open to everybody, the giver's needs a fresh session.
	 */
	{.method = METHOD_GET,
	 .path = "/handover",
	 .exempt = ENTRY,
	 .query = HANDOVER_QUERY,
	 .handle = page_handover_show},
	{.method = METHOD_POST,
	 .path = "/handover",
	 .exempt = ENTRY | ROUTE_STALE_FORM,
	 .body = HANDOVER_BODY,
	 .handle = page_handover_post},
	{.method = METHOD_GET,
	 .path = "/handover/give",
	 .query = GIVE_FIELDS,
	 .handle = page_handover_ask},
	{.method = METHOD_POST,
	 .path = "/handover/give",
	 .exempt = ROUTE_STALE_FORM,
	 .body = GIVE_FIELDS,
	 .handle = page_handover_give},

	{.method = METHOD_GET,
	 .path = "/return",
	 .exempt = ROUTE_STALE_OK,
	 .query = RETURN_QUERY,
	 .handle = page_return_show},
};

const size_t route_table_count = sizeof(route_table) / sizeof(route_table[0]);
