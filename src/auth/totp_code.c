/* Codes of authenticator apps: TOTP (RFC 6238) with SHA-1. The only door to liboath. */
#include "totp_code.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <liboath/oath.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"

#define URI_MAX 1000

static const char PARAMETERS[] = "&algorithm=SHA1&digits=6&period=30";

/* Room for liboath's NUL. */
struct code {
	char text[TOTP_DIGITS + 1];
};

static struct secret secret_of(struct code *code)
{
	return (struct secret){(unsigned char *)code->text, TOTP_DIGITS};
}

/* False: it is no code, whatever the secret. */
static bool read_typed(struct str typed, struct code *out)
{
	size_t n = 0;

	for (size_t i = 0; i < typed.n; i++) {
		char c = typed.p[i];

		if (c == ' ')
			continue;
		if (c < '0' || c > '9' || n == TOTP_DIGITS)
			return false;
		out->text[n++] = c;
	}
	return n == TOTP_DIGITS;
}

static enum err make(struct secret secret, uint64_t step, struct code *out)
{
	int rc = oath_hotp_generate((const char *)secret.bytes, secret.len, step, TOTP_DIGITS,
				    false, OATH_HOTP_DYNAMIC_TRUNCATION, out->text);

	return rc == OATH_OK ? OK : ERR_INTERNAL;
}

/* Both codes are made and compared whatever the first comparison says. */
static enum err compare(struct secret secret, struct code *typed, uint64_t now_step, uint64_t *step,
			bool *right)
{
	uint64_t before = now_step > 0 ? now_step - 1 : 0;
	struct code now_code = {{0}};
	struct code before_code = {{0}};
	enum err e = make(secret, now_step, &now_code);

	if (e == OK)
		e = make(secret, before, &before_code);
	if (e == OK) {
		bool is_now = secret_equal(secret_of(typed), secret_of(&now_code));
		bool is_before = secret_equal(secret_of(typed), secret_of(&before_code));

		*right = is_now || is_before;
		*step = is_now ? now_step : is_before ? before : 0;
	}
	secret_wipe_bytes(&now_code, sizeof now_code);
	secret_wipe_bytes(&before_code, sizeof before_code);
	secret_wipe_stack();
	return e;
}

static enum err check_secret(struct secret secret)
{
	if (!secret_is_present(secret) || secret.len != TOTP_SECRET)
		return ERR_INTERNAL;
	/* Cheap, and may be repeated: where liboath stands on another library, it makes that ready.
	 */
	return oath_init() == OATH_OK ? OK : ERR_INTERNAL;
}

enum err totp_code_step(struct secret secret, struct str typed, int64_t now, uint64_t *step,
			bool *right)
{
	struct code code = {{0}};
	enum err e = check_secret(secret);

	if (e == OK && now >= 0 && read_typed(typed, &code)) {
		e = compare(secret, &code, (uint64_t)(now / (TOTP_STEP_SECONDS * CLOCK_SECOND)),
			    step, right);
	} else if (e == OK) {
		*step = 0;
		*right = false;
	}
	secret_wipe_bytes(&code, sizeof code);
	return e;
}

enum err totp_code_secret_text(struct arena *arena, struct secret secret, struct secret *out)
{
	char *text = NULL;
	size_t n = 0;

	TRY(check_secret(secret));
	int rc = oath_base32_encode((const char *)secret.bytes, secret.len, &text, &n);
	if (rc == OATH_MALLOC_ERROR)
		return ERR_MEMORY;
	if (rc != OATH_OK)
		return ERR_INTERNAL;
	size_t kept = n;
	while (kept > 0 && text[kept - 1] == '=')
		kept--;
	enum err e = secret_from_str(arena, (struct str){text, kept}, out);
	secret_wipe_bytes(text, n);
	free(text);
	return e;
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

static void add_escaped(struct buf *buf, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char octet = (unsigned char)s.p[i];

		if (is_unreserved(s.p[i])) {
			buf_add_char(buf, s.p[i]);
			continue;
		}
		buf_add_char(buf, '%');
		buf_add_char(buf, digits[octet >> 4]);
		buf_add_char(buf, digits[octet & 0x0f]);
	}
}

/* Whole code points, as many as fit. */
static enum err escape(struct arena *arena, struct str name, size_t most, struct str *out)
{
	struct buf buf;
	uint32_t point = 0;

	if (name.n == 0 || !str_is_utf8(name))
		return ERR_INPUT;
	buf_init(&buf, arena, most);
	while (name.n > 0) {
		size_t n = str_code_point(name, &point);
		size_t room = n == 1 && is_unreserved(name.p[0]) ? 1 : 3 * n;

		if (buf.n + room > most)
			break;
		add_escaped(&buf, str_sub(name, 0, n));
		name = str_sub(name, n, name.n);
	}
	return buf_str(&buf, out);
}

static enum err escape_issuer(struct arena *arena, struct str name, struct str *out)
{
	struct str whole;

	if (name.n == 0)
		return ERR_INPUT;
	TRY(str_copy(arena, name, &whole));
	char *copy = arena_alloc(arena, whole.n);
	if (copy == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < whole.n; i++)
		copy[i] = whole.p[i] == ':' ? '-' : whole.p[i];
	return escape(arena, (struct str){copy, whole.n}, TOTP_ISSUER_TEXT, out);
}

enum err totp_code_uri(struct arena *arena, const struct totp_name *name, struct secret secret,
		       struct secret *out)
{
	struct secret text = SECRET_NONE;
	struct str issuer;
	struct str account;
	struct str uri;
	struct buf buf;

	TRY(escape_issuer(arena, name->issuer, &issuer));
	TRY(escape(arena, name->account, TOTP_ACCOUNT_TEXT, &account));
	TRY(totp_code_secret_text(arena, secret, &text));
	buf_init(&buf, arena, URI_MAX);
	buf_expect(&buf, URI_MAX);
	buf_add(&buf, STR("otpauth://totp/"));
	buf_add(&buf, issuer);
	buf_add_char(&buf, ':');
	buf_add(&buf, account);
	buf_add(&buf, STR("?secret="));
	buf_add(&buf, (struct str){(const char *)text.bytes, text.len});
	buf_add(&buf, STR("&issuer="));
	buf_add(&buf, issuer);
	buf_add(&buf, str_of(PARAMETERS));
	secret_wipe(&text);
	TRY(buf_str(&buf, &uri));
	*out = (struct secret){(unsigned char *)buf.p, uri.n};
	return OK;
}
