/* Numbers over time as the paths of an SVG picture, stretched to whatever place it has. */
#ifndef GATEPOST_WEB_CHART_H
#define GATEPOST_WEB_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "str.h"

struct arena;

/* The picture's viewBox; its lower edge is 0 of every chart. */
#define CHART_WIDTH 960
#define CHART_HEIGHT 200
#define CHART_POINTS 48

struct chart {
	uint64_t values[CHART_POINTS];
	bool is_known[CHART_POINTS]; /* else there is a gap */
	size_t n;                    /* 1 to CHART_POINTS */
};

/* The largest value that is known; 0: none is. */
uint64_t chart_peak(const struct chart *chart);
/* A number that is not below, at least 1: up to 10 the same, above that one or two digits with
 * zeros behind them. */
uint64_t chart_top(uint64_t peak);

/* Data of path elements, in whole numbers; may be empty. What is not 0 is seen. */
MUST_CHECK enum err chart_bars(struct arena *arena, const struct chart *chart, struct str *path);
/* A line through the middle of every point's place, and the area below it. */
MUST_CHECK enum err chart_line(struct arena *arena, const struct chart *chart, struct str *path);
MUST_CHECK enum err chart_area(struct arena *arena, const struct chart *chart, struct str *path);
/* The places of what is not known. */
MUST_CHECK enum err chart_gaps(struct arena *arena, const struct chart *chart, struct str *path);

/* "12 345": three digits together, with narrow no-break spaces between. */
MUST_CHECK enum err chart_number(struct arena *arena, uint64_t number, struct str *out);

#endif
