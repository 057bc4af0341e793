/* Signing in with a passkey over HTTP: what page and API share. */
#include "passkey_call.h"

#include "answer.h"
#include "call.h"
#include "issued.h"
#include "passkey.h"
#include "webauthn_json.h"

static enum err read_request(struct call *call, struct str json, struct passkey_sign_in *request,
			     bool *well_formed)
{
	struct webauthn_json_assertion read;
	enum err e = webauthn_json_assertion(call->arena, json, &read);
	*well_formed = e == OK;
	if (e != OK)
		return e == ERR_INPUT ? OK : e;
	request->given = read.given;
	request->user_handle = read.user_handle;
	return OK;
}

static enum err name_device(struct call *call, const struct signin_form *form, struct str json,
			    struct passkey_sign_in *request, struct signin_device *device)
{
	struct signin_form with = *form;
	with.identifier = STR("passkey");
	with.password = json;
	TRY(signin_name_device(call, &with, device));
	request->signin = (struct signin_request){
		.carrier = form->carrier,
		.remember = form->remember,
		.client = form->client,
		.device_name = form->device_name,
		.device_kind = device->kind,
		.device_ref = device->ref,
		.presented = &call->credential,
		.current = &call->session,
	};
	return OK;
}

enum err passkey_call_sign_in(struct call *call, const struct signin_form *form, struct str json,
			      struct passkey_call_outcome *outcome, struct session_issued *issued)
{
	struct passkey_call_outcome done = {.verdict = SIGNIN_REFUSED};
	struct passkey_sign_in request = {.browser = STR("")};
	struct signin_device device;
	int64_t span = 0;
	TRY(read_request(call, json, &request, &done.well_formed));
	if (done.well_formed) {
		TRY(name_device(call, form, json, &request, &device));
		TRY(passkey_sign_in(&call->auth, &request, &done.verdict, &span, issued));
	}
	done.wait = answer_seconds(span);
	*outcome = done;
	if (done.verdict != SIGNIN_ACCEPTED)
		return OK;
	issued_take(call, issued);
	signin_keep_device(call, &device);
	return OK;
}
