/* What the doctor thinks of what it saw: pure, so that every case can be tried. */
#ifndef GATEPOST_CTL_JUDGE_H
#define GATEPOST_CTL_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "doctor.h"
#include "rights.h"
#include "str.h"

/* Clocks that differ by so many microseconds: over 2 s a warning, over 60 s a failure. */
enum doctor_result judge_clock(int64_t difference);
/*
 * What is wrong with a Set-Cookie value of the session cookie, NULL: nothing. Wanted: the name with
 * __Host-, Secure, HttpOnly, Path=/, SameSite=Lax (strict: Strict), no Domain.
 */
const char *judge_cookie(struct str value, bool strict);
/* A Strict-Transport-Security value ("" when there is none) beside the configured span. */
enum doctor_result judge_hsts(struct str value, int64_t span);
/*
 * How bad it is that an account has a right it should not have: anything that is not reading or
 * writing rows, and reading a password's hash but for hash and migrate, is a failure.
 */
enum doctor_result judge_excess(const struct right *right, enum db_role role);

#endif
