/* Passwords: normal form, rules, Argon2id within the host's hash slots. */
#include "password.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <utf8proc.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "foreign_hash.h"
#include "slots.h"

#define HASHER_MEMORY 4096
#define DUMMY_SALT 16 /* bytes, as libsodium makes them */
#define DUMMY_HASH 32
/* The most that [password] memory (KiB) and passes may be set to. */
#define OWN_MEMORY_MAX 4194304
#define OWN_PASSES_MAX 64

struct hasher {
	struct arena *arena; /* holds the hasher itself */
	struct slots *slots;
	unsigned long long passes;
	size_t memory;
	char dummy[crypto_pwhash_STRBYTES];
};

static enum err hash_text(const struct hasher *hasher, struct secret normal,
			  char text[crypto_pwhash_STRBYTES])
{
	if (crypto_pwhash_str(text, (const char *)normal.bytes, normal.len, hasher->passes,
			      hasher->memory) != 0)
		return ERR_MEMORY;
	return OK;
}

/* n random bytes as the base64 of a PHC string. */
static void add_random(struct buf *phc, size_t n)
{
	unsigned char bytes[DUMMY_HASH];
	char text[sodium_base64_ENCODED_LEN(DUMMY_HASH, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];

	secret_random_bytes(bytes, n);
	(void)sodium_bin2base64(text, sizeof text, bytes, n,
				sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	buf_add(phc, str_of(text));
}

/*
 * A hash of these parameters that no password is known for: random where the salt and the result
 * stand, so it costs nothing to make and as much as any other to verify against.
 */
static enum err make_dummy(struct hasher *hasher)
{
	struct buf phc;
	struct str text = STR_NONE;

	buf_init(&phc, hasher->arena, crypto_pwhash_STRBYTES);
	buf_addf(&phc, "$argon2id$v=19$m=%zu,t=%llu,p=1$", hasher->memory / 1024, hasher->passes);
	add_random(&phc, DUMMY_SALT);
	buf_add_char(&phc, '$');
	add_random(&phc, DUMMY_HASH);
	TRY(buf_str(&phc, &text));
	if (text.n >= sizeof hasher->dummy)
		return ERR_INTERNAL;
	memcpy(hasher->dummy, text.p, text.n + 1);
	/* Not readable as one of these parameters, it would cost nothing to verify against. */
	return crypto_pwhash_str_needs_rehash(hasher->dummy, hasher->passes, hasher->memory) == 0
		       ? OK
		       : ERR_INTERNAL;
}

enum err hasher_open(const struct config *config, struct slots *slots, struct hasher **out)
{
	struct arena *arena = NULL;
	struct hasher *hasher = NULL;
	enum err e = OK;

	if (sodium_init() < 0)
		return ERR_INTERNAL;
	TRY(arena_open(HASHER_MEMORY, HASHER_MEMORY, &arena));
	hasher = arena_alloc(arena, sizeof *hasher);
	if (hasher == NULL) {
		arena_close(&arena);
		return ERR_MEMORY;
	}
	hasher->arena = arena;
	hasher->slots = slots;
	hasher->passes = config->password.passes;
	hasher->memory = (size_t)config->password.memory * 1024;
	e = make_dummy(hasher);
	if (e != OK) {
		arena_close(&arena);
		return e;
	}
	*out = hasher;
	return OK;
}

void hasher_close(struct hasher **hasher)
{
	struct arena *arena = *hasher != NULL ? (*hasher)->arena : NULL;

	*hasher = NULL;
	arena_close(&arena);
}

const char *password_flaw_text(enum password_flaw flaw)
{
	static const char *const texts[PASSWORD_FLAW_COUNT] = {
		[PASSWORD_FINE] = "This password is fine.",
		[PASSWORD_NOT_TEXT] = "This password has characters that are not text.",
		[PASSWORD_TOO_LONG] = "This password is too long.",
		[PASSWORD_TOO_SHORT] = "This password is too short.",
		[PASSWORD_COMMON] = "This password is easy to guess: it is made of common words, "
				    "years, keyboard rows or repetition.",
		[PASSWORD_PERSONAL] = "This password is easy to guess: it is made of your name, "
				      "your address or the name of this service.",
		[PASSWORD_SAME] = "This is the password that you have now.",
		[PASSWORD_BREACHED] = "This password is in a list of stolen ones, so others will "
				      "try it. Choose one that you use nowhere else.",
	};

	return flaw < PASSWORD_FLAW_COUNT ? texts[flaw] : texts[PASSWORD_NOT_TEXT];
}

const char *password_hint_text(enum password_hint hint)
{
	static const char *const texts[PASSWORD_HINT_COUNT] = {
		[PASSWORD_HINT_NONE] = "",
		[PASSWORD_HINT_WEAK] = "It would be guessed quickly. Four or five unrelated words "
				       "are better.",
		[PASSWORD_HINT_FAIR] =
			"One more unrelated word would make it much harder to guess.",
	};

	return texts[hint < PASSWORD_HINT_COUNT ? hint : PASSWORD_HINT_NONE];
}

/* Code points become UTF-8 in the same place; work has room for count + 1 of them. */
static enum err compose(utf8proc_int32_t *work, utf8proc_ssize_t count, struct secret *out,
			enum password_flaw *flaw)
{
	utf8proc_ssize_t n = utf8proc_reencode(work, count, UTF8PROC_COMPOSE | UTF8PROC_STABLE);

	if (n < 0)
		return ERR_INTERNAL;
	if (n > PASSWORD_BYTES_MAX) {
		*flaw = PASSWORD_TOO_LONG;
		return OK;
	}
	*out = (struct secret){.bytes = (unsigned char *)work, .len = (size_t)n};
	*flaw = PASSWORD_FINE;
	return OK;
}

enum err password_normalise(struct arena *arena, struct str typed, struct secret *out,
			    enum password_flaw *flaw)
{
	/* UTF8PROC_NULLTERM is not given, so the length counts; NUL was refused before. */
	const utf8proc_option_t options = UTF8PROC_DECOMPOSE | UTF8PROC_STABLE;
	struct str text = str_is_present(typed) ? typed : STR("");
	const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.p;
	utf8proc_ssize_t count = 0;
	utf8proc_int32_t *work = NULL;

	if (text.n > PASSWORD_BYTES_MAX) {
		*flaw = PASSWORD_TOO_LONG;
		return OK;
	}
	if (str_contains(text, '\0') || !str_is_utf8(text)) {
		*flaw = PASSWORD_NOT_TEXT;
		return OK;
	}
	count = utf8proc_decompose(bytes, (utf8proc_ssize_t)text.n, NULL, 0, options);
	if (count < 0)
		return ERR_INTERNAL;
	work = arena_array(arena, (size_t)count + 1, sizeof *work);
	if (work == NULL)
		return ERR_MEMORY;
	if (utf8proc_decompose(bytes, (utf8proc_ssize_t)text.n, work, count, options) != count)
		return ERR_INTERNAL;
	return compose(work, count, out, flaw);
}

enum password_flaw password_check_new(const struct config *config, struct secret normal)
{
	struct str text = {.p = (const char *)normal.bytes, .n = normal.len};

	if (normal.len > PASSWORD_BYTES_MAX)
		return PASSWORD_TOO_LONG;
	return str_code_points(text) < config->password.min_length ? PASSWORD_TOO_SHORT
								   : PASSWORD_FINE;
}

static enum err take_slot(const struct hasher *hasher, int64_t deadline, unsigned *slot)
{
	return hasher->slots != NULL ? slots_take(hasher->slots, deadline, slot) : OK;
}

static void give_slot(const struct hasher *hasher, unsigned slot)
{
	if (hasher->slots != NULL)
		slots_give(hasher->slots, slot);
}

enum err password_hash(struct hasher *hasher, struct arena *arena, struct secret normal,
		       int64_t deadline, struct secret *phc)
{
	char text[crypto_pwhash_STRBYTES] = {0};
	enum err e = OK;
	unsigned slot = 0;

	TRY(take_slot(hasher, deadline, &slot));
	e = hash_text(hasher, normal, text);
	give_slot(hasher, slot);
	if (e == OK)
		e = secret_from_str(arena, str_of(text), phc);
	secret_wipe_bytes(text, sizeof text);
	return e;
}

static enum err compare_argon2(const char *text, struct secret normal, bool *same)
{
	errno = 0;
	int answer = crypto_pwhash_str_verify(text, (const char *)normal.bytes, normal.len);
	int reason = errno;

	/* "No memory for the hash" must not pass for "wrong". */
	if (answer != 0 && reason == ENOMEM)
		return ERR_MEMORY;
	*same = answer == 0;
	return OK;
}

/* Ours may cost whatever the configuration could ever say; foreign ones are bounded. */
static bool is_ours(const struct foreign_hash *hash)
{
	return hash->form == FOREIGN_ARGON2ID && hash->lanes == 1 &&
	       hash->memory <= OWN_MEMORY_MAX && hash->passes <= OWN_PASSES_MAX;
}

/* What is verified: the form; FOREIGN_NONE: nothing that can be, so the dummy is. */
static struct foreign_hash form_of(struct secret phc)
{
	struct foreign_hash hash = {.form = FOREIGN_NONE};
	enum foreign_flaw flaw = foreign_hash_read(phc, &hash);

	if (flaw == FOREIGN_FINE || (flaw == FOREIGN_COSTLY && is_ours(&hash)))
		return hash;
	return (struct foreign_hash){.form = FOREIGN_NONE};
}

static enum err compare(const struct hasher *hasher, struct secret phc, struct secret normal,
			bool *same)
{
	const struct foreign_hash hash = form_of(phc);
	char text[crypto_pwhash_STRBYTES] = {0};
	bool argon2 = hash.form == FOREIGN_ARGON2ID || hash.form == FOREIGN_ARGON2I;
	bool found = false;

	if (argon2 && phc.len < sizeof text)
		memcpy(text, phc.bytes, phc.len);
	else
		memcpy(text, hasher->dummy, sizeof text);
	enum err e = compare_argon2(text, normal, &found);
	secret_wipe_bytes(text, sizeof text);
	/* A cheap one alone would answer at once, and a guess would cost next to nothing. */
	if (e == OK && !argon2 && hash.form != FOREIGN_NONE)
		e = foreign_hash_verify(&hash, phc, normal, &found);
	TRY(e);
	*same = found && hash.form != FOREIGN_NONE;
	return OK;
}

enum err password_verify(struct hasher *hasher, struct secret phc, struct secret normal,
			 int64_t deadline, enum password_verdict *verdict)
{
	unsigned slot = 0;
	bool same = false;

	TRY(take_slot(hasher, deadline, &slot));
	enum err e = compare(hasher, phc, normal, &same);
	give_slot(hasher, slot);
	TRY(e);
	*verdict = same ? PASSWORD_RIGHT : PASSWORD_WRONG;
	return OK;
}

bool password_is_outdated(const struct hasher *hasher, struct secret phc)
{
	const struct foreign_hash hash = form_of(phc);

	if (hash.form == FOREIGN_NONE)
		return false;
	return hash.form != FOREIGN_ARGON2ID || hash.lanes != 1 ||
	       hash.memory * hash.passes < (uint64_t)hasher->memory / 1024 * hasher->passes;
}

enum err password_measure(unsigned memory, unsigned passes, int64_t *took)
{
	unsigned char key[DUMMY_HASH];
	unsigned char salt[crypto_pwhash_SALTBYTES] = {0};
	int64_t start = clock_monotonic();

	if (sodium_init() < 0)
		return ERR_INTERNAL;
	if (crypto_pwhash(key, sizeof key, "measured", 8, salt, passes, (size_t)memory * 1024,
			  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return ERR_MEMORY;
	*took = clock_monotonic() - start;
	return OK;
}
