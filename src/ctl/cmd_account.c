/* gatepost user lock|unlock|reopen|hold|compromised|recover|reset-factors|role */
#include "account_admin.h"
#include "account_close.h"
#include "clock.h"
#include "ctl.h"
#include "factors_reset.h"
#include "output.h"

#define LAST_ADMIN "refused: this is the last active administrator; make another one first"
#define BAD_REASON "the reason must be at most 200 bytes of text without line ends or controls"

/* An act and how a person is told of it. */
struct wording {
	enum err (*act)(const struct auth_context *, const struct account_act *,
			struct account_effect *);
	const char *done;
	const char *already;
	const char *sessions; /* what happened to them; NULL: nothing */
};

static enum ctl_exit say_refusal(const struct account_effect *effect)
{
	static const char *const TEXTS[ACCOUNT_OUTCOME_COUNT] = {
		[ACCOUNT_REFUSED] = "refused",
		[ACCOUNT_DONE] = "",
		[ACCOUNT_ALREADY] = "",
		[ACCOUNT_LAST_ADMIN] = LAST_ADMIN,
		[ACCOUNT_IS_CLOSED] = "refused: the account is closed",
		[ACCOUNT_NO_PASSWORD] = "refused: the account has no password",
		[ACCOUNT_NO_SUCH_ROLE] = "there is no such role",
		[ACCOUNT_NO_SUCH_USER] = "there is no such user any more",
		[ACCOUNT_NO_SUCH_SESSION] = "there is no session with this id",
		[ACCOUNT_BAD_REASON] = BAD_REASON,
		[ACCOUNT_TOO_MUCH] = "refused: so many roles and permissions do not fit",
		[ACCOUNT_IS_LOCKED] = "refused: the account is locked",
		[ACCOUNT_NO_ADDRESS] = "refused: the account has no address to send mail to",
		[ACCOUNT_NO_FACTOR] = "refused: the account has no second factor",
		[ACCOUNT_NOT_ALLOWED] = "refused",
	};

	return ctl_say(CTL_REFUSED, "%s", TEXTS[effect->outcome]);
}

static void add_json(struct output *output, const struct account_effect *effect)
{
	json_open_object(&output->json, NULL);
	json_bool(&output->json, "changed", effect->outcome == ACCOUNT_DONE);
	json_number(&output->json, "sessions", (int64_t)effect->sessions);
	if (effect->user.state != USER_NONE)
		output_user_json(&output->json, "user", &effect->user);
	json_close_object(&output->json);
}

static void add_text(struct output *output, const struct wording *words,
		     const struct account_act *act, const struct account_effect *effect)
{
	const struct user_row *user = &effect->user;
	struct buf *buf = &output->buf;

	if (user->state != USER_NONE) {
		buf_add(buf, user->username.n > 0 ? user->username : user->email);
		buf_add(buf, STR(": "));
	}
	buf_add(buf, str_of(effect->outcome == ACCOUNT_DONE ? words->done : words->already));
	if (act->role.n > 0) {
		buf_add_char(buf, ' ');
		buf_add(buf, act->role);
	}
	if (user->factors_end > 0) {
		buf_add_char(buf, ' ');
		clock_add_rfc3339(buf, user->factors_end);
	}
	if (words->sessions != NULL)
		buf_addf(buf, "; sessions %s: %llu", words->sessions,
			 (unsigned long long)effect->sessions);
	buf_add_char(buf, '\n');
}

static enum ctl_exit show(struct ctl *ctl, const struct wording *words,
			  const struct account_act *act, const struct account_effect *effect)
{
	struct output output;

	if (effect->outcome != ACCOUNT_DONE && effect->outcome != ACCOUNT_ALREADY)
		return say_refusal(effect);
	output_begin(&output, ctl);
	if (output.is_json)
		add_json(&output, effect);
	else
		add_text(&output, words, act, effect);
	return output_end(&output);
}

static enum ctl_exit act_on_user(struct ctl *ctl, const struct wording *words,
				 struct account_act *act)
{
	struct account_effect effect = {.outcome = ACCOUNT_REFUSED};
	struct user_row user;
	enum ctl_exit code = CTL_FINE;
	enum err e = OK;

	if (ctl->operand.n == 0)
		return ctl_say(CTL_USAGE, "which user? a user name, an address or an id");
	if (!ctl_find_user(ctl, ctl->operand, &user, &code))
		return code;
	act->user_id = user.id;
	act->reason = ctl_value(ctl, CTL_REASON);
	e = words->act(&ctl->auth, act, &effect);
	return e == OK ? show(ctl, words, act, &effect) : ctl_failed(ctl, e);
}

enum ctl_exit cmd_user_lock(struct ctl *ctl)
{
	const struct wording words = {account_lock, "locked", "locked already", "ended"};
	struct account_act act = {.user_id = ID_NONE};

	return act_on_user(ctl, &words, &act);
}

enum ctl_exit cmd_user_unlock(struct ctl *ctl)
{
	const struct wording words = {account_unlock, "unlocked", "not locked", NULL};
	struct account_act act = {.user_id = ID_NONE};

	return act_on_user(ctl, &words, &act);
}

enum ctl_exit cmd_user_reopen(struct ctl *ctl)
{
	const struct wording words = {account_reopen, "open again", "not closed", NULL};
	struct account_act act = {.user_id = ID_NONE};

	return act_on_user(ctl, &words, &act);
}

enum ctl_exit cmd_user_recover(struct ctl *ctl)
{
	const struct wording words = {account_recover, "mail to choose a new password is queued",
				      "", NULL};
	struct account_act act = {.user_id = ID_NONE};

	return act_on_user(ctl, &words, &act);
}

/* A time that is still to come is told beside what was done. */
enum ctl_exit cmd_user_reset_factors(struct ctl *ctl)
{
	const struct wording asks = {factors_reset_ask, "second factors end",
				     "was asked for before: second factors end", "ended"};
	const struct wording stops = {factors_reset_stop, "second factors stay", "no reset to stop",
				      NULL};
	struct account_act act = {.user_id = ID_NONE};

	return act_on_user(ctl, ctl_given(ctl, CTL_STOP) ? &stops : &asks, &act);
}

enum ctl_exit cmd_user_compromised(struct ctl *ctl)
{
	const struct wording words = {account_compromised,
				      "must choose a new password at the next sign-in",
				      "had to choose a new password already", "ended"};
	struct account_act act = {.user_id = ID_NONE};

	return act_on_user(ctl, &words, &act);
}

static enum ctl_exit hold_session(struct ctl *ctl)
{
	const struct wording words = {NULL, "the session asks for a new sign-in",
				      "the session was held already", NULL};
	struct account_act act = {.reason = ctl_value(ctl, CTL_REASON)};
	struct account_effect effect = {.outcome = ACCOUNT_REFUSED};
	struct id id = ID_NONE;
	enum err e = OK;

	if (id_parse(ctl_value(ctl, CTL_SESSION), &id) != OK)
		return ctl_say(CTL_REFUSED, "there is no session with this id");
	e = account_hold_session(&ctl->auth, &id, &act, &effect);
	return e == OK ? show(ctl, &words, &act, &effect) : ctl_failed(ctl, e);
}

enum ctl_exit cmd_user_hold(struct ctl *ctl)
{
	const struct wording words = {account_hold, "must sign in again",
				      "no session that is not held already", "held"};
	struct account_act act = {.user_id = ID_NONE};

	if (ctl_given(ctl, CTL_SESSION) == (ctl->operand.n > 0))
		return ctl_say(CTL_USAGE, "give one of: a user, --session ID");
	return ctl_given(ctl, CTL_SESSION) ? hold_session(ctl) : act_on_user(ctl, &words, &act);
}

enum ctl_exit ctl_change_role(struct ctl *ctl, struct str role, bool give)
{
	const struct wording gives = {account_give_role, "has role", "has already role", NULL};
	const struct wording takes = {account_take_role, "has no more role", "did not have role",
				      NULL};
	struct account_act act = {.role = role};

	return act_on_user(ctl, give ? &gives : &takes, &act);
}

enum ctl_exit cmd_user_role(struct ctl *ctl)
{
	bool add = ctl_given(ctl, CTL_ADD);

	if (add == ctl_given(ctl, CTL_REMOVE))
		return ctl_say(CTL_USAGE, "give one of: --add ROLE, --remove ROLE");
	return ctl_change_role(ctl, ctl_value(ctl, add ? CTL_ADD : CTL_REMOVE), add);
}
