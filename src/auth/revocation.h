/* Revocation: whoever has a token ends what it stands for (RFC 7009), which is its session. */
#ifndef GATEPOST_AUTH_REVOCATION_H
#define GATEPOST_AUTH_REVOCATION_H

#include "claims.h"
#include "context.h"
#include "credential.h"
#include "err.h"
#include "str.h"

enum revocation_outcome {
	REVOCATION_NOTHING = 0, /* no such token, or over: as good as revoked */
	REVOCATION_DONE,
	REVOCATION_FOREIGN /* another client's: untouched */
};

/* client: who says that it is its own; absent: nobody says, having it is enough. */
MUST_CHECK enum err revocation_of_handle(const struct auth_context *context,
					 const struct credential *handle, struct str client,
					 enum revocation_outcome *out);
/* claims: believed as far as they go without the session's row. */
MUST_CHECK enum err revocation_of_access(const struct auth_context *context,
					 const struct claims *claims, struct str client,
					 enum revocation_outcome *out);
/* "gpr_…" */
MUST_CHECK enum err revocation_of_refresh(const struct auth_context *context, struct str token,
					  struct str client, enum revocation_outcome *out);

#endif
