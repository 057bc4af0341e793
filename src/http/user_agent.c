/* A short label for a device, from what its program calls itself. */
#include "user_agent.h"

#include <string.h>

#include "buf.h"

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

static void read_names(struct str user_agent, struct str *program, struct str *system)
{
	if (user_agent.n == 0)
		return;
	*program = name_by_mark(PROGRAMS, sizeof(PROGRAMS) / sizeof(PROGRAMS[0]), user_agent);
	*system = name_by_mark(SYSTEMS, sizeof(SYSTEMS) / sizeof(SYSTEMS[0]), user_agent);
}

void user_agent_add_names(struct buf *buf, struct str user_agent)
{
	struct str program = STR_NONE, system = STR_NONE;
	read_names(user_agent, &program, &system);
	buf_add(buf, program);
	if (program.n > 0 && system.n > 0)
		buf_add(buf, STR(", "));
	buf_add(buf, system);
}

void user_agent_add_label(struct buf *buf, struct str user_agent)
{
	struct str program = STR_NONE, system = STR_NONE;
	read_names(user_agent, &program, &system);
	if (!str_is_present(program) && !str_is_present(system)) {
		buf_add(buf, STR("Unknown device"));
		return;
	}
	buf_add(buf, str_is_present(program) ? program : STR("App"));
	if (!str_is_present(system))
		return;
	buf_add(buf, STR(" on "));
	buf_add(buf, system);
}
