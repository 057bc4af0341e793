/* [flow KIND]: steps, the moves of clients, counters. */
#ifndef GATEPOST_BASE_CONFIG_FLOW_H
#define GATEPOST_BASE_CONFIG_FLOW_H

#include "config_draft.h"

/*
 * Adds counter.NAME from "5, cooldown 30s, reset 1h". ERR_CONFIG: reason is a sentence of its own
 * that never repeats the value. ERR_MEMORY.
 */
MUST_CHECK enum err config_flow_counter(struct flow_config *flow, struct str name, struct str value,
					struct arena *arena, struct fault *reason);
/* Makes steps and moves of what every section gave. ERR_CONFIG with the fault. */
MUST_CHECK enum err config_flow_check(struct config_draft *draft);

#endif
