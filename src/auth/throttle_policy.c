/* The rules of throttling as pure functions of a counter, configuration and time. */
#include "throttle_policy.h"

#include <arpa/inet.h>
#include <string.h>

#include "clock.h"

#define SHORT_WINDOW (10 * CLOCK_MINUTE)
#define LONG_WINDOW CLOCK_DAY
#define GUEST_WINDOW CLOCK_HOUR
#define MAIL_WINDOW (15 * CLOCK_MINUTE)
/* Clocks of several machines may differ so much. */
#define CLOCK_SKEW CLOCK_MINUTE
/* As long as the cookie that names a device lives. */
#define DEVICE_MEMORY (400 * CLOCK_DAY)
/* An account can be called by user name and by address, and each of them has a counter. */
#define NAMES_OF_ACCOUNT 2

/* A browser asks for one whenever it shows the page, and most people type a password then. */
#define CHALLENGES_PER_FAILURE 10

#define IPV4_BYTES 4
#define IPV6_BYTES 16
#define MAPPED_PREFIX 12 /* ::ffff:0:0/96 (RFC 4291 §2.5.5.2) */

const char *throttle_policy_name(enum throttle_bucket bucket)
{
	static const char *const names[THROTTLE_BUCKET_COUNT] = {
		[THROTTLE_NONE] = "none",
		[THROTTLE_ACCOUNT] = "account",
		[THROTTLE_DEVICE] = "device",
		[THROTTLE_SOURCE] = "source",
		[THROTTLE_GUEST] = "guest",
		[THROTTLE_SERVICE] = "service",
		[THROTTLE_SERVICE_SOURCE] = "service source",
		[THROTTLE_MAIL] = "mail",
		[THROTTLE_MAIL_SOURCE] = "mail source",
		[THROTTLE_CODE] = "code",
		[THROTTLE_NAME] = "name",
		[THROTTLE_FACTOR] = "factor",
		[THROTTLE_CHALLENGE] = "challenge",
	};

	return names[(unsigned)bucket < THROTTLE_BUCKET_COUNT ? bucket : THROTTLE_NONE];
}

struct throttle_spans throttle_policy_spans(enum throttle_bucket bucket)
{
	if (bucket == THROTTLE_GUEST)
		return (struct throttle_spans){.brief = GUEST_WINDOW, .lasting = GUEST_WINDOW};
	if (bucket == THROTTLE_MAIL || bucket == THROTTLE_MAIL_SOURCE)
		return (struct throttle_spans){.brief = MAIL_WINDOW, .lasting = LONG_WINDOW};
	return (struct throttle_spans){
		.brief = SHORT_WINDOW,
		.lasting = bucket == THROTTLE_DEVICE ? DEVICE_MEMORY : LONG_WINDOW,
	};
}

int64_t throttle_policy_wait(const struct config *config, uint32_t failures)
{
	int64_t wait = config->throttle.first_wait;
	int64_t longest = config->throttle.longest_wait;

	if (failures >= config->throttle.most / NAMES_OF_ACCOUNT)
		return LONG_WINDOW;
	if (failures < config->throttle.free_failures || failures == 0)
		return 0;
	for (uint32_t n = config->throttle.free_failures; n < failures && wait < longest; n++)
		wait *= 2;
	return wait < longest ? wait : longest;
}

static int64_t within(int64_t left, int64_t most)
{
	if (left < 0)
		return 0;
	return left < most ? left : most;
}

/*
 * The newest failure is the attempt itself: the one before it is what it waits for. Where that lies
 * ahead the clock stepped back; the attempt goes on and puts the time right, or nobody would know
 * when the wait ends.
 */
static int64_t left_of_account(const struct config *config, const struct throttle_row *row,
			       int64_t now)
{
	int64_t wait = throttle_policy_wait(config, row->failures > 0 ? row->failures - 1 : 0);

	if (row->before_at > now + CLOCK_SKEW)
		return 0;
	return within(row->before_at + wait - now, wait);
}

/* times: so many of what is counted for one failure. */
static int64_t left_of_source(const struct config *config, const struct throttle_row *row,
			      int64_t now, uint32_t times)
{
	int64_t left = 0;
	int64_t lasting = 0;

	if (row->short_count / times > config->throttle.source_short)
		left = within(row->short_start + SHORT_WINDOW - now, SHORT_WINDOW);
	if (row->long_count / times > config->throttle.source_long)
		lasting = within(row->long_start + LONG_WINDOW - now, LONG_WINDOW);
	return left > lasting ? left : lasting;
}

static int64_t left_of_guests(const struct config *config, const struct throttle_row *row,
			      int64_t now)
{
	if (row->short_count <= config->throttle.guests)
		return 0;
	return within(row->short_start + GUEST_WINDOW - now, GUEST_WINDOW);
}

/* Not more than so many in the short window, and in the long one. */
static int64_t left_of_mail(const struct throttle_row *row, unsigned brief, unsigned lasting,
			    int64_t now)
{
	int64_t left = 0;
	int64_t longer = 0;

	if (row->short_count > brief)
		left = within(row->short_start + MAIL_WINDOW - now, MAIL_WINDOW);
	if (row->long_count > lasting)
		longer = within(row->long_start + LONG_WINDOW - now, LONG_WINDOW);
	return left > longer ? left : longer;
}

int64_t throttle_policy_remaining(const struct config *config, const struct throttle_row *row,
				  int64_t now)
{
	switch ((enum throttle_bucket)row->bucket) {
	case THROTTLE_ACCOUNT:
	case THROTTLE_SERVICE:
	case THROTTLE_CODE:
	case THROTTLE_NAME:
	case THROTTLE_FACTOR:
		return left_of_account(config, row, now);
	case THROTTLE_SOURCE:
	case THROTTLE_SERVICE_SOURCE:
		return left_of_source(config, row, now, 1);
	case THROTTLE_CHALLENGE:
		return left_of_source(config, row, now, CHALLENGES_PER_FAILURE);
	case THROTTLE_MAIL:
		return left_of_mail(row, config->throttle.mails, config->throttle.mails_day, now);
	case THROTTLE_MAIL_SOURCE:
		return left_of_mail(row, config->throttle.source_mails,
				    config->throttle.source_mails_day, now);
	case THROTTLE_GUEST:
		return left_of_guests(config, row, now);
	case THROTTLE_DEVICE:
		return 0;
	default:
		return LONG_WINDOW;
	}
}

bool throttle_policy_is_lost(const struct config *config, const struct throttle_row *row)
{
	return row->failures > config->throttle.device_failures;
}

static bool is_near(int64_t a, int64_t b, int64_t span)
{
	return (a < b ? b - a : a - b) < span;
}

struct throttle_row throttle_policy_counted(const struct throttle_row *row, int64_t now)
{
	struct throttle_spans spans = throttle_policy_spans((enum throttle_bucket)row->bucket);
	struct throttle_row next = *row;
	bool brief = is_near(now, row->short_start, spans.brief);
	bool lasting = is_near(now, row->long_start, spans.lasting);

	next.short_count = brief ? row->short_count + 1 : 1;
	next.short_start = brief ? row->short_start : now;
	next.long_count = lasting ? row->long_count + 1 : 1;
	next.long_start = lasting ? row->long_start : now;
	next.failures = is_near(now, row->last_at, spans.lasting) ? row->failures + 1 : 1;
	next.before_at = row->last_at;
	next.last_at = now;
	next.purge_at = now + spans.lasting;
	return next;
}

static struct throttle_source prefix_of(const unsigned char *bytes, size_t n)
{
	struct throttle_source source = {.n = n};

	memcpy(source.b, bytes, n);
	return source;
}

enum err throttle_policy_source(struct str ip, struct throttle_source *out)
{
	static const unsigned char mapped[MAPPED_PREFIX] = {[10] = 0xff, [11] = 0xff};
	unsigned char bytes[IPV6_BYTES];
	char text[INET6_ADDRSTRLEN];

	if (ip.n >= sizeof text || memchr(ip.n > 0 ? ip.p : "", '\0', ip.n) != NULL)
		return ERR_INPUT;
	memcpy(text, ip.n > 0 ? ip.p : "", ip.n);
	text[ip.n] = '\0';
	if (inet_pton(AF_INET, text, bytes) == 1) {
		*out = prefix_of(bytes, IPV4_BYTES);
		return OK;
	}
	if (inet_pton(AF_INET6, text, bytes) != 1)
		return ERR_INPUT;
	*out = memcmp(bytes, mapped, MAPPED_PREFIX) == 0
		       ? prefix_of(bytes + MAPPED_PREFIX, IPV4_BYTES)
		       : prefix_of(bytes, THROTTLE_SOURCE_BYTES);
	return OK;
}
