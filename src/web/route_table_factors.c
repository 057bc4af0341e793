/* The rows of THE route table about second factors and devices. */
#include "handlers.h"
#include "routes.h"

#define FACTOR_AGE 300 /* seconds: MF-15 */

static const struct field_def API_PASSKEY_BODY[] = {
	{.name = "passkey", .kind = FIELD_OBJECT},
	{.name = "name", .max = 400, .optional = true},
	{.name = NULL},
};

const struct route route_table_factors[] = {
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
