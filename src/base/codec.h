/* base64url (RFC 4648 §5, unpadded) and hexadecimal, strict in both directions. */
#ifndef GATEPOST_BASE_CODEC_H
#define GATEPOST_BASE_CODEC_H

#include <stddef.h>

#include "err.h"
#include "str.h"

struct buf;

/* Characters that base64url of n bytes needs, without NUL. */
#define CODEC_BASE64URL_LEN(n) (((n)*4 + 2) / 3)

/* Writes CODEC_BASE64URL_LEN(n) characters and a NUL to text. Constant time in the bytes. */
void codec_base64url(const unsigned char *bytes, size_t n, char *text);
/* Decodes exactly n bytes; ERR_INPUT on another length, padding, other alphabet, trailing bits. */
MUST_CHECK enum err codec_base64url_decode(struct str text, unsigned char *bytes, size_t n);
/*
 * base64 (RFC 4648 §4) with its padding: at most room bytes, *n of them. ERR_INPUT on another
 * alphabet, missing or wrong padding, trailing bits; ERR_TOO_LARGE.
 */
MUST_CHECK enum err codec_base64_decode(struct str text, unsigned char *bytes, size_t room,
					size_t *n);
/* Appends lower-case hexadecimal. */
void codec_add_hex(struct buf *buf, const unsigned char *bytes, size_t n);
/* Decodes exactly n bytes from 2n digits of either case; ERR_INPUT. */
MUST_CHECK enum err codec_hex_decode(struct str text, unsigned char *bytes, size_t n);

#endif
