/* Networks: an address and how many of its leading bits count. */
#include "cidr.h"

#include <arpa/inet.h>
#include <string.h>

#define TEXT_MAX INET6_ADDRSTRLEN
#define MAPPED_BITS 96 /* before an IPv4 address in its mapped form */

/* *offset: how many bits of the sixteen bytes stand before what was written. */
static bool read_address(struct str text, unsigned char bytes[CIDR_BYTES], unsigned *offset)
{
	static const unsigned char mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	char copy[TEXT_MAX];

	if (text.n == 0 || text.n >= sizeof copy || str_contains(text, '\0'))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	*offset = MAPPED_BITS;
	memcpy(bytes, mapped, sizeof mapped);
	if (inet_pton(AF_INET, copy, bytes + sizeof mapped) == 1)
		return true;
	*offset = 0;
	return inet_pton(AF_INET6, copy, bytes) == 1;
}

static bool has_bit(const unsigned char *bytes, unsigned bit)
{
	return (bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

enum err cidr_read(struct str text, struct cidr *out)
{
	struct cidr network = {.bits = 0};
	struct str address;
	struct str length;
	unsigned offset = 0;
	uint64_t bits = 0;
	bool has_length = str_cut(text, '/', &address, &length);

	if (!read_address(address, network.bytes, &offset))
		return ERR_INPUT;
	bits = CIDR_BYTES * 8 - offset;
	if (has_length)
		TRY(str_to_u64(length, CIDR_BYTES * 8 - offset, &bits));
	network.bits = offset + (unsigned)bits;
	for (unsigned bit = network.bits; bit < CIDR_BYTES * 8; bit++)
		if (has_bit(network.bytes, bit))
			return ERR_INPUT;
	*out = network;
	return OK;
}

bool cidr_has(const struct cidr *network, struct str address)
{
	unsigned char bytes[CIDR_BYTES];
	unsigned offset = 0;

	if (!read_address(address, bytes, &offset))
		return false;
	for (unsigned bit = 0; bit < network->bits; bit++)
		if (has_bit(bytes, bit) != has_bit(network->bytes, bit))
			return false;
	return true;
}
