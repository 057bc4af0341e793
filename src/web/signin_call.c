/* Signing in over HTTP: what page and API share between their fields and the decision. */
#include "signin_call.h"

#include "answer.h"
#include "arena.h"
#include "call.h"
#include "clock.h"
#include "codec.h"
#include "cookie.h"
#include "issued.h"
#include "view.h"

#define DEVICE_BYTES DIGEST_BYTES
#define DEVICE_TEXT CODEC_BASE64URL_LEN(DEVICE_BYTES)
#define DEVICE_MAX_AGE (INT64_C(400) * 24 * 60 * 60)

/*
 * Random; but beside a session derived from it and from what was typed, so that the same request,
 * repeated because its answer was lost, comes from the same device.
 */
static enum err make_device(const struct call *call, const struct signin_form *form,
			    struct secret *out)
{
	struct digest derived;
	struct secret parts[] = {
		keyring_part("new", 3),
		call->credential.value,
		keyring_part(form->identifier.p, form->identifier.n),
		keyring_part(form->password.p, form->password.n),
	};
	if (call->session.standing < SESSION_REPLACED)
		return secret_random(call->arena, DEVICE_BYTES, out);
	keyring_digest(call->app->keys, 0, KEY_DEVICE, parts, sizeof(parts) / sizeof(parts[0]),
		       &derived);
	return secret_from_str(call->arena, (struct str){(const char *)derived.b, DEVICE_BYTES},
			       out);
}

/* The device cookie's value: the one that was sent, else a new one. */
static enum err device_value(const struct call *call, const struct signin_form *form,
			     struct str *out)
{
	struct secret bytes;
	if (str_is_present(call->device_cookie)) {
		*out = call->device_cookie;
		return OK;
	}
	TRY(make_device(call, form, &bytes));
	char *text = arena_alloc(call->arena, DEVICE_TEXT + 1);
	if (text == NULL)
		return ERR_MEMORY;
	codec_base64url(bytes.bytes, DEVICE_BYTES, text);
	*out = (struct str){text, DEVICE_TEXT};
	return OK;
}

enum err signin_name_device(const struct call *call, const struct signin_form *form,
			    struct signin_device *out)
{
	struct signin_device device = {.kind = DEVICE_NONE};
	if (str_is_present(form->device_id)) {
		device.kind = DEVICE_APP;
		TRY(secret_from_str(call->arena, form->device_id, &device.ref));
	} else if (form->carrier == CARRIER_COOKIE) {
		device.kind = DEVICE_BROWSER;
		TRY(device_value(call, form, &device.cookie));
		TRY(secret_from_str(call->arena, device.cookie, &device.ref));
	}
	*out = device;
	return OK;
}

void signin_keep_device(struct call *call, const struct signin_device *device)
{
	if (str_is_present(device->cookie))
		response_cookie(&call->response, &(struct cookie){.name = STR(COOKIE_DEVICE),
								  .value = device->cookie,
								  .max_age = DEVICE_MAX_AGE});
}

enum err signin_of_call(struct call *call, const struct signin_form *form,
			enum signin_verdict *verdict, unsigned *wait, struct session_issued *issued)
{
	int64_t span = 0;
	struct signin_device device;
	TRY(signin_name_device(call, form, &device));
	struct signin_request request = {
		.identifier = form->identifier,
		.password = form->password,
		.carrier = form->carrier,
		.remember = form->remember,
		.client = form->client,
		.device_name = form->device_name,
		.device_kind = device.kind,
		.device_ref = device.ref,
		.presented = &call->credential,
		.current = &call->session,
	};
	TRY(signin_password(&call->auth, &request, verdict, &span, issued));
	*wait = answer_seconds(span);
	if (*verdict != SIGNIN_ACCEPTED)
		return OK;
	issued_take(call, issued);
	signin_keep_device(call, &device);
	return OK;
}
