/* Loading a configuration written by a test. Included after cmocka.h. */
#ifndef GATEPOST_TESTS_BASE_CONF_H
#define GATEPOST_TESTS_BASE_CONF_H

#include "base_scratch.h"
#include "config.h"

#define REQUIRED "[server]\norigin = https://www.example.org\nkey_file = /k\n"
#define ASSERT_STR(slice, text) assert_true(str_equal((slice), STR(text)))

static inline const struct config *loaded(struct scratch *scratch, const char *content)
{
	const struct config *config = NULL;
	struct fault fault = {""};
	const char *path = scratch_file(scratch, "conf", content, 0644);

	arena_reset(scratch->arena);
	enum err e = config_load(path, scratch->arena, &config, &fault);
	if (e != OK)
		fail_msg("%s", fault.text);
	assert_true(str_equal(config->file, str_of(path)));
	return config;
}

/* expected: what follows the file's path. */
static inline void assert_refused(struct scratch *scratch, struct str content, const char *expected)
{
	const struct config *config = NULL;
	struct fault fault = {""};
	const char *path = scratch_bytes(scratch, "conf", content, 0644);

	arena_reset(scratch->arena);
	assert_int_equal(config_load(path, scratch->arena, &config, &fault), ERR_CONFIG);
	assert_null(config);
	assert_memory_equal(fault.text, path, strlen(path));
	assert_string_equal(fault.text + strlen(path), expected);
}

#endif
