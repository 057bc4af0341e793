/* [protect "/PATH/"]: what is asked of whoever wants something there. */
#include "config_protect.h"

#include "clock.h"

#define AGE_MAX (400 * CLOCK_DAY)
#define METHODS_MAX 16

struct word {
	const char *text;
	enum protect_kind kind;
	bool may_have_name, must_have_name;
};

static const struct word words[] = {
	{"public", PROTECT_PUBLIC, false, false},
	{"guest", PROTECT_GUEST, false, false},
	{"user", PROTECT_USER, true, false},
	{"role", PROTECT_ROLE, true, true},
	{"permission", PROTECT_PERMISSION, true, true},
	{"tenant", PROTECT_TENANT, true, false},
	{"aal2", PROTECT_AAL2, false, false},
	{"max-age", PROTECT_MAX_AGE, true, true},
	{"network", PROTECT_NETWORK, true, true},
};

static const struct word *find_word(struct str text)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (str_equal(text, str_of(words[i].text)))
			return &words[i];
	return NULL;
}

/* What in a URL is more than itself; percent, so that nobody has to ask what is decoded. */
static bool has_mark(struct str path)
{
	for (size_t i = 0; i < path.n; i++)
		if (str_contains(STR("\\%;?#\"*"), path.p[i]))
			return true;
	return false;
}

static bool is_canonical(struct str path)
{
	struct str segment;
	struct str rest = str_sub(path, 1, path.n);

	if (path.n == 0 || path.p[0] != '/' || has_mark(path) || str_has_any_control(path) ||
	    !str_is_utf8(path))
		return false;
	for (bool more = rest.n > 0; more;) {
		more = str_cut(rest, '/', &segment, &rest);
		if ((segment.n == 0 && more) || str_equal(segment, STR(".")) ||
		    str_equal(segment, STR("..")))
			return false;
	}
	return true;
}

enum err config_protect_path(struct str name, struct str *out)
{
	if (name.n < 3 || name.p[0] != '"' || name.p[name.n - 1] != '"')
		return ERR_INPUT;
	struct str path = str_sub(name, 1, name.n - 1);
	if (!is_canonical(path))
		return ERR_INPUT;
	if (path.p[path.n - 1] == '/')
		path.n--;
	*out = path;
	return OK;
}

static const char *read_name(struct protect_term *term)
{
	if (term->kind == PROTECT_NETWORK)
		return cidr_read(term->name, &term->network) == OK
			       ? NULL
			       : "has a network that is none: 192.0.2.0/24, 2001:db8::/32";
	if (term->kind != PROTECT_MAX_AGE)
		return str_contains(term->name, ' ') ? "has a name with a space" : NULL;
	if (clock_parse_span(term->name, &term->span) != OK || term->span < CLOCK_SECOND ||
	    term->span > AGE_MAX)
		return "has a max-age that is not between 1s and 400d";
	return NULL;
}

/* NULL: fine. */
static const char *read_term(struct str text, struct protect_term *term)
{
	struct str head;
	struct str name;
	bool has_name = str_cut(text, ':', &head, &name);
	const struct word *word = find_word(head);

	if (text.n == 0)
		return "has nothing between two commas or bars, or at an end";
	if (word == NULL)
		return "has an unknown word: public, guest, user, user:NAME, role:NAME, "
		       "permission:NAME, tenant, tenant:NAME, aal2, max-age:SPAN, "
		       "network:ADDRESS/BITS";
	if (has_name && !word->may_have_name)
		return "has a name behind a word that takes none";
	if ((has_name && name.n == 0) || (!has_name && word->must_have_name))
		return "lacks what belongs behind the colon";
	*term = (struct protect_term){
		.kind = word->kind,
		.text = text,
		.name = has_name ? name : STR_NONE,
	};
	return has_name ? read_name(term) : NULL;
}

/* One of it must do. */
static const char *read_group(struct protect_config *protect, struct str text)
{
	struct str alternative;
	bool only_tenants = true;

	for (bool more = true; more;) {
		more = str_cut(text, '|', &alternative, &text);
		if (protect->term_count == PROTECT_TERMS)
			return "has more than 16 terms";
		struct protect_term *term = &protect->terms[protect->term_count];
		const char *flaw = read_term(str_trim(alternative), term);
		if (flaw != NULL)
			return flaw;
		protect->term_count++;
		only_tenants = only_tenants && term->kind == PROTECT_TENANT;
		term->closes = !more;
	}
	protect->in_tenant = protect->in_tenant || only_tenants;
	return NULL;
}

static const char *read_require(struct protect_config *protect)
{
	struct str rest = protect->require_text;
	struct str group;

	for (bool more = true; more;) {
		more = str_cut(rest, ',', &group, &rest);
		const char *flaw = read_group(protect, group);
		if (flaw != NULL)
			return flaw;
	}
	for (size_t i = 0; i < protect->term_count; i++)
		if (protect->terms[i].kind == PROTECT_PUBLIC && protect->term_count > 1)
			return "has public beside other words, which would mean nothing";
	return NULL;
}

static bool is_method(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] < 'A' || word.p[i] > 'Z')
			return false;
	return word.n > 0 && !str_equal(word, STR("HEAD"));
}

static bool are_methods(struct str list)
{
	struct str word;
	size_t n = 0;

	for (bool more = true; more; n++) {
		more = str_cut(list, ' ', &word, &list);
		if (!is_method(word) || n == METHODS_MAX)
			return false;
	}
	return true;
}

bool config_protect_names(const struct protect_config *protect, struct str method)
{
	struct str rest = protect->methods_text;
	struct str word;

	if (str_equal(method, STR("HEAD")))
		method = STR("GET");
	for (bool more = str_is_present(rest); more;) {
		more = str_cut(rest, ' ', &word, &rest);
		if (str_equal(word, method))
			return true;
	}
	return !str_is_present(protect->methods_text);
}

static bool overlap(const struct protect_config *a, const struct protect_config *b)
{
	struct str rest = a->methods_text;
	struct str word;

	if (!str_equal(a->path, b->path))
		return false;
	for (bool more = str_is_present(rest); more;) {
		more = str_cut(rest, ' ', &word, &rest);
		if (config_protect_names(b, word))
			return true;
	}
	return !str_is_present(a->methods_text);
}

static bool is_below(struct str path, struct str base)
{
	return base.n > 0 && str_starts(path, base) && (path.n == base.n || path.p[base.n] == '/');
}

/* A wrong value, and the setting that has it; NULL: none. */
static const char *find_flaw(struct protect_config *protect, const char **key)
{
	*key = "ticket";
	if (str_is_present(protect->service) && !config_is_flow_name(protect->service))
		return "must be the name of a service";
	*key = "methods";
	if (str_is_present(protect->methods_text) && !are_methods(protect->methods_text))
		return "must be methods in capitals with one space between, without HEAD, which "
		       "goes with GET";
	*key = "require";
	return read_require(protect);
}

static enum err check_place(const struct config_draft *draft, size_t i)
{
	const struct config *config = draft->config;
	const struct protect_config *protect = &config->protects[i];

	if (is_below(protect->path, config->server.base_path))
		return fault_set(draft->fault,
				 "%s:%u: what is below base_path is Gatepost's own, and has rules "
				 "of its own",
				 draft->file, protect->line);
	for (size_t k = 0; k < i; k++)
		if (overlap(&config->protects[k], protect) ||
		    overlap(protect, &config->protects[k]))
			return fault_set(draft->fault,
					 "%s:%u: the section in line %u is about the same path and "
					 "methods",
					 draft->file, protect->line, config->protects[k].line);
	return OK;
}

enum err config_protect_check(struct config_draft *draft)
{
	struct str service = draft->config->guard.ticket;

	if (str_is_present(service) && !config_is_flow_name(service))
		return config_draft_refuse(draft, 0, config_table_find(STR("guard"), STR("ticket")),
					   "must be the name of a service");
	for (size_t i = 0; i < draft->config->protect_count; i++) {
		struct protect_config *protect = &draft->config->protects[i];
		size_t part = config_draft_part(CONFIG_PROTECT, i);
		const char *key = NULL;
		const char *flaw = find_flaw(protect, &key);

		if (flaw != NULL)
			return config_draft_refuse(
				draft, part, config_table_find(STR("protect"), str_of(key)), flaw);
		TRY(check_place(draft, i));
	}
	return OK;
}
