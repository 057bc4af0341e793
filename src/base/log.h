/* One JSON object a line on standard error: one write(2) of at most 4096 bytes. */
#ifndef GATEPOST_BASE_LOG_H
#define GATEPOST_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "str.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_COUNT };

/* A member of the line. A text longer than 512 bytes is cut; invalid UTF-8 becomes U+FFFD. */
struct log_field {
	const char *name;
	struct str text; /* used when text.p is not NULL */
	int64_t number;  /* else this */
};

#define LOG_TEXT(field_name, value) ((struct log_field){.name = (field_name), .text = (value)})
#define LOG_NUMBER(field_name, value) ((struct log_field){.name = (field_name), .number = (value)})

/*
 * Writes {"time":…,"level":…,"event":event, fields…}. Everything but printable ASCII is escaped, so
 * one event is one line whatever a client sent. Allocates nothing; a failed write is ignored (a
 * full log disk must not open or close a door). Only db.c, fcgi.c, dispatch.c, main and audit.c
 * log.
 */
void log_line(enum log_level level, const char *event, const struct log_field *fields, size_t n);

/* PIPE_BUF: so many bytes are written whole or not at all where others write, too. */
#define LOG_BATCH_BYTES 4096

/* Lines that wait to be written together; of one thread. Zeroed it is empty. */
struct log_batch {
	size_t n;
	char text[LOG_BATCH_BYTES];
};

/* Like log_line, but the line waits in batch; what no longer fits beside it is written first. */
void log_line_later(struct log_batch *batch, enum log_level level, const char *event,
		    const struct log_field *fields, size_t n);
/* Writes what waits. */
void log_flush(struct log_batch *batch);

/* Like log_line with one text member "detail". */
void log_detail(enum log_level level, const char *event, const char *detail);

/* Lines below this level are dropped; default LOG_LEVEL_INFO. Set before threads start. */
void log_set_level(enum log_level least);

#endif
