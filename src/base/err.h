/* The error codes of every floor: few, each something a caller acts on. */
#ifndef GATEPOST_BASE_ERR_H
#define GATEPOST_BASE_ERR_H

/*
 * A function that can fail returns enum err. Its outputs come last, are untouched on failure and
 * always set on OK. "Not found" is a result (a bool output), not a failure.
 */
enum err {
	OK = 0,
	ERR_INPUT,       /* what came in is malformed: tell the sender, change nothing */
	ERR_TOO_LARGE,   /* what came in is over a stated bound */
	ERR_MEMORY,      /* the arena's ceiling is reached, or malloc failed */
	ERR_IO,          /* a file, socket or pipe failed, or the peer went away */
	ERR_UNAVAILABLE, /* the database (or the hash lane) is gone, slow or full: nothing was done
			  */
	ERR_UNCERTAIN, /* the connection was lost during a write: it may or may not have happened */
	ERR_CONFLICT,  /* a unique value is taken, or a race was lost: nothing was done */
	ERR_CONFIG,    /* a file of the administrator's is wrong; struct fault says where and why */
	ERR_INTERNAL,  /* a defect in Gatepost itself */
	ERR_COUNT
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* Returns from the calling function with the error of expr, unless it is OK. */
#define TRY(expr)                                                                                  \
	do {                                                                                       \
		enum err try_err_ = (expr);                                                        \
		if (try_err_ != OK)                                                                \
			return try_err_;                                                           \
	} while (0)

/* A stable word for logs ("unavailable"); static storage. Never NULL. */
const char *err_name(enum err e);

/* Why something of the administrator's was refused: one line, "FILE:LINE: reason" where known. */
struct fault {
	char text[512];
};

/* Writes the reason (cut at the size of text) and returns ERR_CONFIG, for "return fault_set(…)". */
enum err fault_set(struct fault *fault, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
