/* A list of breached passwords that may be far larger than memory: a sorted file, searched in
 * place. */
#include "breached.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "foreign_digest.h"
#include "str.h"

#define NAME "password.breached"
#define HASH FOREIGN_DIGEST_SHA1_TEXT
#define LINE_MAX_OCTETS 64 /* hash, colon, a count of 19 digits, CR, LF */
#define WINDOW ((size_t)2 * LINE_MAX_OCTETS)
#define SPOTS 64

struct list {
	const char *path;
	int fd;
	int64_t size;
	struct fault *fault;
};

/* One line, and where the next begins; past the last one: hash is empty. */
struct entry {
	char hash[HASH];
	int64_t start;
	int64_t end;
};

static enum err list_open(const char *path, struct list *list, struct fault *fault)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return fault_set(fault, "%s: cannot be opened: %s (" NAME ")", path,
				 strerrordesc_np(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH) == 0) {
		*list = (struct list){path, fd, (int64_t)st.st_size, fault};
		return OK;
	}
	(void)close(fd);
	return fault_set(fault, "%s: is not a file, or everybody may write it (" NAME ")", path);
}

static enum err misshapen(const struct list *list, int64_t at)
{
	return fault_set(list->fault,
			 "%s: has no line \"SHA-1[:COUNT]\" in upper case where one should be, at "
			 "octet %lld (" NAME ")",
			 list->path, (long long)at);
}

static bool is_hash(struct str text)
{
	if (text.n != HASH)
		return false;
	for (size_t i = 0; i < HASH; i++)
		if ((text.p[i] < '0' || text.p[i] > '9') && (text.p[i] < 'A' || text.p[i] > 'F'))
			return false;
	return true;
}

static bool is_count(struct str text)
{
	uint64_t count = 0;

	return !str_is_present(text) || str_to_u64(text, UINT64_MAX, &count) == OK;
}

/* The whole window, unless the file ends before. *n: how much there is. */
static enum err read_window(const struct list *list, int64_t at, char *bytes, size_t *n)
{
	int64_t rest = list->size - at;
	size_t want = rest < (int64_t)WINDOW ? (size_t)rest : WINDOW;

	for (*n = 0; *n < want;) {
		ssize_t got = pread(list->fd, bytes + *n, want - *n, (off_t)at + (off_t)*n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fault_set(list->fault,
					 "%s: cannot be read at octet %lld: %s (" NAME ")",
					 list->path, (long long)at,
					 got == 0 ? "it was cut off" : strerrordesc_np(errno));
		*n += (size_t)got;
	}
	return OK;
}

/* The line at the beginning of text, of which more may follow unless the file ends with it. */
static enum err read_entry(const struct list *list, int64_t at, struct str text,
			   struct entry *entry)
{
	struct str line = STR_NONE;
	struct str hash = STR_NONE;
	struct str rest = STR_NONE;
	struct str count = STR_NONE;
	bool ended = str_cut(text, '\n', &line, &rest);
	size_t n = line.n;

	if (!ended && at + (int64_t)text.n < list->size)
		return misshapen(list, at);
	if (ended && n > 0 && line.p[n - 1] == '\r')
		line.n--;
	(void)str_cut(line, ':', &hash, &count);
	if (!is_hash(hash) || !is_count(count))
		return misshapen(list, at);
	memcpy(entry->hash, hash.p, HASH);
	entry->start = at;
	entry->end = at + (int64_t)n + (ended ? 1 : 0);
	return OK;
}

/* The first line that begins at this octet or behind it. */
static enum err find_entry(const struct list *list, int64_t at, struct entry *entry)
{
	char window[WINDOW];
	int64_t from = at > 0 ? at - 1 : 0;
	size_t skip = 0;
	size_t n = 0;

	TRY(read_window(list, from, window, &n));
	if (at > 0) {
		const char *end = memchr(window, '\n', n);

		if (end == NULL && from + (int64_t)n < list->size)
			return misshapen(list, from);
		skip = end == NULL ? n : (size_t)(end - window) + 1;
	}
	if (from + (int64_t)skip >= list->size) {
		*entry = (struct entry){.start = list->size, .end = list->size};
		return OK;
	}
	return read_entry(list, from + (int64_t)skip, (struct str){window + skip, n - skip}, entry);
}

/* Those that may have it begin in [from, to); each look leaves at most half of them, and a line. */
static enum err search(const struct list *list, const char hash[HASH], bool *found)
{
	int64_t from = 0;
	int64_t to = list->size;
	struct entry entry = {.start = 0};

	*found = false;
	while (from < to && !*found) {
		int64_t middle = from + (to - from) / 2;

		TRY(find_entry(list, middle, &entry));
		int order = entry.start < to ? memcmp(entry.hash, hash, HASH) : 1;
		if (order < 0)
			from = entry.end;
		else
			to = middle;
		*found = order == 0;
	}
	return OK;
}

/* Every one of the spots is behind the one before, or the same line. */
static enum err look_at_order(const struct list *list)
{
	struct entry before = {.start = -1};
	struct entry entry = {.start = 0};

	for (int64_t i = 0; i <= SPOTS; i++) {
		TRY(find_entry(list, list->size / SPOTS * i, &entry));
		if (entry.start == list->size || entry.start == before.start)
			continue;
		if (before.start >= 0 && memcmp(before.hash, entry.hash, HASH) >= 0)
			return fault_set(list->fault,
					 "%s: is not sorted by hash: the line at octet %lld "
					 "belongs before the one at %lld (" NAME ")",
					 list->path, (long long)entry.start,
					 (long long)before.start);
		before = entry;
	}
	return OK;
}

/* So near to the end that the window reaches it. */
static enum err look_at_end(const struct list *list)
{
	int64_t at = list->size > (int64_t)WINDOW ? list->size - (int64_t)WINDOW : 0;
	struct entry entry = {.end = at};

	while (entry.end < list->size)
		TRY(find_entry(list, entry.end, &entry));
	return OK;
}

enum err breached_check(const char *path, struct fault *fault)
{
	struct list list = {.fd = -1};

	TRY(list_open(path, &list, fault));
	enum err e = list.size > 0 ? look_at_order(&list)
				   : fault_set(fault, "%s: is empty (" NAME ")", path);
	if (e == OK)
		e = look_at_end(&list);
	(void)close(list.fd);
	return e;
}

enum err breached_has(const char *path, struct secret normal, bool *found, struct fault *fault)
{
	char hash[HASH];
	struct list list = {.fd = -1};

	TRY(foreign_digest_sha1_text(normal, hash));
	if (list_open(path, &list, fault) != OK)
		return ERR_UNAVAILABLE;
	enum err e = search(&list, hash, found);
	(void)close(list.fd);
	secret_wipe_bytes(hash, sizeof hash);
	return e == OK ? OK : ERR_UNAVAILABLE;
}
