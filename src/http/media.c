/* Media types: parameters, weights, and which range is the closest. */
#include "media.h"

/* Cuts "name=value" out of a parameter; the value without its quotes. */
static struct str parameter(struct str text, struct str *name)
{
	struct str value = STR_NONE;

	str_cut(text, '=', name, &value);
	*name = str_trim(*name);
	value = str_trim(value);
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = str_sub(value, 1, value.n - 1);
	return value;
}

bool media_is(struct str content_type, struct str type)
{
	struct str head = STR_NONE;
	struct str rest = STR_NONE;

	bool more = str_cut(content_type, ';', &head, &rest);
	if (!str_equal_nocase(str_trim(head), type))
		return false;
	while (more) {
		struct str piece = STR_NONE;
		struct str name = STR_NONE;
		more = str_cut(rest, ';', &piece, &rest);
		struct str value = parameter(piece, &name);
		if (str_equal_nocase(name, STR("charset")) &&
		    !str_equal_nocase(value, STR("utf-8")))
			return false;
	}
	return true;
}

/* A weight of RFC 9110 §12.4.2 in thousandths; -1: malformed. */
static int weight_of(struct str text)
{
	static const int scale[] = {1000, 0, 100, 10, 1};
	int weight = 0;

	if (text.n == 0 || text.n > 5 || (text.n > 1 && text.p[1] != '.'))
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		if (i == 1)
			continue;
		if (text.p[i] < '0' || text.p[i] > '9')
			return -1;
		weight += (text.p[i] - '0') * scale[i];
	}
	return weight <= 1000 ? weight : -1;
}

#define NAMED 3

/* How exactly the range names the type: 3 it does, 2 "text/" and a star, 1 all, 0 not. */
static int closeness(struct str range, struct str type)
{
	struct str main_type = STR_NONE;
	struct str subtype = STR_NONE;
	struct str range_main = STR_NONE;
	struct str range_subtype = STR_NONE;

	if (str_equal_nocase(range, type))
		return NAMED;
	if (str_equal(range, STR("*/*")))
		return 1;
	str_cut(type, '/', &main_type, &subtype);
	str_cut(range, '/', &range_main, &range_subtype);
	if (str_equal_nocase(range_main, main_type) && str_equal(range_subtype, STR("*")))
		return 2;
	return 0;
}

/* The weight of one element of Accept; parameters other than q are passed over. */
static int element_weight(struct str parameters, bool more)
{
	int weight = 1000;

	while (more) {
		struct str piece = STR_NONE;
		struct str name = STR_NONE;
		more = str_cut(parameters, ';', &piece, &parameters);
		struct str value = parameter(piece, &name);
		if (str_equal_nocase(name, STR("q")))
			weight = weight_of(value);
	}
	return weight;
}

/* The weight of the range that is closest to the type; *closest how close, 0: there is none. */
static int best_weight(struct str accept, struct str type, int *closest)
{
	struct str rest = accept;
	struct str element = STR_NONE;
	int best = 0;

	*closest = 0;
	for (bool more = true; more;) {
		struct str range = STR_NONE;
		struct str parameters = STR_NONE;
		more = str_cut(rest, ',', &element, &rest);
		bool has_parameters = str_cut(element, ';', &range, &parameters);
		int close = closeness(str_trim(range), type);
		int weight = element_weight(parameters, has_parameters);
		if (close == 0 || close < *closest || weight < 0)
			continue;
		best = close > *closest || weight > best ? weight : best;
		*closest = close;
	}
	return best;
}

bool media_is_accepted(struct str accept, struct str type)
{
	int closest = 0;

	return str_trim(accept).n == 0 || best_weight(accept, type, &closest) > 0;
}

bool media_is_named(struct str accept, struct str type)
{
	int closest = 0;

	return best_weight(accept, type, &closest) > 0 && closest == NAMED;
}
