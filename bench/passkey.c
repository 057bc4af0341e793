/* What proving a passkey costs: processor time of judging recorded ceremonies (from the browser's
 * JSON to the verdict) and of a code of an authenticator app, beside one verification by libcrypto
 * alone and one password hash. Prints "NAME MICROSECONDS" for each, of one act. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../tests/unit/ceremonies.h"
#include "arena.h"
#include "clock.h"
#include "json.h"
#include "secret.h"
#include "sha256.h"
#include "totp_code.h"
#include "webauthn.h"
#include "webauthn_json.h"

#define KEPT ((size_t)1024 * 1024)
#define POINT_OCTETS 65
#define SIGNED_MAX 256
#define BATCH 8 /* acts between two looks at the clock */
#define PASSES 2
#define HASH_KIB 19456
#define NOW (INT64_C(1800000000) * CLOCK_SECOND)

struct bench {
	struct arena *arena;
	const struct ceremony *ceremony;
	struct webauthn_credential credential;
	EVP_PKEY *key;
	EVP_MD_CTX *context;
	unsigned char message[SIGNED_MAX];
	size_t length;
};

static void fail(const char *what)
{
	(void)fprintf(stderr, "bench_passkey: %s\n", what);
	exit(1);
}

static void create(struct bench *b)
{
	struct webauthn_json_registration read;
	enum webauthn_verdict verdict;
	if (webauthn_json_registration(b->arena, b->ceremony->create_json, &read) != OK ||
	    webauthn_register(b->arena, &b->ceremony->create, &read.given, &b->credential,
			      &verdict) != OK ||
	    verdict != WEBAUTHN_RIGHT)
		fail("a registration is not right");
}

static void get(struct bench *b)
{
	struct webauthn_json_assertion read;
	struct webauthn_proof proof;
	enum webauthn_verdict verdict;
	if (webauthn_json_assertion(b->arena, b->ceremony->get_json, &read) != OK ||
	    webauthn_assert(&b->ceremony->get, &b->credential, &read.given, &proof, &verdict) !=
		    OK ||
	    verdict != WEBAUTHN_RIGHT)
		fail("an assertion is not right");
}

/* The same signature, and nothing else. */
static void bare(struct bench *b)
{
	struct str signature = b->ceremony->assertion.signature;
	if (EVP_DigestVerifyInit(b->context, NULL, EVP_sha256(), NULL, b->key) != 1 ||
	    EVP_DigestVerify(b->context, (const unsigned char *)signature.p, signature.n,
			     b->message, b->length) != 1)
		fail("libcrypto finds a signature wrong");
}

static void hash(struct bench *b)
{
	static const char password[] = "a password of some length";
	unsigned char key[32];
	unsigned char salt[crypto_pwhash_SALTBYTES] = {0};
	(void)b;
	if (crypto_pwhash(key, sizeof key, password, strlen(password), salt, PASSES,
			  (size_t)HASH_KIB * 1024, crypto_pwhash_ALG_ARGON2ID13) != 0)
		fail("no memory");
}

static void code(struct bench *b)
{
	unsigned char octets[TOTP_SECRET] = "a secret of 20 octet";
	struct secret secret = {octets, sizeof octets};
	uint64_t step;
	bool right;
	(void)b;
	if (totp_code_step(secret, STR("000000"), NOW, &step, &right) != OK)
		fail("no code");
}

static double spent(void)
{
	struct timespec time;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* As often as fits the time; the first one, which fills caches, does not count. */
static void measure(struct bench *b, void (*act)(struct bench *), const char *name, double time)
{
	unsigned long count = 0;
	act(b);
	double begin = spent();
	double took = 0;
	while (took < time) {
		for (unsigned i = 0; i < BATCH; i++) {
			act(b);
			arena_reset(b->arena);
		}
		count += BATCH;
		took = spent() - begin;
	}
	(void)printf("%s %.3f\n", name, took / (double)count);
}

static EVP_PKEY *load_key(struct str coordinates)
{
	unsigned char point[POINT_OCTETS] = {4};
	char group[] = "P-256";
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	memcpy(point + 1, coordinates.p, sizeof point - 1);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
		OSSL_PARAM_construct_end(),
	};
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		fail("libcrypto takes no key");
	EVP_PKEY_CTX_free(context);
	return key;
}

/* What the authenticator has signed (WebAuthn L3 §7.2). */
static void load_bare(struct bench *b)
{
	const struct webauthn_assertion *given = &b->ceremony->assertion;
	struct digest digest = sha256(given->client_data.raw);
	b->length = given->authenticator_data.n + sizeof digest.b;
	if (b->length > sizeof b->message)
		fail("a recording is too long");
	memcpy(b->message, given->authenticator_data.p, given->authenticator_data.n);
	memcpy(b->message + given->authenticator_data.n, digest.b, sizeof digest.b);
	b->key = load_key(b->credential.public_key);
	b->context = EVP_MD_CTX_new();
	if (b->context == NULL)
		fail("no memory");
}

static const struct ceremony *find(const struct ceremony *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_equal(list[i].name, str_of(name)))
			return &list[i];
	}
	fail("a recording is missing");
	return NULL;
}

static void measure_bare(struct bench *b, double time)
{
	create(b);
	load_bare(b);
	measure(b, bare, "bare", time);
	EVP_PKEY_free(b->key);
	EVP_MD_CTX_free(b->context);
	measure(b, hash, "hash", time);
	measure(b, code, "code", time);
}

/* The credential is in the arena that each act empties. */
static void measure_get(struct bench *b, struct arena *kept, const char *name, double time)
{
	struct str key;
	struct str id;
	create(b);
	if (str_copy(kept, b->credential.public_key, &key) != OK ||
	    str_copy(kept, b->credential.id, &id) != OK)
		fail("no memory");
	b->credential.public_key = key;
	b->credential.id = id;
	measure(b, get, name, time);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *recording, *create, *get;
	} cases[] = {
		{"es256-none-verified", "create-es256", "get-es256"},
		{"eddsa-none-verified", "create-eddsa", "get-eddsa"},
		{"rs256-none-verified", "create-rs256", "get-rs256"},
		{"es256-packed-self", "create-es256-self", NULL},
		{"eddsa-packed-self", "create-eddsa-self", NULL},
		{"rs256-packed-self", "create-rs256-self", NULL},
	};
	static struct ceremony list[CEREMONIES_MAX];
	struct arena *kept;
	struct bench b = {.key = NULL};
	if (argc != 3)
		fail("usage: CEREMONIES MILLISECONDS");
	double time = strtod(argv[2], NULL) * 1000;
	if (sodium_init() < 0 || arena_open(KEPT, KEPT, &kept) != OK ||
	    arena_open(65536, KEPT, &b.arena) != OK)
		fail("cannot begin");
	json_init();
	size_t n = ceremonies_load(kept, argv[1], list);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		b.ceremony = find(list, n, cases[i].recording);
		if (i == 0)
			measure_bare(&b, time);
		measure(&b, create, cases[i].create, time);
		if (cases[i].get != NULL)
			measure_get(&b, kept, cases[i].get, time);
	}
	arena_close(&b.arena);
	arena_close(&kept);
	return 0;
}
