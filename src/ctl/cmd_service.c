/* gatepost service add|list|show|rotate|scope|disable|enable|remove */
#include "arena.h"
#include "clock.h"
#include "ctl.h"
#include "output.h"
#include "secret_output.h"
#include "service.h"
#include "service_admin.h"

#define PAGE 50
#define SCOPES_MAX 128
#define OVERLAP_DEFAULT CLOCK_HOUR
#define BAD_NAME "the name must be 1 to 64 of a-z, 0-9, '.', '_', '-', the first a letter or digit"
#define BAD_SCOPES                                                                                 \
	"scopes are introspect, flows:read, flows:write, sessions:end, sessions:hold and "         \
	"metrics, "                                                                                \
	"in one argument with spaces between"

static enum ctl_exit say_refusal(const struct service_effect *effect)
{
	static const char *const TEXTS[SERVICE_OUTCOME_COUNT] = {
		[SERVICE_UNDECIDED] = "refused",
		[SERVICE_DONE] = "",
		[SERVICE_ALREADY] = "",
		[SERVICE_BAD_NAME] = BAD_NAME,
		[SERVICE_TAKEN] = "there is a service of this name already",
		[SERVICE_NOT_THERE] = "there is no such service",
	};

	return ctl_say(CTL_REFUSED, "%s", TEXTS[effect->outcome]);
}

static struct str state_name(const struct service_row *row)
{
	return row->state == SERVICE_ACTIVE ? STR("active") : STR("disabled");
}

/* One that a section of the configuration lists it for, after the other. */
static bool next_client(const struct ctl *ctl, const struct service_row *row, size_t *i,
			struct str *name)
{
	const struct config *config = ctl->auth.config;

	while (*i < config->client_count) {
		const struct client_config *client = &config->clients[(*i)++];

		*name = client->name;
		if (config_client_lists(client, row->name))
			return true;
	}
	return false;
}

static struct str scopes_text(const struct ctl *ctl, const struct service_row *row)
{
	struct buf buf;
	struct str text = STR_NONE;

	buf_init(&buf, ctl->auth.arena, SCOPES_MAX);
	service_scopes_add(&buf, row->scopes);
	return buf_str(&buf, &text) == OK ? text : STR_NONE;
}

static void add_json(const struct ctl *ctl, struct json_out *json, const char *name,
		     const struct service_row *row)
{
	struct str client;
	size_t i = 0;

	json_open_object(json, name);
	json_text(json, "name", row->name);
	json_text(json, "state", state_name(row));
	json_text(json, "scope", scopes_text(ctl, row));
	json_open_array(json, "clients");
	while (next_client(ctl, row, &i, &client))
		json_text(json, NULL, client);
	json_close_array(json);
	json_number(json, "root", row->root);
	json_time(json, "created_at", row->created_at);
	json_time(json, "secret_at", row->secret_at);
	json_time(json, "former_until", row->former_until > ctl->auth.now ? row->former_until : 0);
	json_close_object(json);
}

/* One line. */
static void add_text(const struct ctl *ctl, struct buf *buf, const struct service_row *row)
{
	struct str client;
	size_t i = 0;

	buf_add(buf, row->name);
	buf_add_char(buf, '\t');
	buf_add(buf, state_name(row));
	buf_add_char(buf, '\t');
	buf_add(buf, scopes_text(ctl, row));
	buf_add(buf, STR("\tsecret of "));
	clock_add_rfc3339(buf, row->secret_at);
	if (row->former_until > ctl->auth.now) {
		buf_add(buf, STR(", the former until "));
		clock_add_rfc3339(buf, row->former_until);
	}
	buf_add(buf, STR("\tclients:"));
	while (next_client(ctl, row, &i, &client)) {
		buf_add_char(buf, ' ');
		buf_add(buf, client);
	}
	buf_add_char(buf, '\n');
}

static bool is_done(const struct service_effect *effect)
{
	return effect->outcome == SERVICE_DONE || effect->outcome == SERVICE_ALREADY;
}

static enum ctl_exit show(struct ctl *ctl, const struct service_effect *effect)
{
	struct output output;

	if (!is_done(effect))
		return say_refusal(effect);
	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_bool(&output.json, "changed", effect->outcome == SERVICE_DONE);
		add_json(ctl, &output.json, "service", &effect->row);
		json_close_object(&output.json);
	} else {
		add_text(ctl, &output.buf, &effect->row);
	}
	return output_end(&output);
}

/* By itself on its line, for scripts; only here and now. */
static enum ctl_exit show_secret(struct ctl *ctl, const struct service_effect *effect)
{
	struct str text = {(const char *)effect->secret.bytes, effect->secret.len};
	struct output output;

	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_bool(&output.json, "changed", true);
		add_json(ctl, &output.json, "service", &effect->row);
		json_text(&output.json, "secret", text);
		json_close_object(&output.json);
	} else {
		buf_add(&output.buf, text);
		buf_add_char(&output.buf, '\n');
	}
	return output_end(&output);
}

static bool has_name(const struct ctl *ctl, enum ctl_exit *code)
{
	if (ctl->operand.n > 0)
		return true;
	*code = ctl_say(CTL_USAGE, "which service?");
	return false;
}

static bool read_scopes(const struct ctl *ctl, enum ctl_option option, uint32_t *scopes,
			enum ctl_exit *code)
{
	if (service_scopes_parse(ctl_value(ctl, option), scopes) == OK)
		return true;
	*code = ctl_say(CTL_USAGE, BAD_SCOPES);
	return false;
}

/* An act that makes a secret. */
struct making {
	enum err (*act)(const struct ctl *ctl, const struct making *making,
			struct service_effect *out);
	uint32_t scopes;
	int64_t overlap;
};

static enum err add(const struct ctl *ctl, const struct making *making, struct service_effect *out)
{
	return service_create(&ctl->auth, ctl->operand, making->scopes, out);
}

static enum err rotate(const struct ctl *ctl, const struct making *making,
		       struct service_effect *out)
{
	return service_rotate(&ctl->auth, ctl->operand, making->overlap, out);
}

/* The place is there before the secret is: one that cannot be kept is not made. */
static enum ctl_exit make_into(struct ctl *ctl, const struct making *making)
{
	struct service_effect effect = {.outcome = SERVICE_UNDECIDED};
	struct secret_place place;

	if (secret_place_open(ctl_value(ctl, CTL_SECRET_FILE).p, &place, &ctl->fault) != OK)
		return ctl_say(CTL_REFUSED, "%s", ctl->fault.text);
	enum err e = making->act(ctl, making, &effect);
	if (e != OK || !is_done(&effect)) {
		secret_place_drop(&place);
		return e != OK ? ctl_failed(ctl, e) : say_refusal(&effect);
	}
	if (secret_place_fill(&place, effect.secret) != OK)
		return ctl_say(CTL_UNAVAILABLE,
			       "the secret could not be written: run service rotate NAME");
	return show(ctl, &effect);
}

static enum ctl_exit make(struct ctl *ctl, const struct making *making)
{
	struct service_effect effect = {.outcome = SERVICE_UNDECIDED};

	if (ctl_given(ctl, CTL_SECRET_FILE))
		return make_into(ctl, making);
	enum err e = making->act(ctl, making, &effect);
	if (e != OK)
		return ctl_failed(ctl, e);
	return is_done(&effect) ? show_secret(ctl, &effect) : say_refusal(&effect);
}

enum ctl_exit cmd_service_add(struct ctl *ctl)
{
	struct making making = {.act = add};
	enum ctl_exit code = CTL_USAGE;

	if (!has_name(ctl, &code) || !read_scopes(ctl, CTL_SCOPE, &making.scopes, &code))
		return code;
	return make(ctl, &making);
}

enum ctl_exit cmd_service_rotate(struct ctl *ctl)
{
	struct making making = {.act = rotate, .overlap = OVERLAP_DEFAULT};
	enum ctl_exit code = CTL_USAGE;

	if (!has_name(ctl, &code))
		return code;
	if (ctl_given(ctl, CTL_OVERLAP) &&
	    (clock_parse_span(ctl_value(ctl, CTL_OVERLAP), &making.overlap) != OK ||
	     making.overlap > SERVICE_OVERLAP_MAX))
		return ctl_say(CTL_USAGE, "--overlap is a span such as 30m or 2h, at most 30d");
	return make(ctl, &making);
}

static enum ctl_exit run(struct ctl *ctl, enum err (*act)(const struct auth_context *, struct str,
							  struct service_effect *))
{
	struct service_effect effect = {.outcome = SERVICE_UNDECIDED};
	enum ctl_exit code = CTL_USAGE;

	if (!has_name(ctl, &code))
		return code;
	enum err e = act(&ctl->auth, ctl->operand, &effect);
	return e == OK ? show(ctl, &effect) : ctl_failed(ctl, e);
}

enum ctl_exit cmd_service_disable(struct ctl *ctl)
{
	return run(ctl, service_disable);
}

enum ctl_exit cmd_service_enable(struct ctl *ctl)
{
	return run(ctl, service_enable);
}

enum ctl_exit cmd_service_remove(struct ctl *ctl)
{
	return run(ctl, service_remove);
}

enum ctl_exit cmd_service_scope(struct ctl *ctl)
{
	struct service_effect effect = {.outcome = SERVICE_UNDECIDED};
	bool adds = ctl_given(ctl, CTL_ADD);
	uint32_t scopes = 0;
	enum ctl_exit code = CTL_USAGE;

	if (adds == ctl_given(ctl, CTL_REMOVE))
		return ctl_say(CTL_USAGE, "give one of: --add SCOPE, --remove SCOPE");
	if (!has_name(ctl, &code) || !read_scopes(ctl, adds ? CTL_ADD : CTL_REMOVE, &scopes, &code))
		return code;
	enum err e = adds ? service_add_scopes(&ctl->auth, ctl->operand, scopes, &effect)
			  : service_remove_scopes(&ctl->auth, ctl->operand, scopes, &effect);
	return e == OK ? show(ctl, &effect) : ctl_failed(ctl, e);
}

enum ctl_exit cmd_service_show(struct ctl *ctl)
{
	const struct service_subject nobody = {.id = NULL};
	struct service_found there;
	struct output output;
	bool found = false;
	enum ctl_exit code = CTL_USAGE;

	if (!has_name(ctl, &code))
		return code;
	enum err e = service_store_find(ctl->auth.db, ctl->auth.arena, ctl->operand, &nobody,
					&there, &found);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (!found)
		return say_refusal(&(struct service_effect){.outcome = SERVICE_NOT_THERE});
	output_begin(&output, ctl);
	if (output.is_json)
		add_json(ctl, &output.json, NULL, &there.service);
	else
		add_text(ctl, &output.buf, &there.service);
	return output_end(&output);
}

static enum err add_all(struct ctl *ctl, struct output *output)
{
	struct service_row *rows = arena_array(ctl->auth.arena, PAGE, sizeof *rows);
	struct service_page page = {.rows = rows, .room = PAGE, .n = PAGE};
	struct str after = STR("");

	if (rows == NULL)
		return ERR_MEMORY;
	while (page.n == PAGE) {
		TRY(service_store_list(ctl->auth.db, ctl->auth.arena, after, &page));
		for (size_t i = 0; i < page.n; i++) {
			if (output->is_json)
				add_json(ctl, &output->json, NULL, &rows[i]);
			else
				add_text(ctl, &output->buf, &rows[i]);
		}
		if (page.n > 0)
			after = rows[page.n - 1].name;
	}
	return OK;
}

enum ctl_exit cmd_service_list(struct ctl *ctl)
{
	struct output output;

	output_begin(&output, ctl);
	if (output.is_json) {
		json_open_object(&output.json, NULL);
		json_open_array(&output.json, "services");
	}
	enum err e = add_all(ctl, &output);
	if (e != OK)
		return ctl_failed(ctl, e);
	if (output.is_json) {
		json_close_array(&output.json);
		json_close_object(&output.json);
	}
	return output_end(&output);
}
