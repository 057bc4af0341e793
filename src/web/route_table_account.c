/* The rows of THE route table about what a person changes of their account. */
#include "handlers.h"
#include "routes.h"

#define NAME_MAX_BYTES 1024
#define ADDRESS_AGE 300 /* seconds: MF-15 */

static const struct field_def DONE_QUERY[] = {
	{.name = "done", .max = 16, .optional = true},
	{.name = NULL},
};
static const struct field_def PROFILE_BODY[] = {
	{.name = "display_name", .max = NAME_MAX_BYTES},
	{.name = "language", .max = 64},
	{.name = NULL},
};
static const struct field_def ADDRESS_BODY[] = {
	{.name = "email", .max = NAME_MAX_BYTES},
	{.name = "code", .kind = FIELD_SECRET, .max = NAME_MAX_BYTES, .optional = true},
	{.name = NULL},
};
static const struct field_def CLOSE_BODY[] = {
	{.name = "sure", .kind = FIELD_BOOL, .max = 8, .optional = true},
	{.name = NULL},
};
static const struct field_def API_USER_PATCH[] = {
	{.name = "display_name", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "username", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "language", .max = 64, .optional = true, .nullable = true},
	{.name = NULL},
};
static const struct field_def API_EMAIL_BODY[] = {
	{.name = "email", .max = NAME_MAX_BYTES},
	{.name = NULL},
};

const struct route route_table_account[] = {
	{.method = METHOD_GET,
	 .path = "/account",
	 .exempt = ROUTE_STALE_OK,
	 .query = DONE_QUERY,
	 .handle = page_account_show},
	{.method = METHOD_POST,
	 .path = "/account",
	 .exempt = ROUTE_STALE_OK | ROUTE_STALE_FORM,
	 .body = PROFILE_BODY,
	 .handle = page_account_post},
	{.method = METHOD_GET,
	 .path = "/account/address",
	 .max_age = ADDRESS_AGE,
	 .query = DONE_QUERY,
	 .handle = page_address_show},
	{.method = METHOD_POST,
	 .path = "/account/address",
	 .max_age = ADDRESS_AGE,
	 .exempt = ROUTE_STALE_FORM,
	 .body = ADDRESS_BODY,
	 .handle = page_address_post},
	{.method = METHOD_GET, .path = "/account/close", .handle = page_close_show},
	{.method = METHOD_POST,
	 .path = "/account/close",
	 .exempt = ROUTE_STALE_FORM,
	 .body = CLOSE_BODY,
	 .handle = page_close_post},
	/* Another user name asks for freshness itself. */
	{.method = METHOD_PATCH,
	 .path = "/api/v1/user",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK,
	 .body = API_USER_PATCH,
	 .handle = api_user_change},
	{.method = METHOD_DELETE,
	 .path = "/api/v1/user",
	 .surface = SURFACE_API,
	 .handle = api_user_close},
	{.method = METHOD_PUT,
	 .path = "/api/v1/email",
	 .surface = SURFACE_API,
	 .max_age = ADDRESS_AGE,
	 .body = API_EMAIL_BODY,
	 .handle = api_email_ask},
};

const size_t route_table_account_count =
	sizeof(route_table_account) / sizeof(route_table_account[0]);
