/* [client NAME]: an app, its sessions and tokens, and where one may return to it. */
#ifndef GATEPOST_BASE_CONFIG_CLIENT_H
#define GATEPOST_BASE_CONFIG_CLIENT_H

#include "config_draft.h"

/* Checks every section and fills in what hangs on its name or other settings. ERR_CONFIG with the
 * fault. */
MUST_CHECK enum err config_client_check(struct config_draft *draft);

#endif
