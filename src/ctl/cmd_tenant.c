/* gatepost tenant add|list|rename|remove */
#include "arena.h"
#include "ctl.h"
#include "output.h"
#include "tenant.h"

#define PAGE 100
#define BAD_NAME "the name must be 2 to 64 of a-z, 0-9, '.', '_', '-', the first a letter or digit"
#define BAD_TITLE "the title must be at most 100 characters without line ends or other controls"
#define BAD_REASON "the reason must be at most 200 bytes of text without line ends or controls"

static enum ctl_exit say_refusal(const struct tenant_effect *effect)
{
	static const char *const TEXTS[TENANT_OUTCOME_COUNT] = {
		[TENANT_REFUSED] = "refused",
		[TENANT_DONE] = "",
		[TENANT_ALREADY] = "",
		[TENANT_BAD_NAME] = BAD_NAME,
		[TENANT_BAD_TITLE] = BAD_TITLE,
		[TENANT_TAKEN] = "the name is taken already",
		[TENANT_NOT_THERE] = "there is no such tenant any more",
		[TENANT_BAD_REASON] = BAD_REASON,
	};

	return ctl_say(CTL_REFUSED, "%s", TEXTS[effect->outcome]);
}

static void add_tenant(struct output *output, const char *name, const struct tenant_row *row)
{
	if (output->is_json) {
		json_open_object(&output->json, name);
		json_id(&output->json, "id", row->id);
		json_text(&output->json, "name", row->name);
		json_text(&output->json, "title", row->title);
		json_time(&output->json, "created_at", row->created_at);
		json_close_object(&output->json);
		return;
	}
	id_add(&output->buf, row->id);
	buf_add_char(&output->buf, '\t');
	buf_add(&output->buf, row->name);
	buf_add_char(&output->buf, '\t');
	buf_add(&output->buf, row->title);
	buf_add_char(&output->buf, '\n');
}

static enum ctl_exit show(struct ctl *ctl, const struct tenant_effect *effect)
{
	struct output output;

	if (effect->outcome != TENANT_DONE && effect->outcome != TENANT_ALREADY)
		return say_refusal(effect);
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_bool(&output.json, "changed", effect->outcome == TENANT_DONE);
		json_number(&output.json, "members", (int64_t)effect->members);
		add_tenant(&output, "tenant", &effect->tenant);
		json_close_object(&output.json);
		return output_end(&output);
	}
	add_tenant(&output, NULL, &effect->tenant);
	return output_end(&output);
}

bool ctl_find_tenant(struct ctl *ctl, struct str which, struct tenant_row *tenant,
		     enum ctl_exit *code)
{
	bool found = false;
	enum err e = OK;

	if (which.n == 0) {
		*code = ctl_say(CTL_USAGE, "which tenant? a name or an id");
		return false;
	}
	e = tenant_find(&ctl->auth, which, tenant, &found);
	if (e != OK)
		*code = ctl_failed(ctl, e);
	else if (!found)
		*code = ctl_say(CTL_REFUSED, "there is no such tenant: %.*s", (int)which.n,
				which.p);
	return e == OK && found;
}

enum ctl_exit cmd_tenant_add(struct ctl *ctl)
{
	struct tenant_request request = {
		.name = ctl->operand,
		.title = ctl_value(ctl, CTL_TITLE),
	};
	struct tenant_effect effect = {.outcome = TENANT_REFUSED};
	enum err e = OK;

	if (ctl->operand.n == 0)
		return ctl_say(CTL_USAGE, "which name?");
	e = tenant_create(&ctl->auth, &request, &effect);
	return e == OK ? show(ctl, &effect) : ctl_failed(ctl, e);
}

enum ctl_exit cmd_tenant_rename(struct ctl *ctl)
{
	struct tenant_request request = {
		.name = ctl_value(ctl, CTL_NAME),
		.title = ctl_value(ctl, CTL_TITLE),
		.reason = ctl_value(ctl, CTL_REASON),
	};
	struct tenant_effect effect = {.outcome = TENANT_REFUSED};
	struct tenant_row tenant;
	enum ctl_exit code = CTL_FINE;
	enum err e = OK;

	if (request.name.n == 0 && request.title.n == 0)
		return ctl_say(CTL_USAGE, "give --name or --title");
	if (!ctl_find_tenant(ctl, ctl->operand, &tenant, &code))
		return code;
	e = tenant_rename(&ctl->auth, &tenant.id, &request, &effect);
	return e == OK ? show(ctl, &effect) : ctl_failed(ctl, e);
}

enum ctl_exit cmd_tenant_remove(struct ctl *ctl)
{
	struct tenant_request request = {.reason = ctl_value(ctl, CTL_REASON)};
	struct tenant_effect effect = {.outcome = TENANT_REFUSED};
	struct tenant_row tenant;
	enum ctl_exit code = CTL_FINE;
	enum err e = OK;

	if (!ctl_find_tenant(ctl, ctl->operand, &tenant, &code))
		return code;
	e = tenant_remove(&ctl->auth, &tenant.id, &request, &effect);
	if (e == ERR_CONFLICT)
		return ctl_say(CTL_REFUSED, "members are being added; nothing but they has gone");
	return e == OK ? show(ctl, &effect) : ctl_failed(ctl, e);
}

static enum err add_all(struct ctl *ctl, struct output *output)
{
	struct tenant_row *rows = arena_array(ctl->auth.arena, PAGE, sizeof *rows);
	struct tenant_page page = {.rows = rows, .room = PAGE, .n = PAGE};
	struct str after = STR("");

	if (rows == NULL)
		return ERR_MEMORY;
	while (page.n == PAGE) {
		TRY(tenant_store_list(ctl->auth.db, ctl->auth.arena, after, &page));
		for (size_t i = 0; i < page.n; i++)
			add_tenant(output, NULL, &rows[i]);
		if (page.n > 0)
			after = rows[page.n - 1].name;
	}
	return OK;
}

enum ctl_exit cmd_tenant_list(struct ctl *ctl)
{
	struct output output;
	enum err e = OK;

	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_open_array(&output.json, "tenants");
	}
	e = add_all(ctl, &output);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (output.is_json) {
		json_close_array(&output.json);
		json_close_object(&output.json);
	}
	return output_end(&output);
}
