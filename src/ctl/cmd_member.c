/* gatepost member add|remove|role|list */
#include "arena.h"
#include "ctl.h"
#include "grants.h"
#include "member.h"
#include "output.h"

#define PAGE 100
#define BAD_REASON "the reason must be at most 200 bytes of text without line ends or controls"

static enum ctl_exit say_refusal(const struct member_effect *effect)
{
	static const char *const TEXTS[MEMBER_OUTCOME_COUNT] = {
		[MEMBER_REFUSED] = "refused",
		[MEMBER_DONE] = "",
		[MEMBER_ALREADY] = "",
		[MEMBER_NO_SUCH_USER] = "there is no such user any more",
		[MEMBER_NO_SUCH_TENANT] = "there is no such tenant any more",
		[MEMBER_NOT_A_MEMBER] = "the user is no member of this tenant",
		[MEMBER_NO_SUCH_ROLE] = "there is no such role",
		[MEMBER_BAD_REASON] = BAD_REASON,
		[MEMBER_TOO_MUCH] = "refused: so many roles and permissions do not fit",
		[MEMBER_NOT_ALLOWED] = "refused",
	};

	return ctl_say(CTL_REFUSED, "%s", TEXTS[effect->outcome]);
}

static void add_json(struct json_out *json, const char *name, const struct member_row *row)
{
	struct str rest = row->grants;
	struct str role = STR_NONE;

	json_open_object(json, name);
	json_open_object(json, "tenant");
	json_id(json, "id", row->tenant.id);
	json_text(json, "name", row->tenant.name);
	json_text(json, "title", row->tenant.title);
	json_close_object(json);
	json_open_object(json, "user");
	json_id(json, "id", row->user_id);
	json_text(json, "username", row->username);
	json_text(json, "email", row->email);
	json_close_object(json);
	json_open_array(json, "roles");
	while (grants_next(&rest, STR("role:"), &role))
		json_text(json, NULL, role);
	json_close_array(json);
	json_bool(json, "default", row->is_default);
	json_time(json, "since", row->created_at);
	json_close_object(json);
}

/* "alice	acme	default	role editor" */
static void add_text(struct buf *buf, const struct member_row *row)
{
	struct str rest = row->grants;
	struct str role = STR_NONE;

	buf_add(buf, row->username.n > 0 ? row->username : row->email);
	buf_add_char(buf, '\t');
	buf_add(buf, row->tenant.name);
	if (row->is_default)
		buf_add(buf, STR("\tdefault"));
	while (grants_next(&rest, STR("role:"), &role)) {
		buf_add(buf, STR("\trole "));
		buf_add(buf, role);
	}
}

static enum ctl_exit show(struct ctl *ctl, const char *sessions, const struct member_effect *effect)
{
	struct output output;

	if (effect->outcome != MEMBER_DONE && effect->outcome != MEMBER_ALREADY)
		return say_refusal(effect);
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_bool(&output.json, "changed", effect->outcome == MEMBER_DONE);
		json_number(&output.json, "sessions", (int64_t)effect->sessions);
		add_json(&output.json, "member", &effect->member);
		json_close_object(&output.json);
		return output_end(&output);
	}
	add_text(&output.buf, &effect->member);
	if (effect->outcome == MEMBER_ALREADY)
		buf_add(&output.buf, STR("\tnothing to change"));
	if (effect->sessions > 0)
		buf_addf(&output.buf, "\tsessions %s: %llu", sessions,
			 (unsigned long long)effect->sessions);
	buf_add_char(&output.buf, '\n');
	return output_end(&output);
}

/* An act and what happened to sessions. */
struct wording {
	enum err (*act)(const struct auth_context *, const struct member_act *,
			struct member_effect *);
	const char *sessions;
};

static enum ctl_exit act_on(struct ctl *ctl, const struct wording *words, struct member_act *act)
{
	struct member_effect effect = {.outcome = MEMBER_REFUSED};
	struct tenant_row tenant;
	struct user_row user;
	enum ctl_exit code = CTL_FINE;
	enum err e = OK;

	if (ctl->operand.n == 0)
		return ctl_say(CTL_USAGE, "which user? a user name, an address or an id");
	if (!ctl_find_tenant(ctl, ctl_value(ctl, CTL_TENANT), &tenant, &code) ||
	    !ctl_find_user(ctl, ctl->operand, &user, &code))
		return code;
	act->key = (struct member_key){.user_id = user.id, .tenant_id = tenant.id};
	act->reason = ctl_value(ctl, CTL_REASON);
	e = words->act(&ctl->auth, act, &effect);
	return e == OK ? show(ctl, words->sessions, &effect) : ctl_failed(ctl, e);
}

enum ctl_exit cmd_member_add(struct ctl *ctl)
{
	const struct wording words = {member_add, "lowered"};
	struct member_act act = {
		.roles = ctl->line.roles,
		.role_count = ctl->line.role_count,
		.make_default = ctl_given(ctl, CTL_DEFAULT),
	};

	return act_on(ctl, &words, &act);
}

enum ctl_exit cmd_member_remove(struct ctl *ctl)
{
	const struct wording words = {member_remove, "without tenant now"};
	struct member_act act = {.role_count = 0};

	return act_on(ctl, &words, &act);
}

enum ctl_exit ctl_change_member_role(struct ctl *ctl, struct str role, bool give)
{
	const struct wording gives = {member_give_role, "lowered"};
	const struct wording takes = {member_take_role, "lowered"};
	struct member_act act = {.roles = &role, .role_count = 1};

	return act_on(ctl, give ? &gives : &takes, &act);
}

enum ctl_exit cmd_member_role(struct ctl *ctl)
{
	bool add = ctl_given(ctl, CTL_ADD);

	if (add == ctl_given(ctl, CTL_REMOVE))
		return ctl_say(CTL_USAGE, "give one of: --add ROLE, --remove ROLE");
	return ctl_change_member_role(ctl, ctl_value(ctl, add ? CTL_ADD : CTL_REMOVE), add);
}

/* Whose list: of a user, or with tenant_id set of a tenant. */
static enum err next_page(struct ctl *ctl, struct member_key *key, struct page_cursor *cursor,
			  struct member_page *page)
{
	const struct auth_context *auth = &ctl->auth;

	if (id_is_none(key->tenant_id)) {
		TRY(member_store_list_of_user(auth->db, auth->arena, &key->user_id, cursor, page));
		if (page->n > 0)
			*cursor = (struct page_cursor){
				.at = page->rows[page->n - 1].created_at,
				.id = page->rows[page->n - 1].tenant.id,
			};
		return OK;
	}
	TRY(member_store_list_of_tenant(auth->db, auth->arena, key, page));
	if (page->n > 0)
		key->user_id = page->rows[page->n - 1].user_id;
	return OK;
}

static void add_row(struct output *output, const struct member_row *row)
{
	if (output->is_json) {
		add_json(&output->json, NULL, row);
		return;
	}
	add_text(&output->buf, row);
	buf_add_char(&output->buf, '\n');
}

static enum err add_all(struct ctl *ctl, struct member_key *key, struct output *output)
{
	struct member_row *rows = arena_array(ctl->auth.arena, PAGE, sizeof *rows);
	struct member_page page = {.rows = rows, .room = PAGE, .n = PAGE};
	struct page_cursor cursor = {.at = 0};

	if (rows == NULL)
		return ERR_MEMORY;
	while (page.n == PAGE) {
		TRY(next_page(ctl, key, &cursor, &page));
		for (size_t i = 0; i < page.n; i++)
			add_row(output, &rows[i]);
	}
	return OK;
}

static enum ctl_exit list(struct ctl *ctl, struct member_key *key)
{
	struct output output;
	enum err e = OK;

	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_open_array(&output.json, "members");
	}
	e = add_all(ctl, key, &output);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (output.is_json) {
		json_close_array(&output.json);
		json_close_object(&output.json);
	}
	return output_end(&output);
}

enum ctl_exit cmd_member_list(struct ctl *ctl)
{
	struct member_key key = {.user_id = ID_NONE};
	struct tenant_row tenant;
	struct user_row user;
	enum ctl_exit code = CTL_FINE;

	if (ctl_given(ctl, CTL_USER) == ctl_given(ctl, CTL_TENANT))
		return ctl_say(CTL_USAGE, "give one of: --tenant TENANT, --user USER");
	if (ctl_given(ctl, CTL_TENANT)) {
		if (!ctl_find_tenant(ctl, ctl_value(ctl, CTL_TENANT), &tenant, &code))
			return code;
		key.tenant_id = tenant.id;
		return list(ctl, &key);
	}
	if (!ctl_find_user(ctl, ctl_value(ctl, CTL_USER), &user, &code))
		return code;
	key.user_id = user.id;
	return list(ctl, &key);
}
