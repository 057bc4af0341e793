/* What a command prints: one JSON value with --json, else lines for a person. */
#include "output.h"

#include <stdio.h>

#include "clock.h"
#include "factor_store.h"
#include "grants.h"
#include "ident.h"

#define OUTPUT_MAX ((size_t)128 * 1024 * 1024)

static const char *const USER_STATES[USER_STATE_COUNT] = {
	[USER_NONE] = "none",
	[USER_ACTIVE] = "active",
	[USER_LOCKED] = "locked",
	[USER_CLOSED] = "closed",
};

static const char *state_name(uint32_t state)
{
	return USER_STATES[state < USER_STATE_COUNT ? state : USER_NONE];
}

void output_begin(struct output *output, const struct ctl *ctl)
{
	buf_init(&output->buf, ctl->auth.arena, OUTPUT_MAX);
	json_begin(&output->json, &output->buf);
	output->is_json = ctl->line.json;
}

enum ctl_exit output_end(struct output *output)
{
	struct str text;

	if (output->is_json)
		buf_add_char(&output->buf, '\n');
	if (buf_str(&output->buf, &text) != OK)
		return ctl_say(CTL_UNAVAILABLE, "too much to print");
	if (fwrite(text.p, 1, text.n, stdout) != text.n || fflush(stdout) != 0)
		return ctl_say(CTL_UNAVAILABLE, "standard output cannot be written");
	return CTL_FINE;
}

static void add_factors(struct json_out *json, unsigned factors)
{
	json_open_array(json, "factors");
	for (unsigned bit = 1; bit <= FACTORS_ALL; bit <<= 1)
		if ((factors & bit) != 0)
			json_text(json, NULL, str_of(factor_store_name(bit)));
	json_close_array(json);
}

void output_user_json(struct json_out *json, const char *name, const struct user_row *user)
{
	struct str rest = user->grants;
	struct str role;

	json_open_object(json, name);
	json_id(json, "id", user->id);
	json_text(json, "username", user->username);
	json_text(json, "email", user->email);
	json_text(json, "display_name", user->display_name);
	json_text(json, "state", str_of(state_name(user->state)));
	json_open_array(json, "roles");
	while (grants_next(&rest, STR("role:"), &role))
		json_text(json, NULL, role);
	json_close_array(json);
	json_bool(json, "must_change_password", user->must_change);
	json_bool(json, "password_refused", user->password_refused);
	add_factors(json, user->factors);
	json_time(json, "factors_reset_at", user->factors_end);
	json_time(json, "created_at", user->created_at);
	json_close_object(json);
}

/* A name for a person: absent is a dash. */
static void add_name(struct buf *buf, struct str name)
{
	buf_add(buf, name.n > 0 ? name : STR("-"));
	buf_add_char(buf, '\t');
}

void output_user_text(struct buf *buf, const struct user_row *user)
{
	struct str rest = user->grants;
	struct str role;

	id_add(buf, user->id);
	buf_add_char(buf, '\t');
	add_name(buf, user->username);
	add_name(buf, user->email);
	add_name(buf, user->display_name);
	buf_add(buf, str_of(state_name(user->state)));
	while (grants_next(&rest, STR("role:"), &role)) {
		buf_add(buf, STR("\trole "));
		buf_add(buf, role);
	}
	if (user->factors_end > 0) {
		buf_add(buf, STR("\tsecond factors end "));
		clock_add_rfc3339(buf, user->factors_end);
	}
	buf_add_char(buf, '\n');
}

void output_session_json(struct json_out *json, const struct session_row *row)
{
	json_open_object(json, NULL);
	json_id(json, "id", row->id);
	json_text(json, "class", str_of(config_class_name(row->class)));
	json_text(json, "client", row->client);
	json_text(json, "device_name", row->device_name);
	json_text(json, "ip", row->ip);
	json_text(json, "user_agent", row->user_agent);
	json_time(json, "auth_time", row->auth_time);
	json_time(json, "created_at", row->created_at);
	json_time(json, "last_seen_at", row->last_seen);
	json_time(json, "idle_expires_at", row->idle_end);
	json_time(json, "expires_at", row->expires_at);
	json_close_object(json);
}

void output_session_text(struct buf *buf, const struct session_row *row)
{
	id_add(buf, row->id);
	buf_add_char(buf, '\t');
	buf_add(buf, str_of(config_class_name(row->class)));
	buf_add(buf, STR("\tlast seen "));
	clock_add_rfc3339(buf, row->last_seen);
	buf_add_char(buf, '\t');
	add_name(buf, row->ip);
	add_name(buf, row->device_name);
	buf_add(buf, row->user_agent);
	buf_add_char(buf, '\n');
}

void output_audit_json(struct json_out *json, const struct audit_row *row)
{
	json_open_object(json, NULL);
	json_id(json, "id", row->id);
	json_time(json, "at", row->at);
	json_text(json, "event", row->event);
	json_text(json, "outcome", row->outcome);
	json_id(json, "user", row->user_id);
	json_text(json, "username", row->username);
	json_id(json, "actor", row->actor_id);
	json_id(json, "session", row->session_id);
	json_id(json, "request", row->request_id);
	json_text(json, "source", row->source);
	json_text(json, "detail", row->detail);
	json_close_object(json);
}

/* A terminal acts on controls, C1 in UTF-8 too; a tab would begin another field. */
void output_plain(struct buf *buf, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool c1 = c == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0;

		i += c1 ? 1 : 0;
		buf_add_char(buf, c1 || c < 0x20 || c == 0x7f ? '?' : s.p[i]);
	}
}

void output_audit_text(struct buf *buf, const struct audit_row *row)
{
	clock_add_rfc3339(buf, row->at);
	buf_add_char(buf, '\t');
	output_plain(buf, row->event);
	buf_add_char(buf, '\t');
	output_plain(buf, row->outcome);
	buf_add_char(buf, '\t');
	if (row->username.n > 0)
		output_plain(buf, row->username);
	else if (!id_is_none(row->user_id))
		id_add(buf, row->user_id);
	else
		buf_add_char(buf, '-');
	buf_add_char(buf, '\t');
	output_plain(buf, row->source.n > 0 ? row->source : STR("-"));
	buf_add_char(buf, '\t');
	output_plain(buf, row->detail);
	buf_add_char(buf, '\n');
}
