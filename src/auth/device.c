/* Devices: how the value that names one is stored. */
#include "device.h"

struct digest device_hash(const struct keyring *keys, enum device_kind kind, struct secret ref)
{
	unsigned char number = (unsigned char)kind;
	struct secret parts[] = {keyring_part(&number, 1), ref};
	struct digest hash;

	keyring_digest(keys, 0, KEY_DEVICE, parts, 2, &hash);
	return hash;
}
