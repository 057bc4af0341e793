/* The only door to libcurl: one request to the configured server, exactly as said, and its answer.
 */
#ifndef GATEPOST_CTL_FETCH_H
#define GATEPOST_CTL_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "str.h"

struct arena;
struct fetch;

#define FETCH_HEADERS 4

struct fetch_request {
	struct str url;
	bool plain;                        /* http:// is allowed; else only https:// */
	const char *method;                /* NULL: GET, or with a body POST */
	struct str body;                   /* absent: none; else POST of application/json */
	struct str headers[FETCH_HEADERS]; /* "Name: value"; absent ones are left out */
};

struct fetch_answer {
	bool answered;
	bool untrusted;    /* not answered, because the certificate does not verify */
	char trouble[256]; /* why not answered */
	int status;
	struct str headers; /* lines, each with its end, names as sent */
	struct str body;    /* at most 1 MiB of it */
};

/*
 * Certificates are always verified, against the system's authorities or those of the file ca
 * (NULL: the system's). resolve "HOST:PORT:ADDRESS" or NULL. No proxy, no redirect is followed,
 * nothing of the environment is heeded; the path goes out as it is. ERR_MEMORY.
 */
MUST_CHECK enum err fetch_open(const char *ca, const char *resolve, struct fetch **out);
/* Sets NULL; NULL is fine. */
void fetch_close(struct fetch **fetch);
/*
 * One request, 10 seconds at most. Not being answered is a result. Strings in the arena; copies
 * of the headers that were sent are wiped. ERR_MEMORY.
 */
MUST_CHECK enum err fetch_get(struct fetch *fetch, struct arena *arena,
			      const struct fetch_request *request, struct fetch_answer *out);
/* The value of the n-th header of that name (from 0), any case; absent: there is none. */
struct str fetch_header(const struct fetch_answer *answer, const char *name, size_t n);

#endif
