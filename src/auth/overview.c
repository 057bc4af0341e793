/* Sign-ins, failures and live sessions over time: written hour by hour, read as points of a line.
 */
#include "overview.h"

#include "arena.h"
#include "audit.h"
#include "clock.h"

#define EVERY (5 * CLOCK_MINUTE)
/* What began within an hour may be committed a little after it. */
#define LATE (3 * EVERY)
#define BACK (48 * CLOCK_HOUR)
/* A row that was counted later tells nothing of the sessions of its hour. */
#define SESSIONS_WITHIN (2 * CLOCK_HOUR)
#define ROWS ((size_t)OVERVIEW_DAYS * 24)

static int64_t begin_of(int64_t at, int64_t span)
{
	return at - at % span;
}

/* A distance, so that a clock that stepped back ends it, too. */
static bool is_due(const struct overview_row *newest, int64_t hour, int64_t now)
{
	int64_t apart = now - newest->updated_at;

	return newest->hour_start != hour || apart >= EVERY || apart <= -EVERY;
}

static enum err keep_hour(const struct auth_context *context, int64_t hour, uint32_t sessions)
{
	const struct overview_row row = {
		.hour_start = hour,
		.sessions = sessions,
		.updated_at = context->now,
	};
	const struct overview_events events = {
		.sign_in = str_of(audit_kind_name(AUDIT_LOGIN_SUCCESS)),
		.failure = str_of(audit_kind_name(AUDIT_LOGIN_FAIL)),
		.from = hour,
		.to = hour + CLOCK_HOUR,
	};

	return overview_store_keep(context->db, &row, &events);
}

/* The first that is not finished. */
static int64_t first_of(const struct overview_row *newest, int64_t hour, int64_t now)
{
	int64_t first = hour;

	if (newest->hour_start == hour && now - hour < LATE)
		first = hour - CLOCK_HOUR;
	if (newest->hour_start < hour)
		first = newest->hour_start;
	return first < hour - BACK ? hour - BACK : first;
}

enum err overview_keep(const struct auth_context *context, int64_t until)
{
	int64_t hour = begin_of(context->now, CLOCK_HOUR);
	struct overview_row newest;
	uint32_t sessions = 0;

	TRY(overview_store_newest(context->db, hour, &newest));
	if (!is_due(&newest, hour, context->now))
		return OK;
	TRY(overview_store_sessions(context->db, context->now, &sessions));
	for (int64_t at = first_of(&newest, hour, context->now); at <= hour; at += CLOCK_HOUR) {
		if (clock_monotonic() >= until)
			return OK;
		TRY(keep_hour(context, at, sessions));
	}
	return OK;
}

static void begin_points(struct overview_point *points, size_t n, int64_t last, int64_t span)
{
	for (size_t i = 0; i < n; i++)
		points[i] = (struct overview_point){.at = last - (int64_t)(n - 1 - i) * span};
}

static void add(struct overview_point *point, const struct overview_row *row)
{
	point->is_known = true;
	point->sign_ins += row->sign_ins;
	point->failures += row->failures;
	if (row->updated_at >= row->hour_start + SESSIONS_WITHIN)
		return;
	point->has_sessions = true;
	if (row->sessions > point->sessions)
		point->sessions = row->sessions;
}

/* What is before the first point or behind the last, as clocks may have it, is passed over. */
static void add_to(struct overview_point *points, size_t n, int64_t span,
		   const struct overview_row *row)
{
	int64_t i = (begin_of(row->hour_start, span) - points[0].at) / span;

	if (row->hour_start >= points[0].at && i < (int64_t)n)
		add(&points[i], row);
}

void overview_arrange(const struct overview_page *page, int64_t now, struct overview *out)
{
	begin_points(out->hours, OVERVIEW_HOURS, begin_of(now, CLOCK_HOUR), CLOCK_HOUR);
	begin_points(out->days, OVERVIEW_DAYS, begin_of(now, CLOCK_DAY), CLOCK_DAY);
	for (size_t i = 0; i < page->n; i++) {
		if (page->rows[i].hour_start > now)
			continue;
		add_to(out->hours, OVERVIEW_HOURS, CLOCK_HOUR, &page->rows[i]);
		add_to(out->days, OVERVIEW_DAYS, CLOCK_DAY, &page->rows[i]);
	}
}

enum err overview_read(const struct auth_context *context, struct overview *out)
{
	int64_t from = begin_of(context->now, CLOCK_DAY) - (OVERVIEW_DAYS - 1) * CLOCK_DAY;
	struct overview_page page = {.room = ROWS};

	page.rows = arena_array(context->arena, page.room, sizeof(*page.rows));
	if (page.rows == NULL)
		return ERR_MEMORY;
	TRY(overview_store_list(context->db, from, &page));
	overview_arrange(&page, context->now, out);
	return OK;
}
