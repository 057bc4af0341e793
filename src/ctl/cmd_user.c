/* gatepost user add|list|show|passwd */
#include "account.h"
#include "arena.h"
#include "ctl.h"
#include "output.h"
#include "secret_input.h"

#define PAGE 100

const char *ctl_account_flaw_text(unsigned flaw)
{
	static const char *const TEXTS[ACCOUNT_FLAW_COUNT] = {
		[ACCOUNT_FINE] = "",
		[ACCOUNT_BAD_USERNAME] = "the user name must be 2 to 64 of a-z, 0-9, '.', '_', "
					 "'-', the first a letter or digit",
		[ACCOUNT_BAD_EMAIL] = "this is not an address of the form name@example.org (ASCII)",
		[ACCOUNT_NO_NAME] = "give --username or --email",
		[ACCOUNT_BAD_DISPLAY_NAME] = "the display name must be at most 100 characters "
					     "without line ends or other controls",
		[ACCOUNT_BAD_PASSWORD] = "",
		[ACCOUNT_TAKEN] = "the user name or address is taken already",
		[ACCOUNT_BAD_CODE] = "the code is not right",
		[ACCOUNT_UNKNOWN_ROLE] = "there is no such role",
	};

	return flaw < ACCOUNT_FLAW_COUNT ? TEXTS[flaw] : "";
}

/* What is wrong with an account, for a person. */
static enum ctl_exit say_flaw(const struct ctl *ctl, const struct account_result *result)
{
	if (result->flaw != ACCOUNT_BAD_PASSWORD)
		return ctl_say(CTL_REFUSED, "%s", ctl_account_flaw_text(result->flaw));
	if (result->password_flaw == PASSWORD_TOO_SHORT)
		return ctl_say(CTL_REFUSED, "the password must be at least %u characters",
			       ctl->auth.config->password.min_length);
	return ctl_say(CTL_REFUSED, "password: %s", password_flaw_text(result->password_flaw));
}

/* The password was taken; it might be better. */
static void say_hint(const struct account_result *result)
{
	if (result->password_hint != PASSWORD_HINT_NONE)
		(void)ctl_say(CTL_FINE, "the password was set. %s",
			      password_hint_text(result->password_hint));
}

static enum ctl_exit show(struct ctl *ctl, const struct user_row *user)
{
	struct output output;

	output_begin(&output, ctl);
	if (output.is_json)
		output_user_json(&output.json, NULL, user);
	else
		output_user_text(&output.buf, user);
	return output_end(&output);
}

static bool read_password(struct ctl *ctl, struct str *password, enum ctl_exit *code)
{
	enum err e = secret_input_new(ctl->auth.arena, ctl_given(ctl, CTL_PASSWORD_STDIN), password,
				      &ctl->fault);

	if (e == ERR_INPUT)
		*code = ctl_say(CTL_REFUSED, "%s", ctl->fault.text);
	else if (e != OK)
		*code = ctl_failed(ctl, e);
	return e == OK;
}

enum ctl_exit cmd_user_add(struct ctl *ctl)
{
	struct account_request request = {
		.username = ctl_value(ctl, CTL_USERNAME),
		.email = ctl_value(ctl, CTL_EMAIL),
		.display_name = ctl_value(ctl, CTL_DISPLAY_NAME),
		.roles = ctl->line.roles,
		.role_count = ctl->line.role_count,
	};
	struct account_result result;
	enum ctl_exit code = CTL_FINE;

	if (request.username.n == 0 && request.email.n == 0)
		return ctl_say(CTL_USAGE, "give --username or --email");
	if (!read_password(ctl, &request.password, &code))
		return code;
	enum err e = account_create(&ctl->auth, &request, &result);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (result.flaw != ACCOUNT_FINE)
		return say_flaw(ctl, &result);
	say_hint(&result);
	return show(ctl, &result.user);
}

enum ctl_exit cmd_user_show(struct ctl *ctl)
{
	struct user_row user;
	enum ctl_exit code = CTL_FINE;

	if (ctl->operand.n == 0)
		return ctl_say(CTL_USAGE, "which user? a user name, an address or an id");
	return ctl_find_user(ctl, ctl->operand, &user, &code) ? show(ctl, &user) : code;
}

enum ctl_exit cmd_user_passwd(struct ctl *ctl)
{
	struct account_result result;
	struct user_row user;
	struct str password = STR_NONE;
	enum ctl_exit code = CTL_FINE;

	if (ctl->operand.n == 0)
		return ctl_say(CTL_USAGE, "which user? a user name, an address or an id");
	if (!ctl_find_user(ctl, ctl->operand, &user, &code) ||
	    !read_password(ctl, &password, &code))
		return code;
	enum err e = account_set_password(&ctl->auth, &user.id, password, &result);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (result.flaw != ACCOUNT_FINE)
		return say_flaw(ctl, &result);
	say_hint(&result);
	return show(ctl, &user);
}

static enum err list_page(struct ctl *ctl, struct page_cursor *cursor, struct output *output,
			  size_t *n)
{
	struct user_row *rows = arena_array(ctl->auth.arena, PAGE, sizeof *rows);

	if (rows == NULL)
		return ERR_MEMORY;
	TRY(user_store_list(ctl->auth.db, ctl->auth.arena, cursor, rows, n));
	for (size_t i = 0; i < *n; i++) {
		if (output->is_json)
			output_user_json(&output->json, NULL, &rows[i]);
		else
			output_user_text(&output->buf, &rows[i]);
	}
	if (*n > 0) {
		cursor->at = rows[*n - 1].created_at;
		cursor->id = rows[*n - 1].id;
	}
	return OK;
}

enum ctl_exit cmd_user_list(struct ctl *ctl)
{
	struct page_cursor cursor = {.limit = PAGE};
	struct output output;
	size_t n = PAGE;

	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_open_array(&output.json, "users");
	}
	while (n == PAGE) {
		enum err e = list_page(ctl, &cursor, &output, &n);

		if (e != OK)
			return ctl_failed(ctl, e);
	}
	if (output.is_json) {
		json_close_array(&output.json);
		json_close_object(&output.json);
	}
	return output_end(&output);
}
