/* The database connections of one thread, following the configuration that is current. */
#ifndef GATEPOST_WEB_CONNECTIONS_H
#define GATEPOST_WEB_CONNECTIONS_H

#include <stdbool.h>

#include "app.h"
#include "call.h"
#include "err.h"

/* Used by one thread. Zeroed but for with_hash and patience it is closed. */
struct connections {
	bool with_hash;   /* also one of the account "hash" */
	int64_t patience; /* db_set_patience; 0: as configured */
	struct app *app;  /* held: the connections belong to its configuration */
	struct call_connections open;
};

/* Takes the current snapshot; when that is another one, opens anew (nothing connects yet). */
MUST_CHECK enum err connections_follow(struct connections *connections, struct app_box *box);
void connections_close(struct connections *connections);

#endif
