/* Password hashes of other programs: which are taken, within what cost, and whether one fits. */
#include "foreign_hash.h"

#include "foreign_crypt.h"
#include "foreign_digest.h"
#include "str.h"

#define BCRYPT_LENGTH 60
#define BCRYPT_COST_MIN 4
#define PHPASS_LENGTH 34
#define PHPASS_LOG2_MIN 7
#define PHPASS_LOG2_MOST 30
#define ROUNDS_MIN 1000
#define ROUNDS_DEFAULT 5000
#define ROUNDS_MOST 999999999
#define SHA_CRYPT_SALT_MAX 16
#define SHA256_TEXT 43
#define SHA512_TEXT 86
#define APR1_SALT_MAX 8
#define APR1_TEXT 22
#define SHA1_TEXT 28
/* What libsodium reads, which asks for a text of less than 128 characters. */
#define ARGON2_LENGTH_MAX 127
#define ARGON2_SALT_MIN 11 /* characters of 8 octets */
#define ARGON2_HASH_MIN 22 /* of 16 octets */

/* The alphabet of crypt(3), in its order, and that of RFC 4648 §4. */
#define CRYPT64 "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

const char *foreign_form_name(enum foreign_form form)
{
	static const char *const names[FOREIGN_FORM_COUNT] = {
		[FOREIGN_NONE] = "none",           [FOREIGN_ARGON2ID] = "argon2id",
		[FOREIGN_ARGON2I] = "argon2i",     [FOREIGN_BCRYPT] = "bcrypt",
		[FOREIGN_SHA_CRYPT] = "sha-crypt", [FOREIGN_APR1] = "apr1",
		[FOREIGN_SHA1] = "sha1",           [FOREIGN_PHPASS] = "phpass",
	};

	return names[form < FOREIGN_FORM_COUNT ? form : FOREIGN_NONE];
}

const char *foreign_flaw_text(enum foreign_flaw flaw)
{
	static const char *const texts[FOREIGN_FLAW_COUNT] = {
		[FOREIGN_FINE] = "the password hash is fine",
		[FOREIGN_UNKNOWN] = "the password hash is of no form that is taken",
		[FOREIGN_BROKEN] = "the password hash is not complete or has other characters than "
				   "its form has",
		[FOREIGN_COSTLY] = "the password hash would cost too much to verify",
	};

	return texts[flaw < FOREIGN_FLAW_COUNT ? flaw : FOREIGN_UNKNOWN];
}

static bool consists_of(struct str s, struct str alphabet)
{
	for (size_t i = 0; i < s.n; i++)
		if (!str_contains(alphabet, s.p[i]))
			return false;
	return true;
}

static uint64_t place_in(struct str alphabet, char c)
{
	uint64_t at = 0;

	while (at < alphabet.n && alphabet.p[at] != c)
		at++;
	return at;
}

/* Decimal without a leading zero; false: something else. */
static bool read_number(struct str s, uint64_t max, uint64_t *out)
{
	return s.n > 0 && s.p[0] != '0' && str_to_u64(s, max, out) == OK;
}

static enum foreign_flaw bounded(uint64_t value, uint64_t max)
{
	return value <= max ? FOREIGN_FINE : FOREIGN_COSTLY;
}

/* $2y$10$ and 53 characters: 22 of the salt, 31 of the result. */
static enum foreign_flaw read_bcrypt(struct str text, struct foreign_hash *out)
{
	struct str cost = str_sub(text, 4, 6);
	uint64_t number = 0;

	if (text.n != BCRYPT_LENGTH || text.p[6] != '$' ||
	    !consists_of(str_sub(text, 7, text.n), STR(CRYPT64)))
		return FOREIGN_BROKEN;
	if (str_to_u64(cost, 31, &number) != OK || number < BCRYPT_COST_MIN)
		return FOREIGN_BROKEN;
	out->rounds = number;
	return bounded(number, FOREIGN_BCRYPT_COST_MAX);
}

/* $5$salt$result, or $5$rounds=N$salt$result. */
static enum foreign_flaw read_sha_crypt(struct str text, struct foreign_hash *out)
{
	const struct str rounds = STR("rounds=");
	size_t length = text.p[1] == '5' ? SHA256_TEXT : SHA512_TEXT;
	struct str rest = str_sub(text, 3, text.n);
	struct str salt = STR_NONE;
	struct str result = STR_NONE;

	out->rounds = ROUNDS_DEFAULT;
	(void)str_cut(rest, '$', &salt, &result);
	if (str_starts(salt, rounds)) {
		if (!read_number(str_sub(salt, rounds.n, salt.n), ROUNDS_MOST, &out->rounds) ||
		    out->rounds < ROUNDS_MIN)
			return FOREIGN_BROKEN;
		rest = result;
		(void)str_cut(rest, '$', &salt, &result);
	}
	if (salt.n == 0 || salt.n > SHA_CRYPT_SALT_MAX || result.n != length ||
	    !consists_of(salt, STR(CRYPT64)) || !consists_of(result, STR(CRYPT64)))
		return FOREIGN_BROKEN;
	return bounded(out->rounds, FOREIGN_SHA_CRYPT_ROUNDS_MAX);
}

/* $apr1$salt$result; a thousand rounds, always. */
static enum foreign_flaw read_apr1(struct str text, struct foreign_hash *out)
{
	struct str salt = STR_NONE;
	struct str result = STR_NONE;

	(void)out;
	(void)str_cut(str_sub(text, 6, text.n), '$', &salt, &result);
	if (salt.n == 0 || salt.n > APR1_SALT_MAX || result.n != APR1_TEXT ||
	    !consists_of(salt, STR(CRYPT64)) || !consists_of(result, STR(CRYPT64)))
		return FOREIGN_BROKEN;
	return FOREIGN_FINE;
}

/* The bits of the last character that stand for nothing are zero. */
static bool is_base64(struct str s)
{
	static const unsigned spare[4] = {0, 0, 0xf, 0x3};
	size_t over = s.n % 4;

	return over != 1 && consists_of(s, STR(BASE64)) &&
	       (over == 0 || (place_in(STR(BASE64), s.p[s.n - 1]) & spare[over]) == 0);
}

/* {SHA} and the base64 of 20 octets, no salt. */
static enum foreign_flaw read_sha1(struct str text, struct foreign_hash *out)
{
	struct str result = str_sub(text, 5, text.n);

	(void)out;
	return result.n == SHA1_TEXT && result.p[SHA1_TEXT - 1] == '=' &&
			       is_base64(str_sub(result, 0, SHA1_TEXT - 1))
		       ? FOREIGN_FINE
		       : FOREIGN_BROKEN;
}

/* $P$, a character for the logarithm of the rounds, 8 of the salt, 22 of the result. */
static enum foreign_flaw read_phpass(struct str text, struct foreign_hash *out)
{
	if (text.n != PHPASS_LENGTH || !consists_of(str_sub(text, 3, text.n), STR(CRYPT64)))
		return FOREIGN_BROKEN;
	out->rounds = place_in(STR(CRYPT64), text.p[3]);
	if (out->rounds < PHPASS_LOG2_MIN || out->rounds > PHPASS_LOG2_MOST)
		return FOREIGN_BROKEN;
	return bounded(out->rounds, FOREIGN_PHPASS_LOG2_MAX);
}

/* "m=65536"; *rest is what follows the comma or dollar behind it. */
static bool read_parameter(struct str *rest, char name, char end, uint64_t *out)
{
	struct str one = STR_NONE;
	struct str tail = STR_NONE;
	bool ended = str_cut(*rest, end, &one, &tail);

	if (!ended || one.n < 3 || one.p[0] != name || one.p[1] != '=')
		return false;
	*rest = tail;
	return read_number(str_sub(one, 2, one.n), UINT32_MAX, out);
}

/* $argon2id$v=19$m=65536,t=4,p=1$salt$result */
static enum foreign_flaw read_argon2(struct str text, struct foreign_hash *out)
{
	struct str rest = str_sub(text, out->form == FOREIGN_ARGON2ID ? 10 : 9, text.n);
	struct str salt = STR_NONE;
	struct str result = STR_NONE;
	uint64_t version = 0;

	if (text.n > ARGON2_LENGTH_MAX || !read_parameter(&rest, 'v', '$', &version) ||
	    version != 19 || !read_parameter(&rest, 'm', ',', &out->memory) ||
	    !read_parameter(&rest, 't', ',', &out->passes) ||
	    !read_parameter(&rest, 'p', '$', &out->lanes))
		return FOREIGN_BROKEN;
	(void)str_cut(rest, '$', &salt, &result);
	if (salt.n < ARGON2_SALT_MIN || result.n < ARGON2_HASH_MIN || !is_base64(salt) ||
	    !is_base64(result) || out->memory < 8 * out->lanes)
		return FOREIGN_BROKEN;
	if (out->lanes > FOREIGN_ARGON2_LANES_MAX || out->memory > FOREIGN_ARGON2_MEMORY_MAX)
		return FOREIGN_COSTLY;
	return bounded(out->memory * out->passes, FOREIGN_ARGON2_WORK_MAX);
}

enum foreign_flaw foreign_hash_read(struct secret text, struct foreign_hash *out)
{
	static const struct {
		struct str prefix;
		enum foreign_form form;
		enum foreign_flaw (*read)(struct str text, struct foreign_hash *out);
	} forms[] = {
		{{"$argon2id$", 10}, FOREIGN_ARGON2ID, read_argon2},
		{{"$argon2i$", 9}, FOREIGN_ARGON2I, read_argon2},
		{{"$2a$", 4}, FOREIGN_BCRYPT, read_bcrypt},
		{{"$2b$", 4}, FOREIGN_BCRYPT, read_bcrypt},
		{{"$2y$", 4}, FOREIGN_BCRYPT, read_bcrypt},
		{{"$5$", 3}, FOREIGN_SHA_CRYPT, read_sha_crypt},
		{{"$6$", 3}, FOREIGN_SHA_CRYPT, read_sha_crypt},
		{{"$apr1$", 6}, FOREIGN_APR1, read_apr1},
		{{"{SHA}", 5}, FOREIGN_SHA1, read_sha1},
		{{"$P$", 3}, FOREIGN_PHPASS, read_phpass},
		{{"$H$", 3}, FOREIGN_PHPASS, read_phpass},
	};
	struct str all = {.p = (const char *)text.bytes, .n = text.len};

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct foreign_hash found = {.form = forms[i].form};

		if (!str_starts(all, forms[i].prefix))
			continue;
		enum foreign_flaw flaw = forms[i].read(all, &found);
		if (flaw == FOREIGN_FINE || flaw == FOREIGN_COSTLY)
			*out = found;
		return flaw;
	}
	return FOREIGN_UNKNOWN;
}

/* What its function would cut, or take too long over: it fits nothing. */
static bool is_too_long(const struct foreign_hash *hash, struct secret normal)
{
	if (hash->form == FOREIGN_BCRYPT)
		return normal.len > FOREIGN_BCRYPT_OCTETS_MAX;
	return hash->form == FOREIGN_SHA_CRYPT && hash->rounds > FOREIGN_SHA_CRYPT_ROUNDS_LONG &&
	       normal.len > FOREIGN_SHA_CRYPT_OCTETS_LONG;
}

static enum err compare(const struct foreign_hash *hash, struct secret text, struct secret normal,
			bool *right)
{
	switch (hash->form) {
	case FOREIGN_BCRYPT:
	case FOREIGN_SHA_CRYPT:
		return foreign_crypt(text, normal, right);
	case FOREIGN_APR1:
		return foreign_digest_apr1(text, normal, right);
	case FOREIGN_SHA1:
		return foreign_digest_sha1(text, normal, right);
	case FOREIGN_PHPASS:
		return foreign_digest_phpass(text, normal, right);
	default:
		return ERR_INTERNAL;
	}
}

enum err foreign_hash_verify(const struct foreign_hash *hash, struct secret text,
			     struct secret normal, bool *right)
{
	bool too_long = is_too_long(hash, normal);
	struct secret tried = normal;
	bool same = false;
	enum err e = OK;

	/* The work is done all the same. */
	if (too_long)
		tried.len = FOREIGN_SHA_CRYPT_OCTETS_LONG;
	e = compare(hash, text, tried, &same);
	secret_wipe_stack();
	TRY(e);
	*right = same && !too_long;
	return OK;
}
