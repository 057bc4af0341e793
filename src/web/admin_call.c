/* Administration over HTTP: what page and API share. */
#include "admin_call.h"

#include "answer.h"
#include "arena.h"
#include "call.h"
#include "factor_store.h"
#include "grants.h"
#include "json.h"
#include "member.h"
#include "tenant.h"

enum err admin_find(struct call *call, struct user_row *user, bool *found)
{
	struct id id;
	*found = false;
	if (id_parse(call->match.segment, &id) != OK)
		return OK;
	return user_store_find_by_id(call->auth.db, call->arena, &id, user, found);
}

static struct admin_result refused(enum problem problem, struct problem_sentence sentence)
{
	return (struct admin_result){.refused = true, .problem = problem, .sentence = sentence};
}

static const struct problem_sentence TOO_MUCH = {
	"That is more roles and permissions than one account can have.", "admin_user.too_much"};

static struct admin_result not_found(void)
{
	return (struct admin_result){.refused = true, .problem = PROBLEM_NOT_FOUND};
}

static struct admin_result not_allowed(enum actor_verdict verdict)
{
	struct problem_sentence sentence = {actor_text(verdict), "admin_user.no_admin"};
	if (verdict == ACTOR_SELF)
		sentence.key = "admin_user.self";
	if (verdict == ACTOR_ABOVE)
		sentence.key = "admin_user.above";
	return refused(PROBLEM_FORBIDDEN, sentence);
}

static struct admin_result result_of_account(const struct account_effect *effect)
{
	static const struct problem_sentence last = {
		"This is the last active administrator, so nothing was done. Make another one "
		"first.",
		"admin_user.last_admin"};
	static const struct problem_sentence closed = {
		"The account is closed, so nothing was done.", "admin_user.is_closed"};
	static const struct problem_sentence locked = {
		"The account is locked, so nothing was sent.", "admin_user.is_locked"};
	static const struct problem_sentence no_address = {
		"The account has no address to send mail to.", "admin_user.no_address"};
	static const struct problem_sentence no_factor = {"The account has no second factor.",
							  "admin_user.no_factor"};
	static const struct admin_result bad = {
		.refused = true,
		.problem = PROBLEM_INVALID_REQUEST,
		.field = "reason",
		.sentence = {"at most 200 bytes of text without line ends or controls",
			     "admin_user.bad_reason"},
	};
	switch (effect->outcome) {
	case ACCOUNT_DONE:
	case ACCOUNT_ALREADY:
		return (struct admin_result){
			.changed = effect->outcome == ACCOUNT_DONE,
			.sessions = effect->sessions,
		};
	case ACCOUNT_LAST_ADMIN:
		return refused(PROBLEM_CONFLICT, last);
	case ACCOUNT_IS_CLOSED:
		return refused(PROBLEM_CONFLICT, closed);
	case ACCOUNT_TOO_MUCH:
		return refused(PROBLEM_CONFLICT, TOO_MUCH);
	case ACCOUNT_IS_LOCKED:
		return refused(PROBLEM_CONFLICT, locked);
	case ACCOUNT_NO_ADDRESS:
		return refused(PROBLEM_CONFLICT, no_address);
	case ACCOUNT_NO_FACTOR:
		return refused(PROBLEM_CONFLICT, no_factor);
	case ACCOUNT_NOT_ALLOWED:
		return not_allowed(effect->verdict);
	case ACCOUNT_BAD_REASON:
		return bad;
	default:
		return not_found();
	}
}

static struct admin_result result_of_member(const struct member_effect *effect)
{
	static const struct problem_sentence no_member = {
		"The person is no member of this tenant, so nothing was done.",
		"admin_user.no_member"};
	switch (effect->outcome) {
	case MEMBER_DONE:
	case MEMBER_ALREADY:
		return (struct admin_result){
			.changed = effect->outcome == MEMBER_DONE,
			.sessions = effect->sessions,
		};
	case MEMBER_NOT_A_MEMBER:
		return refused(PROBLEM_CONFLICT, no_member);
	case MEMBER_TOO_MUCH:
		return refused(PROBLEM_CONFLICT, TOO_MUCH);
	case MEMBER_NOT_ALLOWED:
		return not_allowed(effect->verdict);
	default:
		return not_found();
	}
}

enum err admin_act(struct call *call, struct admin_deed deed, const struct account_act *act,
		   struct admin_result *result)
{
	struct account_effect effect;
	TRY(deed.act(&call->auth, act, &effect));
	*result = result_of_account(&effect);
	return OK;
}

static enum err change_in_tenant(struct call *call, const struct admin_role *wish,
				 struct admin_result *result)
{
	struct tenant_row tenant;
	struct member_effect effect;
	struct member_act act = {
		.key = {.user_id = wish->user_id},
		.roles = &wish->role,
		.role_count = 1,
		.reason = wish->reason,
	};
	bool found;
	TRY(tenant_find(&call->auth, wish->tenant, &tenant, &found));
	if (!found) {
		*result = not_found();
		return OK;
	}
	act.key.tenant_id = tenant.id;
	TRY(wish->give ? member_give_role(&call->auth, &act, &effect)
		       : member_take_role(&call->auth, &act, &effect));
	*result = result_of_member(&effect);
	return OK;
}

enum err admin_change_role(struct call *call, const struct admin_role *wish,
			   struct admin_result *result)
{
	struct account_act act = {
		.user_id = wish->user_id, .role = wish->role, .reason = wish->reason};
	struct admin_deed deed = {wish->give ? account_give_role : account_take_role};
	if (str_is_present(wish->tenant))
		return change_in_tenant(call, wish, result);
	return admin_act(call, deed, &act, result);
}

struct str admin_state_name(uint32_t state)
{
	static const char *const NAMES[USER_STATE_COUNT] = {
		[USER_NONE] = "none",
		[USER_ACTIVE] = "active",
		[USER_LOCKED] = "locked",
		[USER_CLOSED] = "closed",
	};
	return str_of(NAMES[state < USER_STATE_COUNT ? state : USER_NONE]);
}

static void add_words(struct json_out *out, const char *name, struct str grants, struct str prefix)
{
	struct str word;
	json_open_array(out, name);
	while (grants_next(&grants, prefix, &word))
		json_text(out, NULL, word);
	json_close_array(out);
}

static void add_factors(struct json_out *out, unsigned factors)
{
	json_open_array(out, "factors");
	for (unsigned bit = 1; bit <= FACTORS_ALL; bit <<= 1)
		if ((factors & bit) != 0)
			json_text(out, NULL, str_of(factor_store_name(bit)));
	json_close_array(out);
}

void admin_user_json(struct json_out *out, const char *name, const struct user_row *user)
{
	json_open_object(out, name);
	json_id(out, "id", user->id);
	json_text(out, "username", user->username);
	json_text(out, "email", user->email);
	json_text(out, "display_name", user->display_name);
	json_text(out, "state", admin_state_name(user->state));
	json_bool(out, "password_change_required", user->must_change);
	json_bool(out, "password_refused", user->password_refused);
	add_factors(out, user->factors);
	json_time(out, "factors_reset_at", user->factors_end);
	add_words(out, "roles", user->grants, STR("role:"));
	add_words(out, "permissions", user->grants, STR("perm:"));
	json_time(out, "created_at", user->created_at);
	json_close_object(out);
}

/* Elevated everywhere, or by the membership of the session's tenant. */
static enum err is_elevated(struct call *call, const struct user_row *user,
			    const struct session_row *row, bool *out)
{
	struct member_key key = {.user_id = user->id, .tenant_id = row->tenant_id};
	struct member_row member = {.grants = STR_NONE};
	bool found = false;
	*out = grants_has(user->grants, STR("elevated"));
	if (*out || id_is_none(row->tenant_id))
		return OK;
	TRY(member_store_find(call->auth.db, call->arena, &key, &member, &found));
	*out = found && grants_has(member.grants, STR("elevated"));
	return OK;
}

enum err admin_elevated(struct call *call, const struct user_row *user,
			const struct session_list *list, bool **out)
{
	bool *flags = arena_array(call->arena, list->n + 1, sizeof(*flags));
	if (flags == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < list->n; i++)
		TRY(is_elevated(call, user, &list->rows[i], &flags[i]));
	*out = flags;
	return OK;
}
