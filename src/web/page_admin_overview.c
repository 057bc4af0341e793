/* Sign-ins, failed ones and live sessions of the last hours and days, as charts and in numbers. */
#include "buf.h"
#include "call.h"
#include "chart.h"
#include "handlers.h"
#include "moment.h"
#include "overview.h"
#include "view.h"

#define WORD_MAX 32
/* Of 2026-11-27T14:00:00Z. */
#define DATE_BYTES 10
#define CLOCK_FROM 11
#define CLOCK_TO 16

_Static_assert(OVERVIEW_POINTS <= CHART_POINTS, "a chart has room for all points");

/* What is shown of every point. */
enum measure { SIGN_INS = 0, FAILURES, SESSIONS, MEASURES };

struct period {
	const struct overview_point *points;
	size_t n;
	bool is_days;
};

static uint64_t value_of(const struct overview_point *point, enum measure measure)
{
	switch (measure) {
	case SIGN_INS:
		return point->sign_ins;
	case FAILURES:
		return point->failures;
	default:
		return point->sessions;
	}
}

static bool is_known(const struct overview_point *point, enum measure measure)
{
	return measure == SESSIONS ? point->has_sessions : point->is_known;
}

/* All of them; of sessions the last that were counted. */
static uint64_t headline(const struct period *period, enum measure measure)
{
	uint64_t number = 0;
	for (size_t i = 0; i < period->n; i++) {
		const struct overview_point *point = &period->points[i];
		if (measure != SESSIONS)
			number += value_of(point, measure);
		else if (point->has_sessions)
			number = point->sessions;
	}
	return number;
}

static struct chart chart_of(const struct period *period, enum measure measure)
{
	struct chart chart = {.n = period->n};
	for (size_t i = 0; i < period->n; i++) {
		chart.values[i] = value_of(&period->points[i], measure);
		chart.is_known[i] = is_known(&period->points[i], measure);
	}
	return chart;
}

static enum err add_number(struct call *call, struct template_data *data, const char *name,
			   uint64_t number)
{
	struct str text;
	TRY(chart_number(call->arena, number, &text));
	template_text(data, name, text);
	return OK;
}

static enum err add_paths(struct call *call, struct template_data *data, const struct chart *chart,
			  bool is_line)
{
	struct str bars = STR(""), line = STR(""), area = STR(""), gaps;
	if (is_line) {
		TRY(chart_line(call->arena, chart, &line));
		TRY(chart_area(call->arena, chart, &area));
	} else {
		TRY(chart_bars(call->arena, chart, &bars));
	}
	TRY(chart_gaps(call->arena, chart, &gaps));
	template_text(data, "bars", bars);
	template_text(data, "line", line);
	template_text(data, "area", area);
	template_text(data, "gaps", gaps);
	return OK;
}

/* An id in the page: "hours-0". */
static enum err add_name(struct call *call, struct template_data *data, const struct period *period,
			 enum measure measure)
{
	struct buf buf;
	struct str text;
	buf_init(&buf, call->arena, WORD_MAX);
	buf_addf(&buf, "%s-%u", period->is_days ? "days" : "hours", (unsigned)measure);
	TRY(buf_str(&buf, &text));
	template_text(data, "chart", text);
	return OK;
}

static enum err add_chart(struct call *call, struct template_data *data,
			  const struct period *period, enum measure measure)
{
	struct template_data *item = template_item(data, "charts");
	struct chart chart = chart_of(period, measure);
	uint64_t peak = chart_peak(&chart);
	template_flag(item, "is_sign_ins", measure == SIGN_INS);
	template_flag(item, "is_failures", measure == FAILURES);
	template_flag(item, "is_sessions", measure == SESSIONS);
	TRY(add_name(call, item, period, measure));
	TRY(add_paths(call, item, &chart, measure == SESSIONS));
	TRY(add_number(call, item, "number", headline(period, measure)));
	TRY(add_number(call, item, "peak", peak));
	return add_number(call, item, "top", chart_top(peak));
}

/* Short, and the same in every language: 2026-11-27, and of an hour 14:00 beside it. */
static enum err add_time(struct call *call, struct template_data *item, const struct period *period,
			 int64_t at)
{
	struct str iso, date;
	TRY(moment_iso(call->arena, at, &iso));
	date = str_sub(iso, 0, DATE_BYTES);
	template_text(item, "date", date);
	template_text(item, "clock",
		      period->is_days ? STR_NONE : str_sub(iso, CLOCK_FROM, CLOCK_TO));
	template_text(item, "time_iso", period->is_days ? date : iso);
	return OK;
}

static enum err add_point(struct call *call, struct template_data *data,
			  const struct period *period, const struct overview_point *point)
{
	static const struct {
		const char *name, *flag;
	} cells[MEASURES] = {
		[SIGN_INS] = {"sign_ins", "has_sign_ins"},
		[FAILURES] = {"failures", "has_failures"},
		[SESSIONS] = {"sessions", "has_sessions"},
	};
	struct template_data *item = template_item(data, "points");
	TRY(add_time(call, item, period, point->at));
	for (unsigned m = 0; m < MEASURES; m++) {
		template_flag(item, cells[m].flag, is_known(point, (enum measure)m));
		TRY(add_number(call, item, cells[m].name, value_of(point, (enum measure)m)));
	}
	return OK;
}

static enum err add_period(struct call *call, struct template_data *data,
			   const struct period *period)
{
	struct template_data *item = template_item(data, "periods");
	template_flag(item, "is_days", period->is_days);
	template_text(item, "period", period->is_days ? STR("days") : STR("hours"));
	for (unsigned m = 0; m < MEASURES; m++)
		TRY(add_chart(call, item, period, (enum measure)m));
	/* The newest first, as in every list. */
	for (size_t i = period->n; i > 0; i--)
		TRY(add_point(call, item, period, &period->points[i - 1]));
	return OK;
}

static bool has_any(const struct period *period)
{
	for (size_t i = 0; i < period->n; i++)
		if (period->points[i].is_known)
			return true;
	return false;
}

enum err page_admin_overview_show(struct call *call)
{
	struct overview overview;
	struct template_data *data;
	TRY(overview_read(&call->auth, &overview));
	const struct period hours = {.points = overview.hours, .n = OVERVIEW_HOURS};
	const struct period days = {.points = overview.days, .n = OVERVIEW_DAYS, .is_days = true};
	TRY(view_page_data(call, &data));
	template_flag(data, "has_numbers", has_any(&days));
	TRY(add_period(call, data, &hours));
	TRY(add_period(call, data, &days));
	return view_page(call, 200, "admin-overview.html", data);
}
