/* One mail as a mail server takes it. */
#include "message.h"

#include "buf.h"
#include "clock.h"
#include "mailbox.h"
#include "quoted.h"

#define HTTP_DATE_ZONE 3 /* "GMT" */
#define HTTP_DATE_MAX 64

static void add_line(struct buf *out, struct str name, struct str value)
{
	buf_add(out, name);
	buf_add(out, STR(": "));
	buf_add(out, value);
	buf_add(out, STR("\r\n"));
}

/* On a line of its own, so that no name makes it longer than one may be. */
static enum err add_from(struct buf *out, const struct message *message)
{
	struct str name = STR("From: ");

	buf_add(out, name);
	if (message->from_name.n > 0) {
		TRY(quoted_add_header(out, message->from_name, name.n, true));
		buf_add(out, STR("\r\n "));
	}
	buf_add_char(out, '<');
	buf_add(out, message->from);
	buf_add(out, STR(">\r\n"));
	return OK;
}

static enum err add_subject(struct buf *out, struct str subject)
{
	struct str name = STR("Subject: ");

	buf_add(out, name);
	TRY(quoted_add_header(out, subject, name.n, false));
	buf_add(out, STR("\r\n"));
	return OK;
}

/* An HTTP date is one of RFC 5322 but for the zone's name. */
static void add_date(struct buf *out, int64_t at)
{
	struct buf date;
	struct str text = STR_NONE;

	buf_init(&date, out->arena, HTTP_DATE_MAX);
	clock_add_http_date(&date, at);
	if (buf_str(&date, &text) != OK) {
		out->failed = ERR_MEMORY;
		return;
	}
	buf_add(out, STR("Date: "));
	buf_add(out, str_sub(text, 0, text.n - HTTP_DATE_ZONE));
	buf_add(out, STR("+0000\r\n"));
}

static void add_message_id(struct buf *out, const struct message *message)
{
	struct str local = STR_NONE;
	struct str domain = STR_NONE;

	(void)str_cut(message->from, '@', &local, &domain);
	buf_add(out, STR("Message-ID: <"));
	id_add(out, message->id);
	buf_add_char(out, '@');
	buf_add(out, domain);
	buf_add(out, STR(">\r\n"));
}

/* "BCP 47": letters, digits and hyphens. */
static bool is_tag(struct str language)
{
	for (size_t i = 0; i < language.n; i++) {
		char c = language.p[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    c != '-')
			return false;
	}
	return language.n > 0;
}

static enum err add_headers(struct buf *out, const struct message *message)
{
	TRY(add_from(out, message));
	if (str_is_present(message->reply_to))
		add_line(out, STR("Reply-To"), message->reply_to);
	add_line(out, STR("To"), message->to);
	TRY(add_subject(out, message->subject));
	add_date(out, message->date);
	add_message_id(out, message);
	if (is_tag(message->language))
		add_line(out, STR("Content-Language"), message->language);
	add_line(out, STR("Auto-Submitted"), STR("auto-generated"));
	add_line(out, STR("MIME-Version"), STR("1.0"));
	return OK;
}

/* Bodies have no line that begins with a dash, so no boundary either. */
static void add_boundary(struct buf *out, struct id id)
{
	buf_add(out, STR("=_gatepost_"));
	id_add(out, id);
}

static enum err add_part(struct buf *out, const struct message *message, struct str type,
			 struct str body)
{
	buf_add(out, STR("--"));
	add_boundary(out, message->id);
	buf_add(out, STR("\r\nContent-Type: "));
	buf_add(out, type);
	buf_add(out, STR("; charset=utf-8\r\n"
			 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"));
	TRY(quoted_add_body(out, body));
	buf_add(out, STR("\r\n"));
	return OK;
}

enum err message_write(const struct message *message, struct buf *out)
{
	struct str whole = STR_NONE;

	if (!mailbox_is_plain(message->from) || !mailbox_is_plain(message->to) ||
	    (str_is_present(message->reply_to) && !mailbox_is_plain(message->reply_to)))
		return ERR_INPUT;
	TRY(add_headers(out, message));
	buf_add(out, STR("Content-Type: multipart/alternative;\r\n boundary=\""));
	add_boundary(out, message->id);
	buf_add(out, STR("\"\r\n\r\n"));
	TRY(add_part(out, message, STR("text/plain"), message->text));
	TRY(add_part(out, message, STR("text/html"), message->html));
	buf_add(out, STR("--"));
	add_boundary(out, message->id);
	buf_add(out, STR("--\r\n"));
	return buf_str(out, &whole);
}
