/* The description of the API (OpenAPI), as this server gives it to whoever asks. */
#include "document.h"

#include "arena.h"
#include "buf.h"
#include "file.h"

#define FILE_MAX ((size_t)512 * 1024)
#define TEXT_MAX (2 * FILE_MAX)

static void add_changed(struct buf *text, struct str file, const struct config *config)
{
	struct str sample = STR(DOCUMENT_SAMPLE);
	size_t from = 0;

	for (size_t at = 0; at + sample.n <= file.n; at++) {
		if (!str_equal(str_sub(file, at, at + sample.n), sample))
			continue;
		buf_add(text, str_sub(file, from, at));
		buf_add(text, config->server.origin);
		buf_add(text, config->server.base_path);
		at += sample.n - 1;
		from = at + 1;
	}
	buf_add(text, str_sub(file, from, file.n));
}

enum err document_load(const struct config *config, struct arena *arena, struct str *out,
		       struct fault *fault)
{
	const char *path = config->server.openapi.p;
	struct str file = STR_NONE;
	struct buf text;

	TRY(file_load(path, FILE_MAX, arena, &file, fault));
	if (!str_starts(file, STR("openapi: 3.")))
		return fault_set(fault, "%s: is not an OpenAPI 3 description (server.openapi)",
				 path);
	buf_init(&text, arena, TEXT_MAX);
	add_changed(&text, file, config);
	return buf_str(&text, out);
}
