/* A request as HTTP text, taken once from the parameters; no meaning yet. */
#ifndef GATEPOST_HTTP_REQUEST_H
#define GATEPOST_HTTP_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "fcgi.h"
#include "ident.h"
#include "str.h"

struct arena;

enum method {
	METHOD_OTHER = 0,
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHOD_COUNT
};

#define REQUEST_BODY_MAX 65536
#define REQUEST_PATH_MAX 2048
#define REQUEST_HEADER_MAX 8192 /* one header value that we look at */

/* What is wrong with a request before any route is looked at. */
enum request_flaw {
	REQUEST_FINE = 0,
	REQUEST_BAD_PATH,   /* not canonical, %00, overlong UTF-8, too long */
	REQUEST_BAD_LENGTH, /* CONTENT_LENGTH neither empty nor a strict decimal */
	REQUEST_TWICE,      /* a header that decides something came twice */
	REQUEST_HEADER_TOO_LONG
};

/*
 * Headers as the client sent them; absent: p NULL. Slices point into libfcgi's parameters and are
 * valid until fcgi_finish; path and query are in the arena. HTTP_PROXY and everything not named
 * here is never read. cookie, authorization and session_id_header carry secrets: never log them.
 */
struct request {
	struct arena *arena;
	struct fcgi_call *call;
	struct id id;    /* X-Request-Id */
	int64_t now;     /* wall clock at the start: the only "now" of this request */
	int64_t started; /* monotonic, for the access line */
	enum request_flaw flaw;
	enum method method;
	struct str method_text;
	struct str path;  /* before '?', percent-decoded once, canonical; "" with a flaw */
	struct str query; /* after '?', raw */
	bool https;       /* HTTPS=on or REQUEST_SCHEME=https */
	size_t content_length;
	struct str content_type;
	struct str remote_addr; /* a valid IP address, or "" */
	struct str host, origin, referer, sec_fetch_site, sec_fetch_mode;
	struct str accept, accept_language, user_agent, csrf_header;
	struct str cookie, authorization, session_id_header, ticket_header;
	struct str if_match, if_none_match;
	struct str body; /* set by request_read_body */
	/*
	 * For the guard (docs/guard.md). From parameters that no header can become, but for the
	 * last three, which are a proxy's word where it is taken.
	 */
	struct str target;      /* REQUEST_URI as the client sent it */
	struct str apache_role; /* FCGI_APACHE_ROLE: it is mod_authnz_fcgi that asks */
	struct str guard_uri;   /* GATEPOST_URI, GATEPOST_METHOD: of the request asked about */
	struct str guard_method;
	struct str guard_place;   /* GATEPOST_PLACE: decoded, what Apache serves for it */
	struct str denied;        /* GATEPOST_DENIED: the answer is for a refused request */
	struct str denied_method; /* its method, status and place, where Apache answers anew */
	struct str denied_status;
	struct str denied_place;
	struct str forwarded_uri, forwarded_method, forwarded_host;
};

/* Fills *request from the accepted call; id: its own. A flaw is recorded, not an error. ERR_MEMORY.
 */
MUST_CHECK enum err request_read(struct fcgi_call *call, struct arena *arena, struct id id,
				 struct request *request);
/*
 * A request target (RFC 9112 §3.2) in its parts: the path decoded once and canonical, the query
 * raw, both in the arena. ERR_INPUT: not canonical. ERR_TOO_LARGE: the query. ERR_MEMORY.
 */
MUST_CHECK enum err request_target(struct arena *arena, struct str target, struct str *path,
				   struct str *query);
/* Reads the body of at most REQUEST_BODY_MAX into request->body. Errors as fcgi_read_body. */
MUST_CHECK enum err request_read_body(struct request *request);
/* Content-Type without parameters equals type (ASCII case-insensitive), charset absent or utf-8. */
bool request_has_type(const struct request *request, const char *type);
/* Accept admits this media type (RFC 9110 §12.5.1); absent Accept admits all. */
bool request_accepts(const struct request *request, const char *type);
/* If-None-Match names this entity tag (quoted), weak or not, or any (RFC 9110 §13.1.2). */
bool request_has_tag(const struct request *request, struct str tag);
const char *method_name(enum method m); /* "GET"; static */

/* Where it came from: of Sec-Fetch-Site, Origin, Referer the first that is present decides. */
enum request_site { SITE_FOREIGN = 0, SITE_SAME_ORIGIN, SITE_UNSTATED };
enum request_site request_site(const struct request *request, struct str own_origin);

#endif
