/* The style sheet and pictures: read at start, served with an entity tag. */
#include "assets.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "file.h"

#define ASSETS_MAX 32
#define ASSET_BYTES_MAX ((size_t)512 * 1024)
#define ETAG_MAX 64

struct asset_set {
	struct asset assets[ASSETS_MAX];
	size_t n;
};

struct ending {
	struct str ending;
	const char *type;
};
static const struct ending ENDINGS[] = {
	{{".css", 4}, "text/css; charset=utf-8"},
	{{".js", 3}, "text/javascript; charset=utf-8"},
	{{".svg", 4}, "image/svg+xml"},
	{{".png", 4}, "image/png"},
};

static const char *type_of(struct str name)
{
	for (size_t i = 0; i < sizeof(ENDINGS) / sizeof(ENDINGS[0]); i++) {
		struct str ending = ENDINGS[i].ending;
		if (name.n > ending.n &&
		    str_equal(str_sub(name, name.n - ending.n, name.n), ending))
			return ENDINGS[i].type;
	}
	return NULL;
}

/* FNV-1a: tells versions of our own files apart, and nothing hangs on it. */
static uint64_t fingerprint(struct str bytes)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < bytes.n; i++)
		sum = (sum ^ (unsigned char)bytes.p[i]) * UINT64_C(0x100000001b3);
	return sum;
}

enum err assets_tag(struct arena *arena, struct str bytes, struct str *out)
{
	struct buf text;
	buf_init(&text, arena, ETAG_MAX);
	buf_addf(&text, "\"%016" PRIx64 "-%zu\"", fingerprint(bytes), bytes.n);
	return buf_str(&text, out);
}

static enum err join(struct arena *arena, const char *dir, struct str name, struct str *out)
{
	struct buf path;
	buf_init(&path, arena, 4096);
	buf_add(&path, str_of(dir));
	buf_add_char(&path, '/');
	buf_add(&path, name);
	return buf_str(&path, out);
}

static enum err add(struct asset_set *set, const char *dir, const char *name, struct arena *arena,
		    struct fault *fault)
{
	struct asset asset = {.type = type_of(str_of(name))};
	struct str path;
	TRY(str_copy(arena, str_of(name), &asset.name));
	TRY(join(arena, dir, asset.name, &path));
	if (asset.type == NULL)
		return fault_set(fault, "%s: only .css, .js, .svg and .png can be served", path.p);
	if (set->n == ASSETS_MAX)
		return fault_set(fault, "%s: one file too many, at most %d", path.p, ASSETS_MAX);
	TRY(file_load(path.p, ASSET_BYTES_MAX, arena, &asset.bytes, fault));
	TRY(assets_tag(arena, asset.bytes, &asset.etag));
	set->assets[set->n++] = asset;
	return OK;
}

static enum err add_all(DIR *files, struct asset_set *set, const char *dir, struct arena *arena,
			struct fault *fault)
{
	for (;;) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): this stream is this thread's alone. */
		const struct dirent *entry = readdir(files);
		if (entry == NULL)
			return OK;
		if (entry->d_name[0] != '.')
			TRY(add(set, dir, entry->d_name, arena, fault));
	}
}

enum err assets_load(const char *dir, struct arena *arena, const struct asset_set **out,
		     struct fault *fault)
{
	struct asset_set *set = arena_alloc(arena, sizeof(*set));
	if (set == NULL)
		return ERR_MEMORY;
	DIR *files = opendir(dir);
	if (files == NULL)
		return fault_set(fault, "%s: cannot be opened as a directory", dir);
	enum err err = add_all(files, set, dir, arena, fault);
	(void)closedir(files);
	TRY(err);
	*out = set;
	return OK;
}

const struct asset *assets_find(const struct asset_set *set, struct str name)
{
	for (size_t i = 0; i < set->n; i++)
		if (str_equal(set->assets[i].name, name))
			return &set->assets[i];
	return NULL;
}
