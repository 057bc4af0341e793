/* JSON in: strict bodies with declared members (jansson behind it). JSON out: a writer on struct
 * buf. */
#ifndef GATEPOST_HTTP_JSON_H
#define GATEPOST_HTTP_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "ident.h"
#include "str.h"

struct arena;
struct buf;

#define JSON_DEPTH_MAX 16

/* Once, before threads: seeds jansson and gives it a wiping free. */
void json_init(void);

/* What a member may be. */
enum json_type { JSON_TYPE_STRING, JSON_TYPE_BOOL, JSON_TYPE_INTEGER, JSON_TYPE_OBJECT };

struct json_member {
	struct str name;
	enum json_type type;
	struct str text; /* STRING; OBJECT: its shortest JSON text. In the arena */
	bool flag;       /* BOOL */
	int64_t number;  /* INTEGER */
};

#define JSON_MEMBERS_MAX 32

/* What bodies of the API are; what is inside an object among them is the client's. */
struct json_object {
	struct json_member members[JSON_MEMBERS_MAX];
	size_t n;
	struct str nulls[JSON_MEMBERS_MAX]; /* names of members that are null */
	size_t null_count;
};

/*
 * Parses a body: one object of string, boolean, integer, object members, UTF-8, no NUL, no
 * duplicate, depth ≤ JSON_DEPTH_MAX counted before parsing. A member that is null is only named.
 * One that is an array or real is ERR_INPUT. *bad_name names the member at fault (STR_NONE: the
 * whole), always set.
 */
MUST_CHECK enum err json_parse(struct arena *arena, struct str body, struct json_object *out,
			       struct str *bad_name);

/* Deeper than JSON_DEPTH_MAX, counted without parsing. */
bool json_is_too_deep(struct str text);

/*
 * The writer: commas are placed by itself, text is escaped so that it is also inert in HTML
 * (<, >, &, U+2028/9 as \u….). Failure is sticky in the buf.
 */
struct json_out {
	struct buf *buf;
	bool comma;
	bool bare; /* not for an answer: nothing is escaped for HTML's sake */
};

void json_begin(struct json_out *out, struct buf *buf);
void json_open_object(struct json_out *out, const char *name); /* name NULL: no name */
void json_close_object(struct json_out *out);
void json_open_array(struct json_out *out, const char *name);
void json_close_array(struct json_out *out);
void json_text(struct json_out *out, const char *name, struct str value); /* absent: null */
void json_number(struct json_out *out, const char *name, int64_t value);
void json_bool(struct json_out *out, const char *name, bool value);
/* null; jansson has taken the other name. */
void json_none(struct json_out *out, const char *name);
/* A value as JSON text, made by json_compact or json_merge; made inert in HTML too. */
void json_raw(struct json_out *out, const char *name, struct str json);
void json_id(struct json_out *out, const char *name, struct id id); /* none: null */
void json_time(struct json_out *out, const char *name, int64_t at); /* 0: null */

#endif
