/* The signing keys that a process knows: immutable, counted, replaced as a whole. */
#include "key_set.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "codec.h"
#include "db.h"
#include "key_seal.h"
#include "key_store.h"
#include "pages.h"
#include "seen.h"
#include "signing_key.h"

#define BOX_MEMORY 4096
#define SET_MEMORY ((size_t)64 * 1024)
/* The housekeeper reads every half a minute: who finds this has none, or a slow one. */
#define OLD (90 * CLOCK_SECOND)
#define LOOK_EVERY (5 * CLOCK_SECOND) /* at most, for names that nobody knows */

struct key_set {
	struct arena *arena; /* holds this struct */
	atomic_uint holders;
	int64_t read_at; /* clock_monotonic */
	struct published_key keys[KEY_SET_MAX];
	size_t n;
	size_t signer;                 /* of the keys; n: none */
	struct ed25519_secret *secret; /* pages; NULL: none */
	struct fault fault;            /* of a key that is not in it */
};

struct key_box {
	struct arena *arena; /* holds this struct */
	pthread_mutex_t lock;
	struct key_set *set; /* held; NULL: none was read yet */
	int64_t tried_at;    /* the last reading began; 0: never */
	int64_t looked_at;   /* the last one for a name that nobody knew */
	enum err failed;     /* of the last one, when there is no set */
	struct seen *seen;
};

static void destroy(struct key_set *set)
{
	struct arena *arena = set->arena;

	pages_give(set->secret);
	arena_close(&arena);
}

void key_set_release(struct key_set **set)
{
	struct key_set *held = *set;

	*set = NULL;
	if (held != NULL && atomic_fetch_sub(&held->holders, 1) == 1)
		destroy(held);
}

static struct key_set *hold(struct key_set *set)
{
	(void)atomic_fetch_add(&set->holders, 1);
	return set;
}

enum err key_box_open(unsigned signature_cache, struct key_box **out)
{
	size_t ceiling = BOX_MEMORY + seen_size(signature_cache);
	struct arena *arena = NULL;

	TRY(arena_open(0, ceiling, &arena));
	struct key_box *box = arena_alloc(arena, sizeof *box);
	enum err e = box == NULL ? ERR_MEMORY : seen_make(arena, signature_cache, &box->seen);
	if (e == OK && pthread_mutex_init(&box->lock, NULL) != 0)
		e = ERR_MEMORY;
	if (e != OK) {
		arena_close(&arena);
		return e;
	}
	box->arena = arena;
	*out = box;
	return OK;
}

void key_box_close(struct key_box **box)
{
	struct key_box *closed = *box;

	*box = NULL;
	if (closed == NULL)
		return;
	key_set_release(&closed->set);
	seen_done(closed->seen);
	(void)pthread_mutex_destroy(&closed->lock);
	struct arena *arena = closed->arena;
	arena_close(&arena);
}

static struct str alg_name(uint32_t alg)
{
	return alg == SIGNING_ED25519 ? STR("Ed25519") : STR("EdDSA");
}

static enum err keep_secret(struct key_set *set, const struct ed25519_secret *secret)
{
	set->secret = pages_take(sizeof *secret);
	if (set->secret == NULL)
		return ERR_MEMORY;
	memcpy(set->secret, secret, sizeof *secret);
	set->signer = set->n;
	return pages_close(set->secret);
}

/* One that does not open is left out: nothing is signed or believed in its name. */
static void leave_out(struct key_set *set, const struct key_row *row, enum err why)
{
	char kid[DIGEST_TEXT + 1];

	codec_base64url(row->kid.b, DIGEST_BYTES, kid);
	(void)fault_set(&set->fault, "signing key %s (%s): %s root %u of the key file", kid,
			key_state_name((enum key_state)row->state),
			why == ERR_CONFIG ? "is sealed under the missing" : "does not open under",
			row->root);
}

static enum err add_key(const struct auth_context *context, struct key_set *set,
			const struct key_row *row)
{
	struct published_key *key = &set->keys[set->n];
	struct ed25519_secret secret;
	enum err e = key_seal_open(context->arena, context->keys, row, &secret);

	if (e == ERR_CONFIG || e == ERR_INPUT) {
		leave_out(set, row, e);
		return OK;
	}
	TRY(e);
	if (row->state == KEY_ACTIVE && set->secret == NULL)
		e = keep_secret(set, &secret);
	secret_wipe_bytes(&secret, sizeof secret);
	key->kid = row->kid;
	key->alg = alg_name(row->alg);
	memcpy(&key->public, &row->public_key, sizeof key->public);
	set->n++;
	return e;
}

static enum err fill(const struct auth_context *context, struct key_set *set)
{
	struct key_row rows[KEY_SET_MAX];
	struct key_page page = {.rows = rows, .room = KEY_SET_MAX};

	set->signer = KEY_SET_MAX;
	TRY(key_store_list(context->db, context->arena, KEY_RETIRING, &page));
	for (size_t i = 0; i < page.n; i++)
		TRY(add_key(context, set, &rows[i]));
	return OK;
}

static enum err read_set(const struct auth_context *context, struct key_set **out)
{
	struct arena *arena = NULL;

	TRY(arena_open(0, SET_MEMORY, &arena));
	struct key_set *set = arena_alloc(arena, sizeof *set);
	if (set == NULL) {
		arena_close(&arena);
		return ERR_MEMORY;
	}
	set->arena = arena;
	atomic_init(&set->holders, 1);
	set->read_at = clock_monotonic();
	enum err e = fill(context, set);
	if (e != OK) {
		destroy(set);
		return e;
	}
	*out = set;
	return OK;
}

/* A slow reading never takes the place of a later one. */
static void put(struct key_box *box, struct key_set *set)
{
	struct key_set *former = box->set;

	if (former != NULL && former->read_at > set->read_at) {
		key_set_release(&set);
		return;
	}
	box->set = set;
	key_set_release(&former);
}

enum err key_box_refresh(const struct auth_context *context)
{
	struct key_box *box = context->signing;
	struct key_set *set = NULL;

	(void)pthread_mutex_lock(&box->lock);
	box->tried_at = clock_monotonic();
	(void)pthread_mutex_unlock(&box->lock);
	enum err e = read_set(context, &set);
	(void)pthread_mutex_lock(&box->lock);
	box->failed = e;
	if (e == OK)
		put(box, set);
	(void)pthread_mutex_unlock(&box->lock);
	return e;
}

static bool is_past(int64_t at)
{
	return at == 0 || clock_monotonic() - at >= LOOK_EVERY;
}

static bool must_read(const struct key_box *box)
{
	if (box->set == NULL)
		return box->failed == OK || is_past(box->tried_at);
	return clock_monotonic() - box->set->read_at >= OLD && is_past(box->tried_at);
}

/* One more holder of what there is; ERR_UNAVAILABLE: nothing. */
static enum err hold_current(struct key_box *box, struct key_set **out)
{
	(void)pthread_mutex_lock(&box->lock);
	struct key_set *set = box->set == NULL ? NULL : hold(box->set);
	(void)pthread_mutex_unlock(&box->lock);
	if (set == NULL)
		return ERR_UNAVAILABLE;
	*out = set;
	return OK;
}

enum err key_box_take(const struct auth_context *context, struct key_set **out)
{
	struct key_box *box = context->signing;

	(void)pthread_mutex_lock(&box->lock);
	bool needed = must_read(box);
	(void)pthread_mutex_unlock(&box->lock);
	if (needed) {
		enum err e = key_box_refresh(context);
		/* An old set is better than none: the session's row decides all the same. */
		if (e == ERR_MEMORY)
			return e;
	}
	return hold_current(box, out);
}

bool key_box_peek(struct key_box *box, struct key_set **out)
{
	bool known = false;

	(void)pthread_mutex_lock(&box->lock);
	known = box->set != NULL && !must_read(box);
	if (known)
		*out = hold(box->set);
	(void)pthread_mutex_unlock(&box->lock);
	return known;
}

static enum err check_signer(struct key_set **set, struct key_set **out)
{
	if (key_set_signer(*set).key == NULL) {
		key_set_release(set);
		return ERR_CONFIG;
	}
	*out = *set;
	return OK;
}

enum err key_box_take_to_sign(const struct auth_context *context, struct key_set **out)
{
	struct key_outcome outcome;
	struct key_set *set = NULL;

	TRY(key_box_take(context, &set));
	if (set->n > 0 || set->fault.text[0] != '\0')
		return check_signer(&set, out);
	key_set_release(&set);
	if (db_in_transaction(context->db))
		return ERR_UNAVAILABLE;
	/* Whoever else makes them at the same time: there are some then. */
	TRY(signing_key_tend(context, &outcome));
	TRY(key_box_refresh(context));
	TRY(hold_current(context->signing, &set));
	return check_signer(&set, out);
}

void key_box_fault(struct key_box *box, struct fault *out)
{
	(void)pthread_mutex_lock(&box->lock);
	*out = box->set == NULL ? (struct fault){.text = ""} : box->set->fault;
	(void)pthread_mutex_unlock(&box->lock);
}

const struct published_key *key_set_all(const struct key_set *set, size_t *n)
{
	*n = set->n;
	return set->keys;
}

const struct published_key *key_set_find(const struct key_set *set, const struct digest *kid)
{
	for (size_t i = 0; i < set->n; i++)
		if (digest_equal(&set->keys[i].kid, kid))
			return &set->keys[i];
	return NULL;
}

struct signing_secret key_set_signer(const struct key_set *set)
{
	if (set->secret == NULL)
		return (struct signing_secret){.key = NULL};
	return (struct signing_secret){.key = &set->keys[set->signer], .secret = set->secret};
}

/* True: it is for this caller to look; others who come now take what is there. */
static bool claim_look(struct key_box *box, const struct key_set *known)
{
	(void)pthread_mutex_lock(&box->lock);
	bool mine = box->set == known && is_past(box->looked_at);
	if (mine)
		box->looked_at = clock_monotonic();
	(void)pthread_mutex_unlock(&box->lock);
	return mine;
}

enum err key_box_find(const struct auth_context *context, const struct digest *kid,
		      struct key_set **set, const struct published_key **found)
{
	struct key_box *box = context->signing;
	struct key_set *newer = NULL;
	const struct published_key *key = key_set_find(*set, kid);

	if (key == NULL) {
		if (claim_look(box, *set))
			TRY(key_box_refresh(context));
		TRY(hold_current(box, &newer));
		key_set_release(set);
		*set = newer;
		key = key_set_find(newer, kid);
	}
	*found = key;
	return OK;
}

bool key_box_remembers(struct key_box *box, const struct digest *token)
{
	return seen_has(box->seen, token);
}

void key_box_remember(struct key_box *box, const struct digest *token)
{
	seen_add(box->seen, token);
}
