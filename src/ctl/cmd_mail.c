/* gatepost mail list|retry|test */
#include "account.h"
#include "clock.h"
#include "ctl.h"
#include "mail.h"
#include "outbox_work_store.h"
#include "output.h"

#define LIMIT 100
#define LIMIT_MAX 1000
#define RETRY_BATCH 1000U

static const char *const STATES[] = {
	[OUTBOX_NONE] = "unknown", [OUTBOX_WAITING] = "waiting", [OUTBOX_TAKEN] = "taken",
	[OUTBOX_SENT] = "sent",    [OUTBOX_DEAD] = "dead",
};

static const char *state_of(const struct outbox_item *item)
{
	return STATES[item->state <= OUTBOX_DEAD ? item->state : OUTBOX_NONE];
}

static void add_json(struct json_out *json, const struct outbox_item *item)
{
	json_open_object(json, NULL);
	json_id(json, "id", item->id);
	json_text(json, "state", str_of(state_of(item)));
	json_text(json, "kind", item->kind);
	json_text(json, "recipient", item->recipient);
	json_text(json, "language", item->language);
	json_number(json, "attempts", item->attempts);
	json_time(json, "created_at", item->created_at);
	json_time(json, item->state == OUTBOX_DEAD ? "done_at" : "due_at", item->due_at);
	json_text(json, "last_error", item->last_error);
	json_close_object(json);
}

static void add_text(struct buf *buf, const struct outbox_item *item)
{
	id_add(buf, item->id);
	buf_addf(buf, "\t%s\t", state_of(item));
	output_plain(buf, item->kind);
	buf_add_char(buf, '\t');
	if (str_is_present(item->recipient))
		output_plain(buf, item->recipient);
	else
		buf_add(buf, STR("(nobody)"));
	buf_add(buf, STR("\twritten "));
	clock_add_rfc3339(buf, item->created_at);
	buf_add(buf, item->state == OUTBOX_DEAD ? STR("\tgiven up ") : STR("\tdue "));
	clock_add_rfc3339(buf, item->due_at);
	buf_addf(buf, "\t%u attempt%s", item->attempts, item->attempts == 1 ? "" : "s");
	if (item->last_error.n > 0) {
		buf_add_char(buf, '\t');
		output_plain(buf, item->last_error);
	}
	buf_add_char(buf, '\n');
}

/* *left: of the limit. */
static enum err add_state(struct ctl *ctl, struct output *output, enum outbox_state state,
			  unsigned *left)
{
	struct outbox_list list = {.n = 0};

	if (*left == 0)
		return OK;
	TRY(outbox_work_list(ctl->auth.db, ctl->auth.arena, state, *left, &list));
	for (size_t i = 0; i < list.n; i++) {
		if (output->is_json)
			add_json(&output->json, &list.items[i]);
		else
			add_text(&output->buf, &list.items[i]);
	}
	*left -= (unsigned)list.n;
	return OK;
}

static enum err add_all(struct ctl *ctl, struct output *output, unsigned limit)
{
	unsigned left = limit;

	if (!ctl_given(ctl, CTL_DEAD)) {
		TRY(add_state(ctl, output, OUTBOX_TAKEN, &left));
		TRY(add_state(ctl, output, OUTBOX_WAITING, &left));
	}
	if (!ctl_given(ctl, CTL_WAITING))
		TRY(add_state(ctl, output, OUTBOX_DEAD, &left));
	return OK;
}

enum ctl_exit cmd_mail_list(struct ctl *ctl)
{
	struct output output;
	uint64_t limit = LIMIT;

	if (ctl_given(ctl, CTL_DEAD) && ctl_given(ctl, CTL_WAITING))
		return ctl_say(CTL_USAGE, "give at most one of: --waiting, --dead");
	if (ctl_given(ctl, CTL_LIMIT) &&
	    (str_to_u64(ctl_value(ctl, CTL_LIMIT), LIMIT_MAX, &limit) != OK || limit == 0))
		return ctl_say(CTL_USAGE, "--limit must be a number from 1 to %d", LIMIT_MAX);
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_open_array(&output.json, "mails");
	}
	enum err e = add_all(ctl, &output, (unsigned)limit);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (output.is_json) {
		json_close_array(&output.json);
		json_close_object(&output.json);
	}
	return output_end(&output);
}

static enum ctl_exit say_retried(struct ctl *ctl, uint64_t n)
{
	struct output output;

	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_number(&output.json, "retried", (int64_t)n);
		json_close_object(&output.json);
	} else {
		buf_add_u64(&output.buf, n);
		buf_add(&output.buf,
			n == 1 ? STR(" mail is due now\n") : STR(" mails are due now\n"));
	}
	return output_end(&output);
}

static enum ctl_exit retry_dead(struct ctl *ctl)
{
	uint64_t n = RETRY_BATCH;
	uint64_t all = 0;

	while (n == RETRY_BATCH) {
		enum err e = outbox_work_retry_dead(ctl->auth.db, RETRY_BATCH, &n);

		if (e != OK)
			return ctl_failed(ctl, e);
		all += n;
	}
	return say_retried(ctl, all);
}

enum ctl_exit cmd_mail_retry(struct ctl *ctl)
{
	struct id id = ID_NONE;
	bool found = false;

	if (ctl_given(ctl, CTL_DEAD) == (ctl->operand.n > 0))
		return ctl_say(CTL_USAGE, "give one of: ID, --dead");
	if (ctl_given(ctl, CTL_DEAD))
		return retry_dead(ctl);
	if (id_parse(ctl->operand, &id) != OK)
		return ctl_say(CTL_USAGE, "this is not the id of a mail");
	enum err e = outbox_work_retry(ctl->auth.db, &id, &found);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (!found)
		return ctl_say(CTL_REFUSED, "no such mail waits or was given up with its content");
	return say_retried(ctl, 1);
}

enum ctl_exit cmd_mail_test(struct ctl *ctl)
{
	struct mail mail = {.kind = STR("test")};
	struct output output;

	if (ctl->operand.n == 0)
		return ctl_say(CTL_USAGE, "give an address");
	if (account_normal_email(ctl->auth.arena, ctl->operand, &mail.recipient) != OK)
		return ctl_say(CTL_REFUSED, "this is not an address that Gatepost writes to");
	enum err e = mail_queue(&ctl->auth, ctl->auth.db, &mail);
	if (e != OK)
		return ctl_failed(ctl, e);
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_text(&output.json, "recipient", mail.recipient);
		json_close_object(&output.json);
	} else {
		buf_add(&output.buf, STR("in the outbox; gatepost-mailer sends it, gatepost mail "
					 "list tells if it cannot\n"));
	}
	if (ctl->auth.config->mail.transport == MAIL_NONE)
		(void)ctl_say(CTL_FINE, "[mail] transport is none: nobody sends it yet");
	return output_end(&output);
}
