/* gatepost audit list|tail */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "arena.h"
#include "audit.h"
#include "audit_store.h"
#include "clock.h"
#include "ctl.h"
#include "output.h"

#define LIMIT 100
#define LIMIT_MAX 1000
#define FOLLOW_PAGE 500
#define FOLLOW_BLOCK ((size_t)256 * 1024)
#define FOLLOW_CEILING ((size_t)256 * 1024 * 1024)
/* An event has the time at which its request began, and is seen when that is committed. */
#define LATENESS (30 * CLOCK_SECOND)

/* "1800000000000000.Wm9vbSB0byBzZWN1cml0eQ": time and id of the last one shown. */
static enum err parse_cursor(struct str text, struct page_cursor *cursor)
{
	struct str at = STR_NONE;
	struct str id = STR_NONE;
	uint64_t number = 0;

	if (!str_cut(text, '.', &at, &id))
		return ERR_INPUT;
	TRY(str_to_u64(at, INT64_MAX, &number));
	TRY(id_parse(id, &cursor->id));
	cursor->at = (int64_t)number;
	return OK;
}

static void add_cursor(struct buf *buf, const struct audit_row *last)
{
	buf_add_i64(buf, last->at);
	buf_add_char(buf, '.');
	id_add(buf, last->id);
}

static enum ctl_exit read_limits(const struct ctl *ctl, struct audit_query *query)
{
	uint64_t limit = LIMIT;
	int64_t span = 0;

	if (ctl_given(ctl, CTL_LIMIT) &&
	    (str_to_u64(ctl_value(ctl, CTL_LIMIT), LIMIT_MAX, &limit) != OK || limit == 0))
		return ctl_say(CTL_USAGE, "--limit must be a number from 1 to %d", LIMIT_MAX);
	if (ctl_given(ctl, CTL_SINCE) && clock_parse_span(ctl_value(ctl, CTL_SINCE), &span) != OK)
		return ctl_say(CTL_USAGE, "--since must be a span such as 90s, 30m, 12h or 14d");
	if (ctl_given(ctl, CTL_CURSOR) &&
	    parse_cursor(ctl_value(ctl, CTL_CURSOR), &query->from) != OK)
		return ctl_say(CTL_USAGE, "--cursor must be what a list ended with");
	query->since = ctl_given(ctl, CTL_SINCE) ? ctl->auth.now - span : 0;
	query->from.limit = (unsigned)limit + 1;
	return CTL_FINE;
}

static enum ctl_exit read_query(struct ctl *ctl, struct audit_query *query)
{
	struct user_row user;
	enum ctl_exit code = read_limits(ctl, query);

	if (code != CTL_FINE)
		return code;
	query->event = ctl_value(ctl, CTL_EVENT);
	if (query->event.n > 0 && !audit_is_event(query->event))
		return ctl_say(CTL_REFUSED, "there is no such event; see gatepost(8)");
	if (!ctl_given(ctl, CTL_USER))
		return CTL_FINE;
	if (ctl_find_user(ctl, ctl_value(ctl, CTL_USER), &user, &code))
		query->user_id = user.id;
	return code;
}

/* One row more than shown was asked for, to know whether there are more. */
static enum ctl_exit print_list(struct ctl *ctl, const struct audit_page *page, size_t shown)
{
	bool more = page->n > shown;
	size_t n = more ? shown : page->n;
	struct str cursor = STR_NONE;
	struct output output;
	struct buf text;

	buf_init(&text, ctl->auth.arena, 64);
	if (more)
		add_cursor(&text, &page->rows[n - 1]);
	enum err e = more ? buf_str(&text, &cursor) : OK;
	if (e != OK)
		return ctl_failed(ctl, e);
	output_begin(&output, ctl);
	if (!output.is_json) {
		for (size_t i = 0; i < n; i++)
			output_audit_text(&output.buf, &page->rows[i]);
		if (more)
			(void)ctl_say(CTL_FINE, "there are more: --cursor %s", cursor.p);
		return output_end(&output);
	}
	json_open_object(&output.json, NULL);
	json_open_array(&output.json, "events");
	for (size_t i = 0; i < n; i++)
		output_audit_json(&output.json, &page->rows[i]);
	json_close_array(&output.json);
	json_text(&output.json, "next_cursor", cursor);
	json_close_object(&output.json);
	return output_end(&output);
}

enum ctl_exit cmd_audit_list(struct ctl *ctl)
{
	struct audit_query query = {.since = 0};
	struct audit_page page = {.n = 0};
	enum ctl_exit code = read_query(ctl, &query);
	enum err e = OK;

	if (code != CTL_FINE)
		return code;
	page.rows = arena_array(ctl->auth.arena, query.from.limit, sizeof *page.rows);
	if (page.rows == NULL)
		return ctl_failed(ctl, ERR_MEMORY);
	e = audit_store_list(ctl->auth.db, ctl->auth.arena, &query, &page);
	return e == OK ? print_list(ctl, &page, query.from.limit - 1) : ctl_failed(ctl, e);
}

/* What one look at the newest events found, oldest first. */
struct leaf {
	struct audit_row rows[FOLLOW_PAGE];
	size_t n;
	struct leaf *next;
};

struct look {
	struct arena *arena;
	struct leaf *first;
};

/* A place in a look; leaf NULL: its end. */
struct place {
	const struct leaf *leaf;
	size_t i;
};

struct follower {
	struct ctl *ctl;
	struct look looks[2]; /* the last one and the one under way, in turns */
	unsigned turn;
	int64_t from; /* as far back as the next look goes */
};

static enum err take_look(struct follower *f, struct look *look)
{
	struct page_cursor cursor = {.at = f->from, .limit = FOLLOW_PAGE};
	struct leaf **end = &look->first;
	size_t n = FOLLOW_PAGE;

	look->first = NULL;
	arena_reset(look->arena);
	while (n == FOLLOW_PAGE) {
		struct leaf *leaf = arena_alloc(look->arena, sizeof *leaf);
		struct audit_page page = {.rows = leaf == NULL ? NULL : leaf->rows};

		if (leaf == NULL)
			return ERR_MEMORY;
		TRY(audit_store_follow(f->ctl->auth.db, look->arena, &cursor, &page));
		n = page.n;
		if (n == 0)
			return OK;
		leaf->n = n;
		*end = leaf;
		end = &leaf->next;
		cursor.at = leaf->rows[n - 1].at;
		cursor.id = leaf->rows[n - 1].id;
	}
	return OK;
}

static void step(struct place *place)
{
	place->i++;
	if (place->i < place->leaf->n)
		return;
	place->leaf = place->leaf->next;
	place->i = 0;
}

static bool is_before(const struct audit_row *a, const struct audit_row *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	for (size_t i = 0; i < ID_BYTES; i++)
		if (a->id.b[i] != b->id.b[i])
			return a->id.b[i] < b->id.b[i];
	return false;
}

/* Both looks are in one order, so that one walk finds what the last one did not have. */
static bool was_seen(struct place *last, const struct audit_row *row)
{
	while (last->leaf != NULL && is_before(&last->leaf->rows[last->i], row))
		step(last);
	return last->leaf != NULL && last->leaf->rows[last->i].at == row->at &&
	       id_equal(last->leaf->rows[last->i].id, row->id);
}

static enum ctl_exit print_new(const struct follower *f, const struct look *look, struct place last)
{
	struct output output = {.is_json = f->ctl->line.json};

	/* Not the command's own arena, which would only grow. */
	buf_init(&output.buf, look->arena, FOLLOW_CEILING);
	for (struct place at = {look->first, 0}; at.leaf != NULL; step(&at)) {
		const struct audit_row *row = &at.leaf->rows[at.i];

		if (was_seen(&last, row))
			continue;
		if (!output.is_json) {
			output_audit_text(&output.buf, row);
			continue;
		}
		json_begin(&output.json, &output.buf);
		output_audit_json(&output.json, row);
		buf_add_char(&output.buf, '\n');
	}
	output.is_json = false; /* every line has its end already */
	return output_end(&output);
}

/* With the database away the last look stands, and the next one goes as far back. */
static enum ctl_exit look_again(struct follower *f, bool print)
{
	struct look *now = &f->looks[f->turn % 2];
	const struct look *last = &f->looks[(f->turn + 1) % 2];
	int64_t began = clock_now();
	enum ctl_exit code = CTL_FINE;
	enum err e = take_look(f, now);

	if (e == ERR_UNAVAILABLE && print)
		return CTL_FINE;
	if (e != OK)
		return ctl_failed(f->ctl, e);
	if (print)
		code = print_new(f, now, (struct place){last->first, 0});
	f->turn++;
	/* A clock that was set back must not show anything twice. */
	if (began - LATENESS > f->from)
		f->from = began - LATENESS;
	return code;
}

static enum ctl_exit follow(struct follower *f, const sigset_t *ends)
{
	const struct timespec second = {.tv_sec = 1};
	enum ctl_exit code = look_again(f, false);

	if (code != CTL_FINE)
		return code;
	(void)ctl_say(CTL_FINE, "waiting for events; interrupt to end");
	while (code == CTL_FINE && sigtimedwait(ends, NULL, &second) < 0)
		code = look_again(f, true);
	return code;
}

enum ctl_exit cmd_audit_tail(struct ctl *ctl)
{
	struct follower f = {.ctl = ctl, .from = ctl->auth.now - LATENESS};
	enum ctl_exit code = CTL_UNAVAILABLE;
	sigset_t ends;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
	if (arena_open(FOLLOW_BLOCK, FOLLOW_CEILING, &f.looks[0].arena) == OK &&
	    arena_open(FOLLOW_BLOCK, FOLLOW_CEILING, &f.looks[1].arena) == OK)
		code = follow(&f, &ends);
	else
		code = ctl_failed(ctl, ERR_MEMORY);
	arena_close(&f.looks[0].arena);
	arena_close(&f.looks[1].arena);
	return code;
}
