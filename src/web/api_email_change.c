/* /email: another address for the account of the one who asks. */
#include "account.h"
#include "address.h"
#include "answer.h"
#include "call.h"
#include "catalogue.h"
#include "guard.h"
#include "handlers.h"
#include "issued.h"
#include "language_call.h"
#include "policy.h"
#include "view.h"

static enum err conflict(struct call *call, struct str detail, struct str reason)
{
	return view_problem(call, PROBLEM_CONFLICT,
			    &(struct problem_detail){
				    .detail = detail, .field = STR("email"), .reason = reason});
}

static enum err answer_refused(struct call *call, const struct address_effect *effect)
{
	switch (effect->outcome) {
	case ADDRESS_BAD:
		return answer_bad_field(call, STR("email"), STR("is not an e-mail address"));
	case ADDRESS_SAME:
		return answer_bad_field(call, STR("email"), STR("is your address already"));
	case ADDRESS_PENDING:
		return conflict(call,
				STR("The address was changed a short while ago, and that can "
				    "still be taken back. Until then there is no other "
				    "change."),
				STR("cannot be changed yet"));
	case ADDRESS_TAKEN:
		return conflict(call,
				STR("Another account has this address, so nothing was changed."),
				STR("is taken"));
	case ADDRESS_WRONG:
		return view_problem(
			call, PROBLEM_INVALID_CREDENTIALS,
			&(struct problem_detail){.detail = STR("The code is not right.")});
	case ADDRESS_OVER:
		return view_problem(call, PROBLEM_CODE_EXPIRED,
				    &(struct problem_detail){.detail = STR_NONE});
	case ADDRESS_THROTTLED:
		return answer_throttled(call, answer_seconds(effect->wait));
	default:
		return issued_gone(call);
	}
}

enum err api_email_ask(struct call *call)
{
	struct address_wish wish = {
		.user_id = call->session.found.session.user_id,
		.typed = call_text(call, "email"),
		.language = language_tag(language_of_call(call)),
	};
	struct address_effect effect;
	struct json_out out;
	struct str address;
	TRY(address_ask(&call->auth, &wish, &effect));
	if (effect.outcome != ADDRESS_DONE)
		return answer_refused(call, &effect);
	TRY(account_normal_email(call->arena, wish.typed, &address));
	answer_json_begin(call, 202, &out);
	json_text(&out, "email", address);
	return answer_json_end(call, &out);
}

/* As what is proven by a registration. */
static enum err answer_proven(struct call *call, const struct user_row *user)
{
	struct json_out out;
	answer_json_begin(call, 200, &out);
	json_open_object(&out, "user");
	json_id(&out, "id", user->id);
	json_text(&out, "username", user->username);
	json_text(&out, "email", user->email);
	json_text(&out, "display_name", user->display_name);
	json_close_object(&out);
	json_bool(&out, "password_set", user->password_changed_at > 0);
	return answer_json_end(call, &out);
}

static enum err prove(struct call *call)
{
	struct address_proof proof = {
		.user_id = call->session.found.session.user_id,
		.session_id = call->session.found.session.id,
		.address = call_text(call, "email"),
		.code = call_text(call, "code"),
	};
	struct address_effect effect;
	TRY(address_prove(&call->auth, &proof, &effect));
	if (effect.outcome != ADDRESS_DONE)
		return answer_refused(call, &effect);
	return answer_proven(call, &effect.user);
}

enum err api_email_prove_change(struct call *call, bool *taken)
{
	const struct session_row *session = &call->session.found.session;
	*taken = false;
	if (call->session.standing != SESSION_LIVE || session_is_guest(&call->session))
		return OK;
	TRY(address_is_asked(&call->auth, &session->user_id, call_text(call, "email"), taken));
	if (!*taken)
		return OK;
	if (!policy_is_fresh(session, guard_max_age(call), call->request.now))
		return view_problem(call, PROBLEM_REAUTHENTICATION_REQUIRED,
				    &(struct problem_detail){.detail = STR_NONE});
	return prove(call);
}
