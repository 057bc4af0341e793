/* [second_factor] and [passkey]: what hangs on other settings. */
#ifndef GATEPOST_BASE_CONFIG_FACTOR_H
#define GATEPOST_BASE_CONFIG_FACTOR_H

#include "config_draft.h"

/* Checks what belongs together and fills in what hangs on the origin. ERR_CONFIG with the fault. */
MUST_CHECK enum err config_factor_check(struct config_draft *draft);

#endif
