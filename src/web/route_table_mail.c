/* The rows of THE route table about what is proven by mail. */
#include "handlers.h"
#include "mail_call.h"
#include "routes.h"

#define TYPED_MAX 4096
#define NAME_MAX_BYTES 1024
#define ENTRY (ROUTE_ANONYMOUS | ROUTE_STALE_OK)

static const struct field_def RETURN_QUERY[] = {
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def REGISTER_BODY[] = {
	{.name = "email", .max = NAME_MAX_BYTES},
	{.name = "username", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "display_name", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def VERIFY_QUERY[] = {
	{.name = "code", .kind = FIELD_SECRET, .max = NAME_MAX_BYTES, .optional = true},
	{.name = "ticket", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "note", .max = MAIL_NOTE_MAX, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def VERIFY_BODY[] = {
	{.name = "email", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "code", .kind = FIELD_SECRET, .max = NAME_MAX_BYTES, .optional = true},
	{.name = "ticket", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "username", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "display_name", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "new_password", .kind = FIELD_SECRET, .max = TYPED_MAX, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def API_USERS_BODY[] = {
	{.name = "email", .max = NAME_MAX_BYTES},
	{.name = "username", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "display_name", .max = NAME_MAX_BYTES, .optional = true},
	{.name = NULL},
};
static const struct field_def API_VERIFY_BODY[] = {
	{.name = "email", .max = NAME_MAX_BYTES},
	{.name = "code", .kind = FIELD_SECRET, .max = NAME_MAX_BYTES},
	{.name = "new_password", .kind = FIELD_SECRET, .max = TYPED_MAX, .optional = true},
	{.name = "username", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "display_name", .max = NAME_MAX_BYTES, .optional = true},
	{.name = NULL},
};

const struct route route_table_mail[] = {
	{.method = METHOD_GET,
	 .path = "/register",
	 .exempt = ENTRY,
	 .query = RETURN_QUERY,
	 .handle = page_register_show},
	{.method = METHOD_POST,
	 .path = "/register",
	 .exempt = ENTRY | ROUTE_STALE_FORM,
	 .body = REGISTER_BODY,
	 .handle = page_register_post},
	{.method = METHOD_GET,
	 .path = "/verify",
	 .exempt = ENTRY,
	 .query = VERIFY_QUERY,
	 .handle = page_verify_show},
	{.method = METHOD_POST,
	 .path = "/verify",
	 .exempt = ENTRY | ROUTE_HASHES | ROUTE_STALE_FORM,
	 .body = VERIFY_BODY,
	 .handle = page_verify_post},
	{.method = METHOD_GET,
	 .path = "/invite",
	 .exempt = ENTRY,
	 .query = VERIFY_QUERY,
	 .handle = page_invite_show},
	{.method = METHOD_POST,
	 .path = "/invite",
	 .exempt = ENTRY | ROUTE_HASHES | ROUTE_STALE_FORM,
	 .body = VERIFY_BODY,
	 .handle = page_invite_post},
	{.method = METHOD_POST,
	 .path = "/api/v1/users",
	 .surface = SURFACE_API,
	 .exempt = ENTRY,
	 .body = API_USERS_BODY,
	 .handle = api_users_create},
	{.method = METHOD_POST,
	 .path = "/api/v1/email/verify",
	 .surface = SURFACE_API,
	 .exempt = ENTRY | ROUTE_HASHES,
	 .body = API_VERIFY_BODY,
	 .handle = api_email_verify},
};

const size_t route_table_mail_count = sizeof(route_table_mail) / sizeof(route_table_mail[0]);
