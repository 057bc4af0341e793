/* Notices to a user about what was done in their name: mail that is queued with the act. */
#include "notice.h"

#include "buf.h"
#include "clock.h"
#include "outbox_store.h"

#define PAYLOAD_MAX 256

/* Only what an address has: the web server's word goes into JSON. */
static void add_address(struct buf *out, struct str ip)
{
	for (size_t i = 0; i < ip.n; i++)
		if (str_contains(STR("0123456789abcdefABCDEF:."), ip.p[i]))
			buf_add_char(out, ip.p[i]);
}

enum err notice_queue(const struct auth_context *context, struct db *db,
		      const struct notice *notice)
{
	struct outbox_row mail = {
		.id = id_random(),
		.kind = notice->kind,
		.user_id = notice->user_id,
		.recipient = notice->recipient,
		.due_at = context->now,
		.created_at = context->now,
	};
	struct buf payload;

	if (notice->recipient.n == 0)
		return OK;
	buf_init(&payload, context->arena, PAYLOAD_MAX);
	buf_add_char(&payload, '{');
	if (notice->to.n > 0) {
		buf_add(&payload, STR("\"to\":\""));
		buf_add(&payload, notice->to);
		buf_add(&payload, STR("\","));
	}
	buf_add(&payload, STR("\"ip\":\""));
	add_address(&payload, context->ip);
	buf_add(&payload, STR("\",\"at\":\""));
	clock_add_rfc3339(&payload, context->now);
	buf_add(&payload, STR("\"}"));
	TRY(buf_str(&payload, &mail.payload));
	return outbox_store_insert(db, &mail);
}
