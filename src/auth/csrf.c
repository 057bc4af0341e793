/* Form tokens, and the cookie that binds forms before anybody is signed in. */
#include "csrf.h"

#include "arena.h"
#include "clock.h"
#include "codec.h"
#include "ident.h"

#define PRE_RANDOM 16
#define PRE_SIGNED (PRE_RANDOM + 8)
#define PRE_BYTES (PRE_SIGNED + DIGEST_BYTES)
#define PRE_TEXT CODEC_BASE64URL_LEN(PRE_BYTES)
#define PRE_CLOCK_SKEW CLOCK_MINUTE
#define TOKEN_BYTES (2 * (size_t)DIGEST_BYTES)
#define TOKEN_TEXT CODEC_BASE64URL_LEN(TOKEN_BYTES)

static struct csrf_binding bound_to(const struct keyring *keys, struct str kind,
				    struct secret bound)
{
	struct csrf_binding binding;
	struct secret parts[] = {keyring_part(kind.p, kind.n), bound};

	keyring_digest(keys, 0, KEY_CSRF, parts, 2, &binding.digest);
	return binding;
}

struct csrf_binding csrf_bind_session(const struct keyring *keys, const struct digest *session_hash)
{
	return bound_to(keys, STR("session"), keyring_part(session_hash->b, DIGEST_BYTES));
}

struct csrf_binding csrf_bind_pre(const struct keyring *keys, struct str pre_value)
{
	return bound_to(keys, STR("pre"), keyring_part(pre_value.p, pre_value.n));
}

static void pre_mac(const struct keyring *keys, size_t root, const unsigned char *value,
		    struct digest *out)
{
	struct secret part = keyring_part(value, PRE_SIGNED);

	keyring_digest(keys, root, KEY_PRE, &part, 1, out);
}

enum err csrf_pre_make(struct arena *arena, const struct keyring *keys, int64_t now,
		       struct secret *out)
{
	struct id random = id_random();
	struct digest mac;
	unsigned char value[PRE_BYTES] = {0};
	unsigned char *text = arena_alloc(arena, PRE_TEXT + 1);

	if (text == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < PRE_RANDOM; i++)
		value[i] = random.b[i];
	for (size_t i = 0; i < 8; i++)
		value[PRE_RANDOM + i] = (unsigned char)((uint64_t)now >> (56 - 8 * i));
	pre_mac(keys, 0, value, &mac);
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		value[PRE_SIGNED + i] = mac.b[i];
	codec_base64url(value, PRE_BYTES, (char *)text);
	*out = (struct secret){.bytes = text, .len = PRE_TEXT};
	secret_wipe_bytes(value, sizeof value);
	return OK;
}

static int64_t pre_time(const unsigned char *value)
{
	uint64_t at = 0;

	for (size_t i = 0; i < 8; i++)
		at = at << 8 | value[PRE_RANDOM + i];
	return at > INT64_MAX ? INT64_MAX : (int64_t)at;
}

bool csrf_pre_is_valid(const struct keyring *keys, struct str value, int64_t now)
{
	unsigned char bytes[PRE_BYTES];
	struct digest given;
	struct digest mac;
	bool ours = false;
	int64_t at = 0;

	if (value.n != PRE_TEXT || codec_base64url_decode(value, bytes, PRE_BYTES) != OK)
		return false;
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		given.b[i] = bytes[PRE_SIGNED + i];
	for (size_t root = 0; root < keyring_roots(keys); root++) {
		pre_mac(keys, root, bytes, &mac);
		ours |= digest_equal(&mac, &given);
	}
	/* Only a time that we signed ourselves is worth a subtraction. */
	at = ours ? pre_time(bytes) : 0;
	return ours && now >= at - PRE_CLOCK_SKEW && now - at <= CSRF_PRE_LIFE;
}

enum err csrf_token(struct arena *arena, const struct csrf_binding *binding, struct str *out)
{
	struct secret mask = SECRET_NONE;
	unsigned char bytes[TOKEN_BYTES];
	char *text = arena_alloc(arena, TOKEN_TEXT + 1);

	if (text == NULL)
		return ERR_MEMORY;
	TRY(secret_random(arena, DIGEST_BYTES, &mask));
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		bytes[i] = mask.bytes[i];
		bytes[DIGEST_BYTES + i] = mask.bytes[i] ^ binding->digest.b[i];
	}
	codec_base64url(bytes, TOKEN_BYTES, text);
	secret_wipe_bytes(bytes, sizeof bytes);
	*out = (struct str){.p = text, .n = TOKEN_TEXT};
	return OK;
}

bool csrf_token_matches(const struct csrf_binding *binding, struct str token)
{
	unsigned char bytes[TOKEN_BYTES];
	struct digest unmasked;

	if (token.n != TOKEN_TEXT || codec_base64url_decode(token, bytes, TOKEN_BYTES) != OK)
		return false;
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		unmasked.b[i] = bytes[i] ^ bytes[DIGEST_BYTES + i];
	return digest_equal(&unmasked, &binding->digest);
}
