/* /users and /email/verify: asking for an account, and proving an address. */
#include "answer.h"
#include "call.h"
#include "clock.h"
#include "handlers.h"
#include "mail_call.h"
#include "registration.h"
#include "view.h"

#define LINKS (1U << MAIL_REGISTRATION | 1U << MAIL_INVITATION)

/* What is wrong with names, for a program. */
static struct problem_detail flaw_of(const struct account_result *account)
{
	switch (account->flaw) {
	case ACCOUNT_BAD_EMAIL:
		return (struct problem_detail){
			.field = STR("email"),
			.reason = STR("not an address of the form name@example.org (ASCII)")};
	case ACCOUNT_BAD_USERNAME:
		return (struct problem_detail){
			.field = STR("username"),
			.reason = STR("2 to 64 of a-z, 0-9, '.', '_', '-', the first a letter or "
				      "digit")};
	default:
		return (struct problem_detail){
			.field = STR("display_name"),
			.reason = STR("at most 100 characters, no control or hidden ones")};
	}
}

static enum err answer_closed(struct call *call)
{
	return view_problem(
		call, PROBLEM_FORBIDDEN,
		&(struct problem_detail){.detail = STR("Nobody can register here by themselves.")});
}

enum err api_users_create(struct call *call)
{
	struct registration_request request = {
		.email = call_text(call, "email"),
		.username = call_text(call, "username"),
		.display_name = call_text(call, "display_name"),
		.language = mail_language_of(call),
	};
	struct registration_asked asked;
	struct json_out out;
	TRY(mail_asker_of(call, &request.asker));
	TRY(registration_ask(&call->auth, &request, &asked));
	if (asked.verdict == REGISTRATION_CLOSED)
		return answer_closed(call);
	if (asked.verdict == REGISTRATION_FLAWED) {
		struct problem_detail flaw = flaw_of(&(struct account_result){.flaw = asked.flaw});
		return view_problem(call, PROBLEM_INVALID_REQUEST, &flaw);
	}
	answer_json_begin(call, 202, &out);
	json_text(&out, "email", asked.email);
	return answer_json_end(call, &out);
}

static enum err answer_flaw(struct call *call, const struct registration_result *result)
{
	const struct account_result *account = &result->account;
	struct problem_detail flaw = {.detail = STR("Another account has this by now.")};
	if (account->flaw == ACCOUNT_TAKEN) {
		flaw.field = result->address_taken ? STR("email") : STR("username");
		flaw.reason = STR("is taken");
		return view_problem(call, PROBLEM_CONFLICT, &flaw);
	}
	if (account->flaw != ACCOUNT_BAD_PASSWORD)
		flaw = flaw_of(account);
	else
		TRY(answer_password_text(call,
					 &(struct password_opinion){.flaw = account->password_flaw,
								    .hint = account->password_hint},
					 &flaw.reason));
	if (account->flaw == ACCOUNT_BAD_PASSWORD)
		flaw = (struct problem_detail){.field = STR("new_password"), .reason = flaw.reason};
	return view_problem(call, PROBLEM_INVALID_REQUEST, &flaw);
}

static enum err answer_registered(struct call *call, const struct registration_result *result)
{
	const struct user_row *user = &result->account.user;
	struct json_out out;
	answer_json_begin(call, 200, &out);
	json_open_object(&out, "user");
	json_id(&out, "id", user->id);
	json_text(&out, "username", user->username);
	json_text(&out, "email", user->email);
	json_text(&out, "display_name", user->display_name);
	json_close_object(&out);
	json_bool(&out, "password_set", result->password_set);
	return answer_json_end(call, &out);
}

static enum err verify_registration(struct call *call)
{
	struct registration_proof proof = {
		.email = call_text(call, "email"),
		.code = call_text(call, "code"),
		.links = LINKS,
		.username = call_text(call, "username"),
		.display_name = call_text(call, "display_name"),
		.new_password = call_text(call, "new_password"),
	};
	struct registration_result result;
	TRY(mail_asker_of(call, &proof.asker));
	TRY(registration_prove(&call->auth, &proof, &result));
	switch (result.verdict) {
	case REGISTRATION_ACCEPTED:
		return answer_registered(call, &result);
	case REGISTRATION_FLAWED:
		return answer_flaw(call, &result);
	case REGISTRATION_CLOSED:
		return answer_closed(call);
	case REGISTRATION_THROTTLED:
		return answer_throttled(call, answer_seconds(result.wait));
	case REGISTRATION_OVER:
		return view_problem(call, PROBLEM_CODE_EXPIRED,
				    &(struct problem_detail){.rotated = false});
	default:
		return view_problem(call, PROBLEM_INVALID_CREDENTIALS,
				    &(struct problem_detail){.rotated = false});
	}
}

/* Whoever is signed in may prove another registration, too: it has nothing to do with them. */
enum err api_email_verify(struct call *call)
{
	bool taken;
	TRY(api_email_prove_change(call, &taken));
	return taken ? OK : verify_registration(call);
}
