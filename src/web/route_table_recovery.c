/* The rows of THE route table about forgotten passwords, and about what was not oneself. */
#include "handlers.h"
#include "routes.h"

/* Longer than any right answer: what is too long for one is wrong, not malformed. */
#define TYPED_MAX 4096
#define NAME_MAX_BYTES 1024
/* Open to everybody; who is signed in may have forgotten the password, too. */
#define ENTRY (ROUTE_ANONYMOUS | ROUTE_STALE_OK)

static const struct field_def RECOVER_BODY[] = {
	{.name = "email", .max = NAME_MAX_BYTES},
	{.name = NULL},
};
static const struct field_def LINK_QUERY[] = {
	{.name = "code", .kind = FIELD_SECRET, .max = NAME_MAX_BYTES, .optional = true},
	{.name = "ticket", .max = 128, .optional = true},
	{.name = NULL},
};
static const struct field_def RESET_BODY[] = {
	{.name = "email", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "code", .kind = FIELD_SECRET, .max = NAME_MAX_BYTES, .optional = true},
	{.name = "ticket", .max = 128, .optional = true},
	{.name = "new_password", .kind = FIELD_SECRET, .max = TYPED_MAX},
	{.name = NULL},
};
static const struct field_def NOT_ME_BODY[] = {
	{.name = "ticket", .max = 128},
	{.name = NULL},
};
static const struct field_def API_RESET_BODY[] = {
	{.name = "email", .max = NAME_MAX_BYTES},
	{.name = "code", .kind = FIELD_SECRET, .max = NAME_MAX_BYTES},
	{.name = "new_password", .kind = FIELD_SECRET, .max = TYPED_MAX},
	{.name = NULL},
};

const struct route route_table_recovery[] = {
	{.method = METHOD_GET, .path = "/recover", .exempt = ENTRY, .handle = page_recover_show},
	{.method = METHOD_POST,
	 .path = "/recover",
	 .exempt = ENTRY | ROUTE_STALE_FORM,
	 .body = RECOVER_BODY,
	 .handle = page_recover_post},
	{.method = METHOD_GET,
	 .path = "/reset",
	 .exempt = ENTRY,
	 .query = LINK_QUERY,
	 .handle = page_reset_show},
	{.method = METHOD_POST,
	 .path = "/reset",
	 .exempt = ENTRY | ROUTE_HASHES | ROUTE_STALE_FORM,
	 .body = RESET_BODY,
	 .handle = page_reset_post},
	{.method = METHOD_GET,
	 .path = "/not-me",
	 .exempt = ENTRY,
	 .query = LINK_QUERY,
	 .handle = page_not_me_show},
	{.method = METHOD_POST,
	 .path = "/not-me",
	 .exempt = ENTRY | ROUTE_STALE_FORM,
	 .body = NOT_ME_BODY,
	 .handle = page_not_me_post},

	{.method = METHOD_POST,
	 .path = "/api/v1/password/recover",
	 .surface = SURFACE_API,
	 .exempt = ENTRY,
	 .body = RECOVER_BODY,
	 .handle = api_password_recover},
	{.method = METHOD_POST,
	 .path = "/api/v1/password/reset",
	 .surface = SURFACE_API,
	 .exempt = ENTRY | ROUTE_HASHES,
	 .body = API_RESET_BODY,
	 .handle = api_password_reset},
};

const size_t route_table_recovery_count =
	sizeof(route_table_recovery) / sizeof(route_table_recovery[0]);
