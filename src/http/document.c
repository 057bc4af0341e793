/* The description of the API (OpenAPI), as this server gives it to whoever asks. */
#include "document.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "file.h"

#define FILE_MAX ((size_t)512 * 1024)
#define TEXT_MAX (2 * FILE_MAX)

static void add_changed(struct buf *text, struct str file, const struct config *config)
{
	struct str sample = STR(DOCUMENT_SAMPLE);
	const char *found = memmem(file.p, file.n, sample.p, sample.n);

	while (found != NULL) {
		size_t at = (size_t)(found - file.p);
		buf_add(text, str_sub(file, 0, at));
		buf_add(text, config->server.origin);
		buf_add(text, config->server.base_path);
		file = str_sub(file, at + sample.n, file.n);
		found = memmem(file.p, file.n, sample.p, sample.n);
	}
	buf_add(text, file);
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
