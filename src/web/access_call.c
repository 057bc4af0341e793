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

/* Signed by a key that is published now. Only the arithmetic is remembered, never the key. */
static bool is_signed(const struct auth_context *context, const struct jws *jws,
		      const struct published_key *key)
{
	struct secret whole = keyring_part(jws->whole.p, jws->whole.n);
	struct digest digest;

	if (context->config->token.signature_cache == 0)
		return jws_is_signed_by(jws, &key->public);
	keyring_digest(context->keys, 0, KEY_ACCESS_TOKEN, &whole, 1, &digest);
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

static enum err read_signed(const struct auth_context *context, const struct jws *jws,
			    struct access_reading *reading)
{
	struct str issuer = STR_NONE;
	bool is_right = false;

	TRY(check_signature(context, jws, &is_right));
	if (!is_right)
		return ERR_INPUT;
	TRY(json_claims_read(context->arena, jws->payload, &reading->claims));
	TRY(access_token_issuer(context->arena, context->config, &issuer));
	reading->verdict =
		access_token_judge(context->config, issuer, &reading->claims, context->now);
	return OK;
}

enum err access_call_read(const struct auth_context *context, struct str text,
			  struct access_reading *out)
{
	struct access_reading reading = {.verdict = ACCESS_REFUSED};
	struct jws jws;
	enum err e = jws_parse(context->arena, text, &jws);

	if (e == OK)
		e = read_signed(context, &jws, &reading);
	if (e != OK && e != ERR_INPUT && e != ERR_TOO_LARGE)
		return e;
	*out = reading.verdict == ACCESS_REFUSED || e != OK
		       ? (struct access_reading){.verdict = ACCESS_REFUSED}
		       : reading;
	return OK;
}
