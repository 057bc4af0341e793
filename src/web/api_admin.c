/* /admin/users: who there is, and what an administrator does to accounts. */
#include "admin_call.h"
#include "answer.h"
#include "call.h"
#include "factors_reset.h"
#include "fields.h"
#include "handlers.h"
#include "view.h"

enum err api_admin_users(struct call *call)
{
	struct admin_query query = {
		.prefix = call_query(call, "q"),
		.cursor = call_query(call, "cursor"),
	};
	struct admin_users users;
	struct json_out out;
	if (fields_limit_parse(call_query(call, "limit"), &query.limit) != OK)
		return answer_bad_field(call, STR("limit"), STR("must be 1 to 100"));
	enum err err = admin_list_users(call, &query, &users);
	if (err == ERR_INPUT)
		return answer_bad_field(call, STR("cursor"), STR("not a cursor of this list"));
	TRY(err);
	answer_json_begin(call, 200, &out);
	json_open_array(&out, "users");
	for (size_t i = 0; i < users.n; i++)
		admin_user_json(&out, NULL, &users.rows[i]);
	json_close_array(&out);
	json_text(&out, "next_cursor", users.next);
	return answer_json_end(call, &out);
}

enum err api_admin_user(struct call *call)
{
	struct user_row user;
	struct json_out out;
	bool found;
	TRY(admin_find(call, &user, &found));
	if (!found)
		return answer_not_found(call);
	answer_json_begin(call, 200, &out);
	admin_user_json(&out, "user", &user);
	return answer_json_end(call, &out);
}

static enum err answer_refusal(struct call *call, const struct admin_result *result)
{
	if (result->field != NULL)
		return answer_bad_field(call, str_of(result->field), str_of(result->sentence.text));
	return view_problem(call, result->problem,
			    &(struct problem_detail){.detail = str_of(result->sentence.text)});
}

/* The user as he or she is now; gone meanwhile is not found. */
static enum err answer_result(struct call *call, int status, const struct admin_result *result)
{
	struct user_row user;
	struct json_out out;
	bool found;
	if (result->refused)
		return answer_refusal(call, result);
	TRY(admin_find(call, &user, &found));
	if (!found)
		return answer_not_found(call);
	answer_json_begin(call, status, &out);
	json_bool(&out, "changed", result->changed);
	json_number(&out, "sessions", (int64_t)result->sessions);
	admin_user_json(&out, "user", &user);
	return answer_json_end(call, &out);
}

static enum err act_for(struct call *call, int status, struct admin_deed deed, struct str reason)
{
	struct account_act what = {.reason = reason};
	struct admin_result result;
	if (id_parse(call->match.segment, &what.user_id) != OK)
		return answer_not_found(call);
	TRY(admin_act(call, deed, &what, &result));
	return answer_result(call, status, &result);
}

static enum err act(struct call *call, int status, struct admin_deed deed)
{
	return act_for(call, status, deed, call_text(call, "reason"));
}

enum err api_admin_lock(struct call *call)
{
	return act(call, 200, (struct admin_deed){account_lock});
}

enum err api_admin_unlock(struct call *call)
{
	return act(call, 200, (struct admin_deed){account_unlock});
}

enum err api_admin_hold(struct call *call)
{
	return act(call, 200, (struct admin_deed){account_hold});
}

/* Accepted: the mail is on its way, and what changes is the person's to do. */
enum err api_admin_recover(struct call *call)
{
	return act(call, 202, (struct admin_deed){account_recover});
}

/* Accepted: it takes effect later, [second_factor] reset_delay. */
enum err api_admin_factors_reset(struct call *call)
{
	return act(call, 202, (struct admin_deed){factors_reset_ask});
}

enum err api_admin_factors_keep(struct call *call)
{
	return act_for(call, 200, (struct admin_deed){factors_reset_stop}, STR_NONE);
}

static enum err change_role(struct call *call, bool give)
{
	struct admin_role wish = {
		.role = call->match.second,
		.tenant = call_query(call, "tenant"),
		.give = give,
	};
	struct admin_result result;
	if (id_parse(call->match.segment, &wish.user_id) != OK)
		return answer_not_found(call);
	TRY(admin_change_role(call, &wish, &result));
	return answer_result(call, 200, &result);
}

enum err api_admin_role_give(struct call *call)
{
	return change_role(call, true);
}

enum err api_admin_role_take(struct call *call)
{
	return change_role(call, false);
}
