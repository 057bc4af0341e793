/* The rows of THE route table, and the fields that each may be given. */
#include "handlers.h"
#include "routes.h"

/* Longer than any right answer: what is too long for one is wrong, not malformed. */
#define TYPED_MAX 4096
#define NAME_MAX_BYTES 1024

static const struct field_def LOGIN_QUERY[] = {
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = "switch", .max = 8, .optional = true},
	{.name = NULL},
};
static const struct field_def LOGIN_BODY[] = {
	{.name = "identifier", .max = NAME_MAX_BYTES},
	{.name = "password", .kind = FIELD_SECRET, .max = TYPED_MAX},
	{.name = "remember", .kind = FIELD_BOOL, .max = 8, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def NO_BODY[] = {
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
	{.name = "password", .kind = FIELD_SECRET, .max = TYPED_MAX},
	{.name = NULL},
};
static const struct field_def HEALTH_QUERY[] = {
	{.name = "ready", .max = 8, .optional = true},
	{.name = NULL},
};
static const struct field_def API_SIGNIN_BODY[] = {
	{.name = "identifier", .max = 254},
	{.name = "password", .kind = FIELD_SECRET, .max = 1024},
	{.name = "transport", .max = 16},
	{.name = "client", .max = 64, .optional = true},
	{.name = "device_name", .max = 400, .optional = true},
	{.name = "device_id", .max = 128, .optional = true},
	{.name = "remember", .kind = FIELD_BOOL, .max = 8, .optional = true},
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

#define ENTRY (ROUTE_ANONYMOUS | ROUTE_STALE_OK)
#define WAY_OUT (ROUTE_ANONYMOUS | ROUTE_STALE_OK | ROUTE_PENDING_OK)

/* Exemptions only: a row without any needs a live and fresh session and a form token. */
const struct route route_table[] = {
	/* Pages */
	{METHOD_GET, "", SURFACE_PAGE, ENTRY, NULL, NULL, page_account_home},
	{METHOD_GET, "/", SURFACE_PAGE, ENTRY, NULL, NULL, page_account_home},
	{METHOD_GET, "/login", SURFACE_PAGE, ENTRY, LOGIN_QUERY, NULL, page_login_show},
	{METHOD_POST, "/login", SURFACE_PAGE, ENTRY | ROUTE_HASHES | ROUTE_STALE_FORM, NULL,
	 LOGIN_BODY, page_login_post},
	{METHOD_GET, "/logout", SURFACE_PAGE, WAY_OUT, NULL, NULL, page_logout_show},
	{METHOD_POST, "/logout", SURFACE_PAGE, WAY_OUT | ROUTE_STALE_FORM, NULL, NO_BODY,
	 page_logout_post},
	{METHOD_GET, "/account", SURFACE_PAGE, ROUTE_STALE_OK, NULL, NULL, page_account_show},
	{METHOD_GET, "/account/sessions", SURFACE_PAGE, ROUTE_STALE_OK, SESSIONS_QUERY, NULL,
	 page_sessions_show},
	{METHOD_POST, "/account/sessions", SURFACE_PAGE, ROUTE_STALE_FORM, NULL, SESSIONS_BODY,
	 page_sessions_post},
	{METHOD_GET, "/setup", SURFACE_PAGE, ENTRY, NULL, NULL, page_setup_show},
	{METHOD_POST, "/setup", SURFACE_PAGE, ENTRY | ROUTE_HASHES | ROUTE_STALE_FORM, NULL,
	 SETUP_BODY, page_setup_post},
	{METHOD_GET, "/problems", SURFACE_PAGE, ENTRY, NULL, NULL, page_problems_show},
	{METHOD_GET, "/assets/{id}", SURFACE_PAGE, ROUTE_NO_CREDENTIAL | ROUTE_CACHEABLE, NULL,
	 NULL, page_assets_send},

	/* API */
	{METHOD_GET, "/health", SURFACE_API, ROUTE_NO_CREDENTIAL, HEALTH_QUERY, NULL,
	 api_health_show},
	{METHOD_POST, "/api/v1/sessions", SURFACE_API, ENTRY | ROUTE_HASHES, NULL, API_SIGNIN_BODY,
	 api_sessions_create},
	{METHOD_GET, "/api/v1/sessions", SURFACE_API, ROUTE_STALE_OK, API_LIST_QUERY, NULL,
	 api_sessions_list},
	{METHOD_DELETE, "/api/v1/sessions", SURFACE_API, 0, API_SCOPE_QUERY, NULL,
	 api_sessions_end_many},
	{METHOD_DELETE, "/api/v1/sessions/{id}", SURFACE_API, 0, NULL, NULL, api_sessions_end_one},
	{METHOD_GET, "/api/v1/session", SURFACE_API, ROUTE_STALE_OK | ROUTE_PENDING_OK, NULL, NULL,
	 api_session_show},
	{METHOD_DELETE, "/api/v1/session", SURFACE_API, ROUTE_STALE_OK | ROUTE_PENDING_OK, NULL,
	 NULL, api_session_end},
	{METHOD_GET, "/api/v1/user", SURFACE_API, ROUTE_STALE_OK, NULL, NULL, api_user_show},
};

const size_t route_table_count = sizeof(route_table) / sizeof(route_table[0]);
