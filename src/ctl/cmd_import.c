/* gatepost user import: a file is checked whole, then its accounts are written. */
#include <stdio.h>

#include "account_import.h"
#include "arena.h"
#include "ctl.h"
#include "import_list.h"
#include "output.h"

#define BATCH_MEMORY ((size_t)16 * 1024 * 1024)

/* What has come of it. */
struct tally {
	size_t imported;
	size_t existing;
};

static enum err read_files(struct import_list *list)
{
	bool table = ctl_given(list->ctl, CTL_CSV);
	const char *file = list->ctl->line.values[table ? CTL_CSV : CTL_HTPASSWD];
	struct str text = STR_NONE;

	TRY(import_list_load(list, file, &text));
	TRY(import_list_expect(list, text));
	TRY(table ? import_csv(list, text) : import_htpasswd(list, text));
	TRY(import_list_index(list));
	if (!ctl_given(list->ctl, CTL_GROUPS))
		return OK;
	TRY(import_list_load(list, list->ctl->line.values[CTL_GROUPS], &text));
	return import_groups(list, text);
}

static void count(const struct account_import *accounts, size_t n, struct tally *tally)
{
	for (size_t i = 0; i < n; i++) {
		tally->existing += accounts[i].outcome == ACCOUNT_IMPORT_EXISTS;
		tally->imported += accounts[i].outcome != ACCOUNT_IMPORT_EXISTS;
	}
}

/* Every batch has memory of its own, or a long file would need as much as all its rows. */
static enum err for_batches(struct import_list *list, struct tally *tally,
			    enum err (*act)(const struct auth_context *context,
					    struct import_list *list,
					    struct account_import *accounts, size_t n))
{
	struct auth_context context = list->ctl->auth;
	enum err e = OK;

	TRY(arena_open(BATCH_MEMORY, BATCH_MEMORY, &context.arena));
	for (size_t i = 0; e == OK && i < list->n; i += ACCOUNT_IMPORT_BATCH) {
		size_t left = list->n - i;
		size_t n = left < ACCOUNT_IMPORT_BATCH ? left : ACCOUNT_IMPORT_BATCH;

		e = act(&context, list, &list->accounts[i], n);
		if (e == OK)
			count(&list->accounts[i], n, tally);
		arena_reset(context.arena);
	}
	arena_close(&context.arena);
	return e;
}

static enum err write_batch(const struct auth_context *context, struct import_list *list,
			    struct account_import *accounts, size_t n)
{
	return account_import_write(context, &list->roles, accounts, n);
}

static enum err look_at_batch(const struct auth_context *context, struct import_list *list,
			      struct account_import *accounts, size_t n)
{
	(void)list;
	for (size_t i = 0; i < n; i++)
		TRY(account_import_look(context, &accounts[i]));
	return OK;
}

/* What was written before stays; the file can be given again, and what is there is left alone. */
static enum ctl_exit say_stop(const struct import_list *list, const struct tally *tally, enum err e)
{
	(void)ctl_say(CTL_FINE, "stopped; %zu accounts were imported before", tally->imported);
	if (e != ERR_CONFLICT)
		return ctl_failed(list->ctl, e);
	for (size_t i = 0; i < list->n; i++)
		if (list->accounts[i].outcome == ACCOUNT_IMPORT_TOO_MUCH)
			return ctl_say(CTL_REFUSED,
				       "the roles of line %u do not fit into one "
				       "account",
				       list->accounts[i].line);
	return ctl_say(CTL_REFUSED, "a role was removed meanwhile");
}

static const char *outcome_name(const struct account_import *account)
{
	if (account->outcome == ACCOUNT_IMPORT_EXISTS)
		return "exists";
	return account->outcome == ACCOUNT_IMPORT_DONE ? "imported" : "would import";
}

static void add_json(struct json_out *json, const struct import_list *list,
		     const struct account_import *account)
{
	json_open_object(json, NULL);
	json_number(json, "line", account->line);
	json_text(json, "outcome", str_of(outcome_name(account)));
	json_text(json, "username", account->username);
	json_text(json, "email", account->email);
	json_text(json, "hash", str_of(foreign_form_name(account->form)));
	json_open_array(json, "roles");
	for (size_t i = 0; i < account->role_count; i++)
		json_text(json, NULL, list->roles.names[account->roles[i]]);
	json_close_array(json);
	json_close_object(json);
}

static void add_text(struct buf *buf, const struct import_list *list,
		     const struct account_import *account)
{
	buf_add(buf, str_of(outcome_name(account)));
	buf_add_char(buf, '\t');
	buf_add(buf, account->username.n > 0 ? account->username : account->email);
	buf_add_char(buf, '\t');
	buf_add(buf, str_of(foreign_form_name(account->form)));
	for (size_t i = 0; i < account->role_count; i++) {
		buf_add(buf, STR("\trole "));
		buf_add(buf, list->roles.names[account->roles[i]]);
	}
	buf_add_char(buf, '\n');
}

static enum ctl_exit print_all(const struct import_list *list, const struct tally *tally, bool dry)
{
	struct output output;

	output_begin(&output, list->ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_bool(&output.json, "dry_run", dry);
		json_number(&output.json, "imported", dry ? 0 : (int64_t)tally->imported);
		json_number(&output.json, "existing", (int64_t)tally->existing);
		json_open_array(&output.json, "accounts");
	}
	for (size_t i = 0; i < list->n; i++) {
		if (output.is_json)
			add_json(&output.json, list, &list->accounts[i]);
		else
			add_text(&output.buf, list, &list->accounts[i]);
	}
	if (output.is_json) {
		json_close_array(&output.json);
		json_close_object(&output.json);
	}
	return output_end(&output);
}

static enum ctl_exit import(struct import_list *list)
{
	bool dry = ctl_given(list->ctl, CTL_DRY_RUN);
	struct tally tally = {0, 0};
	enum err e = read_files(list);

	if (e == ERR_CONFIG)
		return ctl_say(CTL_REFUSED, "%s", list->ctl->fault.text);
	if (e != OK)
		return ctl_failed(list->ctl, e);
	if (list->flaws > 0)
		return ctl_say(CTL_REFUSED, "nothing was imported: %zu flaws", list->flaws);
	e = for_batches(list, &tally, dry ? look_at_batch : write_batch);
	if (e != OK && !dry)
		return say_stop(list, &tally, e);
	if (e != OK)
		return ctl_failed(list->ctl, e);
	return print_all(list, &tally, dry);
}

enum ctl_exit cmd_user_import(struct ctl *ctl)
{
	struct import_list *list = arena_alloc(ctl->auth.arena, sizeof *list);

	if (ctl_given(ctl, CTL_CSV) == ctl_given(ctl, CTL_HTPASSWD))
		return ctl_say(CTL_USAGE, "give --htpasswd FILE or --csv FILE");
	if (ctl_given(ctl, CTL_GROUPS) && ctl_given(ctl, CTL_CSV))
		return ctl_say(CTL_USAGE, "--groups belongs to --htpasswd; a table has a column "
					  "roles");
	if (list == NULL)
		return ctl_failed(ctl, ERR_MEMORY);
	list->ctl = ctl;
	return import(list);
}
