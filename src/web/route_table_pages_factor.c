/* The rows of THE route table about pages on which a person proves again who they are, and about
 * what they prove it with. */
#include "handlers.h"
#include "routes.h"

#define FACTOR_AGE 300 /* seconds: MF-15 */
#define CODE_MAX 256
#define TYPED_MAX 4096 /* as in route_table.c */
#define PASSKEY_JSON_MAX 32768
#define NAME_MAX_BYTES 1024

/* A sign-in that waits for it, or one that was completed in another tab meanwhile. */
#define SECOND (ROUTE_STALE_OK | ROUTE_PENDING_OK)
/* Step-up: what is stale or on hold is what it is for. */
#define AGAIN (ROUTE_STALE_OK | ROUTE_HELD_OK | ROUTE_ENROLMENT_OK)
/* Password change: the current password is the proof (PW-14). */
#define CHANGE (ROUTE_STALE_OK | ROUTE_PENDING_OK)

static const struct field_def FACTOR_QUERY[] = {
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = "with", .max = 16, .optional = true},
	{.name = NULL},
};
static const struct field_def FACTOR_BODY[] = {
	{.name = "code", .kind = FIELD_SECRET, .max = CODE_MAX, .optional = true},
	{.name = "passkey", .max = PASSKEY_JSON_MAX, .optional = true},
	{.name = "with", .max = 16, .optional = true},
	{.name = "trust", .kind = FIELD_BOOL, .max = 8, .optional = true},
	{.name = "over", .max = 8, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def REAUTH_QUERY[] = {
	{.name = "factor", .max = 8, .optional = true},
	{.name = "with", .max = 16, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def REAUTH_BODY[] = {
	{.name = "password", .kind = FIELD_SECRET, .max = TYPED_MAX, .optional = true},
	{.name = "code", .kind = FIELD_SECRET, .max = CODE_MAX, .optional = true},
	{.name = "passkey", .max = PASSKEY_JSON_MAX, .optional = true},
	{.name = "with", .max = 16, .optional = true},
	{.name = "factor", .kind = FIELD_BOOL, .max = 8, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def PASSWORD_QUERY[] = {
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = "done", .max = 16, .optional = true},
	{.name = NULL},
};
static const struct field_def PASSWORD_BODY[] = {
	{.name = "current_password", .kind = FIELD_SECRET, .max = TYPED_MAX},
	{.name = "new_password", .kind = FIELD_SECRET, .max = TYPED_MAX},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def SECURITY_QUERY[] = {
	{.name = "done", .max = 16, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def DEVICE_BODY[] = {
	{.name = "remove", .max = 64},
	{.name = NULL},
};
static const struct field_def RETURN_QUERY[] = {
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def APP_BODY[] = {
	{.name = "code", .kind = FIELD_SECRET, .max = CODE_MAX, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def PASSKEY_BODY[] = {
	{.name = "passkey", .max = PASSKEY_JSON_MAX},
	{.name = "name", .max = NAME_MAX_BYTES, .optional = true},
	{.name = "return_to", .max = REQUEST_PATH_MAX, .optional = true},
	{.name = NULL},
};
static const struct field_def REMOVE_FIELDS[] = {
	{.name = "what", .max = 64},
	{.name = NULL},
};
static const struct field_def NO_BODY[] = {
	{.name = NULL},
};

const struct route route_table_pages_factor[] = {
	{.method = METHOD_GET,
	 .path = "/second-factor",
	 .exempt = SECOND,
	 .query = FACTOR_QUERY,
	 .handle = page_second_factor_show},
	{.method = METHOD_POST,
	 .path = "/second-factor",
	 .exempt = SECOND | ROUTE_STALE_FORM | ROUTE_REPLACED_OK,
	 .body = FACTOR_BODY,
	 .handle = page_second_factor_post},
	{.method = METHOD_GET,
	 .path = "/reauth",
	 .exempt = AGAIN,
	 .query = REAUTH_QUERY,
	 .handle = page_reauth_show},
	{.method = METHOD_POST,
	 .path = "/reauth",
	 .exempt = AGAIN | ROUTE_REPLACED_OK | ROUTE_HASHES | ROUTE_STALE_FORM,
	 .body = REAUTH_BODY,
	 .handle = page_reauth_post},
	{.method = METHOD_GET,
	 .path = "/account/password",
	 .exempt = CHANGE,
	 .factor = true,
	 .query = PASSWORD_QUERY,
	 .handle = page_password_show},
	{.method = METHOD_POST,
	 .path = "/account/password",
	 .exempt = CHANGE | ROUTE_REPLACED_OK | ROUTE_HASHES | ROUTE_STALE_FORM,
	 .factor = true,
	 .body = PASSWORD_BODY,
	 .handle = page_password_post},
	{.method = METHOD_GET,
	 .path = "/account/security",
	 .exempt = ROUTE_STALE_OK | ROUTE_ENROLMENT_OK,
	 .query = SECURITY_QUERY,
	 .handle = page_security_show},
	/* Only takes a device away. */
	{.method = METHOD_POST,
	 .path = "/account/security",
	 .exempt = ROUTE_AAL1_OK | ROUTE_STALE_FORM,
	 .body = DEVICE_BODY,
	 .handle = page_security_post},
	{.method = METHOD_GET,
	 .path = "/account/security/app",
	 .max_age = FACTOR_AGE,
	 .exempt = ROUTE_ENROLMENT_OK,
	 .query = RETURN_QUERY,
	 .handle = page_security_app_show},
	{.method = METHOD_POST,
	 .path = "/account/security/app",
	 .max_age = FACTOR_AGE,
	 .exempt = ROUTE_ENROLMENT_OK | ROUTE_STALE_FORM | ROUTE_REPLACED_OK,
	 .body = APP_BODY,
	 .handle = page_security_app_post},
	{.method = METHOD_GET,
	 .path = "/account/security/passkey",
	 .max_age = FACTOR_AGE,
	 .exempt = ROUTE_ENROLMENT_OK,
	 .query = RETURN_QUERY,
	 .handle = page_security_passkey_show},
	{.method = METHOD_POST,
	 .path = "/account/security/passkey",
	 .max_age = FACTOR_AGE,
	 .exempt = ROUTE_ENROLMENT_OK | ROUTE_STALE_FORM | ROUTE_REPLACED_OK,
	 .body = PASSKEY_BODY,
	 .handle = page_security_passkey_post},
	{.method = METHOD_GET,
	 .path = "/account/security/codes",
	 .max_age = FACTOR_AGE,
	 .handle = page_security_codes_show},
	{.method = METHOD_POST,
	 .path = "/account/security/codes",
	 .max_age = FACTOR_AGE,
	 .exempt = ROUTE_STALE_FORM,
	 .body = NO_BODY,
	 .handle = page_security_codes_post},
	{.method = METHOD_GET,
	 .path = "/account/security/remove",
	 .max_age = FACTOR_AGE,
	 .query = REMOVE_FIELDS,
	 .handle = page_security_remove_show},
	{.method = METHOD_POST,
	 .path = "/account/security/remove",
	 .max_age = FACTOR_AGE,
	 .exempt = ROUTE_STALE_FORM,
	 .body = REMOVE_FIELDS,
	 .handle = page_security_remove_post},
};

const size_t route_table_pages_factor_count =
	sizeof(route_table_pages_factor) / sizeof(route_table_pages_factor[0]);
