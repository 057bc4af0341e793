/* gatepost.conf: whatever it holds, it is loaded whole and sane or refused in one line. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena.h"
#include "config.h"

#define CEILING (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void check_limits(const struct config *config)
{
	for (int c = CLASS_GUEST; c < CLASS_COUNT; c++) {
		const struct class_limits *limits = &config->session.classes[c];
		must(limits->idle > 0 && limits->idle <= limits->absolute, "limits of a class");
	}
	must(config->session.aal2.idle <= config->session.aal2.absolute, "limits of aal2");
	must(config->session.elevated.idle <= config->session.elevated.absolute, "elevated limits");
	must(config->password.memory >= 19456 && config->password.passes >= 2, "cost of a hash");
	must(config->password.min_length >= 8, "length of passwords");
}

static void check_server(const struct config *config)
{
	must(str_starts(config->server.origin, STR("https://")), "origin is https");
	must(!str_has_control(config->server.origin), "origin has no control characters");
	must(str_equal(config->server.host, str_sub(config->server.origin, 8, SIZE_MAX)),
	     "host is that of the origin");
	must(config->server.base_path.n == 0 || config->server.base_path.p[0] == '/', "base path");
	must(!str_has_control(config->server.clear_site_data), "header text");
	must(config->server.key_file.p[0] == '/', "key file");
	must(config->cors_origin_count <= CONFIG_CORS_ORIGINS, "number of origins");
	must(config->listener_count <= CONFIG_LISTENERS, "number of listeners");
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct listen_config *listener = &config->listeners[i];
		must(listener->address.p[0] == '/' || str_starts(listener->address, STR("127.")),
		     "listeners are local");
		must(listener->threads > 0 && listener->role < LISTEN_ROLE_COUNT, "listener");
	}
}

static void check_fault(const struct fault *fault)
{
	struct str text = str_of(fault->text);

	must(text.n > 0, "a fault has a text");
	must(!str_has_control(text), "a fault is one line");
}

static void load(const char *path)
{
	struct arena *arena = NULL;
	const struct config *config = NULL;
	struct fault fault = {""};

	must(arena_open(8192, CEILING, &arena) == OK, "memory");
	enum err e = config_load(path, arena, &config, &fault);
	must(e == OK || e == ERR_CONFIG, "result");
	must((config != NULL) == (e == OK), "output is set on OK and only then");
	if (e == OK) {
		check_server(config);
		check_limits(config);
	} else {
		check_fault(&fault);
	}
	arena_close(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("gatepost.conf", MFD_CLOEXEC);

	must(fd >= 0, "memfd");
	must(write(fd, data, size) == (ssize_t)size, "memfd is written");
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	load(path);
	close(fd);
	return 0;
}
