/* Root keys read from their file, a sub-key for every purpose, keyed hashing under them. */
#include "keyring.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "codec.h"
#include "secret_file.h"

#define KEY_BYTES KEYRING_KEY
#define KEY_TEXT CODEC_BASE64URL_LEN(KEY_BYTES)
#define FILE_ROOTS 64
#define FIRST_BLOCK 4096
#define CEILING (SECRET_FILE_MAX + 16384)
#define CONTEXT "gatepost"
#define MADE_MAX UINT64_C(253402300799) /* the year 9999 */

_Static_assert(KEY_BYTES == crypto_kdf_KEYBYTES, "a root is a key of crypto_kdf");
_Static_assert(sizeof CONTEXT - 1 == crypto_kdf_CONTEXTBYTES, "context of crypto_kdf");
_Static_assert(DIGEST_BYTES == crypto_generichash_BYTES, "digest of crypto_generichash");

/* What was sealed long ago must still open: of every root, not only of those that look-ups try. */
struct sealer {
	struct keyring_root root;
	unsigned char key[KEY_BYTES];
};

struct keyring {
	size_t roots;
	unsigned char keys[KEYRING_ROOTS][KEY_PURPOSE_COUNT][KEY_BYTES];
	size_t sealer_count;
	struct sealer sealers[FILE_ROOTS]; /* the newest first */
};

struct root {
	uint64_t number;
	uint64_t made; /* seconds */
	unsigned char key[KEY_BYTES];
};

struct root_file {
	const char *path;
	struct root roots[FILE_ROOTS];
	size_t count;
};

/* A number given twice is refused: which of the two hashed the stored rows could not be told. */
static bool has_number(const struct root_file *file, uint64_t number)
{
	for (size_t i = 0; i < file->count; i++) {
		if (file->roots[i].number == number)
			return true;
	}
	return false;
}

/* "KEY [SECONDS]" */
static bool read_key(struct str text, struct root *root)
{
	struct str key;
	struct str made;
	bool is_dated = str_cut(str_trim(text), ' ', &key, &made);

	if (is_dated && str_to_u64(str_trim(made), MADE_MAX, &root->made) != OK)
		return false;
	return codec_base64url_decode(key, root->key, KEY_BYTES) == OK;
}

static enum err read_line(struct root_file *file, struct str line, unsigned number,
			  struct fault *fault)
{
	struct root root = {.made = 0};
	struct str left;
	struct str right;

	line = str_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return OK;
	if (file->count == FILE_ROOTS)
		return fault_set(fault, "%s:%u: more than %d keys", file->path, number, FILE_ROOTS);
	if (!str_cut(line, ' ', &left, &right))
		return fault_set(fault, "%s:%u: expected NUMBER KEY", file->path, number);
	if (str_to_u64(left, UINT32_MAX, &root.number) != OK || root.number == 0)
		return fault_set(fault, "%s:%u: the number must be from 1 to 4294967295",
				 file->path, number);
	if (has_number(file, root.number))
		return fault_set(fault, "%s:%u: number %llu is there twice", file->path, number,
				 (unsigned long long)root.number);
	if (!read_key(right, &root))
		return fault_set(fault, "%s:%u: the key must be %d characters of base64url",
				 file->path, number, (int)KEY_TEXT);
	file->roots[file->count++] = root;
	sodium_memzero(&root, sizeof root);
	return OK;
}

static enum err read_file(struct root_file *file, struct arena *arena, struct fault *fault)
{
	struct secret text = SECRET_NONE;

	enum err e = secret_file_read(file->path, arena, &text, fault);
	if (e != OK)
		return e == ERR_MEMORY ? ERR_MEMORY : ERR_CONFIG;

	struct str rest = {.p = (const char *)text.bytes, .n = text.len};
	bool more = true;
	for (unsigned number = 1; more; number++) {
		struct str line;
		more = str_cut(rest, '\n', &line, &rest);
		TRY(read_line(file, line, number, fault));
	}
	if (file->count == 0)
		return fault_set(fault, "%s: has no key", file->path);
	return OK;
}

/* The newest root with a number below the given one; NULL when there is none. */
static const struct root *newest_below(const struct root_file *file, uint64_t below)
{
	const struct root *found = NULL;

	for (size_t i = 0; i < file->count; i++) {
		const struct root *root = &file->roots[i];
		if (root->number < below && (found == NULL || root->number > found->number))
			found = root;
	}
	return found;
}

static void derive(struct keyring *keyring, const struct root *root)
{
	for (uint64_t purpose = KEY_COOKIE; purpose < KEY_PURPOSE_COUNT; purpose++)
		crypto_kdf_derive_from_key(keyring->keys[keyring->roots][purpose], KEY_BYTES,
					   purpose, CONTEXT, root->key);
	keyring->roots++;
}

static void derive_sealer(struct keyring *keyring, const struct root *root)
{
	struct sealer *sealer = &keyring->sealers[keyring->sealer_count++];

	sealer->root = (struct keyring_root){.number = (uint32_t)root->number,
					     .made_at = (int64_t)root->made * CLOCK_SECOND};
	crypto_kdf_derive_from_key(sealer->key, KEY_BYTES, KEY_SEAL, CONTEXT, root->key);
}

static enum err build(const struct root_file *file, struct keyring **out)
{
	struct keyring *keyring = sodium_malloc(sizeof *keyring);
	if (keyring == NULL)
		return ERR_MEMORY;
	sodium_memzero(keyring, sizeof *keyring);

	const struct root *root = newest_below(file, UINT64_MAX);
	while (root != NULL) {
		if (keyring->roots < KEYRING_ROOTS)
			derive(keyring, root);
		derive_sealer(keyring, root);
		root = newest_below(file, root->number);
	}
	if (sodium_mprotect_readonly(keyring) != 0) {
		sodium_free(keyring);
		return ERR_INTERNAL;
	}
	*out = keyring;
	return OK;
}

static enum err load(const char *path, struct arena *arena, struct keyring **out,
		     struct fault *fault)
{
	struct root_file *file = arena_alloc(arena, sizeof *file);
	if (file == NULL)
		return ERR_MEMORY;
	file->path = path;
	TRY(read_file(file, arena, fault));
	return build(file, out);
}

enum err keyring_load(const char *path, struct keyring **out, struct fault *fault)
{
	struct arena *arena = NULL;

	enum err e = sodium_init() < 0 ? ERR_INTERNAL : arena_open(FIRST_BLOCK, CEILING, &arena);
	if (e == OK)
		e = load(path, arena, out, fault);
	arena_close(&arena);
	if (e == ERR_MEMORY || e == ERR_INTERNAL)
		(void)fault_set(fault, "%s: no protected memory for the keys", path);
	return e;
}

void keyring_free(struct keyring **keyring)
{
	sodium_free(*keyring);
	*keyring = NULL;
}

size_t keyring_roots(const struct keyring *keyring)
{
	return keyring->roots;
}

struct keyring_root keyring_root_at(const struct keyring *keyring, size_t at, size_t *n)
{
	*n = keyring->sealer_count;
	return at < *n ? keyring->sealers[at].root : (struct keyring_root){.number = 0};
}

const unsigned char *keyring_seal_key(const struct keyring *keyring, uint32_t number)
{
	for (size_t i = 0; i < keyring->sealer_count; i++)
		if (keyring->sealers[i].root.number == number)
			return keyring->sealers[i].key;
	return NULL;
}

static void add_part(crypto_generichash_state *state, struct secret part)
{
	unsigned char length[8];

	for (size_t i = 0; i < sizeof length; i++)
		length[i] = (unsigned char)((uint64_t)part.len >> (8 * i));
	crypto_generichash_update(state, length, sizeof length);
	if (part.len > 0)
		crypto_generichash_update(state, part.bytes, part.len);
}

/* NOLINTNEXTLINE(readability-function-size) six: root, purpose and parts differ by call */
void keyring_digest(const struct keyring *keyring, size_t root, enum key_purpose purpose,
		    const struct secret *parts, size_t n, struct digest *out)
{
	crypto_generichash_state state;

	/* Past the derived keys lie zeros: hashing under those would be no hashing at all. */
	if (root >= keyring->roots || purpose < KEY_COOKIE || purpose >= KEY_PURPOSE_COUNT)
		abort();
	crypto_generichash_init(&state, keyring->keys[root][purpose], KEY_BYTES, DIGEST_BYTES);
	for (size_t i = 0; i < n; i++)
		add_part(&state, parts[i]);
	crypto_generichash_final(&state, out->b, DIGEST_BYTES);
	sodium_memzero(&state, sizeof state);
}

struct secret keyring_part(const void *bytes, size_t n)
{
	struct secret part = {.len = n};

	/* struct secret is also what gets wiped, so it has no pointer to const; a part is only
	 * read. */
	memcpy(&part.bytes, &bytes, sizeof part.bytes);
	return part;
}
