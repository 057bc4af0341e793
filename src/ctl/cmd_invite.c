/* gatepost invite, gatepost invitation withdraw */
#include "clock.h"
#include "ctl.h"
#include "invitation.h"
#include "output.h"

#define TAG_MAX 35 /* as the column */
#define TAKEN "there is an account with this address or user name already"

/* As far as a tag can be told by its looks (RFC 5646): which there are, the templates say. */
static bool is_tag(struct str tag)
{
	for (size_t i = 0; i < tag.n; i++) {
		char c = tag.p[i];

		if (c != '-' && (c < '0' || c > '9') && ((c | ' ') < 'a' || (c | ' ') > 'z'))
			return false;
	}
	return tag.n <= TAG_MAX;
}

static enum ctl_exit show(struct ctl *ctl, const struct invitation_result *result)
{
	struct output output;

	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_text(&output.json, "email", result->email);
		json_time(&output.json, "expires_at", result->expires_at);
		json_close_object(&output.json);
		return output_end(&output);
	}
	buf_add(&output.buf, STR("invited "));
	buf_add(&output.buf, result->email);
	buf_add(&output.buf, STR(", until "));
	clock_add_rfc3339(&output.buf, result->expires_at);
	buf_add_char(&output.buf, '\n');
	return output_end(&output);
}

enum ctl_exit cmd_invite(struct ctl *ctl)
{
	const struct invitation_request request = {
		.email = ctl->operand,
		.username = ctl_value(ctl, CTL_USERNAME),
		.display_name = ctl_value(ctl, CTL_DISPLAY_NAME),
		.language = ctl_value(ctl, CTL_LANGUAGE),
		.roles = ctl->line.roles,
		.role_count = ctl->line.role_count,
	};
	struct invitation_result result;

	if (ctl->operand.n == 0)
		return ctl_say(CTL_USAGE, "whom? an e-mail address");
	if (!is_tag(request.language))
		return ctl_say(CTL_USAGE, "--language takes a tag, such as en or pt-BR");
	enum err e = invitation_send(&ctl->auth, &request, &result);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (result.flaw == ACCOUNT_TAKEN)
		return ctl_say(CTL_REFUSED, "%s", TAKEN);
	if (result.flaw != ACCOUNT_FINE)
		return ctl_say(CTL_REFUSED, "%s", ctl_account_flaw_text(result.flaw));
	return show(ctl, &result);
}

enum ctl_exit cmd_invitation_withdraw(struct ctl *ctl)
{
	struct output output;
	bool withdrawn = false;
	enum err e = OK;

	if (ctl->operand.n == 0)
		return ctl_say(CTL_USAGE, "whose? an e-mail address");
	e = invitation_withdraw(&ctl->auth, ctl->operand, &withdrawn);
	if (e == ERR_INPUT)
		return ctl_say(CTL_REFUSED, "%s", ctl_account_flaw_text(ACCOUNT_BAD_EMAIL));
	if (e != OK)
		return ctl_failed(ctl, e);
	if (!withdrawn)
		return ctl_say(CTL_REFUSED, "there is no invitation for this address");
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_bool(&output.json, "withdrawn", true);
		json_close_object(&output.json);
	} else {
		buf_add(&output.buf, STR("withdrawn\n"));
	}
	return output_end(&output);
}
