/* What a person signs in with: the password, the factors, the devices, and what is to be done. */
#include "answer.h"
#include "call.h"
#include "devices.h"
#include "factor_store.h"
#include "handlers.h"
#include "issued.h"
#include "moment.h"
#include "passkey.h"
#include "recovery_codes.h"
#include "return_call.h"
#include "say.h"
#include "security_call.h"
#include "signout_call.h"
#include "url.h"
#include "user_store.h"
#include "view.h"

struct security_page {
	int status;
	struct str notice, error;
	struct return_to return_to; /* of whom setting up a factor stands in the way */
};

/* What the word of a redirect after an act says; others say nothing. */
static const struct outcome {
	const char *word;
	const char *notice; /* a key */
} OUTCOMES[] = {
	{"app", "security.done_app"},         {"passkey", "security.done_passkey"},
	{"removed", "security.done_removed"}, {"device", "security.done_device"},
	{"gone", "security.done_gone"},
};

static struct str outcome_notice(const struct call *call, struct str word)
{
	for (size_t i = 0; i < sizeof(OUTCOMES) / sizeof(OUTCOMES[0]); i++)
		if (str_equal(word, str_of(OUTCOMES[i].word)))
			return say(call, OUTCOMES[i].notice);
	return STR_NONE;
}

static const struct id *person(const struct call *call)
{
	return &call->session.found.session.user_id;
}

static enum err add_time(struct call *call, struct template_data *data, const char *name,
			 int64_t at)
{
	struct str text;
	TRY(say_time(call, at, &text));
	template_text(data, name, text);
	return OK;
}

static enum err add_iso(struct call *call, struct template_data *data, const char *name, int64_t at)
{
	struct str text;
	TRY(moment_iso(call->arena, at, &text));
	template_text(data, name, text);
	return OK;
}

static enum err add_account(struct call *call, struct template_data *data)
{
	struct user_row user = {.password_changed_at = 0};
	bool found;
	TRY(user_store_find_by_id(call->auth.db, call->arena, person(call), &user, &found));
	template_flag(data, "has_password", user.password_changed_at > 0);
	TRY(add_time(call, data, "password_changed", user.password_changed_at));
	return add_time(call, data, "reset_at", user.factors_end);
}

static enum err add_app(struct call *call, struct template_data *data)
{
	struct totp_row row = {.confirmed_at = 0};
	bool found;
	TRY(totp_store_find(call->auth.db, call->arena, person(call), &row, &found));
	template_flag(data, "has_app", found && row.confirmed_at > 0);
	TRY(add_time(call, data, "app_since", found ? row.confirmed_at : 0));
	return add_time(call, data, "app_used", found ? row.used_at : 0);
}

static enum err add_passkey(struct call *call, const struct passkey_row *row,
			    struct template_data *data)
{
	struct template_data *item = template_item(data, "passkeys");
	struct buf path;
	struct str id, text;
	TRY(id_text(call->arena, row->id, &id));
	buf_init(&path, call->arena, REQUEST_PATH_MAX);
	buf_add(&path, STR("/account/security/remove?what="));
	buf_add(&path, id);
	TRY(buf_str(&path, &text));
	TRY(answer_url(call, item, "url_remove", text));
	template_text(item, "passkey_name",
		      row->name.n > 0 ? row->name : say(call, "security.passkey_unnamed"));
	template_flag(item, "synced", row->backed_up);
	TRY(add_time(call, item, "created", row->created_at));
	TRY(add_iso(call, item, "created_iso", row->created_at));
	return add_time(call, item, "used", row->used_at);
}

static enum err add_passkeys(struct call *call, struct template_data *data)
{
	struct passkey_row *rows;
	size_t n;
	TRY(passkey_list(&call->auth, person(call), &rows, &n));
	template_flag(data, "has_passkeys", n > 0);
	template_flag(data, "passkeys", false);
	for (size_t i = 0; i < n; i++)
		TRY(add_passkey(call, &rows[i], data));
	return OK;
}

static enum err add_codes(struct call *call, struct template_data *data)
{
	struct recovery_left left;
	TRY(recovery_codes_left(&call->auth, person(call), &left));
	template_flag(data, "has_strong", (call->session.found.factors & FACTORS_STRONG) != 0);
	template_count(data, "codes_left", left.left);
	TRY(add_time(call, data, "codes_made", left.made_at));
	return add_time(call, data, "codes_used", left.used_at);
}

/* A browser's device has no name of its own: the one of its session says what it is. */
static enum err device_text(struct call *call, const struct device_row *row,
			    const struct session_list *sessions, struct str *out)
{
	*out = row->name;
	for (size_t i = 0; i < sessions->n && out->n == 0; i++)
		if (id_equal(sessions->rows[i].device_id, row->id))
			return say_device(call, sessions->rows[i].user_agent, out);
	if (out->n == 0)
		*out = say(call,
			   row->kind == DEVICE_APP ? "security.kind_app" : "security.kind_browser");
	return OK;
}

static enum err add_device(struct call *call, const struct device_row *row,
			   const struct session_list *sessions, struct template_data *data)
{
	struct template_data *item = template_item(data, "devices");
	bool trusted = row->trusted_until > call->request.now &&
		       call->app->config->second_factor.trusted_device > 0;
	struct str id, name;
	TRY(id_text(call->arena, row->id, &id));
	TRY(device_text(call, row, sessions, &name));
	template_text(item, "id", id);
	template_text(item, "device", name);
	template_flag(item, "is_app", row->kind == DEVICE_APP);
	template_flag(item, "has_key", row->key_kind != DEVICE_KEY_NONE);
	template_flag(item, "current", id_equal(row->id, call->session.found.session.device_id));
	TRY(add_time(call, item, "seen", row->last_seen));
	TRY(add_iso(call, item, "seen_iso", row->last_seen));
	return add_time(call, item, "trusted", trusted ? row->trusted_until : 0);
}

static enum err add_devices(struct call *call, struct template_data *data)
{
	const struct page_cursor from = {.limit = DEVICES_LIST_MAX};
	struct devices_list list;
	struct session_list sessions;
	TRY(devices_list(&call->auth, person(call), &from, &list));
	TRY(session_list(&call->auth, person(call), &from, &sessions));
	template_flag(data, "has_devices", list.n > 0);
	template_flag(data, "devices", false);
	for (size_t i = 0; i < list.n; i++)
		TRY(add_device(call, &list.rows[i], &sessions, data));
	return OK;
}

/* To a second factor, and back here. */
static enum err add_confirm(struct call *call, struct template_data *data)
{
	struct url own;
	TRY(url_own(call->arena, call->app->config->server.base_path, STR("/account/security"),
		    &own));
	const struct return_to here = {.kind = RETURN_HERE, .url = own};
	return return_url(call, &here, data, "url_confirm", STR("/reauth?factor=1"));
}

static enum err add_links(struct call *call, const struct return_to *target,
			  struct template_data *data)
{
	TRY(return_url(call, target, data, "url_app", STR("/account/security/app")));
	TRY(return_url(call, target, data, "url_passkey", STR("/account/security/passkey")));
	TRY(answer_url(call, data, "url_app_action", STR("/account/security/app")));
	TRY(answer_url(call, data, "url_app_remove", STR("/account/security/remove?what=app")));
	TRY(answer_url(call, data, "url_codes", STR("/account/security/codes")));
	TRY(answer_url(call, data, "url_devices", STR("/account/security")));
	return add_confirm(call, data);
}

static enum err show(struct call *call, const struct security_page *page)
{
	static enum err (*const PARTS[])(struct call *, struct template_data *) = {
		add_account, add_app, add_passkeys, add_codes, add_devices,
	};
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(add_links(call, &page->return_to, data));
	for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++)
		TRY(PARTS[i](call, data));
	template_flag(data, "enrolling", session_awaits_enrolment(&call->session));
	template_text(data, "notice", page->notice);
	template_text(data, "error", page->error);
	template_text(data, "return_to", page->return_to.url.text);
	return view_page(call, page->status, "security.html", data);
}

enum err page_security_show(struct call *call)
{
	return show(call, &(struct security_page){
				  .status = 200,
				  .notice = outcome_notice(call, call_query(call, "done")),
				  .return_to = return_of_call(call),
			  });
}

enum err security_go_back(struct call *call, struct str done)
{
	struct buf path;
	struct str text;
	buf_init(&path, call->arena, REQUEST_PATH_MAX);
	buf_add(&path, STR("/account/security?done="));
	buf_add(&path, done);
	TRY(buf_str(&path, &text));
	return view_redirect(call, text);
}

enum err page_security_post(struct call *call)
{
	enum devices_verdict verdict = DEVICES_GONE;
	struct id id;
	if (call->csrf_stale)
		return show(call, &(struct security_page){.status = 403,
							  .error = say(call, "page.stale")});
	if (id_parse(call_text(call, "remove"), &id) == OK)
		TRY(devices_remove(&call->auth, &call->session, &id, &verdict));
	if (verdict != DEVICES_DONE)
		return security_go_back(call, STR("gone"));
	if (!id_equal(id, call->session.found.session.device_id))
		return security_go_back(call, STR("device"));
	signout_forget(call);
	return signout_page(call);
}
