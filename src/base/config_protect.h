/* [protect "/PATH/"]: what is asked of whoever wants something there. */
#ifndef GATEPOST_BASE_CONFIG_PROTECT_H
#define GATEPOST_BASE_CONFIG_PROTECT_H

#include "config_draft.h"

/* The path of a section's name, which has double quotes around it, without a slash at its end;
 * a slice of name. ERR_INPUT: no such thing, or not canonical. */
MUST_CHECK enum err config_protect_path(struct str name, struct str *out);
/* Reads what every section asks for, and sees to it that no two speak of the same. ERR_CONFIG with
 * the fault. */
MUST_CHECK enum err config_protect_check(struct config_draft *draft);

#endif
