/* credential_read over bytes split at newlines into cookie, X-Session-Id and Authorization. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "credential.h"
#include "keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static struct keyring *load_keys(void)
{
	static const char lines[] = "1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
				    "2 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\n";
	char path[] = "/tmp/gatepost-fuzz-XXXXXX";
	struct keyring *keys = NULL;
	struct fault fault;
	int fd = mkstemp(path);

	require(fd >= 0);
	require(write(fd, lines, sizeof lines - 1) == (ssize_t)(sizeof lines - 1));
	close(fd);
	require(keyring_load(path, &keys, &fault) == OK);
	unlink(path);
	return keys;
}

/* The first byte says which of the three are present and whether the cookie came twice. */
static struct credential_input split(struct str text)
{
	struct credential_input input = {.cookie = STR_NONE};
	unsigned present = text.n > 0 ? (unsigned char)text.p[0] : 0;
	struct str rest = str_sub(text, 1, text.n);
	struct str pieces[3] = {STR_NONE, STR_NONE, STR_NONE};

	for (size_t i = 0; i < 3; i++) {
		struct str tail = STR_NONE;

		str_cut(rest, '\n', &pieces[i], &tail);
		rest = tail;
	}
	if (present & 1U)
		input.cookie = str_is_present(pieces[0]) ? pieces[0] : STR("");
	if (present & 2U)
		input.session_id_header = str_is_present(pieces[1]) ? pieces[1] : STR("");
	if (present & 4U)
		input.authorization = str_is_present(pieces[2]) ? pieces[2] : STR("");
	input.cookie_twice = (present & 8U) != 0;
	return input;
}

/* Whoever is well-formed is so by one carrier, and his value gives the same text again. */
static void check(struct arena *arena, const struct credential_input *input,
		  const struct credential *credential)
{
	struct secret text = SECRET_NONE;
	struct str shown;

	if (credential->syntax != CREDENTIAL_WELL_FORMED) {
		require(credential->roots == 0 && credential->carrier == CARRIER_NONE);
		return;
	}
	/* Of an access token nothing is proven by its form. */
	if (credential->carrier == CARRIER_TOKEN) {
		require(credential->roots == 0 && credential->value.len >= 5);
		require(input->authorization.n > credential->value.len);
		return;
	}
	require(credential->value.len == 32 && credential->roots == 2);
	require(credential_text(arena, credential->carrier, credential->value, &text) == OK);
	shown = (struct str){.p = (const char *)text.bytes, .n = text.len};
	if (credential->carrier == CARRIER_COOKIE) {
		require(str_equal(shown, input->cookie));
		return;
	}
	if (str_is_present(input->session_id_header)) {
		require(str_equal(shown, input->session_id_header));
		return;
	}
	require(input->authorization.n > shown.n);
	require(str_equal(shown, str_sub(input->authorization, input->authorization.n - shown.n,
					 input->authorization.n)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keyring *keys;
	struct arena *arena = NULL;
	struct credential credential;
	struct credential_input input = split((struct str){.p = (const char *)data, .n = size});

	if (keys == NULL)
		keys = load_keys();
	require(arena_open(4096, 65536, &arena) == OK);
	require(credential_read(arena, keys, &input, &credential) == OK);
	check(arena, &input, &credential);
	arena_close(&arena);
	return 0;
}
