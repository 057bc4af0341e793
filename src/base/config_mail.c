/* [mail]: who sends, how, and what belongs together. */
#include "config_mail.h"

#include "config_value.h"
#include "mailbox.h"

#define PORT_SUBMISSION 587  /* RFC 6409 */
#define PORT_SUBMISSIONS 465 /* RFC 8314 §3.3 */
#define PORT_SMTP 25

static enum err refuse(struct config_draft *draft, const char *key, const char *reason)
{
	return config_draft_refuse(draft, 0, config_table_find(STR("mail"), str_of(key)), reason);
}

/* Where text stands in words; n: nowhere. */
static unsigned place_of(const struct str *words, unsigned n, struct str text)
{
	unsigned i = 0;

	while (i < n && !str_equal(words[i], text))
		i++;
	return i;
}

static enum err read_words(struct config_draft *draft)
{
	static const struct str transports[] = {{"none", 4}, {"smtp", 4}, {"sendmail", 8}};
	static const struct str ways[] = {{"starttls", 8}, {"implicit", 8}, {"none", 4}};
	struct config *config = draft->config;
	unsigned transport = place_of(transports, 3, config->mail.transport_text);
	unsigned way = place_of(ways, 3, config->mail.tls_text);

	if (transport == 3)
		return refuse(draft, "transport", "must be smtp, sendmail or none");
	if (way == 3)
		return refuse(draft, "smtp_tls", "must be starttls, implicit or none");
	config->mail.transport = (enum mail_transport)transport;
	config->mail.smtp_tls = (enum mail_tls)way;
	return OK;
}

static bool is_no_address(struct str text)
{
	return str_is_present(text) && !mailbox_is_plain(text);
}

/* In a URL, so that nothing of it may end the host. */
static bool is_host(struct str host)
{
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') && !str_contains(STR(".-:_"), c))
			return false;
	}
	return host.n > 0 && host.p[0] != '-';
}

static enum err check_smtp(struct config_draft *draft)
{
	static const unsigned ports[] = {
		[MAIL_STARTTLS] = PORT_SUBMISSION,
		[MAIL_IMPLICIT] = PORT_SUBMISSIONS,
		[MAIL_PLAIN] = PORT_SMTP,
	};
	struct config *config = draft->config;

	if (!is_host(config->mail.smtp_host))
		return refuse(draft, "smtp_host", "must be a host or an address");
	if (config->mail.smtp_tls == MAIL_PLAIN &&
	    !config_value_is_loopback(config->mail.smtp_host))
		return refuse(draft, "smtp_tls",
			      "may be none only where smtp_host is this machine");
	if (str_is_present(config->mail.smtp_user) !=
	    str_is_present(config->mail.smtp_password_file))
		return refuse(draft, "smtp_user", "and smtp_password_file need each other");
	if (config->mail.smtp_port == 0)
		config->mail.smtp_port = ports[config->mail.smtp_tls];
	return OK;
}

enum err config_mail_check(struct config_draft *draft)
{
	const struct config *config = draft->config;

	TRY(read_words(draft));
	if (is_no_address(config->mail.from))
		return refuse(draft, "from", "must be an address such as accounts@example.org");
	if (is_no_address(config->mail.reply_to))
		return refuse(draft, "reply_to", "must be an address such as help@example.org");
	if (config->mail.transport != MAIL_NONE && !str_is_present(config->mail.from))
		return refuse(draft, "transport", "needs from, the address that mails come from");
	return check_smtp(draft);
}
