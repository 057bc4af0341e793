/* The description of the API (OpenAPI), as this server gives it to whoever asks. */
#ifndef GATEPOST_HTTP_DOCUMENT_H
#define GATEPOST_HTTP_DOCUMENT_H

#include "config.h"
#include "err.h"
#include "str.h"

struct arena;

/* "<origin><base_path>" of the shipped file, which is that of the shipped configuration. */
#define DOCUMENT_SAMPLE "https://www.example.org/auth"

/*
 * The file that server.openapi names, with this server's own address wherever the sample stands.
 * ERR_CONFIG with the reason: no such file, or not a description of OpenAPI 3.
 */
MUST_CHECK enum err document_load(const struct config *config, struct arena *arena, struct str *out,
				  struct fault *fault);

#endif
