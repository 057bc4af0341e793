/* Devices: how the value that names one is stored. */
#ifndef GATEPOST_AUTH_DEVICE_H
#define GATEPOST_AUTH_DEVICE_H

#include "device_store.h"
#include "ident.h"
#include "keyring.h"
#include "secret.h"

/* ref_hash of the device cookie's value or the app's device_id; without one, a hash of no device.
 */
struct digest device_hash(const struct keyring *keys, enum device_kind kind, struct secret ref);

#endif
