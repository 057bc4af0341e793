/* Pins: what apps know a server's key by (RFC 7469 §2.4). */
#ifndef GATEPOST_CTL_PIN_H
#define GATEPOST_CTL_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "str.h"

struct arena;

#define PIN_TEXT 44 /* characters of SHA-256 in base64 with padding */
#define PIN_KEYS_MAX 32

/* Of one certificate, or of a public key that stands alone. */
struct pin {
	char text[PIN_TEXT + 1]; /* SHA-256 of SubjectPublicKeyInfo in DER */
	bool certified;          /* the two below are a certificate's */
	struct str subject; /* its CN, else its first DNS name; absent: neither. Anybody's text */
	int64_t until;      /* its last moment (clock.h) */
};

struct pins {
	struct pin keys[PIN_KEYS_MAX];
	size_t n;
};

/* Why there are none. */
enum pin_flaw {
	PIN_FINE = 0,
	PIN_PRIVATE, /* there is a private key in it, of which nothing else was read */
	PIN_NONE,    /* no certificate and no public key in PEM */
	PIN_BROKEN,  /* one that cannot be read to its end, or whose key is of no kind known here */
	PIN_TOO_MANY
};

/* Those of all certificates and public keys of a PEM text, in its order; other blocks do not
 * matter. *out is set when *flaw is PIN_FINE. ERR_MEMORY. */
MUST_CHECK enum err pin_read(struct arena *arena, struct str pem, struct pins *out,
			     enum pin_flaw *flaw);

#endif
