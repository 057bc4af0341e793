/* gatepost session list|revoke */
#include "account.h"
#include "ctl.h"
#include "output.h"
#include "session.h"
#include "session_admin.h"

#define PAGE 100

static void add_rows(struct output *output, const struct session_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (output->is_json)
			output_session_json(&output->json, &list->rows[i]);
		else
			output_session_text(&output->buf, &list->rows[i]);
	}
}

static enum err add_all(struct ctl *ctl, const struct id *user_id, struct output *output)
{
	struct session_list list = {.more = true, .next = {.limit = PAGE}};

	while (list.more) {
		TRY(session_list(&ctl->auth, user_id, &list.next, &list));
		add_rows(output, &list);
	}
	return OK;
}

enum ctl_exit cmd_session_list(struct ctl *ctl)
{
	struct user_row user;
	struct output output;
	enum ctl_exit code = CTL_FINE;

	if (ctl->operand.n == 0)
		return ctl_say(CTL_USAGE, "whose? a user name, an address or an id");
	if (!ctl_find_user(ctl, ctl->operand, &user, &code))
		return code;
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_open_array(&output.json, "sessions");
	}
	enum err e = add_all(ctl, &user.id, &output);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (output.is_json) {
		json_close_array(&output.json);
		json_close_object(&output.json);
	}
	return output_end(&output);
}

static enum ctl_exit say_revoked(struct ctl *ctl, uint64_t n)
{
	struct output output;

	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_number(&output.json, "revoked", (int64_t)n);
		json_close_object(&output.json);
	} else {
		buf_add_u64(&output.buf, n);
		buf_add(&output.buf, n == 1 ? STR(" session ended\n") : STR(" sessions ended\n"));
	}
	return output_end(&output);
}

static enum ctl_exit revoke_one(struct ctl *ctl)
{
	struct id id;
	bool ended = false;
	enum err e = id_parse(ctl->operand, &id);

	if (e == OK)
		e = session_admin_end(&ctl->auth, &id, &ended);
	if (e == ERR_INPUT || (e == OK && !ended))
		return ctl_say(CTL_REFUSED, "there is no session with this id");
	return e == OK ? say_revoked(ctl, 1) : ctl_failed(ctl, e);
}

static enum ctl_exit revoke_of_user(struct ctl *ctl)
{
	struct user_row user;
	uint64_t n = 0;
	enum ctl_exit code = CTL_FINE;

	if (!ctl_find_user(ctl, ctl_value(ctl, CTL_USER), &user, &code))
		return code;
	enum err e = session_end_all(&ctl->auth, &user.id, NULL, &n);
	return e == OK ? say_revoked(ctl, n) : ctl_failed(ctl, e);
}

static enum ctl_exit revoke_all(struct ctl *ctl)
{
	uint64_t n = 0;
	enum err e = session_admin_end_everybody(&ctl->auth, &n);

	return e == OK ? say_revoked(ctl, n) : ctl_failed(ctl, e);
}

enum ctl_exit cmd_session_revoke(struct ctl *ctl)
{
	bool user = ctl_given(ctl, CTL_USER);
	bool all = ctl_given(ctl, CTL_ALL);
	bool one = ctl->operand.n > 0;

	if ((one ? 1 : 0) + (user ? 1 : 0) + (all ? 1 : 0) != 1)
		return ctl_say(CTL_USAGE, "give one of: an id, --user USER, --all");
	if (one)
		return revoke_one(ctl);
	return user ? revoke_of_user(ctl) : revoke_all(ctl);
}
