/* ECDSA over P-256 by libcrypto, which keeps to DER and to the curve. */
#include "p256.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define UNCOMPRESSED 4

/* fromdata copies what it is given, and its parameters take no const. */
static enum err open_parameters(const struct p256_public *public, EVP_PKEY_CTX *context,
				EVP_PKEY **out)
{
	unsigned char point[P256_PUBLIC];
	char group[] = "prime256v1";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
		OSSL_PARAM_construct_end(),
	};

	memcpy(point, public->b, sizeof point);
	if (EVP_PKEY_fromdata_init(context) != 1)
		return ERR_INTERNAL;
	return EVP_PKEY_fromdata(context, out, EVP_PKEY_PUBLIC_KEY, parameters) == 1 ? OK
										     : ERR_INPUT;
}

static enum err check_point(EVP_PKEY *key)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	if (context == NULL)
		return ERR_MEMORY;
	int good = EVP_PKEY_public_check(context);
	EVP_PKEY_CTX_free(context);
	return good == 1 ? OK : ERR_INPUT;
}

/* On OK the caller frees *out. */
static enum err open_key(const struct p256_public *public, EVP_PKEY **out)
{
	EVP_PKEY *key = NULL;

	/* libcrypto would take the hybrid form, 6 or 7, as well. */
	if (public->b[0] != UNCOMPRESSED)
		return ERR_INPUT;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (context == NULL)
		return ERR_INTERNAL;
	enum err e = open_parameters(public, context, &key);
	if (e == OK)
		e = check_point(key);
	EVP_PKEY_CTX_free(context);
	if (e == OK)
		*out = key;
	else
		EVP_PKEY_free(key);
	return e;
}

enum err p256_read(const unsigned char x[P256_COORDINATE], const unsigned char y[P256_COORDINATE],
		   struct p256_public *out)
{
	struct p256_public public = {.b = {UNCOMPRESSED}};
	EVP_PKEY *key = NULL;

	memcpy(public.b + 1, x, P256_COORDINATE);
	memcpy(public.b + 1 + P256_COORDINATE, y, P256_COORDINATE);
	enum err e = open_key(&public, &key);
	if (e == OK)
		*out = public;
	EVP_PKEY_free(key);
	ERR_clear_error();
	return e;
}

static enum err verify(EVP_PKEY *key, struct str message, struct str signature, bool *right)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (context == NULL)
		return ERR_MEMORY;
	bool ready = EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) == 1;
	if (ready)
		*right = EVP_DigestVerify(context, (const unsigned char *)signature.p, signature.n,
					  (const unsigned char *)message.p, message.n) == 1;
	EVP_MD_CTX_free(context);
	return ready ? OK : ERR_INTERNAL;
}

enum err p256_verify(const struct p256_public *public, struct str message, struct str signature,
		     bool *right)
{
	EVP_PKEY *key = NULL;
	enum err e = OK;

	if (signature.n == 0 || signature.n > P256_SIGNATURE_MAX)
		e = ERR_INPUT;
	if (e == OK)
		e = open_key(public, &key);
	if (e == OK)
		e = verify(key, message, signature, right);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (e != ERR_INPUT)
		return e;
	*right = false;
	return OK;
}
