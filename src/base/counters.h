/* Counters of all processes of a host, in one file that they map: exact, and never worth a failed
 * request. */
#ifndef GATEPOST_BASE_COUNTERS_H
#define GATEPOST_BASE_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "str.h"

/* Thread-safe but for opening and closing. Everything below takes NULL, and does nothing with it.
 */
struct counters;

/* Processes that can have gauges at one time; further ones count, and show none. */
#define COUNTERS_PROCESSES 64

/* The hash of what every number means, built up of all names: counters_layout(COUNTERS_LAYOUT, …).
 */
#define COUNTERS_LAYOUT UINT64_C(0xcbf29ce484222325)
uint64_t counters_layout(uint64_t layout, struct str name);

struct counters_plan {
	const char *dir; /* run_dir */
	uint64_t layout; /* programs of different layouts have files of their own */
	size_t counts;   /* only grow, over all processes that ever were */
	size_t gauges;   /* of one process, gone when it is, however it ended */
	size_t cells;    /* one value for all, written by whoever knows it; 0 at first */
	bool stays;      /* has gauges: not plain CGI, which is gone before anybody looks */
};

/*
 * Opens dir/metrics-LAYOUT (creating it, 0600, with room on the disk, never following a link). A
 * file that cannot be had, is somebody else's, open to others, or of another form is no failure:
 * then *why says so, and the numbers are those of this process alone. Otherwise why->text is empty.
 * ERR_MEMORY.
 */
MUST_CHECK enum err counters_open(const struct counters_plan *plan, struct counters **out,
				  struct fault *why);
void counters_close(struct counters **counters);
/* False: the numbers are this process's alone. */
bool counters_is_shared(const struct counters *counters);

/* No lock, no system call. */
void counters_add(struct counters *counters, size_t count, uint64_t n);
uint64_t counters_count(const struct counters *counters, size_t count);

/* This process's gauge; setters of one gauge order themselves. */
void counters_set(struct counters *counters, size_t gauge, int64_t value);

/* The processes that live now; those without a place of their own are not seen. */
struct counters_live {
	bool lives[COUNTERS_PROCESSES];
	unsigned processes;
	int64_t oldest, newest; /* when they opened it (clock_now); 0: none lives */
};
void counters_look(const struct counters *counters, struct counters_live *out);
/* The sum of a gauge over those processes. */
int64_t counters_gauge(const struct counters *counters, const struct counters_live *live,
		       size_t gauge);

int64_t counters_cell(const struct counters *counters, size_t cell);
void counters_keep(struct counters *counters, size_t cell, int64_t value);
/* Writes value where the cell still is what was seen; false: somebody else was first. */
bool counters_turn(struct counters *counters, size_t cell, int64_t seen, int64_t value);

#endif
