/* QR codes as an SVG path, by libqrencode. */
#include "qr.h"

#include <errno.h>

#include <qrencode.h>

#include "arena.h"
#include "buf.h"

#define BORDER 4
#define PATH_MAX_BYTES ((size_t)512 * 1024)
#define DARK 1U

static bool is_dark(const QRcode *code, int x, int y)
{
	return (code->data[y * code->width + x] & DARK) != 0;
}

/* One rectangle for each run of dark modules. */
static void add_row(struct buf *path, const QRcode *code, int y)
{
	for (int x = 0; x < code->width; x++) {
		int from = x;

		while (x < code->width && is_dark(code, x, y))
			x++;
		if (x > from)
			buf_addf(path, "M%d %dh%dv1h-%dz", from + BORDER, y + BORDER, x - from,
				 x - from);
	}
}

static enum err draw(struct arena *arena, const QRcode *code, struct qr *out)
{
	struct buf size;
	struct buf path;
	struct qr drawn;

	buf_init(&size, arena, 16);
	buf_addf(&size, "%d", code->width + 2 * BORDER);
	buf_init(&path, arena, PATH_MAX_BYTES);
	for (int y = 0; y < code->width; y++)
		add_row(&path, code, y);
	TRY(buf_str(&size, &drawn.size));
	TRY(buf_str(&path, &drawn.path));
	*out = drawn;
	return OK;
}

enum err qr_encode(struct arena *arena, struct str text, struct qr *out)
{
	QRcode *code = NULL;
	enum err e = OK;

	if (text.n == 0)
		return ERR_INTERNAL;
	if (text.n > QR_TEXT_MAX)
		return ERR_TOO_LARGE;
	code = QRcode_encodeData((int)text.n, (const unsigned char *)text.p, 0, QR_ECLEVEL_M);
	if (code == NULL)
		return errno == ENOMEM ? ERR_MEMORY : ERR_INTERNAL;
	e = draw(arena, code, out);
	QRcode_free(code);
	return e;
}
