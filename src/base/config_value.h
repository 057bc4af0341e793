/* One value of the configuration: its text checked and stored by the type of its setting. */
#ifndef GATEPOST_BASE_CONFIG_VALUE_H
#define GATEPOST_BASE_CONFIG_VALUE_H

#include "config_table.h"
#include "err.h"
#include "str.h"

struct arena;

/*
 * Checks text and stores it in base (struct config, or the struct of a group) at the setting's
 * offset; texts are copied into the arena. ERR_CONFIG: reason reads on from the setting's name
 * ("must be yes, on, no or off") and never repeats the value. ERR_MEMORY.
 */
MUST_CHECK enum err config_value_set(const struct setting *setting, struct str text,
				     struct arena *arena, void *base, struct fault *reason);

/* A loopback address or name: 127.0.0.0/8, ::1, localhost. */
bool config_value_is_loopback(struct str host);

#endif
