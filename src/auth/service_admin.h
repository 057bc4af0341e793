/* Services as their keeper sees them: made, given another secret or other scopes, disabled,
 * removed.
 */
#ifndef GATEPOST_AUTH_SERVICE_ADMIN_H
#define GATEPOST_AUTH_SERVICE_ADMIN_H

#include <stdint.h>

#include "clock.h"
#include "context.h"
#include "err.h"
#include "secret.h"
#include "service_store.h"
#include "str.h"

#define SERVICE_OVERLAP_MAX (30 * CLOCK_DAY)

enum service_outcome {
	SERVICE_UNDECIDED = 0, /* never a result by itself */
	SERVICE_DONE,
	SERVICE_ALREADY,   /* it was so already */
	SERVICE_BAD_NAME,  /* refused: config_is_flow_name */
	SERVICE_TAKEN,     /* refused */
	SERVICE_NOT_THERE, /* refused */
	SERVICE_OUTCOME_COUNT
};

struct service_effect {
	enum service_outcome outcome;
	struct service_row row; /* as it is now, or when removed was; DONE or ALREADY */
	struct secret secret;   /* text, in the arena: when one was made */
};

/*
 * Each is one transaction with the row's lock first and one event, and holds from the service's
 * next call on. The texts of row are the arena's.
 */
MUST_CHECK enum err service_create(const struct auth_context *context, struct str name,
				   uint32_t scopes, struct service_effect *out);
/* overlap: so long the former secret is good too, at most SERVICE_OVERLAP_MAX. */
MUST_CHECK enum err service_rotate(const struct auth_context *context, struct str name,
				   int64_t overlap, struct service_effect *out);
MUST_CHECK enum err service_add_scopes(const struct auth_context *context, struct str name,
				       uint32_t scopes, struct service_effect *out);
MUST_CHECK enum err service_remove_scopes(const struct auth_context *context, struct str name,
					  uint32_t scopes, struct service_effect *out);
MUST_CHECK enum err service_disable(const struct auth_context *context, struct str name,
				    struct service_effect *out);
MUST_CHECK enum err service_enable(const struct auth_context *context, struct str name,
				   struct service_effect *out);
MUST_CHECK enum err service_remove(const struct auth_context *context, struct str name,
				   struct service_effect *out);

#endif
