/* /session/state: all that is needed to resume, in one call. */
#include "answer.h"
#include "buf.h"
#include "call.h"
#include "flow.h"
#include "handlers.h"
#include "return_to.h"
#include "url.h"
#include "view.h"
#include "view_flow.h"

/* What makes a session active, and the word that its state has. */
static const struct {
	const char *page; /* below base_path */
	const char *why;
} ways[SESSION_STATE_COUNT] = {
	[SESSION_SECOND_FACTOR_REQUIRED] = {"/second-factor", "second_factor_required"},
	[SESSION_ENROLMENT_REQUIRED] = {"/account/security", "enrolment_required"},
	[SESSION_PASSWORD_CHANGE_REQUIRED] = {"/account/password", "password_change_required"},
	[SESSION_ADDRESS_UNPROVEN] = {"/verify", "address_unproven"},
};

static void add_step(struct json_out *out, struct str page, const char *why)
{
	json_open_object(out, "next");
	json_text(out, "page", page);
	json_text(out, "why", str_of(why));
}

static enum err add_way(struct call *call, struct json_out *out)
{
	size_t state = call->session.state;
	struct url url;
	if (state >= SESSION_STATE_COUNT || ways[state].page == NULL) {
		json_none(out, "next");
		return OK;
	}
	TRY(url_own(call->arena, call->app->config->server.base_path, str_of(ways[state].page),
		    &url));
	add_step(out, url.text, ways[state].why);
	json_close_object(out);
	return OK;
}

/* What is listed may have changed since the target was kept; then it is left out. */
static struct str page_of(const struct call *call, const struct flow *flow)
{
	struct str page = flow->row.return_to;
	if (return_to_find(call->app->config, page).kind == RETURN_NOWHERE)
		return STR_NONE;
	return page;
}

/* Where it would go on, or at least where the person is at home. */
static enum err add_offer(struct call *call, struct json_out *out, const struct flow *flow)
{
	struct str page = page_of(call, flow);
	struct url home;
	if (!str_is_present(page)) {
		TRY(url_own(call->arena, call->app->config->server.base_path, STR("/account"),
			    &home));
		page = home.text;
	}
	add_step(out, page, "guest_flow");
	view_flow_json(out, "flow", flow);
	json_close_object(out);
	return OK;
}

static enum err add_flow(const struct call *call, struct json_out *out, const struct flow *flow)
{
	struct str page = page_of(call, flow);
	if (!str_is_present(page)) {
		json_none(out, "next");
		return OK;
	}
	add_step(out, page, "flow");
	json_close_object(out);
	return OK;
}

static enum err add_next(struct call *call, struct json_out *out, const struct flow_state *state)
{
	switch (state->why) {
	case FLOW_WHY_STATE:
		return add_way(call, out);
	case FLOW_WHY_GUEST:
		return add_offer(call, out, state->next);
	case FLOW_WHY_FLOW:
		return add_flow(call, out, state->next);
	case FLOW_WHY_NOTHING:
		break;
	}
	json_none(out, "next");
	return OK;
}

enum err api_session_state(struct call *call)
{
	struct flow_state state;
	struct json_out out;
	TRY(flow_state(&call->auth, &call->session, &state));
	answer_json_begin(call, 200, &out);
	TRY(view_session_json(call, &out, "session", &call->session));
	view_user_json(&out, "user", &call->session);
	json_open_array(&out, "flows");
	for (size_t i = 0; i < state.n; i++)
		view_flow_json(&out, NULL, &state.flows[i]);
	json_close_array(&out);
	TRY(add_next(call, &out, &state));
	return answer_json_end(call, &out);
}
