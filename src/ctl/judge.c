/* What the doctor thinks of what it saw: pure, so that every case can be tried. */
#include "judge.h"

#include "clock.h"

#define CLOCK_WARN (2 * CLOCK_SECOND)
#define CLOCK_FAIL CLOCK_MINUTE

enum doctor_result judge_clock(int64_t difference)
{
	int64_t size = difference < 0 ? -difference : difference;

	if (size > CLOCK_FAIL)
		return DOCTOR_FAIL;
	return size > CLOCK_WARN ? DOCTOR_WARN : DOCTOR_OK;
}

/* The attribute's value; absent: it is not there. Without a value: "". */
static struct str attribute(struct str cookie, struct str name)
{
	struct str part = STR_NONE;
	struct str key = STR_NONE;
	struct str value = STR_NONE;

	str_cut(cookie, ';', &part, &cookie);
	while (cookie.n > 0) {
		str_cut(cookie, ';', &part, &cookie);
		if (!str_cut(str_trim(part), '=', &key, &value))
			value = STR("");
		if (str_equal_nocase(str_trim(key), name))
			return value;
	}
	return STR_NONE;
}

const char *judge_cookie(struct str value, bool strict)
{
	struct str same_site = attribute(value, STR("SameSite"));

	if (!str_starts(value, STR("__Host-gatepost=")))
		return "its name lost __Host-";
	if (!str_is_present(attribute(value, STR("Secure"))))
		return "Secure is missing";
	if (!str_is_present(attribute(value, STR("HttpOnly"))))
		return "HttpOnly is missing";
	if (!str_equal(attribute(value, STR("Path")), STR("/")))
		return "Path is not /";
	if (str_is_present(attribute(value, STR("Domain"))))
		return "it has a Domain";
	if (!str_equal_nocase(same_site, strict ? STR("Strict") : STR("Lax")))
		return strict ? "SameSite is not Strict" : "SameSite is not Lax";
	return NULL;
}

enum doctor_result judge_hsts(struct str value, int64_t span)
{
	struct str part = STR_NONE;
	struct str key = STR_NONE;
	struct str age = STR_NONE;
	uint64_t seconds = 0;

	if (span == 0)
		return DOCTOR_OK;
	while (value.n > 0) {
		str_cut(value, ';', &part, &value);
		if (!str_cut(str_trim(part), '=', &key, &age) ||
		    !str_equal_nocase(str_trim(key), STR("max-age")))
			continue;
		if (str_to_u64(str_trim(age), UINT32_MAX, &seconds) != OK || seconds == 0)
			return DOCTOR_FAIL;
		return (int64_t)seconds < span / CLOCK_SECOND ? DOCTOR_WARN : DOCTOR_OK;
	}
	return DOCTOR_FAIL;
}

static bool reads_hash(const struct right *right)
{
	const struct right hash = {
		.place = STR(""),
		.table = STR("password"),
		.column = STR("hash"),
		.privilege = STR("SELECT"),
	};

	return right_covers(right, &hash);
}

enum doctor_result judge_excess(const struct right *right, enum db_role role)
{
	static const struct str rows[] = {
		{"SELECT", 6}, {"INSERT", 6}, {"UPDATE", 6}, {"DELETE", 6}};

	if (role == DB_ROLE_MIGRATE)
		return DOCTOR_WARN;
	if (right->grantable || (role != DB_ROLE_HASH && reads_hash(right)))
		return DOCTOR_FAIL;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (str_equal(right->privilege, rows[i]))
			return DOCTOR_WARN;
	return DOCTOR_FAIL;
}
