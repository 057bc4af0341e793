/* Second factors that an administrator takes away, for somebody who has lost them: not at once. */
#ifndef GATEPOST_AUTH_FACTORS_RESET_H
#define GATEPOST_AUTH_FACTORS_RESET_H

#include <stdint.h>

#include "account_admin.h"
#include "audit.h"
#include "context.h"
#include "err.h"
#include "ident.h"

struct db;

/*
 * Acts as those of account_admin.h. The factors end [second_factor] reset_delay later, without one
 * at once, and the address is told when; until then everything stays as it is. ALREADY: it was
 * asked for before, and its time stays. ACCOUNT_NO_FACTOR: there is nothing to take away.
 */
MUST_CHECK enum err factors_reset_ask(const struct auth_context *context,
				      const struct account_act *act, struct account_effect *out);
/* ALREADY: none was asked for. Everybody may stop their own. */
MUST_CHECK enum err factors_reset_stop(const struct auth_context *context,
				       const struct account_act *act, struct account_effect *out);
/*
 * In a transaction that holds the user's lock: the person has shown a second factor, so it is not
 * lost, or has said that it was not them who asked. An event, if there was a reset to stop.
 */
MUST_CHECK enum err factors_reset_stop_for(const struct auth_context *context, struct db *db,
					   const struct id *user_id, struct audit_trail *trail);
/*
 * Those whose time has come, at most limit, a transaction each: all factors go, all sessions end,
 * no device is trusted or has a key any more, and the address is told. *n counts those looked at.
 */
MUST_CHECK enum err factors_reset_due(const struct auth_context *context, unsigned limit,
				      uint64_t *n);

#endif
