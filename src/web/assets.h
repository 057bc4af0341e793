/* The style sheet and pictures: read at start, served with an entity tag. */
#ifndef GATEPOST_WEB_ASSETS_H
#define GATEPOST_WEB_ASSETS_H

#include "err.h"
#include "str.h"

struct arena;
struct asset_set;

struct asset {
	struct str name;  /* "gatepost.css" */
	const char *type; /* "text/css; charset=utf-8" */
	struct str bytes;
	struct str etag; /* quoted */
};

/* Every file of the directory (template_dir/assets): .css .js .svg .png. ERR_CONFIG with the
 * reason. */
MUST_CHECK enum err assets_load(const char *dir, struct arena *arena, const struct asset_set **out,
				struct fault *fault);
/* NULL: none of that name. */
const struct asset *assets_find(const struct asset_set *set, struct str name);

/* The entity tag of bytes that are the same until the next start. ERR_MEMORY. */
MUST_CHECK enum err assets_tag(struct arena *arena, struct str bytes, struct str *out);

#endif
