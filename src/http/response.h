/* An answer under construction: status, headers, one body; sent once. */
#ifndef GATEPOST_HTTP_RESPONSE_H
#define GATEPOST_HTTP_RESPONSE_H

#include <stdbool.h>

#include "buf.h"
#include "err.h"
#include "str.h"

struct cookie;
struct fcgi_call;
struct url;

#define RESPONSE_BODY_MAX 1048576
#define RESPONSE_HEADERS_MAX 16384

/* Owned by the request's arena. */
struct response {
	struct buf headers;
	struct buf body;
	int status;
	bool head_only; /* the method was HEAD: Content-Length as for GET, no body */
	bool cacheable; /* else Cache-Control: no-store */
	bool has_body;  /* a Content-Type was set */
	bool bare;      /* see response_bare */
	bool connects;  /* its scripts may ask this origin (CSP connect-src) */
};

void response_init(struct response *response, struct arena *arena);
/* Forgets headers and body, so that an error can be answered instead. */
void response_reset(struct response *response);
void response_status(struct response *response, int status);
/* A header; a value with a control character makes the response fail (never reaches the wire). */
void response_header(struct response *response, const char *name, struct str value);
/* Takes out what was set under that name. */
void response_drop(struct response *response, const char *name);
/* One Set-Cookie a name: a later one replaces an earlier one (CO-04). */
void response_cookie(struct response *response, const struct cookie *cookie);
/* Sets Content-Type; the body follows by writing to response->body. */
void response_type(struct response *response, const char *type);
/* 303 with Location (absolute) and an empty body. */
void response_redirect(struct response *response, const struct url *location);
/*
 * For whoever reads the answer in a visitor's place: no body and none of the headers that every
 * answer has, but those that were set (without Content-Type) and, unless cacheable, no-store.
 */
void response_bare(struct response *response);
/* Octets of headers and body so far, as response_send would send them, a little more at most. */
size_t response_size(const struct response *response);
/*
 * Sends everything in one write, "Status: …" first, with the headers that every answer has. ERR_IO:
 * client gone. ERR_TOO_LARGE, ERR_MEMORY, ERR_INTERNAL (a control in a header, a status outside
 * 200–599): nothing was sent, and after response_reset an error can be answered.
 */
MUST_CHECK enum err response_send(struct response *response, struct fcgi_call *call);
/* "Not Found" for 404; static. Unknown: "Error". */
const char *response_reason(int status);

#endif
