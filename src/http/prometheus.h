/* Prometheus' text format for metrics, version 0.0.4. */
#ifndef GATEPOST_HTTP_PROMETHEUS_H
#define GATEPOST_HTTP_PROMETHEUS_H

#include <stddef.h>
#include <stdint.h>

#include "str.h"

struct buf;

#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum prometheus_kind { PROMETHEUS_COUNTER = 0, PROMETHEUS_GAUGE, PROMETHEUS_HISTOGRAM };

/* Static texts. All samples of a family stand together, behind its head. */
struct prometheus_family {
	const char *name; /* [a-z_]+; of a counter it ends in _total */
	const char *help;
	enum prometheus_kind kind;
};

struct prometheus_label {
	const char *name;
	struct str value; /* escaped as the format asks */
};
struct prometheus_labels {
	const struct prometheus_label *list;
	size_t n;
};
#define PROMETHEUS_NO_LABELS ((struct prometheus_labels){.list = NULL, .n = 0})

/* Failures stick to the buffer. */
void prometheus_head(struct buf *buf, const struct prometheus_family *family);
void prometheus_sample(struct buf *buf, const struct prometheus_family *family,
		       struct prometheus_labels labels, int64_t value);
/* A value in microseconds, shown in seconds. */
void prometheus_seconds(struct buf *buf, const struct prometheus_family *family,
			struct prometheus_labels labels, int64_t span);

/* How often a duration fell into each bucket, each by itself: the text adds them up. */
struct prometheus_histogram {
	const int64_t *bounds;  /* microseconds, rising; each is in its bucket */
	const uint64_t *counts; /* one more than bounds: the last is of what is above all */
	size_t bounds_count;
	uint64_t sum; /* microseconds */
};
/* At most seven labels. */
void prometheus_histogram(struct buf *buf, const struct prometheus_family *family,
			  struct prometheus_labels labels,
			  const struct prometheus_histogram *histogram);

#endif
