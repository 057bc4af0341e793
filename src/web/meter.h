/* What is counted of requests and queues, and where all counters stand (base/counters.h). */
#ifndef GATEPOST_WEB_METER_H
#define GATEPOST_WEB_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct call;
struct config;
struct counters;

/* Calls wait in them for a thread. */
enum meter_queue {
	METER_HASHES = 0, /* the hash lane */
	METER_REQUESTS,   /* behind the responders' front desk */
	METER_GUARDED,    /* behind the authorizers' */
	METER_QUEUE_COUNT
};
/* "hash", "request", "guard"; static. */
const char *meter_queue_name(enum meter_queue queue);

/* All counters of this program, as counters_open has it. stays: no plain CGI. ERR_MEMORY. */
MUST_CHECK enum err meter_open(const struct config *config, bool stays, struct counters **out,
			       struct fault *why);

/* A call that was answered, after so many microseconds. */
void meter_request(const struct call *call, int64_t took);
/* A queue's length, and how many threads have one of it in hand; whoever calls holds its lock. */
void meter_queue(struct counters *counters, enum meter_queue queue, size_t waiting, size_t running);
/* There was no place in it. */
void meter_refused(struct counters *counters, enum meter_queue queue);

/* Gauges. */
size_t meter_waiting_at(enum meter_queue queue);
size_t meter_running_at(enum meter_queue queue);

/* Counts. A place is a route of the table, or one of the two behind them. */
size_t meter_places(void);
/* Static: "GET" and "/login"; of a path that is none of ours "-" and "(unknown)". */
const char *meter_place_method(size_t place);
const char *meter_place_route(size_t place);
#define METER_STATUSES 26
/* Static: "200"; the last one is "other". */
const char *meter_status_text(size_t status);
size_t meter_requests_at(size_t place, size_t status);
#define METER_BOUNDS 14
/* Microseconds, rising; METER_BOUNDS of them. */
const int64_t *meter_bounds(void);
size_t meter_bucket_at(size_t place, size_t bucket);
size_t meter_sum_at(size_t place);
size_t meter_refused_at(enum meter_queue queue);

/* Cells: what a scrape has read of the database (survey.h), from METER_SURVEY on, and when. */
enum meter_cell { METER_SURVEY_TURN = 0, METER_SURVEY_DONE, METER_SURVEY };

#endif
