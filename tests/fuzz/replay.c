/* Replays files through a fuzz target: every run of the tests proves the corpus again. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int complain(const char *path, const char *why)
{
	(void)fprintf(stderr, "%s: %s\n", path, why);
	return -1;
}

/* The input gets a buffer of exactly its size, so that sanitizers see a read past its end. */
static int replay_open(const char *path, FILE *file, size_t size)
{
	uint8_t *data = malloc(size > 0 ? size : 1);

	if (data == NULL)
		return complain(path, "no memory");
	int result = 0;
	if (fread(data, 1, size, file) == size)
		(void)LLVMFuzzerTestOneInput(data, size);
	else
		result = complain(path, "could not be read whole");
	free(data);
	return result;
}

static int replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rbe");

	if (file == NULL)
		return complain(path, strerrordesc_np(errno));
	/* Printed first: after a crash the last line names the input. */
	(void)printf("%s\n", path);
	(void)fflush(stdout);
	int result = replay_open(path, file, size);
	(void)fclose(file);
	return result;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay_directory(const char *dir)
{
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_visible, alphasort);
	int result = n > 0 ? 0 : complain(dir, n == 0 ? "is empty" : strerrordesc_np(errno));

	for (int i = 0; i < n; i++) {
		char path[PATH_BYTES];
		struct stat st;
		int length = snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
		bool good = length > 0 && (size_t)length < sizeof path && stat(path, &st) == 0 &&
			    S_ISREG(st.st_mode);
		if (!good)
			result = complain(entries[i]->d_name, "is not a regular file");
		else if (replay_file(path, (size_t)st.st_size) != 0)
			result = -1;
		free(entries[i]);
	}
	free(entries);
	return result;
}

static int replay(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return complain(path, strerrordesc_np(errno));
	if (S_ISDIR(st.st_mode))
		return replay_directory(path);
	return replay_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	int result = argc > 1 ? 0 : complain(argv[0], "expected files or directories");

	for (int i = 1; i < argc; i++) {
		if (replay(argv[i]) != 0)
			result = -1;
	}
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
