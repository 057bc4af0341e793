/* The parameters of a statement. Private to store. */
#ifndef GATEPOST_STORE_ARG_H
#define GATEPOST_STORE_ARG_H

#include <stddef.h>
#include <stdint.h>

#include "ident.h"
#include "secret.h"
#include "str.h"

/* A bound parameter. */
enum arg_type { ARG_NULL, ARG_INT, ARG_BYTES, ARG_TEXT };

struct arg {
	enum arg_type type;
	int64_t number;
	const void *bytes;
	size_t n;
};

/* Letters of stmt.c's parameter types: i integer, b bytes (ids, digests, ascii), t utf-8 text. */
struct arg arg_int(int64_t number);
struct arg arg_time(int64_t at);                /* 0: NULL */
struct arg arg_id(const struct id *id);         /* none: NULL. Points to *id, like those below */
struct arg arg_id_or_zero(const struct id *id); /* none or NULL: 16 zero bytes (a key part) */
struct arg arg_digest(const struct digest *digest);
struct arg arg_bytes(struct str s); /* absent: NULL */
struct arg arg_text(struct str s);  /* absent: NULL */
struct arg arg_secret(struct secret s);

/* The parameters of one statement, in order: ARGS(arg_id(&id), arg_int(now)). Lives in its block.
 */
struct args {
	const struct arg *list;
	size_t n;
};

#define ARGS(...)                                                                                  \
	((struct args){                                                                            \
		.list = (const struct arg[]){__VA_ARGS__},                                         \
		.n = sizeof((const struct arg[]){__VA_ARGS__}) / sizeof(struct arg),               \
	})
#define ARGS_NONE ((struct args){.list = NULL, .n = 0})

#endif
