/* One session in a list of a page. */
#ifndef GATEPOST_WEB_SESSION_ITEM_H
#define GATEPOST_WEB_SESSION_ITEM_H

#include "err.h"
#include "str.h"

struct call;
struct session_row;
struct template_data;

/* An item of "sessions": id, device, place, client, times, and whether it is the caller's own. */
MUST_CHECK enum err session_item_add(struct call *call, const struct session_row *row,
				     struct template_data *data);

/* What its device is called: the name that it gave, or program and system. */
MUST_CHECK enum err session_item_device(struct call *call, const struct session_row *row,
					struct str *out);

#endif
