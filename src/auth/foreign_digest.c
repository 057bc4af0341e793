/* Hashes that are made of MD5 and SHA-1: $apr1$, phpass, {SHA}, lists. A door to libcrypto. */
#include "foreign_digest.h"

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "codec.h"
#include "str.h"

#define MD5_BYTES 16
#define SHA1_BYTES 20
#define MD5_TEXT 22 /* characters of crypt(3)'s base64 */
#define APR1_ROUNDS 1000
#define APR1_PREFIX 6
#define APR1_SALT_MAX 8
#define PHPASS_SALT 4
#define PHPASS_SETTING 12
#define SHA1_PREFIX 5
#define SHA1_ROOM 21 /* what its text could hold */

static const char CRYPT64[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* A digest that is begun again and again; failed is sticky. */
struct mill {
	EVP_MD_CTX *context;
	EVP_MD *kind;
	bool failed;
};

static enum err mill_open(struct mill *mill, const char *kind)
{
	*mill = (struct mill){
		.context = EVP_MD_CTX_new(),
		.kind = EVP_MD_fetch(NULL, kind, NULL),
	};
	if (mill->context != NULL && mill->kind != NULL)
		return OK;
	EVP_MD_CTX_free(mill->context);
	EVP_MD_free(mill->kind);
	return mill->context == NULL ? ERR_MEMORY : ERR_INTERNAL;
}

static enum err mill_close(struct mill *mill)
{
	EVP_MD_CTX_free(mill->context); /* wipes what it held */
	EVP_MD_free(mill->kind);
	return mill->failed ? ERR_INTERNAL : OK;
}

static void begin(struct mill *mill)
{
	mill->failed |= EVP_DigestInit_ex(mill->context, mill->kind, NULL) != 1;
}

static void add(struct mill *mill, const void *bytes, size_t n)
{
	if (n > 0)
		mill->failed |= EVP_DigestUpdate(mill->context, bytes, n) != 1;
}

static void end(struct mill *mill, unsigned char *out)
{
	mill->failed |= EVP_DigestFinal_ex(mill->context, out, NULL) != 1;
}

static bool is_same(const char *made, struct str wanted)
{
	unsigned char text[MD5_TEXT];
	unsigned char other[MD5_TEXT];

	if (wanted.n != MD5_TEXT)
		return false;
	for (size_t i = 0; i < MD5_TEXT; i++) {
		text[i] = (unsigned char)made[i];
		other[i] = (unsigned char)wanted.p[i];
	}
	return secret_equal((struct secret){text, MD5_TEXT}, (struct secret){other, MD5_TEXT});
}

/* n characters of six bits each, the lowest first. */
static char *add_64(char *at, uint32_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		*at++ = CRYPT64[value & 0x3f];
		value >>= 6;
	}
	return at;
}

/* The order of octets that crypt(3)'s MD5 has. */
static void apr1_text(const unsigned char sum[MD5_BYTES], char text[MD5_TEXT])
{
	static const unsigned char order[5][3] = {
		{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}};
	char *at = text;

	for (size_t i = 0; i < 5; i++)
		at = add_64(at,
			    (uint32_t)sum[order[i][0]] << 16 | (uint32_t)sum[order[i][1]] << 8 |
				    sum[order[i][2]],
			    4);
	(void)add_64(at, sum[11], 2);
}

/* The first sum, of which the rounds are made. */
static void apr1_seed(struct mill *mill, struct str salt, struct secret normal,
		      unsigned char sum[MD5_BYTES])
{
	unsigned char other[MD5_BYTES];

	begin(mill);
	add(mill, normal.bytes, normal.len);
	add(mill, salt.p, salt.n);
	add(mill, normal.bytes, normal.len);
	end(mill, other);
	begin(mill);
	add(mill, normal.bytes, normal.len);
	add(mill, "$apr1$", APR1_PREFIX);
	add(mill, salt.p, salt.n);
	for (size_t left = normal.len; left > 0; left -= left < MD5_BYTES ? left : MD5_BYTES)
		add(mill, other, left < MD5_BYTES ? left : MD5_BYTES);
	/* A slip of the original that has become the algorithm. */
	for (size_t bits = normal.len; bits > 0; bits >>= 1)
		add(mill, (bits & 1) != 0 ? (const void *)"\0" : normal.bytes, 1);
	end(mill, sum);
	secret_wipe_bytes(other, sizeof other);
}

static void apr1_round(struct mill *mill, unsigned i, struct str salt, struct secret normal,
		       unsigned char sum[MD5_BYTES])
{
	struct secret now = {sum, MD5_BYTES};
	struct secret first = (i & 1) != 0 ? normal : now;
	struct secret last = (i & 1) != 0 ? now : normal;

	begin(mill);
	add(mill, first.bytes, first.len);
	if (i % 3 != 0)
		add(mill, salt.p, salt.n);
	if (i % 7 != 0)
		add(mill, normal.bytes, normal.len);
	add(mill, last.bytes, last.len);
	end(mill, sum);
}

enum err foreign_digest_apr1(struct secret text, struct secret normal, bool *same)
{
	struct str all = {.p = (const char *)text.bytes, .n = text.len};
	struct str salt = STR_NONE;
	struct str wanted = STR_NONE;
	unsigned char sum[MD5_BYTES] = {0};
	char made[MD5_TEXT];
	struct mill mill;

	(void)str_cut(str_sub(all, APR1_PREFIX, all.n), '$', &salt, &wanted);
	TRY(mill_open(&mill, "MD5"));
	apr1_seed(&mill, salt, normal, sum);
	for (unsigned i = 0; i < APR1_ROUNDS; i++)
		apr1_round(&mill, i, salt, normal, sum);
	apr1_text(sum, made);
	TRY(mill_close(&mill));
	*same = is_same(made, wanted);
	secret_wipe_bytes(sum, sizeof sum);
	secret_wipe_bytes(made, sizeof made);
	return OK;
}

static void phpass_text(const unsigned char sum[MD5_BYTES], char text[MD5_TEXT])
{
	char *at = text;

	for (size_t i = 0; i + 3 <= MD5_BYTES; i += 3)
		at = add_64(at, (uint32_t)sum[i + 2] << 16 | (uint32_t)sum[i + 1] << 8 | sum[i], 4);
	(void)add_64(at, sum[MD5_BYTES - 1], 2);
}

static uint32_t phpass_rounds(char c)
{
	uint32_t log2 = 0;

	while (CRYPT64[log2] != '\0' && CRYPT64[log2] != c)
		log2++;
	return log2 < 32 ? (uint32_t)1 << log2 : 0;
}

enum err foreign_digest_phpass(struct secret text, struct secret normal, bool *same)
{
	struct str all = {.p = (const char *)text.bytes, .n = text.len};
	struct str salt = str_sub(all, PHPASS_SALT, PHPASS_SETTING);
	unsigned char sum[MD5_BYTES] = {0};
	char made[MD5_TEXT];
	struct mill mill;

	TRY(mill_open(&mill, "MD5"));
	begin(&mill);
	add(&mill, salt.p, salt.n);
	add(&mill, normal.bytes, normal.len);
	end(&mill, sum);
	for (uint32_t i = phpass_rounds(all.p[3]); i > 0 && !mill.failed; i--) {
		begin(&mill);
		add(&mill, sum, MD5_BYTES);
		add(&mill, normal.bytes, normal.len);
		end(&mill, sum);
	}
	phpass_text(sum, made);
	TRY(mill_close(&mill));
	*same = is_same(made, str_sub(all, PHPASS_SETTING, all.n));
	secret_wipe_bytes(sum, sizeof sum);
	secret_wipe_bytes(made, sizeof made);
	return OK;
}

static enum err sha1(struct secret normal, unsigned char sum[SHA1_BYTES])
{
	struct mill mill;

	TRY(mill_open(&mill, "SHA1"));
	begin(&mill);
	add(&mill, normal.bytes, normal.len);
	end(&mill, sum);
	return mill_close(&mill);
}

enum err foreign_digest_sha1_text(struct secret normal, char text[FOREIGN_DIGEST_SHA1_TEXT])
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char sum[SHA1_BYTES] = {0};

	TRY(sha1(normal, sum));
	for (size_t i = 0; i < SHA1_BYTES; i++) {
		text[2 * i] = digits[sum[i] >> 4];
		text[2 * i + 1] = digits[sum[i] & 0x0f];
	}
	secret_wipe_bytes(sum, sizeof sum);
	return OK;
}

enum err foreign_digest_sha1(struct secret text, struct secret normal, bool *same)
{
	struct str all = {.p = (const char *)text.bytes, .n = text.len};
	unsigned char wanted[SHA1_ROOM] = {0};
	unsigned char sum[SHA1_BYTES] = {0};
	size_t n = 0;
	enum err e = codec_base64_decode(str_sub(all, SHA1_PREFIX, all.n), wanted, SHA1_ROOM, &n);

	if (e != OK || n != SHA1_BYTES)
		return ERR_INTERNAL;
	TRY(sha1(normal, sum));
	*same = secret_equal((struct secret){sum, SHA1_BYTES}, (struct secret){wanted, SHA1_BYTES});
	secret_wipe_bytes(sum, sizeof sum);
	secret_wipe_bytes(wanted, sizeof wanted);
	return OK;
}
