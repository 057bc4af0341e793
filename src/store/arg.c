/* Parameters from the types of the floors above: what is none or absent becomes NULL. */
#include "arg.h"

static const struct id zero_id;

struct arg arg_int(int64_t number)
{
	return (struct arg){.type = ARG_INT, .number = number};
}

struct arg arg_time(int64_t at)
{
	return at == 0 ? (struct arg){.type = ARG_NULL} : arg_int(at);
}

struct arg arg_id(const struct id *id)
{
	if (id_is_none(*id))
		return (struct arg){.type = ARG_NULL};
	return (struct arg){.type = ARG_BYTES, .bytes = id->b, .n = ID_BYTES};
}

struct arg arg_id_or_zero(const struct id *id)
{
	const struct id *key = id != NULL ? id : &zero_id;

	return (struct arg){.type = ARG_BYTES, .bytes = key->b, .n = ID_BYTES};
}

struct arg arg_digest(const struct digest *digest)
{
	return (struct arg){.type = ARG_BYTES, .bytes = digest->b, .n = DIGEST_BYTES};
}

struct arg arg_bytes(struct str s)
{
	return (struct arg){
		.type = s.p == NULL ? ARG_NULL : ARG_BYTES,
		.bytes = s.p,
		.n = s.n,
	};
}

struct arg arg_text(struct str s)
{
	return (struct arg){
		.type = s.p == NULL ? ARG_NULL : ARG_TEXT,
		.bytes = s.p,
		.n = s.n,
	};
}

struct arg arg_secret(struct secret s)
{
	return (struct arg){
		.type = secret_is_present(s) ? ARG_BYTES : ARG_NULL,
		.bytes = s.bytes,
		.n = s.len,
	};
}
