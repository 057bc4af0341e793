/* QR codes as an SVG path. */
#ifndef GATEPOST_HTTP_QR_H
#define GATEPOST_HTTP_QR_H

#include "err.h"
#include "str.h"

struct arena;

#define QR_TEXT_MAX 1024

/*
 * For <svg viewBox="0 0 SIZE SIZE"><path d="PATH"/></svg>: dark modules as one path, the white
 * border of four modules included in the size. Both are digits and letters of path commands only.
 */
struct qr {
	struct str size; /* modules in a row, border included */
	struct str path;
};

/* ISO/IEC 18004, byte mode, error correction M. ERR_TOO_LARGE over QR_TEXT_MAX. */
MUST_CHECK enum err qr_encode(struct arena *arena, struct str text, struct qr *out);

#endif
