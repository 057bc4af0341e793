/* What an authenticator says, taken apart (WebAuthn L3 §6.1, §6.5). */
#include "attestation.h"

#include "cbor_guard.h"
#include "ident.h"

/* WebAuthn L3 §6.1: rpIdHash, flags, signCount; §6.5.1: aaguid, length of the id. */
#define FLAGS_AT DIGEST_BYTES
#define COUNT_AT 33
#define HEAD_OCTETS 37
#define CREDENTIAL_OCTETS (WEBAUTHN_AAGUID + 2)
#define MEMBERS 3

enum {
	FLAG_PRESENT = 0x01,
	FLAG_VERIFIED = 0x04,
	FLAG_ELIGIBLE = 0x08,
	FLAG_BACKED_UP = 0x10,
	FLAG_CREDENTIAL = 0x40,
	FLAG_EXTENSIONS = 0x80
};

static const struct cbor_guard_value *member(const struct cbor_guard_map *map, struct str name,
					     enum cbor_guard_kind kind)
{
	const struct cbor_guard_value *value = cbor_guard_named(map, name);

	return value != NULL && value->kind == kind ? value : NULL;
}

bool attestation_split(struct str object, struct attestation *out)
{
	struct cbor_guard_map map;

	if (object.n > WEBAUTHN_OBJECT_MAX || !cbor_guard_read_map(object, &map) ||
	    map.n != MEMBERS)
		return false;
	const struct cbor_guard_value *format = member(&map, STR("fmt"), CBOR_GUARD_TEXT);
	const struct cbor_guard_value *statement = member(&map, STR("attStmt"), CBOR_GUARD_MAP);
	const struct cbor_guard_value *auth_data = member(&map, STR("authData"), CBOR_GUARD_BYTES);
	if (format == NULL || statement == NULL || auth_data == NULL)
		return false;
	*out = (struct attestation){format->text, statement->raw, auth_data->text};
	return true;
}

static unsigned octet(struct str octets, size_t at)
{
	return (unsigned char)octets.p[at];
}

static uint32_t number32(struct str octets, size_t at)
{
	return (uint32_t)octet(octets, at) << 24 | (uint32_t)octet(octets, at + 1) << 16 |
	       (uint32_t)octet(octets, at + 2) << 8 | octet(octets, at + 3);
}

/* The map at the head of *rest, which is what is behind it afterwards. */
static bool take_map(struct str *rest, struct str *out)
{
	struct cbor_guard_map map;
	size_t n = 0;

	if (!cbor_guard_reach(*rest, &n))
		return false;
	*out = str_sub(*rest, 0, n);
	*rest = str_sub(*rest, n, rest->n);
	return cbor_guard_read_map(*out, &map);
}

static bool take_credential(struct str *rest, struct auth_data *out)
{
	if (rest->n < CREDENTIAL_OCTETS)
		return false;
	size_t id = octet(*rest, WEBAUTHN_AAGUID) << 8 | octet(*rest, WEBAUTHN_AAGUID + 1);
	if (id == 0 || id > WEBAUTHN_ID_MAX || id > rest->n - CREDENTIAL_OCTETS)
		return false;
	out->aaguid = str_sub(*rest, 0, WEBAUTHN_AAGUID);
	out->id = str_sub(*rest, CREDENTIAL_OCTETS, CREDENTIAL_OCTETS + id);
	*rest = str_sub(*rest, CREDENTIAL_OCTETS + id, rest->n);
	return take_map(rest, &out->key);
}

bool auth_data_read(struct str octets, struct auth_data *out)
{
	if (octets.n < HEAD_OCTETS)
		return false;
	unsigned flags = octet(octets, FLAGS_AT);
	struct str rest = str_sub(octets, HEAD_OCTETS, octets.n);
	struct auth_data data = {
		.rp_id_hash = str_sub(octets, 0, DIGEST_BYTES),
		.present = (flags & FLAG_PRESENT) != 0,
		.verified = (flags & FLAG_VERIFIED) != 0,
		.eligible = (flags & FLAG_ELIGIBLE) != 0,
		.backed_up = (flags & FLAG_BACKED_UP) != 0,
		.has_credential = (flags & FLAG_CREDENTIAL) != 0,
		.sign_count = number32(octets, COUNT_AT),
	};
	if (data.has_credential && !take_credential(&rest, &data))
		return false;
	if ((flags & FLAG_EXTENSIONS) != 0 && !take_map(&rest, &data.extensions))
		return false;
	if (rest.n != 0)
		return false;
	*out = data;
	return true;
}
