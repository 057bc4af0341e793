/* Notices to a user about what was done in their name: mail that is queued with the act. */
#include "notice.h"

#include "buf.h"
#include "clock.h"
#include "mail.h"
#include "mail_code.h"

#define DUE_MAX 64

struct notice notice_to(struct str kind, const struct user_row *user)
{
	return (struct notice){
		.kind = kind,
		.user_id = user->id,
		.recipient = user->email,
		.language = user->language,
		.display_name = user->display_name,
	};
}

static enum err due_text(const struct auth_context *context, const struct notice *notice,
			 struct str *out)
{
	struct buf buf;

	if (notice->due_at == 0)
		return OK;
	buf_init(&buf, context->arena, DUE_MAX);
	clock_add_rfc3339(&buf, notice->due_at);
	return buf_str(&buf, out);
}

enum err notice_queue(const struct auth_context *context, struct db *db,
		      const struct notice *notice)
{
	const struct mail_code_request request = {
		.purpose = MAIL_NOT_ME,
		.address = notice->recipient,
		.user_id = notice->user_id,
		.language = notice->language,
	};
	struct mail_code_made made;
	struct str link = STR_NONE;
	struct str due = STR_NONE;

	if (notice->recipient.n == 0)
		return OK;
	TRY(due_text(context, notice, &due));
	TRY(mail_code_put(context, db, &request, &made));
	TRY(mail_link(context, STR("/not-me"), made.link, &link));
	const struct mail_value values[] = {
		{"link", link},     {"display_name", notice->display_name},
		{"to", notice->to}, {"left", notice->left},
		{"due_at", due},
	};
	const struct mail mail = {
		.kind = notice->kind,
		.user_id = notice->user_id,
		.recipient = notice->recipient,
		.language = notice->language,
		.values = values,
		.n = sizeof values / sizeof values[0],
	};
	return mail_queue(context, db, &mail);
}
