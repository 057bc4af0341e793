/* The rows of THE route table about administration. */
#include "handlers.h"
#include "routes.h"

/* Asked of what one has everywhere: who has it in a tenant administers nothing here. */
#define MANAGE "users:manage"

static const struct field_def API_ADMIN_USERS_QUERY[] = {
	{.name = "q", .max = 254, .optional = true},
	{.name = "limit", .max = 8, .optional = true},
	{.name = "cursor", .max = 512, .optional = true},
	{.name = NULL},
};
static const struct field_def API_ADMIN_LIST_QUERY[] = {
	{.name = "limit", .max = 8, .optional = true},
	{.name = "cursor", .max = 64, .optional = true},
	{.name = NULL},
};
static const struct field_def API_ADMIN_ROLE_QUERY[] = {
	{.name = "tenant", .max = 64, .optional = true},
	{.name = NULL},
};
static const struct field_def API_ADMIN_BODY[] = {
	{.name = "reason", .max = 200, .optional = true},
	{.name = NULL},
};
static const struct field_def ADMIN_USERS_QUERY[] = {
	{.name = "q", .max = 254, .optional = true},
	{.name = "cursor", .max = 512, .optional = true},
	{.name = NULL},
};
static const struct field_def ADMIN_USER_QUERY[] = {
	{.name = "done", .max = 16, .optional = true},
	{.name = NULL},
};
static const struct field_def ADMIN_USER_BODY[] = {
	{.name = "act", .max = 16},
	{.name = "role", .max = 64, .optional = true},
	{.name = "tenant", .max = 64, .optional = true},
	{.name = "session", .max = 64, .optional = true},
	{.name = "reason", .max = 1024, .optional = true},
	{.name = NULL},
};

const struct route route_table_admin[] = {
	{.method = METHOD_GET,
	 .path = "/api/v1/admin/users",
	 .surface = SURFACE_API,
	 .query = API_ADMIN_USERS_QUERY,
	 .handle = api_admin_users,
	 .permission = MANAGE},
	{.method = METHOD_GET,
	 .path = "/api/v1/admin/users/{id}",
	 .surface = SURFACE_API,
	 .handle = api_admin_user,
	 .permission = MANAGE},
	{.method = METHOD_POST,
	 .path = "/api/v1/admin/users/{id}/lock",
	 .surface = SURFACE_API,
	 .body = API_ADMIN_BODY,
	 .handle = api_admin_lock,
	 .permission = MANAGE},
	{.method = METHOD_POST,
	 .path = "/api/v1/admin/users/{id}/unlock",
	 .surface = SURFACE_API,
	 .body = API_ADMIN_BODY,
	 .handle = api_admin_unlock,
	 .permission = MANAGE},
	{.method = METHOD_POST,
	 .path = "/api/v1/admin/users/{id}/hold",
	 .surface = SURFACE_API,
	 .body = API_ADMIN_BODY,
	 .handle = api_admin_hold,
	 .permission = MANAGE},
	{.method = METHOD_POST,
	 .path = "/api/v1/admin/users/{id}/recover",
	 .surface = SURFACE_API,
	 .body = API_ADMIN_BODY,
	 .handle = api_admin_recover,
	 .permission = MANAGE},
	{.method = METHOD_GET,
	 .path = "/api/v1/admin/users/{id}/roles",
	 .surface = SURFACE_API,
	 .query = API_ADMIN_LIST_QUERY,
	 .handle = api_admin_roles,
	 .permission = MANAGE},
	{.method = METHOD_PUT,
	 .path = "/api/v1/admin/users/{id}/roles/{role}",
	 .surface = SURFACE_API,
	 .query = API_ADMIN_ROLE_QUERY,
	 .handle = api_admin_role_give,
	 .permission = MANAGE},
	{.method = METHOD_DELETE,
	 .path = "/api/v1/admin/users/{id}/roles/{role}",
	 .surface = SURFACE_API,
	 .query = API_ADMIN_ROLE_QUERY,
	 .handle = api_admin_role_take,
	 .permission = MANAGE},
	{.method = METHOD_GET,
	 .path = "/api/v1/admin/users/{id}/sessions",
	 .surface = SURFACE_API,
	 .query = API_ADMIN_LIST_QUERY,
	 .handle = api_admin_sessions,
	 .permission = MANAGE},
	{.method = METHOD_DELETE,
	 .path = "/api/v1/admin/users/{id}/sessions",
	 .surface = SURFACE_API,
	 .handle = api_admin_sessions_end,
	 .permission = MANAGE},
	{.method = METHOD_DELETE,
	 .path = "/api/v1/admin/users/{id}/sessions/{session}",
	 .surface = SURFACE_API,
	 .handle = api_admin_session_end,
	 .permission = MANAGE},

	/* Pages */
	{.method = METHOD_GET,
	 .path = "/admin/overview",
	 .handle = page_admin_overview_show,
	 .permission = MANAGE},
	{.method = METHOD_GET,
	 .path = "/admin/users",
	 .query = ADMIN_USERS_QUERY,
	 .handle = page_admin_users_show,
	 .permission = MANAGE},
	{.method = METHOD_GET,
	 .path = "/admin/users/{id}",
	 .query = ADMIN_USER_QUERY,
	 .handle = page_admin_user_show,
	 .permission = MANAGE},
	{.method = METHOD_POST,
	 .path = "/admin/users/{id}",
	 .exempt = ROUTE_STALE_FORM,
	 .body = ADMIN_USER_BODY,
	 .handle = page_admin_user_post,
	 .permission = MANAGE},
};

const size_t route_table_admin_count = sizeof(route_table_admin) / sizeof(route_table_admin[0]);
