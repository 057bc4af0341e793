/* The denormalised grants columns, compared with the role tables they were made from. */
#include "grants_store.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "row.h"

#define WORDS_MAX ((size_t)1024 * 1024)

/* One column that is looked at. */
struct holder {
	struct grants_row row;
	struct buf words; /* as they should be */
	struct holder *next;
};

struct comparison {
	struct arena *arena;
	struct grants_row row; /* the one that was just read */
	struct holder *first, *last;
	struct holder *at; /* where the words have come to; both are in one order */
};

static enum err take_stored(struct row_sink *sink)
{
	struct comparison *c = sink->context;
	struct holder *holder = arena_alloc(c->arena, sizeof *holder);

	if (holder == NULL)
		return ERR_MEMORY;
	holder->row = c->row;
	buf_init(&holder->words, c->arena, WORDS_MAX);
	if (c->first == NULL)
		c->first = holder;
	else
		c->last->next = holder;
	c->last = holder;
	return OK;
}

static int order(const struct grants_row *a, const struct grants_row *b)
{
	int users = memcmp(a->user_id.b, b->user_id.b, ID_BYTES);

	return users != 0 ? users : memcmp(a->tenant_id.b, b->tenant_id.b, ID_BYTES);
}

/* A role without a row that could hold it (a membership that ended) is no one's. */
static enum err take_word(struct row_sink *sink)
{
	struct comparison *c = sink->context;

	while (c->at != NULL && order(&c->at->row, &c->row) < 0)
		c->at = c->at->next;
	if (c->at == NULL || order(&c->at->row, &c->row) != 0)
		return OK;
	if (c->at->words.n > 0)
		buf_add_char(&c->at->words, ' ');
	buf_add(&c->at->words, c->row.text);
	return OK;
}

static enum err read_both(struct db *db, const struct id *after, const struct id *until,
			  struct comparison *c)
{
	struct row_sink stored = {
		.into = {.arena = c->arena, .row = &c->row},
		.take = take_stored,
		.context = c,
	};
	struct row_sink words = stored;
	struct arg from = arg_id_or_zero(after);
	struct arg to = arg_id_or_zero(until);

	words.take = take_word;
	TRY(row_each(db, STMT_GRANTS_STORED, ARGS(from, to, from, to), &stored));
	c->at = c->first;
	return row_each(db, STMT_GRANTS_WORDS, ARGS(from, to, from, to, from, to), &words);
}

static enum err note_wrong(struct holder *holder, struct grants_batch *batch)
{
	struct str words = STR_NONE;
	size_t n = batch->wrong_count;

	TRY(buf_str(&holder->words, &words));
	if (str_equal(words, holder->row.text))
		return OK;
	/* The user's own row and its memberships follow each other. */
	if (n > 0 && id_equal(batch->wrong[n - 1], holder->row.user_id))
		return OK;
	if (n < GRANTS_BATCH_MAX)
		batch->wrong[batch->wrong_count++] = holder->row.user_id;
	return OK;
}

enum err grants_store_compare(struct db *db, struct arena *arena, struct grants_batch *batch)
{
	struct comparison c = {.arena = arena};
	struct grants_batch out = {.end = true};
	bool found = false;

	TRY(row_find(db, STMT_GRANTS_END,
		     ARGS(arg_id_or_zero(&batch->last), arg_int(GRANTS_BATCH_MAX)),
		     (struct row_into){.row = &out.last}, &found));
	out.end = id_is_none(out.last);
	if (!out.end)
		TRY(read_both(db, &batch->last, &out.last, &c));
	for (struct holder *holder = c.first; holder != NULL; holder = holder->next)
		TRY(note_wrong(holder, &out));
	*batch = out;
	return OK;
}
