/* All metrics as one text. */
#ifndef GATEPOST_WEB_METRICS_TEXT_H
#define GATEPOST_WEB_METRICS_TEXT_H

#include <stdint.h>

struct buf;
struct counters;

/* What the database said longer ago than this is not shown. */
void metrics_text_write(struct buf *buf, const struct counters *counters, int64_t now);

#endif
