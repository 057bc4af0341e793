/* What a new password must not be: short, common, repeated, or its owner's own name. */
#include "password_rules.h"

#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "config.h"

/* Bits that a guesser pays for each kind of piece. */
#define COST_OWN 3
#define COST_WORD 12 /* one of a few thousand */
#define COST_RUN 6
#define COST_YEAR 7
#define COST_DIGIT 3
#define COST_LETTER 5
#define COST_SIGN 4
#define COST_FOREIGN 3 /* a byte of a character beyond ASCII */
#define COST_REPEAT 3
#define COST_DISGUISE 2 /* p4ssw0rd */

#define OWN_MIN 3
#define OWN_MAX 12
#define RUN_MIN 3

/* The same length three times over: as typed but lower case, and with signs read as letters. */
struct folded {
	const char *plain;
	const char *undone;
	size_t n;
};

struct measure {
	const struct blocklist *list;
	const struct str *own;
	size_t own_count;
	unsigned *cost; /* of the first i bytes; n + 1 of them */
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char undo(char c)
{
	static const char signs[] = "013457@$!+";
	static const char letters[] = "oieastasit";
	const char *at = c == '\0' ? NULL : strchr(signs, c);

	return at != NULL ? letters[at - signs] : c;
}

static enum err fold(struct arena *arena, struct secret normal, struct folded *out)
{
	char *plain = arena_alloc(arena, normal.len + 1);
	char *undone = arena_alloc(arena, normal.len + 1);

	if (plain == NULL || undone == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < normal.len; i++) {
		plain[i] = lower((char)normal.bytes[i]);
		undone[i] = undo(plain[i]);
	}
	*out = (struct folded){.plain = plain, .undone = undone, .n = normal.len};
	return OK;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static unsigned cost_of_one(char c)
{
	if ((unsigned char)c >= 0x80)
		return COST_FOREIGN;
	if (is_digit(c))
		return COST_DIGIT;
	return is_letter(c) ? COST_LETTER : COST_SIGN;
}

/* Next to each other on a keyboard's row, in either direction, QWERTY, QWERTZ or AZERTY. */
static int step_on_keyboard(char from, char to)
{
	static const char rows[] = "1234567890 qwertyuiop asdfghjkl zxcvbnm qwertzuiop yxcvbnm "
				   "azertyuiop qsdfghjklm wxcvbn";

	for (const char *at = rows; *at != '\0'; at++) {
		if (at[0] == from && at[1] == to && to != ' ')
			return 1;
		if (at[0] == to && at[1] == from && from != ' ')
			return -1;
	}
	return 0;
}

enum step { STEP_NONE, STEP_SAME, STEP_UP, STEP_DOWN, STEP_RIGHT, STEP_LEFT, STEP_COUNT };

static bool is_step(char from, char to, enum step step)
{
	bool both = (is_digit(from) && is_digit(to)) || (is_letter(from) && is_letter(to));

	switch (step) {
	case STEP_SAME:
		return from == to;
	case STEP_UP:
		return both && to == from + 1;
	case STEP_DOWN:
		return both && to == from - 1;
	case STEP_RIGHT:
		return step_on_keyboard(from, to) > 0;
	case STEP_LEFT:
		return step_on_keyboard(from, to) < 0;
	default:
		return false;
	}
}

/* Bytes from at that go the same way; less than RUN_MIN is no run. */
static size_t run_length(const struct folded *text, size_t at)
{
	size_t longest = 0;

	for (unsigned step = STEP_SAME; step < STEP_COUNT; step++) {
		size_t n = 1;

		while (at + n < text->n &&
		       is_step(text->plain[at + n - 1], text->plain[at + n], step))
			n++;
		if (n > longest)
			longest = n;
	}
	return longest;
}

/* 1900 to 2039 */
static bool is_year(const struct folded *text, size_t at)
{
	const char *p = text->plain + at;

	if (at + 4 > text->n || !is_digit(p[2]) || !is_digit(p[3]))
		return false;
	return (p[0] == '1' && p[1] == '9') || (p[0] == '2' && p[1] == '0' && p[2] < '4');
}

static void reach(const struct measure *m, size_t to, unsigned cost)
{
	if (cost < m->cost[to])
		m->cost[to] = cost;
}

static void reach_words(const struct measure *m, const struct folded *text, size_t at)
{
	size_t rest = text->n - at;
	size_t longest = rest < BLOCKLIST_WORD_MAX ? rest : BLOCKLIST_WORD_MAX;

	for (size_t n = BLOCKLIST_WORD_MIN; n <= longest; n++) {
		if (blocklist_has(m->list, (struct str){text->plain + at, n}))
			reach(m, at + n, m->cost[at] + COST_WORD);
		else if (blocklist_has(m->list, (struct str){text->undone + at, n}))
			reach(m, at + n, m->cost[at] + COST_WORD + COST_DISGUISE);
	}
	for (size_t i = 0; i < m->own_count; i++) {
		size_t n = m->own[i].n;

		if (n <= rest && (memcmp(text->plain + at, m->own[i].p, n) == 0 ||
				  memcmp(text->undone + at, m->own[i].p, n) == 0))
			reach(m, at + n, m->cost[at] + COST_OWN);
	}
}

/* The cheapest way to put the text together from pieces; what is dear enough is not followed. */
static unsigned cheapest(const struct measure *m, const struct folded *text)
{
	unsigned whole = 0;

	for (size_t i = 0; i <= text->n; i++)
		m->cost[i] = i == 0 ? 0 : UINT32_MAX;
	for (size_t at = 0; at < text->n; at++) {
		size_t run = 0;

		if (m->cost[at] >= PASSWORD_COST_MIN)
			continue;
		run = run_length(text, at);
		reach(m, at + 1, m->cost[at] + cost_of_one(text->plain[at]));
		for (size_t n = RUN_MIN; n <= run; n++)
			reach(m, at + n, m->cost[at] + COST_RUN);
		if (is_year(text, at))
			reach(m, at + 4, m->cost[at] + COST_YEAR);
		reach_words(m, text, at);
	}
	whole = m->cost[text->n];
	return whole < PASSWORD_COST_MIN ? whole : PASSWORD_COST_MIN;
}

static struct folded slice(const struct folded *text, size_t from, size_t to)
{
	return (struct folded){text->plain + from, text->undone + from, to - from};
}

/* The shortest piece that the text is at least twice in a row; else the text. */
static struct folded unrepeated(const struct folded *text)
{
	for (size_t period = 1; period <= text->n / 2; period++)
		if (memcmp(text->plain, text->plain + period, text->n - period) == 0)
			return slice(text, 0, period);
	return *text;
}

static unsigned cost_of_repeated(const struct measure *m, const struct folded *text)
{
	struct folded once = unrepeated(text);

	return cheapest(m, &once) + (once.n < text->n ? COST_REPEAT : 0);
}

static bool is_padding(char c, bool digits)
{
	return (unsigned char)c < 0x80 && !is_letter(c) && (digits || !is_digit(c));
}

/* What is left without signs, or signs and digits, at both ends. */
static struct folded core_of(const struct folded *text, bool digits)
{
	size_t from = 0;
	size_t to = text->n;

	while (from < to && is_padding(text->plain[from], digits))
		from++;
	while (to > from && is_padding(text->plain[to - 1], digits))
		to--;
	return slice(text, from, to);
}

static unsigned cost_of_padded(const struct measure *m, const struct folded *text, bool digits)
{
	struct folded core = core_of(text, digits);
	size_t from = (size_t)(core.plain - text->plain);
	struct folded before = slice(text, 0, from);
	struct folded after = slice(text, from + core.n, text->n);

	return cost_of_repeated(m, &core) + cost_of_repeated(m, &before) +
	       cost_of_repeated(m, &after);
}

/* NOLINTNEXTLINE(readability-function-size): two lists and a text */
enum err password_cost(struct arena *arena, const struct blocklist *list, const struct str *own,
		       size_t own_count, struct secret normal, unsigned *bits)
{
	struct measure measure = {.list = list, .own = own, .own_count = own_count};
	struct folded text = {.n = 0};
	unsigned least = 0;

	TRY(fold(arena, normal, &text));
	measure.cost = arena_array(arena, text.n + 1, sizeof *measure.cost);
	if (measure.cost == NULL)
		return ERR_MEMORY;
	least = cost_of_repeated(&measure, &text);
	for (unsigned digits = 0; digits < 2; digits++) {
		unsigned cost = cost_of_padded(&measure, &text, digits > 0);

		if (cost < least)
			least = cost;
	}
	*bits = least;
	return OK;
}

/* Words of the person and the service, lower case. */
struct own_words {
	struct str words[OWN_MAX];
	size_t n;
};

static enum err add_own(struct arena *arena, struct own_words *own, struct str word)
{
	if (word.n < OWN_MIN || own->n == OWN_MAX)
		return OK;
	return str_copy_lower(arena, word, &own->words[own->n++]);
}

/* A host without its port and a first "www", and its labels but the last. */
static enum err add_host(struct arena *arena, struct own_words *own, struct str host)
{
	struct str label = STR_NONE;
	struct str rest = STR_NONE;

	(void)str_cut(host, ':', &host, &rest);
	if (str_starts(host, STR("www.")))
		host = str_sub(host, 4, host.n);
	TRY(add_own(arena, own, host));
	rest = host;
	while (str_cut(rest, '.', &label, &rest))
		TRY(add_own(arena, own, label));
	return OK;
}

static enum err collect(struct arena *arena, const struct config *config,
			const struct password_about *about, struct own_words *own)
{
	struct str local = STR_NONE;
	struct str domain = STR_NONE;

	TRY(add_own(arena, own, config->server.name));
	TRY(add_own(arena, own, about->username));
	TRY(add_own(arena, own, about->email));
	if (str_cut(about->email, '@', &local, &domain)) {
		TRY(add_own(arena, own, local));
		TRY(add_own(arena, own, domain));
	}
	return add_host(arena, own, config->server.host);
}

/* NOLINTNEXTLINE(readability-function-size): the request's memory and what is compared */
enum err password_rules_check(struct arena *arena, const struct config *config,
			      const struct blocklist *list, const struct password_about *about,
			      struct secret normal, enum password_flaw *flaw)
{
	struct own_words own = {.n = 0};
	unsigned bits = 0;

	if (list == NULL)
		return ERR_INTERNAL;
	*flaw = password_check_new(config, normal);
	if (*flaw != PASSWORD_FINE)
		return OK;
	TRY(password_cost(arena, list, NULL, 0, normal, &bits));
	if (bits < PASSWORD_COST_MIN) {
		*flaw = PASSWORD_COMMON;
		return OK;
	}
	TRY(collect(arena, config, about, &own));
	TRY(password_cost(arena, list, own.words, own.n, normal, &bits));
	if (bits < PASSWORD_COST_MIN)
		*flaw = PASSWORD_PERSONAL;
	return OK;
}
