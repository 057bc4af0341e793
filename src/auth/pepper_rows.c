/* All stored passwords: under which pepper each lies, and sealed anew. */
#include "pepper_rows.h"

#include "arena.h"
#include "db.h"
#include "pepper.h"
#include "user_store.h"

#define PAGE 500
#define BATCH 50 /* sealed anew in one transaction: so many people's sign-ins wait for it */
#define PAGE_MEMORY ((size_t)1024 * 1024)

/* A walk over all of them; each page has the memory to itself. */
struct walk {
	struct auth_context context; /* with the walk's own arena */
	struct password_row rows[PAGE];
	size_t n;
	struct id after;
};

static enum err next_page(struct walk *walk, unsigned limit)
{
	arena_reset(walk->context.arena);
	TRY(password_store_walk(walk->context.hash_db, walk->context.arena, &walk->after, limit,
				walk->rows, &walk->n));
	if (walk->n > 0)
		walk->after = walk->rows[walk->n - 1].user_id;
	return OK;
}

/* *closed: it does not open. */
static enum err open_row(const struct walk *walk, const struct password_row *row,
			 struct secret *hash, bool *closed)
{
	enum err e = pepper_open(walk->context.peppers, walk->context.arena, &row->user_id,
				 row->hash, hash);

	*closed = e == ERR_CONFIG || e == ERR_INPUT;
	return *closed ? OK : e;
}

static struct pepper_count *place_for(struct pepper_counts *counts, uint32_t number)
{
	size_t at = 0;

	while (at < counts->n && counts->of[at].number < number)
		at++;
	if (at < counts->n && counts->of[at].number == number)
		return &counts->of[at];
	if (counts->n == PEPPER_COUNTS_MAX)
		return &counts->of[PEPPER_COUNTS_MAX - 1];
	for (size_t i = counts->n++; i > at; i--)
		counts->of[i] = counts->of[i - 1];
	counts->of[at] = (struct pepper_count){.number = number};
	return &counts->of[at];
}

static enum err count_page(const struct walk *walk, struct pepper_counts *counts)
{
	for (size_t i = 0; i < walk->n; i++) {
		struct pepper_count *count = place_for(counts, pepper_number(walk->rows[i].hash));
		struct secret hash = SECRET_NONE;
		bool closed = false;

		TRY(open_row(walk, &walk->rows[i], &hash, &closed));
		count->rows++;
		count->closed += closed ? 1 : 0;
	}
	return OK;
}

static enum err count_all(struct walk *walk, struct pepper_counts *counts)
{
	do {
		TRY(next_page(walk, PAGE));
		TRY(count_page(walk, counts));
	} while (walk->n == PAGE);
	return OK;
}

enum err pepper_count_rows(const struct auth_context *context, struct pepper_counts *out)
{
	struct pepper_counts *counts = arena_alloc(context->arena, sizeof *counts);
	struct walk *walk = arena_alloc(context->arena, sizeof *walk);

	if (counts == NULL || walk == NULL)
		return ERR_MEMORY;
	walk->context = *context;
	TRY(arena_open(0, PAGE_MEMORY, &walk->context.arena));
	enum err e = count_all(walk, counts);
	arena_close(&walk->context.arena);
	TRY(e);
	*out = *counts;
	return OK;
}

struct resealing {
	struct walk *walk;
	uint64_t changed;
	uint64_t closed;
};

/* Under the user's lock nobody else writes the row, so what is read now is what is replaced. */
static enum err reseal_row(struct resealing *r, struct db *db, const struct id *user_id)
{
	const struct auth_context *context = &r->walk->context;
	struct password_row row = {.hash = SECRET_NONE};
	struct secret hash = SECRET_NONE;
	struct secret stored = SECRET_NONE;
	uint32_t state = USER_NONE;
	bool found = false;
	bool closed = false;

	TRY(user_store_lock(db, user_id, &state, &found));
	if (found)
		TRY(password_store_get(context->hash_db, context->arena, user_id, &row, &found));
	if (!found)
		return OK;
	TRY(open_row(r->walk, &row, &hash, &closed));
	r->closed += closed ? 1 : 0;
	if (closed || pepper_number(row.hash) == pepper_newest(context->peppers))
		return OK;
	TRY(pepper_close(context->peppers, context->arena, user_id, hash, &stored));
	r->changed++;
	return password_store_strengthen(db, user_id, stored);
}

static enum err reseal_work(struct db *db, void *opaque)
{
	struct resealing *r = opaque;
	uint32_t newest = pepper_newest(r->walk->context.peppers);

	r->changed = 0;
	r->closed = 0;
	for (size_t i = 0; i < r->walk->n; i++)
		if (pepper_number(r->walk->rows[i].hash) != newest)
			TRY(reseal_row(r, db, &r->walk->rows[i].user_id));
	return OK;
}

static enum err reseal_all(struct walk *walk, uint64_t *changed, uint64_t *closed)
{
	struct resealing r = {.walk = walk};

	do {
		TRY(next_page(walk, BATCH));
		TRY(db_transact(walk->context.db, reseal_work, &r));
		*changed += r.changed;
		*closed += r.closed;
	} while (walk->n == BATCH);
	return OK;
}

enum err pepper_reseal_rows(const struct auth_context *context, uint64_t *changed, uint64_t *closed)
{
	struct walk *walk = arena_alloc(context->arena, sizeof *walk);

	*changed = 0;
	*closed = 0;
	if (walk == NULL)
		return ERR_MEMORY;
	walk->context = *context;
	TRY(arena_open(0, PAGE_MEMORY, &walk->context.arena));
	enum err e = reseal_all(walk, changed, closed);
	arena_close(&walk->context.arena);
	return e;
}
