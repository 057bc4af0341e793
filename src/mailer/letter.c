/* A row of the outbox as something to read. */
#include "letter.h"

#include "arena.h"
#include "buf.h"
#include "catalogue.h"
#include "clock.h"
#include "json.h"
#include "mail.h"
#include "mail_code.h"
#include "template.h"
#include "user_agent.h"

#define NAME_MAX_BYTES 96
#define TEXT_MAX ((size_t)64 * 1024)
#define HTML_MAX ((size_t)128 * 1024)
#define SHORT_MAX 256

/* Which link a kind of mail has, if any. */
static const struct kind {
	struct str name;
	bool has_link;
	enum mail_purpose purpose;
} kinds[] = {
	{{"register", 8}, true, MAIL_REGISTRATION},
	{{"register-taken", 14}, false, 0},
	{{"invite", 6}, true, MAIL_INVITATION},
	{{"recover", 7}, true, MAIL_RECOVERY},
	{{"address", 7}, true, MAIL_ADDRESS},
	{{"address-changed", 15}, true, MAIL_RESTORATION},
	{{"address-set", 11}, false, 0},
	{{"address-restored", 16}, false, 0},
	{{"new-device", 10}, true, MAIL_NOT_ME},
	{{"password-changed", 16}, true, MAIL_NOT_ME},
	{{"recovered", 9}, true, MAIL_NOT_ME},
	{{"factor-added", 12}, true, MAIL_NOT_ME},
	{{"factor-removed", 14}, true, MAIL_NOT_ME},
	{{"factors-reset", 13}, true, MAIL_NOT_ME},
	{{"factor-failed", 13}, true, MAIL_NOT_ME},
	{{"recovery-code-used", 18}, true, MAIL_NOT_ME},
	{{"token-reuse", 11}, true, MAIL_NOT_ME},
	{{"handover", 8}, true, MAIL_NOT_ME},
	{{"closed", 6}, false, 0},
	{{"test", 4}, false, 0},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

/* Values that a kind's mail may lack: a template may still ask for them. */
static const char *const optional[] = {"display_name", "code", "ip", "new_address", "closed"};

static const struct kind *kind_of(struct str name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (str_equal(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static enum err file_of(struct arena *arena, struct str kind, struct str ending, struct str *out)
{
	struct buf name;

	buf_init(&name, arena, NAME_MAX_BYTES);
	buf_add(&name, STR("mail/"));
	buf_add(&name, kind);
	buf_add(&name, ending);
	return buf_str(&name, out);
}

enum err letter_check(const struct letter_tools *tools, struct fault *fault)
{
	static const struct str endings[] = {{".txt", 4}, {".html", 5}};
	struct str file = STR_NONE;

	for (size_t i = 0; i < 2 * KINDS; i++) {
		TRY(file_of(tools->arena, kinds[i / 2].name, endings[i % 2], &file));
		if (!template_exists(tools->templates, file))
			return fault_set(fault, "%s: has no %s",
					 tools->config->server.template_dir.p, file.p);
	}
	return OK;
}

/* A letter while it is written. */
struct draft {
	const struct letter_tools *tools;
	const struct outbox_mail *mail;
	const struct language *language;
	struct json_object payload;
	struct template_data *data;
};

/* Absent: it has none. */
static struct str value_of(const struct draft *draft, struct str name)
{
	for (size_t i = 0; i < draft->payload.n; i++)
		if (str_equal(draft->payload.members[i].name, name))
			return draft->payload.members[i].text;
	return STR_NONE;
}

static enum err open_payload(struct draft *draft)
{
	const struct outbox_mail *mail = draft->mail;
	const struct str sealed = {.p = (const char *)mail->payload.bytes, .n = mail->payload.len};
	struct arena *arena = draft->tools->arena;
	struct str json = STR_NONE;
	struct str bad = STR_NONE;

	TRY(mail_open(draft->tools->keys, arena, &(struct mail_box){mail->id, mail->root, sealed},
		      &json));
	TRY(json_parse(arena, json, &draft->payload, &bad));
	for (size_t i = 0; i < draft->payload.n; i++)
		if (draft->payload.members[i].type != JSON_TYPE_STRING)
			return ERR_INPUT;
	return OK;
}

static enum err is_over(const struct draft *draft, bool *out)
{
	struct str text = value_of(draft, STR("expires_at"));
	int64_t at = 0;

	if (str_is_present(text))
		TRY(clock_parse_rfc3339(text, &at));
	*out = str_is_present(text) && at <= draft->mail->taken_at;
	return OK;
}

/* The account's, else the server's, else any. */
static const struct language *choose_language(const struct draft *draft)
{
	const struct catalogue *texts = draft->tools->texts;
	const struct language *found = NULL;

	if (str_is_present(draft->mail->language))
		found = catalogue_lookup(texts, draft->mail->language);
	if (found == NULL)
		found = catalogue_lookup(texts, draft->tools->config->server.language);
	return found != NULL ? found : catalogue_language(texts, 0);
}

static enum err set_values(struct draft *draft)
{
	for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++)
		template_text(draft->data, optional[i], STR(""));
	for (size_t i = 0; i < draft->payload.n; i++) {
		struct str name = STR_NONE;

		if (str_has_any_control(draft->payload.members[i].text))
			return ERR_INPUT;
		TRY(str_copy(draft->tools->arena, draft->payload.members[i].name, &name));
		template_text(draft->data, name.p, draft->payload.members[i].text);
	}
	return OK;
}

/* A time of the payload as people read it; otherwise: where it has none, 0 for nothing. */
static enum err set_moment(struct draft *draft, const char *name, int64_t otherwise)
{
	struct str at = value_of(draft, str_of(name));
	int64_t time = otherwise;
	struct str text = STR("");
	struct buf buf;

	if (at.n > 0)
		TRY(clock_parse_rfc3339(at, &time));
	if (time != 0) {
		buf_init(&buf, draft->tools->arena, SHORT_MAX);
		TRY(catalogue_add_time(&buf, draft->language, time));
		TRY(buf_str(&buf, &text));
	}
	template_text(draft->data, name, text);
	return OK;
}

/* Of recovery codes. */
static enum err set_left(struct draft *draft)
{
	struct str left = value_of(draft, STR("left"));
	uint64_t count = 0;

	if (left.n > 0)
		TRY(str_to_u64(left, UINT32_MAX, &count));
	template_count(draft->data, "codes_left", count);
	template_flag(draft->data, "has_left", count > 0);
	template_flag(draft->data, "none_left", left.n > 0 && count == 0);
	return OK;
}

static enum err set_device(struct draft *draft)
{
	struct str user_agent = value_of(draft, STR("user_agent"));
	struct str text = STR("");
	struct buf buf;

	if (user_agent.n > 0) {
		buf_init(&buf, draft->tools->arena, SHORT_MAX);
		TRY(user_agent_add_label(&buf, draft->language, user_agent));
		TRY(buf_str(&buf, &text));
	}
	template_text(draft->data, "device", text);
	return OK;
}

/* In the largest unit in which it is whole. */
static void set_life(struct draft *draft, const struct kind *kind)
{
	int64_t life = kind->has_link ? mail_code_life(draft->tools->config, kind->purpose) : 0;
	bool days = life % CLOCK_DAY == 0 && life > CLOCK_DAY;
	bool hours = !days && life % CLOCK_HOUR == 0;

	template_count(draft->data, "link_days", days ? (uint64_t)(life / CLOCK_DAY) : 0);
	template_count(draft->data, "link_hours", hours ? (uint64_t)(life / CLOCK_HOUR) : 0);
	template_count(draft->data, "link_minutes",
		       days || hours ? 0 : (uint64_t)(life / CLOCK_MINUTE));
	template_count(draft->data, "code_minutes", MAIL_CODE_SPAN / CLOCK_MINUTE);
}

/* Only to ourselves: whoever could write the row could otherwise send people anywhere. */
static enum err set_link(struct draft *draft, const struct kind *kind)
{
	struct str origin = draft->tools->config->server.origin;
	struct str link = value_of(draft, STR("link"));
	struct url url = {.text = STR("")};

	if (kind->has_link && link.n == 0)
		return ERR_INPUT;
	if (link.n > 0) {
		if (!str_starts(link, origin))
			return ERR_INPUT;
		TRY(url_absolute(draft->tools->arena, origin, str_sub(link, origin.n, link.n),
				 &url));
	}
	template_text(draft->data, "link", url.text);
	template_url(draft->data, "link_url", url);
	return OK;
}

/* Of a hand-over. */
static void set_receiver(struct draft *draft)
{
	struct str to = value_of(draft, STR("to"));

	template_flag(draft->data, "to_browser", str_equal(to, STR("browser")));
	template_flag(draft->data, "to_native", str_equal(to, STR("native")));
}

static enum err set_service(struct draft *draft)
{
	const struct config *config = draft->tools->config;
	struct url home = {.text = STR("")};

	TRY(url_absolute(draft->tools->arena, config->server.origin, STR("/"), &home));
	template_language(draft->data, draft->language);
	template_text(draft->data, "service_name", config->server.name);
	template_text(draft->data, "origin", config->server.origin);
	template_url(draft->data, "origin_url", home);
	template_text(draft->data, "address", draft->mail->recipient);
	return OK;
}

static enum err fill(struct draft *draft, const struct kind *kind)
{
	TRY(template_data_new(draft->tools->arena, &draft->data));
	TRY(set_values(draft));
	TRY(set_moment(draft, "at", draft->mail->created_at));
	TRY(set_moment(draft, "due_at", 0));
	TRY(set_left(draft));
	TRY(set_device(draft));
	TRY(set_link(draft, kind));
	set_life(draft, kind);
	set_receiver(draft);
	return set_service(draft);
}

static enum err render(const struct draft *draft, struct str ending, size_t most, struct str *out)
{
	struct arena *arena = draft->tools->arena;
	struct str file = STR_NONE;
	struct buf buf;

	TRY(file_of(arena, draft->mail->kind, ending, &file));
	buf_init(&buf, arena, most);
	TRY(template_render(draft->tools->templates, file, draft->data, &buf));
	return buf_str(&buf, out);
}

/* "Subject: …", an empty line, the text. No value reaches over the first line's end. */
static enum err cut_subject(struct str whole, struct letter *letter)
{
	struct str name = STR("Subject: ");
	struct str line = STR_NONE;
	struct str rest = STR_NONE;

	if (!str_starts(whole, name) || !str_cut(whole, '\n', &line, &rest) ||
	    !str_starts(rest, STR("\n")))
		return ERR_INPUT;
	letter->subject = str_sub(line, name.n, line.n);
	letter->text = str_sub(rest, 1, rest.n);
	return OK;
}

enum err letter_write(const struct letter_tools *tools, const struct outbox_mail *mail,
		      bool *too_late, struct letter *out)
{
	struct draft draft = {.tools = tools, .mail = mail};
	const struct kind *kind = kind_of(mail->kind);
	struct letter letter = {.subject = STR_NONE};
	struct str whole = STR_NONE;
	bool over = false;

	if (kind == NULL)
		return ERR_INPUT;
	TRY(open_payload(&draft));
	TRY(is_over(&draft, &over));
	if (!over) {
		draft.language = choose_language(&draft);
		TRY(fill(&draft, kind));
		TRY(render(&draft, STR(".txt"), TEXT_MAX, &whole));
		TRY(render(&draft, STR(".html"), HTML_MAX, &letter.html));
		TRY(cut_subject(whole, &letter));
		letter.language = language_tag(draft.language);
		*out = letter;
	}
	*too_late = over;
	return OK;
}
