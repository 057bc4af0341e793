/* [client NAME]: an app, and where one may return to it. */
#ifndef GATEPOST_BASE_CONFIG_CLIENT_H
#define GATEPOST_BASE_CONFIG_CLIENT_H

#include "config_draft.h"

/* Titles, and the list of places of every section. ERR_CONFIG with the fault. */
MUST_CHECK enum err config_client_check(struct config_draft *draft);

#endif
