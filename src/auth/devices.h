/* Devices of accounts: the list, the key that an app keeps on its device, taking one away. */
#ifndef GATEPOST_AUTH_DEVICES_H
#define GATEPOST_AUTH_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "context.h"
#include "device_key.h"
#include "device_store.h"
#include "err.h"
#include "session.h"

#define DEVICES_LIST_MAX 100

struct devices_list {
	struct device_row *rows; /* in the arena */
	size_t n;
	bool more;
	struct page_cursor next; /* set when more */
};
/* The user's, newest first. from->limit: 1 … DEVICES_LIST_MAX. */
MUST_CHECK enum err devices_list(const struct auth_context *context, const struct id *user_id,
				 const struct page_cursor *from, struct devices_list *out);

/* 0 denies: the session is not the user's any more, or the device not there, or not the user's. */
enum devices_verdict {
	DEVICES_GONE = 0,
	DEVICES_ELSEWHERE, /* the user's, but not the one of this session */
	DEVICES_DONE
};
/*
 * The key of the session's own device, in place of the one it had. The same one again changes
 * nothing; another one is told to the address.
 */
MUST_CHECK enum err devices_set_key(const struct auth_context *context,
				    const struct session *session, const struct id *id,
				    const struct device_key *key, enum devices_verdict *verdict);
/*
 * The device is forgotten: its sessions end, its key and trust go. Told to the address if it had a
 * key. Any of the user's, the session's own as well.
 */
MUST_CHECK enum err devices_remove(const struct auth_context *context,
				   const struct session *session, const struct id *id,
				   enum devices_verdict *verdict);

#endif
