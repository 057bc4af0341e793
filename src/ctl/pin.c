/* Pins of certificates and public keys, by libcrypto. */
#include "pin.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "clock.h"
#include "ident.h"
#include "sha256.h"

static enum err copy_string(struct arena *arena, const ASN1_STRING *string, struct str *out)
{
	unsigned char *text = NULL;
	int n = ASN1_STRING_to_UTF8(&text, string);

	if (n < 0)
		return OK;
	enum err e = str_copy(arena, (struct str){(const char *)text, (size_t)n}, out);
	OPENSSL_free(text);
	return e;
}

static enum err read_dns_name(struct arena *arena, const X509 *certificate, struct str *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	enum err e = OK;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && e == OK && out->p == NULL; i++) {
		int type = 0;
		const void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

		if (type == GEN_DNS)
			e = copy_string(arena, value, out);
	}
	GENERAL_NAMES_free(names);
	return e;
}

static enum err read_subject(struct arena *arena, const X509 *certificate, struct str *out)
{
	const X509_NAME *name = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);

	if (at < 0)
		return read_dns_name(arena, certificate, out);
	return copy_string(arena, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)), out);
}

static bool read_end(const X509 *certificate, int64_t *out)
{
	struct tm end;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1)
		return false;
	*out = (int64_t)timegm(&end) * CLOCK_SECOND;
	return true;
}

/* The octets as they stand: what a client hashes is what the certificate has. False: broken. */
static bool read_key(X509_PUBKEY *key, struct pin *out)
{
	unsigned char *der = NULL;

	if (key == NULL || X509_PUBKEY_get0(key) == NULL)
		return false;
	int n = i2d_X509_PUBKEY(key, &der);
	if (n <= 0)
		return false;
	struct digest sum = sha256((struct str){(const char *)der, (size_t)n});
	OPENSSL_free(der);
	return EVP_EncodeBlock((unsigned char *)out->text, sum.b, sizeof sum.b) == PIN_TEXT;
}

/* What is to be read of a block, and where it goes. */
struct block {
	struct arena *arena;
	const unsigned char *der;
	long n;
	struct pin *pin;
};

static enum err read_certificate(const struct block *block, bool *good)
{
	const unsigned char *at = block->der;
	X509 *certificate = d2i_X509(NULL, &at, block->n);
	enum err e = OK;

	*good = certificate != NULL && at == block->der + block->n &&
		read_key(X509_get_X509_PUBKEY(certificate), block->pin) &&
		read_end(certificate, &block->pin->until);
	block->pin->certified = true;
	if (*good)
		e = read_subject(block->arena, certificate, &block->pin->subject);
	X509_free(certificate);
	return e;
}

static bool read_public_key(const struct block *block)
{
	const unsigned char *at = block->der;
	X509_PUBKEY *key = d2i_X509_PUBKEY(NULL, &at, block->n);
	bool good = at == block->der + block->n && read_key(key, block->pin);

	X509_PUBKEY_free(key);
	return good;
}

static enum err read_block(struct arena *arena, const char *name, struct block block,
			   struct pins *pins, enum pin_flaw *flaw)
{
	struct pin pin = {.certified = false};
	bool good = false;

	block.arena = arena;
	block.pin = &pin;
	if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0)
		TRY(read_certificate(&block, &good));
	else if (strcmp(name, PEM_STRING_PUBLIC) == 0)
		good = read_public_key(&block);
	else
		return OK;
	if (!good)
		*flaw = PIN_BROKEN;
	else if (pins->n == PIN_KEYS_MAX)
		*flaw = PIN_TOO_MANY;
	else
		pins->keys[pins->n++] = pin;
	return OK;
}

/* Sets *more to false at the end of the text. */
static enum err read_next(struct arena *arena, BIO *text, struct pins *pins, enum pin_flaw *flaw,
			  bool *more)
{
	struct block block = {.n = 0};
	unsigned char *der = NULL;
	char *name = NULL;
	char *header = NULL;
	enum err e = OK;

	if (PEM_read_bio(text, &name, &header, &der, &block.n) == 1) {
		block.der = der;
		e = read_block(arena, name, block, pins, flaw);
	} else {
		*more = false;
		if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
			*flaw = PIN_BROKEN;
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	ERR_clear_error();
	return e;
}

static bool has_private_key(struct str pem)
{
	static const char label[] = "PRIVATE KEY-----";

	return pem.n > 0 && memmem(pem.p, pem.n, label, sizeof label - 1) != NULL;
}

enum err pin_read(struct arena *arena, struct str pem, struct pins *out, enum pin_flaw *flaw)
{
	struct pins pins = {.n = 0};
	enum pin_flaw found = PIN_FINE;
	bool more = true;
	enum err e = OK;

	if (has_private_key(pem) || pem.n == 0 || pem.n > INT_MAX) {
		*flaw = has_private_key(pem) ? PIN_PRIVATE : PIN_NONE;
		return OK;
	}
	BIO *text = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (text == NULL)
		return ERR_MEMORY;
	while (more && e == OK && found == PIN_FINE)
		e = read_next(arena, text, &pins, &found, &more);
	BIO_free(text);
	TRY(e);
	*flaw = found == PIN_FINE && pins.n == 0 ? PIN_NONE : found;
	*out = pins;
	return OK;
}
