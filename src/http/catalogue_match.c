/* Which language somebody wants: tags, ranges and their weights. */
#include "catalogue_text.h"

#define RANGES_MAX 32 /* of one header that are looked at */
#define WEIGHT_MAX 1000

static const struct language *find(const struct catalogue *catalogue, struct str tag)
{
	for (const struct language *l = catalogue->first; l != NULL; l = l->next)
		if (str_equal_nocase(l->tag, tag))
			return l;
	return NULL;
}

/* Without its last subtag, and a single letter before that, which only introduces one. */
static struct str shorten(struct str range)
{
	size_t n = range.n;

	while (n > 0 && range.p[n - 1] != '-')
		n--;
	if (n > 0)
		n--;
	if (n > 1 && range.p[n - 2] == '-')
		n -= 2;
	return str_sub(range, 0, n);
}

const struct language *catalogue_lookup(const struct catalogue *catalogue, struct str range)
{
	const struct language *language = NULL;

	if (range.n > LANGUAGE_TAG_MAX)
		return NULL;
	for (; range.n > 0 && language == NULL; range = shorten(range))
		language = find(catalogue, range);
	return language;
}

enum err catalogue_default(const struct catalogue *catalogue, struct str tag,
			   const struct language **out, struct fault *fault)
{
	const struct language *language = catalogue_lookup(catalogue, tag);

	if (language == NULL)
		return fault_set(fault, "%s/%.*s: is missing (server.language)", catalogue->dir.p,
				 (int)tag.n, tag.p);
	*out = language;
	return OK;
}

const struct language *catalogue_first(const struct catalogue *catalogue, struct str ranges)
{
	const struct language *language = NULL;
	struct str range;

	for (bool more = true; more && language == NULL;) {
		more = str_cut(ranges, ' ', &range, &ranges);
		language = catalogue_lookup(catalogue, range);
	}
	return language;
}

/* "0", "1", "0.5", "0.505", "1.000" in thousandths; -1: malformed. */
static int weight(struct str text)
{
	int value = 0;
	int step = WEIGHT_MAX / 10;

	if (text.n == 0 || text.n > 5 || (text.p[0] != '0' && text.p[0] != '1') ||
	    (text.n > 1 && text.p[1] != '.'))
		return -1;
	value = (text.p[0] - '0') * WEIGHT_MAX;
	for (size_t i = 2; i < text.n; i++, step /= 10) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -1;
		value += (text.p[i] - '0') * step;
	}
	return value > WEIGHT_MAX ? -1 : value;
}

/* One member of the list, "pl-PL;q=0.8"; its weight 0 or less: not wanted, or malformed. */
static int split(struct str item, struct str *range)
{
	struct str parameter;

	if (!str_cut(item, ';', range, &parameter)) {
		*range = str_trim(item);
		return WEIGHT_MAX;
	}
	*range = str_trim(*range);
	parameter = str_trim(parameter);
	if (!str_starts(parameter, STR("q=")) && !str_starts(parameter, STR("Q=")))
		return -1;
	return weight(str_sub(parameter, 2, parameter.n));
}

const struct language *catalogue_accepted(const struct catalogue *catalogue, struct str header)
{
	const struct language *best = NULL;
	int best_weight = 0;
	struct str item;

	for (unsigned i = 0; i < RANGES_MAX && str_is_present(header); i++) {
		struct str range;
		(void)str_cut(header, ',', &item, &header);
		int q = split(item, &range);
		const struct language *language =
			q > best_weight ? catalogue_lookup(catalogue, range) : NULL;
		if (language == NULL)
			continue;
		best = language;
		best_weight = q;
	}
	return best;
}
