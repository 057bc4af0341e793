/* Access tokens as text: issued for a session, read and judged. */
#include "access_call.h"

#include "clock.h"
#include "json_claims.h"
#include "jws.h"
#include "key_set.h"
#include "keyring.h"

static enum err sign(const struct auth_context *context, const struct key_set *set,
		     struct str payload, struct secret *out)
{
	struct signing_secret signing = key_set_signer(set);
	const struct jws_signer signer = {
		.alg = signing.key->alg,
		.kid = signing.key->kid,
		.key = signing.secret,
	};

	return jws_sign(context->arena, &signer, payload, out);
}

enum err access_call_issue(const struct auth_context *context, const struct access_grant *grant,
			   struct access_issued *out)
{
	struct access_issued issued = {.text = SECRET_NONE};
	struct key_set *set = NULL;
	struct str payload = STR_NONE;

	TRY(access_token_claims(context, grant, &issued.claims));
	TRY(json_claims_write(context->arena, &issued.claims, &payload));
	enum err e = key_box_take_to_sign(context, &set);
	if (e != OK)
		return e == ERR_CONFIG ? ERR_UNAVAILABLE : e;
	e = sign(context, set, payload, &issued.text);
	key_set_release(&set);
	TRY(e);
	issued.expires_in = (unsigned)(issued.claims.expires_at - issued.claims.issued_at);
	*out = issued;
	return OK;
}

/* False: signatures are not remembered at all. */
static bool digest_of(const struct auth_context *context, struct str whole, struct digest *out)
{
	struct secret part = keyring_part(whole.p, whole.n);

	if (context->config->token.signature_cache == 0)
		return false;
	keyring_digest(context->keys, 0, KEY_ACCESS_TOKEN, &part, 1, out);
	return true;
}

/* Signed by a key that is published now. Only the arithmetic is remembered, never the key. */
static bool is_signed(const struct auth_context *context, const struct jws *jws,
		      const struct published_key *key)
{
	struct digest digest;

	if (!digest_of(context, jws->whole, &digest))
		return jws_is_signed_by(jws, &key->public);
	if (key_box_remembers(context->signing, &digest))
		return true;
	if (!jws_is_signed_by(jws, &key->public))
		return false;
	key_box_remember(context->signing, &digest);
	return true;
}

static enum err check_signature(const struct auth_context *context, const struct jws *jws,
				bool *is_right)
{
	const struct published_key *key = NULL;
	struct key_set *set = NULL;

	TRY(key_box_take(context, &set));
	enum err e = key_box_find(context, &jws->kid, &set, &key);
	if (e == OK)
		*is_right = key != NULL && is_signed(context, jws, key);
	key_set_release(&set);
	return e;
}

/* The signature is right. */
static enum err read_claims(const struct auth_context *context, const struct jws *jws,
			    struct access_reading *out)
{
	struct access_reading reading = {.verdict = ACCESS_REFUSED};
	struct str issuer = STR_NONE;

	TRY(json_claims_read(context->arena, jws->payload, &reading.claims));
	TRY(access_token_issuer(context->arena, context->config, &issuer));
	reading.verdict =
		access_token_judge(context->config, issuer, &reading.claims, context->now);
	if (reading.verdict != ACCESS_REFUSED)
		*out = reading;
	return OK;
}

static enum err read_token(const struct auth_context *context, struct str text,
			   struct access_reading *out)
{
	bool is_right = false;
	struct jws jws;

	TRY(jws_parse(context->arena, text, &jws));
	TRY(check_signature(context, &jws, &is_right));
	return is_right ? read_claims(context, &jws, out) : OK;
}

/* What is wrong lies in the text. */
static bool is_refusal(enum err e)
{
	return e == ERR_INPUT || e == ERR_TOO_LARGE;
}

enum err access_call_read(const struct auth_context *context, struct str text,
			  struct access_reading *out)
{
	struct access_reading reading = {.verdict = ACCESS_REFUSED};
	enum err e = read_token(context, text, &reading);

	if (e != OK && !is_refusal(e))
		return e;
	*out = reading;
	return OK;
}

/* Before anything of the text is read: a stranger's costs one digest. */
static bool is_remembered(const struct auth_context *context, struct str text)
{
	struct digest digest;

	return text.n <= JWS_MAX && digest_of(context, text, &digest) &&
	       key_box_remembers(context->signing, &digest);
}

static bool is_published(const struct auth_context *context, const struct digest *kid)
{
	struct key_set *set = NULL;

	if (!key_box_peek(context->signing, &set))
		return false;
	bool published = key_set_find(set, kid) != NULL;
	key_set_release(&set);
	return published;
}

enum err access_call_recall(const struct auth_context *context, struct str text,
			    struct access_reading *out, bool *known)
{
	struct access_reading reading = {.verdict = ACCESS_REFUSED};
	struct jws jws;

	*known = false;
	if (!is_remembered(context, text))
		return OK;
	TRY(jws_parse(context->arena, text, &jws)); /* it was of that form when it was remembered */
	if (!is_published(context, &jws.kid))
		return OK;
	enum err e = read_claims(context, &jws, &reading);
	if (e != OK && !is_refusal(e))
		return e;
	*out = reading;
	*known = true;
	return OK;
}
