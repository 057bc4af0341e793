/* Apache's password file and group file. */
#include "import_list.h"

/* Not to be read: empty, or a comment. */
static bool is_blank(struct str line)
{
	return line.n == 0 || line.p[0] == '#';
}

static enum err take_line(struct import_list *list, unsigned number, struct str line)
{
	struct account_import account = {.line = number};
	struct str hash = STR_NONE;

	if (!str_cut(line, ':', &account.username, &hash)) {
		import_flaw(list, number, "not of the form name:hash");
		return OK;
	}
	hash = str_trim(hash);
	/* Without a name a line would be the account of its address. */
	if (str_trim(account.username).n == 0) {
		import_flaw(list, number, "there is no user name");
		return OK;
	}
	TRY(secret_from_str(list->ctl->auth.arena, hash, &account.hash));
	return import_list_take(list, &account);
}

enum err import_htpasswd(struct import_list *list, struct str text)
{
	struct str line = STR_NONE;

	for (unsigned number = 1; import_line(&text, &line); number++) {
		line = str_trim(line);
		if (!is_blank(line))
			TRY(take_line(list, number, line));
	}
	return OK;
}

/* Who has no password in the file cannot sign in with it: no account is made. */
static enum err add_member(struct import_list *list, unsigned number, struct str group,
			   struct str typed)
{
	struct str name = STR_NONE;
	struct account_import *account = NULL;
	enum err e = account_normal_username(list->ctl->auth.arena, typed, &name);

	if (e == ERR_INPUT) {
		import_flaw(list, number, "%s", ctl_account_flaw_text(ACCOUNT_BAD_USERNAME));
		return OK;
	}
	TRY(e);
	account = import_list_find(list, name);
	if (account == NULL) {
		import_note(list, number, "%.*s is not in the password file: passed over",
			    (int)name.n, name.p);
		return OK;
	}
	return import_list_role(list, number, group, account);
}

static enum err take_group(struct import_list *list, unsigned number, struct str line)
{
	struct str group = STR_NONE;
	struct str members = STR_NONE;
	struct str member = STR_NONE;
	size_t before = list->flaws;

	if (!str_cut(line, ':', &group, &members)) {
		import_flaw(list, number, "not of the form group: name name");
		return OK;
	}
	group = str_trim(group);
	TRY(import_list_role(list, number, group, NULL));
	if (list->flaws > before)
		return OK;
	while (import_word(&members, &member))
		TRY(add_member(list, number, group, member));
	return OK;
}

enum err import_groups(struct import_list *list, struct str text)
{
	struct str line = STR_NONE;

	for (unsigned number = 1; import_line(&text, &line); number++) {
		line = str_trim(line);
		if (!is_blank(line))
			TRY(take_group(list, number, line));
	}
	return OK;
}
