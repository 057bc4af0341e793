/* Rows of outbox. */
#include "outbox_store.h"

#include "row.h"

enum err outbox_store_insert(struct db *db, const struct outbox_row *row)
{
	return row_run(db, STMT_OUTBOX_INSERT,
		       ARGS(arg_id(&row->id), arg_bytes(row->kind), arg_id(&row->user_id),
			    arg_bytes(row->recipient), arg_bytes(row->language),
			    arg_bytes(row->payload), arg_int(row->root), arg_int(row->due_at),
			    arg_int(row->created_at)),
		       NULL);
}
