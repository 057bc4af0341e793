/* Taking away an authenticator app or a passkey: asks, then acts. */
#include "answer.h"
#include "call.h"
#include "factor_store.h"
#include "handlers.h"
#include "passkey.h"
#include "say.h"
#include "security_call.h"
#include "totp.h"
#include "view.h"

#define APP STR("app")

/* What the link or the form says. */
struct removal {
	struct str what; /* "app", or the id of a passkey */
	bool is_app;
	struct id id;
	struct str name; /* of a passkey */
	bool is_there;
	bool is_last;
};

static enum err find_passkey(struct call *call, struct removal *removal)
{
	const struct id *user_id = &call->session.found.session.user_id;
	bool has_app = (call->session.found.factors & FACTOR_TOTP) != 0;
	struct passkey_row *rows;
	size_t n;
	TRY(passkey_list(&call->auth, user_id, &rows, &n));
	for (size_t i = 0; i < n; i++) {
		if (!id_equal(rows[i].id, removal->id))
			continue;
		removal->is_there = true;
		removal->name =
			rows[i].name.n > 0 ? rows[i].name : say(call, "security.passkey_unnamed");
	}
	removal->is_last = n == 1 && !has_app;
	return OK;
}

static enum err find(struct call *call, struct str what, struct removal *out)
{
	unsigned factors = call->session.found.factors;
	*out = (struct removal){.what = what, .is_app = str_equal(what, APP)};
	if (out->is_app) {
		out->is_there = (factors & FACTOR_TOTP) != 0;
		out->is_last = (factors & FACTORS_STRONG) == FACTOR_TOTP;
		return OK;
	}
	return id_parse(what, &out->id) == OK ? find_passkey(call, out) : OK;
}

static enum err show(struct call *call, const struct removal *removal, int status, struct str error)
{
	struct template_data *data;
	TRY(view_page_data(call, &data));
	TRY(answer_url(call, data, "url_action", STR("/account/security/remove")));
	template_text(data, "error", error);
	template_text(data, "what", removal->what);
	template_text(data, "passkey_name", removal->name);
	template_flag(data, "is_app", removal->is_app);
	template_flag(data, "is_last", removal->is_last);
	return view_page(call, status, "security-remove.html", data);
}

enum err page_security_remove_show(struct call *call)
{
	struct removal removal;
	TRY(find(call, call_query(call, "what"), &removal));
	if (!removal.is_there)
		return security_go_back(call, STR("gone"));
	return show(call, &removal, 200, STR_NONE);
}

enum err page_security_remove_post(struct call *call)
{
	enum factors_verdict verdict;
	struct removal removal;
	TRY(find(call, call_text(call, "what"), &removal));
	if (!removal.is_there)
		return security_go_back(call, STR("gone"));
	if (call->csrf_stale)
		return show(call, &removal, 403, say(call, "page.stale"));
	if (removal.is_app)
		TRY(totp_remove(&call->auth, &call->session, &verdict));
	else
		TRY(passkey_remove(&call->auth, &call->session, &removal.id, &verdict));
	if (verdict == FACTORS_NEEDED)
		return show(call, &removal, 409, say(call, "security.needed"));
	return security_go_back(call, verdict == FACTORS_DONE ? STR("removed") : STR("gone"));
}
