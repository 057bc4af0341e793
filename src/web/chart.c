/* Numbers over time as the paths of an SVG picture, stretched to whatever place it has. */
#include "chart.h"

#include "buf.h"

#define PATH_MAX_BYTES ((size_t)8 * 1024)
#define LEAST 3 /* height of what is not 0 */
#define SHARE 5 /* of a place that a bar leaves free on either side: a fifth of it in all */
#define DOT 3   /* half the width of a line of one point */
#define NARROW STR("\xe2\x80\xaf")
#define NUMBER_MAX 48

uint64_t chart_peak(const struct chart *chart)
{
	uint64_t peak = 0;

	for (size_t i = 0; i < chart->n; i++)
		if (chart->is_known[i] && chart->values[i] > peak)
			peak = chart->values[i];
	return peak;
}

uint64_t chart_top(uint64_t peak)
{
	static const unsigned steps[] = {10, 15, 20, 25, 30, 40, 50, 60, 80};
	uint64_t unit = 1;

	if (peak <= steps[0])
		return peak > 0 ? peak : 1;
	while (unit < UINT64_MAX / 1000) {
		for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
			if (steps[i] * unit >= peak)
				return steps[i] * unit;
		unit *= 10;
	}
	return peak;
}

/* The left edge of a place; of the one behind the last, the picture's right edge. */
static unsigned edge(const struct chart *chart, size_t i)
{
	return (unsigned)(i * CHART_WIDTH / chart->n);
}

static unsigned middle(const struct chart *chart, size_t i)
{
	return (edge(chart, i) + edge(chart, i + 1)) / 2;
}

static unsigned height_of(uint64_t value, uint64_t top)
{
	/* No rounding matters at this size, and no product overflows. */
	unsigned height = (unsigned)((long double)value * CHART_HEIGHT / (long double)top);

	return value > 0 && height < LEAST ? LEAST : height;
}

static void add_box(struct buf *buf, unsigned left, unsigned width, unsigned height)
{
	buf_addf(buf, "M%u %uv-%uh%uv%uz", left, (unsigned)CHART_HEIGHT, height, width, height);
}

enum err chart_bars(struct arena *arena, const struct chart *chart, struct str *path)
{
	uint64_t top = chart_top(chart_peak(chart));
	struct buf buf;

	buf_init(&buf, arena, PATH_MAX_BYTES);
	for (size_t i = 0; i < chart->n; i++) {
		unsigned left = edge(chart, i);
		unsigned width = edge(chart, i + 1) - left;
		if (chart->is_known[i] && chart->values[i] > 0)
			add_box(&buf, left + width / (2 * SHARE), width - width / SHARE,
				height_of(chart->values[i], top));
	}
	return buf_str(&buf, path);
}

enum err chart_gaps(struct arena *arena, const struct chart *chart, struct str *path)
{
	struct buf buf;

	buf_init(&buf, arena, PATH_MAX_BYTES);
	for (size_t i = 0; i < chart->n; i++)
		if (!chart->is_known[i])
			add_box(&buf, edge(chart, i), edge(chart, i + 1) - edge(chart, i),
				CHART_HEIGHT);
	return buf_str(&buf, path);
}

/* Behind the last of those that are known without a gap from i on. */
static size_t run_end(const struct chart *chart, size_t i)
{
	while (i < chart->n && chart->is_known[i])
		i++;
	return i;
}

static void add_points(struct buf *buf, const struct chart *chart, size_t from, size_t to)
{
	uint64_t top = chart_top(chart_peak(chart));

	for (size_t i = from; i < to; i++) {
		unsigned y = CHART_HEIGHT - height_of(chart->values[i], top);
		unsigned x = middle(chart, i);
		if (to - from > 1)
			buf_addf(buf, "L%u %u", x, y);
		else
			buf_addf(buf, "L%u %uh%u", x - DOT, y, (unsigned)(2 * DOT));
	}
}

enum err chart_area(struct arena *arena, const struct chart *chart, struct str *path)
{
	struct buf buf;
	size_t end = 0;

	buf_init(&buf, arena, PATH_MAX_BYTES);
	for (size_t i = 0; i < chart->n; i = end + 1) {
		end = run_end(chart, i);
		if (end == i)
			continue;
		buf_addf(&buf, "M%u %u", middle(chart, i), (unsigned)CHART_HEIGHT);
		add_points(&buf, chart, i, end);
		buf_addf(&buf, "V%uz", (unsigned)CHART_HEIGHT);
	}
	return buf_str(&buf, path);
}

/* Each run begins where its first point is: a line to there has no length. */
static void add_start(struct buf *buf, const struct chart *chart, size_t i, bool is_alone)
{
	uint64_t top = chart_top(chart_peak(chart));
	unsigned x = middle(chart, i);

	buf_addf(buf, "M%u %u", is_alone ? x - DOT : x,
		 CHART_HEIGHT - height_of(chart->values[i], top));
}

enum err chart_line(struct arena *arena, const struct chart *chart, struct str *path)
{
	struct buf buf;
	size_t end = 0;

	buf_init(&buf, arena, PATH_MAX_BYTES);
	for (size_t i = 0; i < chart->n; i = end + 1) {
		end = run_end(chart, i);
		if (end == i)
			continue;
		add_start(&buf, chart, i, end - i == 1);
		add_points(&buf, chart, i, end);
	}
	return buf_str(&buf, path);
}

enum err chart_number(struct arena *arena, uint64_t number, struct str *out)
{
	struct buf digits;
	struct buf text;
	struct str plain;

	buf_init(&digits, arena, NUMBER_MAX);
	buf_add_u64(&digits, number);
	TRY(buf_str(&digits, &plain));
	buf_init(&text, arena, (size_t)2 * NUMBER_MAX);
	for (size_t i = 0; i < plain.n; i++) {
		if (i > 0 && (plain.n - i) % 3 == 0)
			buf_add(&text, NARROW);
		buf_add_char(&text, plain.p[i]);
	}
	return buf_str(&text, out);
}
