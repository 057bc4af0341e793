/* Time: reading the clocks, and dates in the proleptic Gregorian calendar. */
#include "clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "buf.h"

#define SECONDS_A_DAY INT64_C(86400)
#define DAYS_TO_1970 719468 /* from 0000-03-01, where leap days end a year */
#define DAYS_OF_400_YEARS 146097
#define LATEST (INT64_C(253402300800) * CLOCK_SECOND - 1) /* the last of the year 9999 */
#define LONGEST_SPAN (3650 * CLOCK_DAY)

static int64_t read_clock(clockid_t which)
{
	struct timespec t = {0};

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

int64_t clock_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void clock_pause(int64_t span)
{
	struct timespec pause = {.tv_sec = span / CLOCK_SECOND,
				 .tv_nsec = span % CLOCK_SECOND * 1000};

	if (span > 0)
		(void)nanosleep(&pause, NULL);
}

struct date {
	unsigned year;
	unsigned month; /* 1 to 12 */
	unsigned day;
	unsigned weekday; /* 0: Sunday */
	unsigned hour;
	unsigned minute;
	unsigned second;
	unsigned ms;
};

/* Own arithmetic: gmtime_r takes a lock of the process, and this runs several times a request. */
static struct date date_of(int64_t at)
{
	if (at < 0)
		at = 0;
	if (at > LATEST)
		at = LATEST;
	unsigned days = (unsigned)(at / CLOCK_DAY);
	unsigned second = (unsigned)(at / CLOCK_SECOND % SECONDS_A_DAY);

	unsigned z = days + DAYS_TO_1970;
	unsigned era = z / DAYS_OF_400_YEARS;
	unsigned day_of_era = z % DAYS_OF_400_YEARS;
	unsigned year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned march_month = (5 * day_of_year + 2) / 153;
	unsigned month = march_month < 10 ? march_month + 3 : march_month - 9;

	return (struct date){
		.year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
		.month = month,
		.day = day_of_year - (153 * march_month + 2) / 5 + 1,
		.weekday = (days + 4) % 7,
		.hour = second / 3600,
		.minute = second / 60 % 60,
		.second = second % 60,
		.ms = (unsigned)(at / CLOCK_MS % 1000),
	};
}

static char *put(char *p, unsigned value, unsigned digits, char after)
{
	for (unsigned i = digits; i > 0; i--) {
		p[i - 1] = (char)('0' + value % 10);
		value /= 10;
	}
	p[digits] = after;
	return p + digits + 1;
}

/* "2026-11-21T02:24:44" and one character after it. */
static char *put_rfc3339(char *p, const struct date *d, char after)
{
	p = put(p, d->year, 4, '-');
	p = put(p, d->month, 2, '-');
	p = put(p, d->day, 2, 'T');
	p = put(p, d->hour, 2, ':');
	p = put(p, d->minute, 2, ':');
	return put(p, d->second, 2, after);
}

void clock_rfc3339_ms(int64_t at, char *text)
{
	struct date d = date_of(at);
	char *p = put_rfc3339(text, &d, '.');

	p = put(p, d.ms, 3, 'Z');
	*p = '\0';
}

void clock_add_rfc3339(struct buf *buf, int64_t at)
{
	struct date d = date_of(at);
	char text[CLOCK_MS_TEXT + 1];
	const char *end = put_rfc3339(text, &d, 'Z');

	buf_add(buf, (struct str){.p = text, .n = (size_t)(end - text)});
}

void clock_add_http_date(struct buf *buf, int64_t at)
{
	static const char *const weekdays[7] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[12] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct date d = date_of(at);

	buf_addf(buf, "%s, %02u %s %04u %02u:%02u:%02u GMT", weekdays[d.weekday], d.day,
		 months[d.month - 1], d.year, d.hour, d.minute, d.second);
}

static int64_t unit_of(char c)
{
	switch (c) {
	case 's':
		return CLOCK_SECOND;
	case 'm':
		return CLOCK_MINUTE;
	case 'h':
		return CLOCK_HOUR;
	case 'd':
		return CLOCK_DAY;
	default:
		return 0;
	}
}

enum err clock_parse_span(struct str text, int64_t *out)
{
	int64_t unit = text.n > 0 ? unit_of(text.p[text.n - 1]) : 0;
	uint64_t number = 0;

	if (unit != 0)
		text.n--;
	else
		unit = CLOCK_SECOND;
	TRY(str_to_u64(text, (uint64_t)(LONGEST_SPAN / unit), &number));
	*out = (int64_t)number * unit;
	return OK;
}

/* So many digits of text at a place. */
static bool read_digits(struct str text, size_t at, size_t n, unsigned *out)
{
	uint64_t value = 0;

	if (str_to_u64(str_sub(text, at, at + n), 9999, &value) != OK)
		return false;
	*out = (unsigned)value;
	return true;
}

static int64_t days_to(const struct date *date)
{
	unsigned year = date->month <= 2 ? date->year - 1 : date->year;
	unsigned march_month = date->month <= 2 ? date->month + 9 : date->month - 3;
	unsigned day_of_year = (153 * march_month + 2) / 5 + date->day - 1;

	return (int64_t)year * 365 + year / 4 - year / 100 + year / 400 + day_of_year -
	       DAYS_TO_1970;
}

/* What is no date is written otherwise than it was read: 31 February is the 2nd or 3rd of March. */
enum err clock_parse_rfc3339(struct str text, int64_t *out)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	struct date date = {.year = 0};

	if (text.n != sizeof form - 1)
		return ERR_INPUT;
	for (size_t i = 0; i < text.n; i++) {
		if (form[i] != '0' && text.p[i] != form[i])
			return ERR_INPUT;
	}
	if (!read_digits(text, 0, 4, &date.year) || !read_digits(text, 5, 2, &date.month) ||
	    !read_digits(text, 8, 2, &date.day) || !read_digits(text, 11, 2, &date.hour) ||
	    !read_digits(text, 14, 2, &date.minute) || !read_digits(text, 17, 2, &date.second))
		return ERR_INPUT;
	if (date.year < 1970 || date.month < 1 || date.month > 12 || date.hour > 23 ||
	    date.minute > 59 || date.second > 59)
		return ERR_INPUT;
	int64_t seconds = days_to(&date) * SECONDS_A_DAY + INT64_C(3600) * date.hour +
			  INT64_C(60) * date.minute + date.second;
	struct date back = date_of(seconds * CLOCK_SECOND);
	if (back.day != date.day || back.month != date.month)
		return ERR_INPUT;
	*out = seconds * CLOCK_SECOND;
	return OK;
}
