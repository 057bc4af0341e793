/* What a change of address writes to people. */
#include "address_mail.h"

#include "buf.h"
#include "clock.h"
#include "mail.h"

#define LINK_MAX 700
#define NUMBER_MAX 24

struct str address_mail_language(const struct user_row *user, struct str other)
{
	return user->language.n > 0 ? user->language : other;
}

static struct str text_of(struct secret s)
{
	return secret_is_present(s) ? (struct str){(const char *)s.bytes, s.len} : STR("");
}

/* How long until then; nothing: 0. */
static enum err span_text(const struct auth_context *context, int64_t until, int64_t unit,
			  struct str *out)
{
	struct buf text;

	buf_init(&text, context->arena, NUMBER_MAX);
	buf_add_i64(&text, until > context->now ? (until - context->now) / unit : 0);
	return buf_str(&text, out);
}

/* A page without a code is its address alone. */
static enum err link_of(const struct auth_context *context, const struct address_mail *mail,
			struct str *out)
{
	struct buf link;

	if (secret_is_present(mail->link))
		return mail_link(context, mail->page, mail->link, out);
	buf_init(&link, context->arena, LINK_MAX);
	if (str_is_present(mail->page)) {
		buf_add(&link, context->config->server.origin);
		buf_add(&link, context->config->server.base_path);
		buf_add(&link, mail->page);
	}
	return buf_str(&link, out);
}

enum err address_mail(const struct auth_context *context, struct db *db,
		      const struct address_mail *mail)
{
	struct str link = STR_NONE;
	struct str minutes = STR_NONE;
	struct str hours = STR_NONE;
	struct str days = STR_NONE;

	TRY(link_of(context, mail, &link));
	TRY(span_text(context, mail->code_end, CLOCK_MINUTE, &minutes));
	TRY(span_text(context, mail->too_late, CLOCK_HOUR, &hours));
	TRY(span_text(context, mail->too_late, CLOCK_DAY, &days));
	const struct mail_value values[] = {
		{"display_name", mail->user->display_name},
		{"code", text_of(mail->code)},
		{"link", link},
		{"new_address", mail->new_address},
		{"minutes", minutes},
		{"hours", hours},
		{"days", days},
	};
	const struct mail queued = {
		.kind = mail->kind,
		.user_id = mail->user->id,
		.recipient = mail->recipient,
		.language = address_mail_language(mail->user, mail->language),
		.values = values,
		.n = sizeof values / sizeof values[0],
		.too_late = mail->too_late,
	};
	return mail_queue(context, db, &queued);
}

enum err address_mail_former(const struct auth_context *context, struct db *db,
			     const struct user_row *user, struct str new_address,
			     struct str language)
{
	const struct mail_code_value kept[] = {{"to", new_address}};
	struct mail_code_request request = {
		.purpose = MAIL_RESTORATION,
		.address = user->email,
		.user_id = user->id,
		.language = address_mail_language(user, language),
	};
	struct mail_code_made made;

	TRY(mail_code_pack(context->arena, kept, 1, &request.payload));
	TRY(mail_code_put(context, db, &request, &made));
	const struct address_mail mail = {
		.kind = STR("address-changed"),
		.recipient = user->email,
		.user = user,
		.language = language,
		.page = STR("/not-me"),
		.new_address = new_address,
		.link = made.link,
		.too_late = made.expires_at,
	};
	return address_mail(context, db, &mail);
}
