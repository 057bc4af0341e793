/* The forms in which a person shows a second factor: what sign-in and step-up share. */
#include "factor_form.h"

#include "answer.h"
#include "buf.h"
#include "call.h"
#include "prove_call.h"
#include "return_call.h"
#include "say.h"
#include "template.h"
#include "url.h"

enum err factor_form_options(struct call *call, struct template_data *data, struct str own_path)
{
	struct url url;
	TRY(url_own(call->arena, call->app->config->server.base_path, own_path, &url));
	template_url(data, "url_options", url);
	call->response.connects = true;
	return OK;
}

static bool has(unsigned methods, enum prove_method method)
{
	return (methods & 1U << method) != 0;
}

static enum err recovery_path(struct call *call, struct str own_path, struct str *out)
{
	struct buf path;
	buf_init(&path, call->arena, REQUEST_PATH_MAX);
	buf_add(&path, own_path);
	buf_add_char(&path, str_contains(own_path, '?') ? '&' : '?');
	buf_add(&path, STR("with=recovery"));
	return buf_str(&path, out);
}

enum err factor_form_add(struct call *call, const struct factor_form *form,
			 struct template_data *data)
{
	unsigned methods = prove_methods(&call->auth, &call->session.found, form->second, false);
	bool recovery = form->recovery && has(methods, PROVE_RECOVERY_CODE);
	bool app = has(methods, PROVE_TOTP), passkey = has(methods, PROVE_PASSKEY);
	struct str path;
	template_flag(data, "has_factor", methods != 0);
	template_flag(data, "has_recovery", has(methods, PROVE_RECOVERY_CODE));
	template_flag(data, "with_recovery", recovery);
	template_flag(data, "with_code", recovery || app);
	template_flag(data, "has_passkey", passkey && !recovery);
	template_flag(data, "only_passkey", passkey && !app);
	template_text(data, "purpose", form->purpose);
	TRY(recovery_path(call, form->own_path, &path));
	TRY(return_url(call, &form->return_to, data, "url_recovery", path));
	TRY(return_url(call, &form->return_to, data, "url_other", form->own_path));
	return factor_form_options(call, data, STR("/api/v1/session/challenge"));
}

enum err factor_form_read(struct call *call, struct prove_proof *out)
{
	struct str passkey = call_text(call, "passkey");
	struct str code = call_text(call, "code");
	bool well_formed;
	*out = (struct prove_proof){.method = PROVE_NOTHING};
	if (str_is_present(passkey) && passkey.n > 0)
		return prove_call_passkey(call, passkey, out, &well_formed);
	if (!str_is_present(code) || code.n == 0)
		return OK;
	out->method = str_equal(call_text(call, "with"), STR("recovery")) ? PROVE_RECOVERY_CODE
									  : PROVE_TOTP;
	out->code = code;
	return OK;
}

struct str factor_form_wrong(const struct call *call, const struct prove_proof *proof)
{
	if (proof->method == PROVE_PASSKEY)
		return say(call, "second_factor.wrong_passkey");
	if (proof->method == PROVE_RECOVERY_CODE)
		return say(call, "second_factor.wrong_recovery");
	return say(call, "second_factor.wrong");
}
