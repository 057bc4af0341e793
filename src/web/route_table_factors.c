/* The rows of THE route table about second factors and devices. */
#include "handlers.h"
#include "routes.h"

#define FACTOR_AGE 300 /* seconds: MF-15 */

static const struct field_def API_TOTP_CODE[] = {
	{.name = "code", .kind = FIELD_SECRET, .max = 64},
	{.name = NULL},
};
static const struct field_def API_DEVICES_QUERY[] = {
	{.name = "limit", .max = 8, .optional = true},
	{.name = "cursor", .max = 64, .optional = true},
	{.name = NULL},
};
static const struct field_def API_DEVICE_KEY[] = {
	{.name = "public_key", .kind = FIELD_OBJECT},
	{.name = NULL},
};
static const struct field_def API_PASSKEY_BODY[] = {
	{.name = "passkey", .kind = FIELD_OBJECT},
	{.name = "name", .max = 400, .optional = true},
	{.name = NULL},
};

const struct route route_table_factors[] = {
	/* Authenticator apps, recovery codes, devices. */
	{.method = METHOD_POST,
	 .path = "/api/v1/totp",
	 .surface = SURFACE_API,
	 .max_age = FACTOR_AGE,
	 .exempt = ROUTE_ENROLMENT_OK,
	 .handle = api_totp_begin},
	{.method = METHOD_POST,
	 .path = "/api/v1/totp/confirm",
	 .surface = SURFACE_API,
	 .max_age = FACTOR_AGE,
	 .exempt = ROUTE_ENROLMENT_OK | ROUTE_REPLACED_OK,
	 .body = API_TOTP_CODE,
	 .handle = api_totp_confirm},
	{.method = METHOD_DELETE,
	 .path = "/api/v1/totp",
	 .surface = SURFACE_API,
	 .max_age = FACTOR_AGE,
	 .handle = api_totp_remove},
	{.method = METHOD_GET,
	 .path = "/api/v1/recovery-codes",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK,
	 .handle = api_recovery_codes_show},
	{.method = METHOD_POST,
	 .path = "/api/v1/recovery-codes",
	 .surface = SURFACE_API,
	 .max_age = FACTOR_AGE,
	 .handle = api_recovery_codes_renew},
	{.method = METHOD_GET,
	 .path = "/api/v1/devices",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK,
	 .query = API_DEVICES_QUERY,
	 .handle = api_devices_list},
	{.method = METHOD_PUT,
	 .path = "/api/v1/devices/{id}/key",
	 .surface = SURFACE_API,
	 .max_age = FACTOR_AGE,
	 .body = API_DEVICE_KEY,
	 .handle = api_devices_set_key},
	{.method = METHOD_DELETE,
	 .path = "/api/v1/devices/{id}",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_AAL1_OK,
	 .handle = api_devices_remove},

	/* Passkeys. */
	{.method = METHOD_POST,
	 .path = "/api/v1/passkeys/options",
	 .surface = SURFACE_API,
	 .max_age = FACTOR_AGE,
	 .exempt = ROUTE_ENROLMENT_OK,
	 .handle = api_passkeys_options},
	{.method = METHOD_POST,
	 .path = "/api/v1/passkeys",
	 .surface = SURFACE_API,
	 .max_age = FACTOR_AGE,
	 .exempt = ROUTE_ENROLMENT_OK | ROUTE_REPLACED_OK,
	 .body = API_PASSKEY_BODY,
	 .handle = api_passkeys_create},
	{.method = METHOD_GET,
	 .path = "/api/v1/passkeys",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_STALE_OK,
	 .handle = api_passkeys_list},
	{.method = METHOD_DELETE,
	 .path = "/api/v1/passkeys/{id}",
	 .surface = SURFACE_API,
	 .max_age = FACTOR_AGE,
	 .handle = api_passkeys_remove},
	{.method = METHOD_POST,
	 .path = "/api/v1/sessions/passkey/options",
	 .surface = SURFACE_API,
	 .exempt = ROUTE_ANONYMOUS | ROUTE_STALE_OK,
	 .handle = api_sessions_passkey_options},
};

const size_t route_table_factors_count =
	sizeof(route_table_factors) / sizeof(route_table_factors[0]);
