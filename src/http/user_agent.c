/* A short label for a device, from what its program calls itself. */
#include "user_agent.h"

#include <string.h>

#include "buf.h"
#include "catalogue.h"

#define APP STR("App") /* of no program in particular; people have a word for it */

/* If the text has the mark, it is called so. The first row that fits decides. */
struct mark {
	const char *mark;
	const char *name;
};

/* Browsers name those they descend from: the particular stand before the general. */
static const struct mark PROGRAMS[] = {
	{"Edg/", "Edge"},
	{"EdgA/", "Edge"},
	{"EdgiOS/", "Edge"},
	{"OPR/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"FxiOS/", "Firefox"},
	{"Firefox/", "Firefox"},
	{"CriOS/", "Chrome"},
	{"Chrome/", "Chrome"},
	{"Safari/", "Safari"},
	{"curl/", "curl"},
	{"Wget/", "Wget"},
	{"okhttp/", "App"},
	{"CFNetwork/", "App"},
	{"Dalvik/", "App"},
	{"python-", "Python"},
	{"Java", "Java"},
};

static const struct mark SYSTEMS[] = {
	{"iPhone", "iPhone"},   {"iPad", "iPad"},     {"Android", "Android"},
	{"Windows", "Windows"}, {"CrOS", "ChromeOS"}, {"Macintosh", "Mac"},
	{"Mac OS X", "Mac"},    {"Darwin/", "Apple"}, {"Linux", "Linux"},
};

static struct str name_by_mark(const struct mark *marks, size_t n, struct str text)
{
	for (size_t i = 0; i < n; i++)
		if (memmem(text.p, text.n, marks[i].mark, strlen(marks[i].mark)) != NULL)
			return str_of(marks[i].name);
	return STR_NONE;
}

enum err user_agent_add_label(struct buf *buf, const struct language *language,
			      struct str user_agent)
{
	struct str program = STR_NONE, system = STR_NONE;
	if (user_agent.n > 0) {
		program =
			name_by_mark(PROGRAMS, sizeof(PROGRAMS) / sizeof(PROGRAMS[0]), user_agent);
		system = name_by_mark(SYSTEMS, sizeof(SYSTEMS) / sizeof(SYSTEMS[0]), user_agent);
	}
	if (!str_is_present(program) && !str_is_present(system))
		return language_say(buf, language,
				    &(struct say_text){.key = STR("device.unknown")});
	if (!str_is_present(program) || str_equal(program, APP))
		program = language_text(language, STR("device.app"));
	if (!str_is_present(system)) {
		buf_add(buf, program);
		return buf->failed;
	}
	const struct say_value values[] = {{"program", program}, {"system", system}};
	return language_say(buf, language,
			    &(struct say_text){.key = STR("device.on"), .values = values, .n = 2});
}
