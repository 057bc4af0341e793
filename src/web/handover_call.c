/* Hand-over over HTTP: what page and API share between their fields and the decision. */
#include "handover_call.h"

#include "arena.h"
#include "call.h"
#include "codec.h"
#include "guard.h"
#include "issued.h"

#define SIGN_BYTES ID_BYTES

static const struct str WORDS[HANDOVER_RECEIVER_COUNT] = {
	[HANDOVER_NOBODY] = {"", 0},
	[HANDOVER_BROWSER] = {"browser", 7},
	[HANDOVER_NATIVE] = {"native", 6},
};

enum handover_receiver handover_receiver_of(struct str to)
{
	if (str_equal(to, WORDS[HANDOVER_BROWSER]))
		return HANDOVER_BROWSER;
	return str_equal(to, WORDS[HANDOVER_NATIVE]) ? HANDOVER_NATIVE : HANDOVER_NOBODY;
}

struct str handover_receiver_word(enum handover_receiver receiver)
{
	return WORDS[receiver < HANDOVER_RECEIVER_COUNT ? receiver : HANDOVER_NOBODY];
}

enum err handover_challenge_of(struct str text, struct digest *out)
{
	return codec_base64url_decode(text, out->b, DIGEST_BYTES);
}

static struct secret part_of(struct str s)
{
	return keyring_part(s.p, s.n);
}

static enum err text_of(struct arena *arena, const unsigned char *bytes, size_t n, struct str *out)
{
	char *text = arena_alloc(arena, CODEC_BASE64URL_LEN(n) + 1);
	if (text == NULL)
		return ERR_MEMORY;
	codec_base64url(bytes, n, text);
	*out = (struct str){text, CODEC_BASE64URL_LEN(n)};
	return OK;
}

enum err handover_own_verifier(struct call *call, struct str *out)
{
	struct digest verifier;
	TRY(guard_pre(call));
	struct secret parts[] = {part_of(STR("verifier")), part_of(call->pre_cookie)};
	keyring_digest(call->app->keys, 0, KEY_HANDOVER, parts, 2, &verifier);
	return text_of(call->arena, verifier.b, DIGEST_BYTES, out);
}

static void digest_link(const struct call *call, size_t root, const struct handover_link *link,
			struct digest *out)
{
	struct secret parts[] = {
		part_of(STR("link")),
		part_of(link->challenge),
		part_of(link->to),
		part_of(link->device),
	};
	keyring_digest(call->app->keys, root, KEY_HANDOVER, parts, sizeof(parts) / sizeof(parts[0]),
		       out);
}

enum err handover_sign(const struct call *call, const struct handover_link *link, struct str *out)
{
	struct digest digest;
	digest_link(call, 0, link, &digest);
	return text_of(call->arena, digest.b, SIGN_BYTES, out);
}

bool handover_is_signed(const struct call *call, const struct handover_link *link, struct str sign)
{
	unsigned char sent[SIGN_BYTES];
	bool good = false;
	if (codec_base64url_decode(sign, sent, SIGN_BYTES) != OK)
		return false;
	for (size_t root = 0; root < keyring_roots(call->app->keys); root++) {
		struct digest digest;
		digest_link(call, root, link, &digest);
		good = secret_equal(keyring_part(sent, SIGN_BYTES),
				    keyring_part(digest.b, SIGN_BYTES)) ||
		       good;
	}
	return good;
}

enum err handover_of_call(struct call *call, const struct signin_form *form,
			  struct handover_request *request, enum handover_verdict *verdict,
			  struct session_issued *issued)
{
	struct signin_device device;
	TRY(signin_name_device(call, form, &device));
	request->carrier = form->carrier;
	request->remember = form->remember;
	request->client = form->client;
	request->device_name = form->device_name;
	request->device_kind = device.kind;
	request->device_ref = device.ref;
	request->presented = &call->credential;
	request->current = &call->session;
	TRY(handover_take(&call->auth, request, verdict, issued));
	if (*verdict != HANDOVER_ACCEPTED)
		return OK;
	issued_take(call, issued);
	signin_keep_device(call, &device);
	return OK;
}
