/* People of this machine, and what they could read: by modes and groups, without becoming them. */
#include "person.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY 4096
#define COMM 32

static void fill(const struct passwd *entry, struct person *out)
{
	int n = PERSON_GROUPS;

	*out = (struct person){.uid = entry->pw_uid};
	(void)snprintf(out->name, sizeof out->name, "%s", entry->pw_name);
	if (getgrouplist(entry->pw_name, entry->pw_gid, out->groups, &n) < 0)
		n = PERSON_GROUPS;
	out->group_count = n;
}

bool person_named(const char *name, struct person *out)
{
	char room[ENTRY];
	struct passwd entry;
	struct passwd *found = NULL;

	if (getpwnam_r(name, &entry, room, sizeof room, &found) != 0 || found == NULL)
		return false;
	fill(found, out);
	return true;
}

void person_of_uid(uid_t uid, struct person *out)
{
	char room[ENTRY];
	struct passwd entry;
	struct passwd *found = NULL;

	if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found != NULL) {
		fill(found, out);
		return;
	}
	*out = (struct person){.uid = uid};
	(void)snprintf(out->name, sizeof out->name, "%u", (unsigned)uid);
}

static bool is_member(const struct person *person, gid_t group)
{
	for (int i = 0; i < person->group_count; i++)
		if (person->groups[i] == group)
			return true;
	return false;
}

/* bit: 4 to read, 1 to go through. The first class that fits decides, as in the kernel. */
static bool may(const struct person *person, const char *path, unsigned bit)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	if (person->uid == 0)
		return true;
	if (st.st_uid == person->uid)
		return (st.st_mode & (bit << 6)) != 0;
	if (is_member(person, st.st_gid))
		return (st.st_mode & (bit << 3)) != 0;
	return (st.st_mode & bit) != 0;
}

bool person_can_read(const struct person *person, const char *path)
{
	char real[PATH_MAX];

	if (realpath(path, real) == NULL || !may(person, "/", 1))
		return false;
	for (char *at = strchr(real + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		bool through = may(person, real, 1);
		*at = '/';
		if (!through)
			return false;
	}
	return may(person, real, 4);
}

static bool is_server(const char *name)
{
	static const char *const starts[] = {"php", "apache2", "httpd", "lighttpd", "nginx"};

	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static void add_uid(uid_t uid, struct person *out, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (out[i].uid == uid)
			return;
	if (uid != 0 && *n < PERSON_SERVERS_MAX)
		person_of_uid(uid, &out[(*n)++]);
}

/* The folder of a process belongs to its effective user. */
static void look_at_process(int proc, const char *pid, struct person *out, size_t *n)
{
	char path[COMM + 16];
	char name[COMM] = "";
	struct stat st;

	(void)snprintf(path, sizeof path, "%.20s/comm", pid);
	int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t got = read(fd, name, sizeof name - 1);
	close(fd);
	if (got > 0 && is_server(name) && fstatat(proc, pid, &st, 0) == 0)
		add_uid(st.st_uid, out, n);
}

size_t person_servers(struct person *out)
{
	size_t n = person_named("www-data", &out[0]) ? 1 : 0;
	DIR *proc = opendir("/proc");

	if (proc == NULL)
		return n;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread, and a stream of its own */
	for (struct dirent *entry = readdir(proc); entry != NULL; entry = readdir(proc))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			look_at_process(dirfd(proc), entry->d_name, out, &n);
	(void)closedir(proc);
	return n;
}
