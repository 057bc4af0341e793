/* gatepost role add|remove|list|show|grant|revoke, permission add|remove|list */
#include "arena.h"
#include "ctl.h"
#include "output.h"
#include "role.h"

#define PAGE 100
#define BAD_NAME "the name of a role must be 1 to 64 of a-z 0-9 : . _ -, first a letter or digit"
#define BAD_PERMISSION "a permission must be 1 to 64 of a-z 0-9 : . _ -, first a letter or digit"
#define BAD_REASON "the reason must be at most 200 bytes of text without line ends or controls"

static enum ctl_exit say_refusal(const struct role_effect *effect)
{
	static const char *const TEXTS[ROLE_OUTCOME_COUNT] = {
		[ROLE_REFUSED] = "refused",
		[ROLE_DONE] = "",
		[ROLE_ALREADY] = "",
		[ROLE_BAD_NAME] = BAD_NAME,
		[ROLE_BAD_PERMISSION] = BAD_PERMISSION,
		[ROLE_BAD_REASON] = BAD_REASON,
		[ROLE_TAKEN] = "there is a role of that name",
		[ROLE_NOT_THERE] = "there is no such role",
		[ROLE_BUILT_IN] = "refused: the role admin stays, and keeps users:manage",
		[ROLE_LAST_ADMIN] = "refused: nobody would be administrator any more",
		[ROLE_NOT_ELEVATED] = "refused: users:manage goes into elevated roles only",
		[ROLE_TOO_MUCH] = "refused: it would be too much for somebody with many roles",
		[ROLE_BUSY] = "another change of a role is not finished; please try again",
	};

	return ctl_say(CTL_REFUSED, "%s", TEXTS[effect->outcome]);
}

/* What is shown of one role. */
struct shown {
	const struct role_row *role;
	uint64_t holders;
	bool with_holders;
};

static enum err each_permission(struct ctl *ctl, const struct role_row *role,
				void (*add)(struct output *, const struct role_row *, struct str),
				struct output *output)
{
	struct str *names = arena_array(ctl->auth.arena, PAGE, sizeof *names);
	struct permission_page page = {.names = names, .room = PAGE, .n = PAGE};
	struct str after = STR("");

	if (names == NULL)
		return ERR_MEMORY;
	while (page.n == PAGE) {
		TRY(permission_store_list(ctl->auth.db, ctl->auth.arena, &role->id, after, &page));
		for (size_t i = 0; i < page.n; i++)
			add(output, role, names[i]);
		if (page.n > 0)
			after = names[page.n - 1];
	}
	return OK;
}

static void add_name(struct output *output, const struct role_row *role, struct str name)
{
	(void)role;
	if (output->is_json) {
		json_text(&output->json, NULL, name);
		return;
	}
	buf_add(&output->buf, STR("\tpermission "));
	buf_add(&output->buf, name);
}

static enum err add_json(struct ctl *ctl, struct output *output, const char *name,
			 const struct shown *shown)
{
	const struct role_row *role = shown->role;

	json_open_object(&output->json, name);
	json_text(&output->json, "name", role->name);
	json_bool(&output->json, "elevated", role->elevated);
	json_open_array(&output->json, "permissions");
	TRY(each_permission(ctl, role, add_name, output));
	json_close_array(&output->json);
	if (shown->with_holders)
		json_number(&output->json, "holders", (int64_t)shown->holders);
	if (role->work != ROLE_WORK_NONE)
		json_text(&output->json, "unfinished",
			  role->work == ROLE_WORK_REMOVE ? STR("removal") : STR("change"));
	json_time(&output->json, "created_at", role->created_at);
	json_close_object(&output->json);
	return OK;
}

/* "admin	elevated	permission users:manage	holders 2" */
static enum err add_text(struct ctl *ctl, struct output *output, const struct shown *shown)
{
	const struct role_row *role = shown->role;

	buf_add(&output->buf, role->name);
	if (role->elevated)
		buf_add(&output->buf, STR("\televated"));
	if (role->work != ROLE_WORK_NONE)
		buf_add(&output->buf, role->work == ROLE_WORK_REMOVE ? STR("\tbeing removed")
								     : STR("\tbeing changed"));
	TRY(each_permission(ctl, role, add_name, output));
	if (shown->with_holders)
		buf_addf(&output->buf, "\tholders %llu", (unsigned long long)shown->holders);
	buf_add_char(&output->buf, '\n');
	return OK;
}

static enum err add_role(struct ctl *ctl, struct output *output, const char *name,
			 const struct shown *shown)
{
	return output->is_json ? add_json(ctl, output, name, shown) : add_text(ctl, output, shown);
}

static enum ctl_exit show(struct ctl *ctl, const struct role_effect *effect)
{
	const struct shown shown = {
		.role = &effect->role, .holders = effect->holders, .with_holders = true};
	struct output output;
	enum err e = OK;

	if (effect->outcome != ROLE_DONE && effect->outcome != ROLE_ALREADY)
		return say_refusal(effect);
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_bool(&output.json, "changed", effect->outcome == ROLE_DONE);
	}
	e = add_role(ctl, &output, "role", &shown);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (output.is_json)
		json_close_object(&output.json);
	return output_end(&output);
}

/* A change of the role that is the operand. */
struct change {
	enum err (*act)(const struct auth_context *, const struct role_request *,
			struct role_effect *);
};

static enum ctl_exit act(struct ctl *ctl, struct change change)
{
	struct role_request request = {
		.name = ctl->operand,
		.permission = ctl->operands[1],
		.elevated = ctl_given(ctl, CTL_ELEVATED),
		.reason = ctl_value(ctl, CTL_REASON),
	};
	struct role_effect effect = {.outcome = ROLE_REFUSED};
	enum err e = OK;

	if (request.name.n == 0)
		return ctl_say(CTL_USAGE, "which role?");
	e = change.act(&ctl->auth, &request, &effect);
	return e == OK ? show(ctl, &effect) : ctl_failed(ctl, e);
}

enum ctl_exit cmd_role_add(struct ctl *ctl)
{
	return act(ctl, (struct change){role_create});
}

enum ctl_exit cmd_role_remove(struct ctl *ctl)
{
	return act(ctl, (struct change){role_remove});
}

static enum ctl_exit change_permission(struct ctl *ctl, struct change change)
{
	if (ctl->operands[1].n == 0)
		return ctl_say(CTL_USAGE, "which role, and which permission?");
	return act(ctl, change);
}

enum ctl_exit cmd_permission_add(struct ctl *ctl)
{
	return change_permission(ctl, (struct change){role_allow});
}

enum ctl_exit cmd_permission_remove(struct ctl *ctl)
{
	return change_permission(ctl, (struct change){role_forbid});
}

static enum ctl_exit change_holder(struct ctl *ctl, bool give)
{
	if (ctl->operands[1].n == 0)
		return ctl_say(CTL_USAGE, "which user, and which role?");
	return ctl_given(ctl, CTL_TENANT) ? ctl_change_member_role(ctl, ctl->operands[1], give)
					  : ctl_change_role(ctl, ctl->operands[1], give);
}

enum ctl_exit cmd_role_grant(struct ctl *ctl)
{
	return change_holder(ctl, true);
}

enum ctl_exit cmd_role_revoke(struct ctl *ctl)
{
	return change_holder(ctl, false);
}

/* False: *code says why not, and it was said. */
static bool find_role(struct ctl *ctl, struct str name, struct role_row *role, enum ctl_exit *code)
{
	bool found = false;
	enum err e = role_store_find(ctl->auth.db, ctl->auth.arena, name, role, &found);

	if (e != OK)
		*code = ctl_failed(ctl, e);
	else if (!found)
		*code = ctl_say(CTL_REFUSED, "there is no such role");
	return e == OK && found;
}

enum ctl_exit cmd_role_show(struct ctl *ctl)
{
	struct role_row role;
	struct shown shown = {.role = &role, .with_holders = true};
	struct output output;
	enum ctl_exit code = CTL_FINE;
	enum err e = OK;

	if (ctl->operand.n == 0)
		return ctl_say(CTL_USAGE, "which role?");
	if (!find_role(ctl, ctl->operand, &role, &code))
		return code;
	e = role_store_count_holders(ctl->auth.db, &role.id, &shown.holders);
	output_begin(&output, ctl);
	if (e == OK)
		e = add_role(ctl, &output, NULL, &shown);
	return e == OK ? output_end(&output) : ctl_failed(ctl, e);
}

static enum err add_listed(struct ctl *ctl, struct output *output, const struct role_row *role)
{
	return add_role(ctl, output, NULL, &(struct shown){.role = role});
}

static enum err each_role(struct ctl *ctl,
			  enum err (*add)(struct ctl *, struct output *, const struct role_row *),
			  struct output *output)
{
	struct role_row *rows = arena_array(ctl->auth.arena, PAGE, sizeof *rows);
	struct role_page page = {.rows = rows, .room = PAGE, .n = PAGE};
	struct str after = STR("");

	if (rows == NULL)
		return ERR_MEMORY;
	while (page.n == PAGE) {
		TRY(role_store_list(ctl->auth.db, ctl->auth.arena, after, &page));
		for (size_t i = 0; i < page.n; i++)
			TRY(add(ctl, output, &rows[i]));
		if (page.n > 0)
			after = rows[page.n - 1].name;
	}
	return OK;
}

static void list_begin(struct output *output, const struct ctl *ctl, const char *noun)
{
	output_begin(output, ctl);
	if (output->is_json) {
		json_open_object(&output->json, NULL);
		json_open_array(&output->json, noun);
	}
}

static enum ctl_exit list_end(struct ctl *ctl, struct output *output, enum err e)
{
	if (e != OK)
		return ctl_failed(ctl, e);
	if (output->is_json) {
		json_close_array(&output->json);
		json_close_object(&output->json);
	}
	return output_end(output);
}

enum ctl_exit cmd_role_list(struct ctl *ctl)
{
	struct output output;

	list_begin(&output, ctl, "roles");
	return list_end(ctl, &output, each_role(ctl, add_listed, &output));
}

/* "users:manage	admin" */
static void add_pair(struct output *output, const struct role_row *role, struct str name)
{
	if (output->is_json) {
		json_open_object(&output->json, NULL);
		json_text(&output->json, "name", name);
		json_text(&output->json, "role", role->name);
		json_close_object(&output->json);
		return;
	}
	buf_add(&output->buf, name);
	buf_add_char(&output->buf, '\t');
	buf_add(&output->buf, role->name);
	buf_add_char(&output->buf, '\n');
}

static enum err add_pairs(struct ctl *ctl, struct output *output, const struct role_row *role)
{
	return each_permission(ctl, role, add_pair, output);
}

enum ctl_exit cmd_permission_list(struct ctl *ctl)
{
	struct output output;
	struct role_row role;
	enum ctl_exit code = CTL_FINE;
	enum err e = OK;

	if (ctl->line.role_count > 1)
		return ctl_say(CTL_USAGE, "give --role once");
	if (ctl->line.role_count == 1 && !find_role(ctl, ctl->line.roles[0], &role, &code))
		return code;
	list_begin(&output, ctl, "permissions");
	e = ctl->line.role_count == 1 ? add_pairs(ctl, &output, &role)
				      : each_role(ctl, add_pairs, &output);
	return list_end(ctl, &output, e);
}
