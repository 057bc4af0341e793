/* One user, for administrators: state, roles, sessions, and what can be done. */
#include "admin_call.h"
#include "answer.h"
#include "arena.h"
#include "buf.h"
#include "call.h"
#include "factor_store.h"
#include "factors_reset.h"
#include "fields.h"
#include "handlers.h"
#include "problem.h"
#include "role_store.h"
#include "say.h"
#include "session_item.h"
#include "tenant_store.h"
#include "view.h"

#define PLACE_MAX 128
#define LIST_MAX 100
#define ROLES_MAX 200

struct user_page {
	int status;
	struct user_row user;
	struct str notice, error;
};

/* What the word of a redirect after an act says; others say nothing. */
static const struct {
	const char *word;
	const char *notice; /* a key */
} OUTCOMES[] = {
	{"lock", "admin_user.done_lock"},
	{"unlock", "admin_user.done_unlock"},
	{"recover", "admin_user.done_recover"},
	{"hold", "admin_user.done_hold"},
	{"give", "admin_user.done_give"},
	{"take", "admin_user.done_take"},
	{"end", "admin_user.done_end"},
	{"end-all", "admin_user.done_end_all"},
	{"reset-factors", "admin_user.done_reset_factors"},
	{"keep-factors", "admin_user.done_keep_factors"},
	{"same", "admin_user.done_same"},
};

static struct str outcome_notice(const struct call *call, struct str word)
{
	for (size_t i = 0; i < sizeof(OUTCOMES) / sizeof(OUTCOMES[0]); i++)
		if (str_equal(word, str_of(OUTCOMES[i].word)))
			return say(call, OUTCOMES[i].notice);
	return STR_NONE;
}

static enum err place_of(struct call *call, const char *done, struct str *out)
{
	struct buf text;
	buf_init(&text, call->arena, PLACE_MAX);
	buf_add(&text, STR("/admin/users/"));
	buf_add(&text, call->match.segment);
	if (done != NULL) {
		buf_add(&text, STR("?done="));
		buf_add(&text, str_of(done));
	}
	return buf_str(&text, out);
}

static enum err add_roles(struct call *call, const struct user_row *user,
			  struct template_data *data)
{
	struct held_page page = {.room = LIST_MAX};
	page.rows = arena_array(call->arena, page.room, sizeof(*page.rows));
	if (page.rows == NULL)
		return ERR_MEMORY;
	TRY(role_store_list_of_user(call->auth.db, call->arena, &user->id,
				    &(struct held_place){.tenant_id = ID_NONE}, &page));
	template_flag(data, "held_roles", false);
	template_flag(data, "has_roles", page.n > 0);
	template_flag(data, "more_roles", page.n == page.room);
	for (size_t i = 0; i < page.n; i++) {
		const struct held_role *role = &page.rows[i];
		struct template_data *item = template_item(data, "held_roles");
		template_text(item, "role", role->name);
		template_flag(item, "is_elevated", role->elevated);
		template_text(item, "tenant", role->tenant_name);
		template_text(item, "tenant_title", role->tenant_title);
	}
	return OK;
}

static enum err add_role_choices(struct call *call, struct template_data *data)
{
	struct role_page page = {.room = ROLES_MAX};
	page.rows = arena_array(call->arena, page.room, sizeof(*page.rows));
	if (page.rows == NULL)
		return ERR_MEMORY;
	TRY(role_store_list(call->auth.db, call->arena, STR(""), &page));
	template_flag(data, "role_choices", false);
	for (size_t i = 0; i < page.n; i++)
		if (page.rows[i].work != ROLE_WORK_REMOVE)
			template_text(template_item(data, "role_choices"), "choice",
				      page.rows[i].name);
	return OK;
}

static enum err add_tenant_choices(struct call *call, const struct user_row *user,
				   struct template_data *data)
{
	struct member_page page = {.room = LIST_MAX};
	page.rows = arena_array(call->arena, page.room, sizeof(*page.rows));
	if (page.rows == NULL)
		return ERR_MEMORY;
	TRY(member_store_list_of_user(call->auth.db, call->arena, &user->id,
				      &(struct page_cursor){.at = 0}, &page));
	template_flag(data, "tenant_choices", false);
	for (size_t i = 0; i < page.n; i++) {
		struct template_data *item = template_item(data, "tenant_choices");
		template_text(item, "choice", page.rows[i].tenant.name);
		template_text(item, "choice_title", page.rows[i].tenant.title);
	}
	return OK;
}

static enum err add_sessions(struct call *call, const struct user_row *user,
			     struct template_data *data)
{
	struct page_cursor from = {.limit = LIST_MAX};
	struct session_list list;
	TRY(session_list(&call->auth, &user->id, &from, &list));
	template_flag(data, "sessions", false);
	template_flag(data, "has_sessions", list.n > 0);
	template_flag(data, "more_sessions", list.more);
	for (size_t i = 0; i < list.n; i++)
		TRY(session_item_add(call, &list.rows[i], data));
	return OK;
}

/* Which there are; a passkey stands for all of them. */
static enum err add_factors(struct call *call, const struct user_row *user,
			    struct template_data *data)
{
	bool own = id_equal(user->id, call->session.found.session.user_id);
	bool may = !own && user->state != USER_CLOSED;
	struct str end = STR_NONE;
	if (user->factors_end > 0)
		TRY(say_time(call, user->factors_end, &end));
	template_flag(data, "has_factors", user->factors != 0);
	template_flag(data, "has_totp", (user->factors & FACTOR_TOTP) != 0);
	template_flag(data, "has_passkey", (user->factors & FACTOR_PASSKEY) != 0);
	template_flag(data, "has_recovery", (user->factors & FACTOR_RECOVERY) != 0);
	template_text(data, "factors_end", end);
	template_flag(data, "may_reset", may && user->factors != 0 && user->factors_end == 0);
	template_flag(data, "may_keep", user->factors_end > 0);
	return OK;
}

static enum err add_facts(struct call *call, const struct user_row *user,
			  struct template_data *data)
{
	struct str id, since;
	bool own = id_equal(user->id, call->session.found.session.user_id);
	TRY(id_text(call->arena, user->id, &id));
	TRY(say_time(call, user->created_at, &since));
	template_text(data, "id", id);
	template_text(data, "name", user->display_name);
	template_text(data, "user_name", user->username);
	template_text(data, "address", user->email);
	template_text(data, "since", since);
	template_flag(data, "must_change", user->must_change);
	template_flag(data, "password_refused", user->password_refused);
	template_flag(data, "is_active", user->state == USER_ACTIVE);
	template_flag(data, "is_locked", user->state == USER_LOCKED);
	template_flag(data, "is_closed", user->state == USER_CLOSED);
	template_flag(data, "is_own", own);
	template_flag(data, "may_recover", user->state == USER_ACTIVE && user->email.n > 0);
	template_flag(data, "may_change", !own && user->state != USER_CLOSED);
	return OK;
}

static enum err show(struct call *call, const struct user_page *page)
{
	struct template_data *data;
	struct str place;
	TRY(view_page_data(call, &data));
	TRY(place_of(call, NULL, &place));
	TRY(answer_url(call, data, "url_action", place));
	TRY(add_facts(call, &page->user, data));
	TRY(add_factors(call, &page->user, data));
	TRY(add_roles(call, &page->user, data));
	TRY(add_role_choices(call, data));
	TRY(add_tenant_choices(call, &page->user, data));
	TRY(add_sessions(call, &page->user, data));
	template_text(data, "notice", page->notice);
	template_text(data, "error", page->error);
	return view_page(call, page->status, "admin-user.html", data);
}

enum err page_admin_user_show(struct call *call)
{
	struct user_page page = {
		.status = 200,
		.notice = outcome_notice(call, call_query(call, "done")),
	};
	bool found;
	TRY(admin_find(call, &page.user, &found));
	return found ? show(call, &page) : answer_not_found(call);
}

static enum err end_sessions(struct call *call, const struct id *user_id,
			     struct admin_result *result)
{
	struct id id;
	bool ended = false;
	*result = (struct admin_result){.changed = false};
	if (!str_is_present(call_text(call, "session"))) {
		TRY(session_end_all(&call->auth, user_id, NULL, &result->sessions));
		result->changed = result->sessions > 0;
		return OK;
	}
	if (id_parse(call_text(call, "session"), &id) == OK)
		TRY(session_end_one(&call->auth, user_id, &id, &ended));
	result->changed = ended;
	return OK;
}

static enum err change_role(struct call *call, const struct id *user_id, bool give,
			    struct admin_result *result)
{
	struct str tenant = call_text(call, "tenant");
	struct admin_role wish = {
		.user_id = *user_id,
		.role = call_text(call, "role"),
		.tenant = tenant.n > 0 ? tenant : STR_NONE,
		.give = give,
	};
	return admin_change_role(call, &wish, result);
}

/* *known false: no such act. */
static enum err act(struct call *call, const struct id *user_id, struct admin_result *result,
		    bool *known)
{
	static const struct {
		const char *word;
		struct admin_deed deed;
	} ACTS[] = {
		{"lock", {account_lock}},
		{"unlock", {account_unlock}},
		{"hold", {account_hold}},
		{"recover", {account_recover}},
		{"reset-factors", {factors_reset_ask}},
		{"keep-factors", {factors_reset_stop}},
	};
	struct account_act what = {.user_id = *user_id, .reason = call_text(call, "reason")};
	struct str word = call_text(call, "act");
	*known = true;
	for (size_t i = 0; i < sizeof(ACTS) / sizeof(ACTS[0]); i++)
		if (str_equal(word, str_of(ACTS[i].word)))
			return admin_act(call, ACTS[i].deed, &what, result);
	if (str_equal(word, STR("give")) || str_equal(word, STR("take")))
		return change_role(call, user_id, str_equal(word, STR("give")), result);
	if (str_equal(word, STR("end")) || str_equal(word, STR("end-all")))
		return end_sessions(call, user_id, result);
	*known = false;
	return OK;
}

static enum err show_refusal(struct call *call, const struct admin_result *result,
			     struct user_page *page)
{
	const struct problem_info *info = problem_info(result->problem);
	const char *key = result->sentence.key;
	page->status = info->status;
	page->error = say(call, key != NULL ? key : info->text_key);
	return show(call, page);
}

/* The static word, for the redirect. */
static const char *word_of(struct str typed, bool changed)
{
	for (size_t i = 0; changed && i < sizeof(OUTCOMES) / sizeof(OUTCOMES[0]); i++)
		if (str_equal(typed, str_of(OUTCOMES[i].word)))
			return OUTCOMES[i].word;
	return "same";
}

enum err page_admin_user_post(struct call *call)
{
	struct user_page page = {.status = 403, .error = say(call, "page.stale")};
	struct admin_result result = {.changed = false};
	struct str place;
	bool found;
	bool known;
	TRY(admin_find(call, &page.user, &found));
	if (!found)
		return answer_not_found(call);
	if (call->csrf_stale)
		return show(call, &page);
	TRY(act(call, &page.user.id, &result, &known));
	if (!known)
		return answer_bad_field(call, STR("act"), STR("is not known here"));
	if (result.refused)
		return show_refusal(call, &result, &page);
	TRY(place_of(call, word_of(call_text(call, "act"), result.changed), &place));
	return view_redirect(call, place);
}
