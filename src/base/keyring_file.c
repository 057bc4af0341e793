/* The key file written: made, given another root, relieved of one. */
#include "keyring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "codec.h"
#include "file.h"
#include "keyring.h"
#include "secret_file.h"

#define KEY_TEXT CODEC_BASE64URL_LEN(KEYRING_KEY)
#define MEMORY ((size_t)4 * SECRET_FILE_MAX)
#define SUFFIX STR(".new")

static void add_root(struct buf *text, uint64_t number, int64_t now)
{
	unsigned char key[KEYRING_KEY];
	char word[KEY_TEXT + 1];

	secret_random_bytes(key, sizeof key);
	codec_base64url(key, sizeof key, word);
	buf_add_u64(text, number);
	buf_add_char(text, ' ');
	buf_add(text, (struct str){.p = word, .n = KEY_TEXT});
	buf_add_char(text, ' ');
	buf_add_i64(text, now / CLOCK_SECOND);
	buf_add_char(text, '\n');
	secret_wipe_bytes(key, sizeof key);
	secret_wipe_bytes(word, sizeof word);
}

static enum err not_written(const char *path, int why, struct fault *fault)
{
	(void)fault_set(fault, "%s: could not be written: %s", path, strerrordesc_np(why));
	return ERR_IO;
}

static enum err open_new(const char *path, int *fd, struct fault *fault)
{
	*fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return OK;
	int why = errno;
	enum err e = fault_set(fault, "%s: %s", path, strerrordesc_np(why));
	return why == EEXIST ? ERR_CONFLICT : e;
}

/* Closes fd in any case; on the disk before it counts. */
static enum err fill(int fd, const char *path, struct str text, struct fault *fault)
{
	bool good = file_write(fd, text.p, text.n) && fsync(fd) == 0;
	int why = errno;

	good = close(fd) == 0 && good;
	return good ? OK : not_written(path, why, fault);
}

static enum err create(struct arena *arena, const char *path, int64_t now, struct fault *fault)
{
	struct str text = STR_NONE;
	struct buf buf;
	int fd = -1;

	buf_init(&buf, arena, SECRET_FILE_MAX);
	buf_add(&buf, STR("# Root keys of Gatepost: NUMBER KEY SECONDS, the highest is the newest, "
			  "made then.\n"));
	add_root(&buf, 1, now);
	TRY(buf_str(&buf, &text));
	TRY(open_new(path, &fd, fault));
	enum err e = fill(fd, path, text, fault);
	if (e != OK)
		unlink(path);
	return e;
}

enum err keyring_file_create(const char *path, int64_t now, struct fault *fault)
{
	struct arena *arena = NULL;
	enum err e = arena_open(0, MEMORY, &arena);

	if (e == OK)
		e = create(arena, path, now, fault);
	arena_close(&arena);
	return e;
}

/* A change of the file: which root comes or goes. */
struct change {
	const char *path;
	struct arena *arena;
	uint32_t removed; /* 0: a new one is added */
	int64_t now;
	uint32_t number; /* of the added one */
	struct fault *fault;
};

static bool is_root(struct str line, uint32_t number)
{
	struct str head;
	struct str tail;
	uint64_t found = 0;

	return str_cut(str_trim(line), ' ', &head, &tail) &&
	       str_to_u64(head, UINT32_MAX, &found) == OK && found == number;
}

static void copy_lines(const struct change *change, struct str rest, struct buf *text)
{
	struct str line;
	bool more = rest.n > 0;

	while (more) {
		more = str_cut(rest, '\n', &line, &rest);
		if (change->removed != 0 && is_root(line, change->removed))
			continue;
		buf_add(text, line);
		if (more || line.n > 0)
			buf_add_char(text, '\n');
		more = more && rest.n > 0;
	}
}

static enum err next_number(struct change *change, const struct keyring *keyring)
{
	size_t n = 0;
	uint32_t newest = keyring_root_at(keyring, 0, &n).number;

	if (newest == UINT32_MAX)
		return fault_set(change->fault, "%s: no number is left", change->path);
	change->number = newest + 1;
	return OK;
}

static enum err check(struct change *change)
{
	struct keyring *keyring = NULL;
	size_t n = 0;

	TRY(keyring_load(change->path, &keyring, change->fault));
	enum err e = OK;
	if (change->removed == 0)
		e = next_number(change, keyring);
	else if (keyring_seal_key(keyring, change->removed) == NULL)
		e = fault_set(change->fault, "%s: has no root %u", change->path, change->removed);
	(void)keyring_root_at(keyring, 0, &n);
	if (e == OK && change->removed != 0 && n == 1)
		e = fault_set(change->fault, "%s: root %u is the only one", change->path,
			      change->removed);
	keyring_free(&keyring);
	return e;
}

static enum err compose(struct change *change, struct str *out)
{
	struct secret old = SECRET_NONE;
	struct buf text;

	TRY(secret_file_read(change->path, change->arena, &old, change->fault));
	buf_init(&text, change->arena, SECRET_FILE_MAX);
	copy_lines(change, (struct str){.p = (const char *)old.bytes, .n = old.len}, &text);
	if (change->removed == 0)
		add_root(&text, change->number, change->now);
	return buf_str(&text, out);
}

/* Whoever could read the old one can read the new one, and nobody else. */
static bool take_after(const char *path, const char *former)
{
	struct stat st;

	return stat(former, &st) == 0 && chown(path, st.st_uid, st.st_gid) == 0 &&
	       chmod(path, st.st_mode & 07777U) == 0;
}

/* The rename itself must not be lost with the power. */
static bool settle(const struct change *change)
{
	struct str path = str_of(change->path);
	struct str dir = STR_NONE;
	size_t n = path.n;

	while (n > 1 && path.p[n - 1] != '/')
		n--;
	if (str_copy(change->arena, n > 1 ? str_sub(path, 0, n) : STR("."), &dir) != OK)
		return false;
	int fd = open(dir.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool good = fsync(fd) == 0;
	(void)close(fd);
	return good;
}

static enum err prepare(struct change *change, const char *next, int fd)
{
	struct keyring *keyring = NULL;
	struct str text = STR_NONE;
	enum err e = check(change);

	if (e == OK)
		e = compose(change, &text);
	if (e != OK) {
		(void)close(fd);
		return e;
	}
	TRY(fill(fd, next, text, change->fault));
	/* A file that a start would refuse never takes the place of one that works. */
	TRY(keyring_load(next, &keyring, change->fault));
	keyring_free(&keyring);
	if (!take_after(next, change->path) || rename(next, change->path) != 0)
		return not_written(change->path, errno, change->fault);
	return OK;
}

static enum err run(struct change *change)
{
	struct str next = STR_NONE;
	struct buf name;
	int fd = -1;

	buf_init(&name, change->arena, PATH_MAX);
	buf_add(&name, str_of(change->path));
	buf_add(&name, SUFFIX);
	TRY(buf_str(&name, &next));
	/* It is the lock as well: of two changes at once, one is refused. */
	TRY(open_new(next.p, &fd, change->fault));
	enum err e = prepare(change, next.p, fd);
	if (e != OK)
		unlink(next.p);
	else if (!settle(change))
		return not_written(change->path, errno, change->fault);
	return e;
}

static enum err change_file(struct change *change)
{
	enum err e = arena_open(0, MEMORY, &change->arena);

	if (e == OK)
		e = run(change);
	arena_close(&change->arena);
	if (e == ERR_MEMORY || e == ERR_TOO_LARGE)
		return fault_set(change->fault, "%s: has no room for another key", change->path);
	return e;
}

enum err keyring_file_add(const char *path, int64_t now, uint32_t *number, struct fault *fault)
{
	struct change change = {.path = path, .now = now, .fault = fault};

	TRY(change_file(&change));
	*number = change.number;
	return OK;
}

enum err keyring_file_remove(const char *path, uint32_t number, struct fault *fault)
{
	struct change change = {.path = path, .removed = number, .fault = fault};

	return change_file(&change);
}
