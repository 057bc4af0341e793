/* RFC 6979 A.2.5 (P-256 with SHA-256) as octets: a key, and its signature of "sample" and "test".
 */
#ifndef GATEPOST_TESTS_UNIT_P256_VECTORS_H
#define GATEPOST_TESTS_UNIT_P256_VECTORS_H

#include <stddef.h>

#include "codec.h"
#include "str.h"

#define RFC6979_X "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
#define RFC6979_Y "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define RFC6979_SAMPLE_R "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
#define RFC6979_SAMPLE_S "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
#define RFC6979_TEST_R "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
#define RFC6979_TEST_S "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"

#define VECTOR_OCTETS 32

/* Appends a DER integer; *n grows. */
static inline void der_integer(const char *hex, unsigned char *der, size_t *n)
{
	unsigned char octets[VECTOR_OCTETS];
	size_t from = 0;

	if (codec_hex_decode(str_of(hex), octets, sizeof octets) != OK)
		return;
	while (from < sizeof octets - 1 && octets[from] == 0)
		from++;
	bool sign = (octets[from] & 0x80) != 0;
	der[(*n)++] = 2;
	der[(*n)++] = (unsigned char)(sizeof octets - from + (sign ? 1 : 0));
	if (sign)
		der[(*n)++] = 0;
	while (from < sizeof octets)
		der[(*n)++] = octets[from++];
}

/* The signature in DER, and how many of the 72 octets it has. */
static inline size_t der_signature(const char *r, const char *s, unsigned char der[72])
{
	size_t n = 2;

	der_integer(r, der, &n);
	der_integer(s, der, &n);
	der[0] = 0x30;
	der[1] = (unsigned char)(n - 2);
	return n;
}

#endif
