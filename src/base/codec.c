/* base64url and hexadecimal over libsodium's constant-time forms. */
#include "codec.h"

#include <stdbool.h>
#include <string.h>

#include <sodium.h>

#include "buf.h"

#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define CHUNK_TEXT 64
#define CHUNK_BYTES 48

void codec_base64url(const unsigned char *bytes, size_t n, char *text)
{
	sodium_bin2base64(text, CODEC_BASE64URL_LEN(n) + 1, bytes, n, VARIANT);
}

/* Decodes piece by piece; with bytes NULL it only checks, so that a failure leaves no trace. */
static bool decode(struct str text, unsigned char *bytes)
{
	unsigned char scratch[CHUNK_BYTES];
	bool good = true;

	for (size_t from = 0; good && from < text.n; from += CHUNK_TEXT) {
		struct str piece = str_sub(text, from, from + CHUNK_TEXT);
		unsigned char *to = bytes == NULL ? scratch : bytes + from / 4 * 3;
		size_t got = 0;
		good = sodium_base642bin(to, piece.n / 4 * 3 + piece.n % 4 * 3 / 4, piece.p,
					 piece.n, NULL, &got, NULL, VARIANT) == 0;
	}
	sodium_memzero(scratch, sizeof scratch);
	return good;
}

/* libsodium 1.0.18 takes some of these for letters: char is signed, and its compare is not. */
static bool has_high_octet(struct str text)
{
	unsigned bits = 0;

	for (size_t i = 0; i < text.n; i++)
		bits |= (unsigned char)text.p[i];
	return (bits & 0x80) != 0;
}

enum err codec_base64url_decode(struct str text, unsigned char *bytes, size_t n)
{
	unsigned char piece[CHUNK_BYTES];

	if (n > SIZE_MAX / 4 - 1 || text.n != CODEC_BASE64URL_LEN(n) || has_high_octet(text))
		return ERR_INPUT;
	if (n > sizeof piece) {
		if (!decode(text, NULL))
			return ERR_INPUT;
		return decode(text, bytes) ? OK : ERR_INTERNAL;
	}
	bool good = decode(text, piece);
	if (good && n > 0)
		memcpy(bytes, piece, n);
	sodium_memzero(piece, sizeof piece);
	return good ? OK : ERR_INPUT;
}

enum err codec_base64_decode(struct str text, unsigned char *bytes, size_t room, size_t *n)
{
	size_t got = 0;

	if (text.n % 4 != 0 || has_high_octet(text))
		return ERR_INPUT;
	if (text.n / 4 * 3 > room)
		return ERR_TOO_LARGE;
	if (sodium_base642bin(bytes, room, text.p, text.n, NULL, &got, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0) {
		sodium_memzero(bytes, room);
		return ERR_INPUT;
	}
	*n = got;
	return OK;
}

void codec_add_hex(struct buf *buf, const unsigned char *bytes, size_t n)
{
	char text[CHUNK_BYTES * 2 + 1];

	for (size_t from = 0; from < n; from += CHUNK_BYTES) {
		size_t part = n - from < CHUNK_BYTES ? n - from : CHUNK_BYTES;
		sodium_bin2hex(text, sizeof text, bytes + from, part);
		buf_add(buf, (struct str){.p = text, .n = part * 2});
	}
	sodium_memzero(text, sizeof text);
}

/* 16 for what is no digit. */
static unsigned hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

enum err codec_hex_decode(struct str text, unsigned char *bytes, size_t n)
{
	if (text.n % 2 != 0 || text.n / 2 != n)
		return ERR_INPUT;
	for (size_t i = 0; i < text.n; i++) {
		if (hex_digit(text.p[i]) > 15)
			return ERR_INPUT;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned high = hex_digit(text.p[2 * i]);
		unsigned low = hex_digit(text.p[2 * i + 1]);
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return OK;
}
