/* Texts for people, in the language of the call; their words are in the catalogue. */
#include "say.h"

#include <assert.h>

#include "buf.h"
#include "call.h"
#include "language_call.h"
#include "problem.h"
#include "said.h"
#include "user_agent.h"

#define TEXT_MAX 8192

struct str say(const struct call *call, const char *key)
{
	struct str text = language_text(language_of_call(call), str_of(key));
	assert(str_is_present(text) || app_is_mute(call->app));
	return text;
}

static enum err fill(struct call *call, const struct say_text *text, struct str *out)
{
	struct buf buf;
	buf_init(&buf, call->arena, TEXT_MAX);
	TRY(language_say(&buf, language_of_call(call), text));
	return buf_str(&buf, out);
}

enum err say_with(struct call *call, const char *key, const struct say_value *values, size_t n,
		  struct str *out)
{
	return fill(call, &(struct say_text){.key = str_of(key), .values = values, .n = n}, out);
}

enum err say_count(struct call *call, const char *key, uint64_t count, struct str *out)
{
	return fill(call, &(struct say_text){.key = str_of(key), .is_plural = true, .count = count},
		    out);
}

enum err say_device(struct call *call, struct str user_agent, struct str *out)
{
	struct buf buf;
	buf_init(&buf, call->arena, TEXT_MAX);
	TRY(user_agent_add_label(&buf, language_of_call(call), user_agent));
	return buf_str(&buf, out);
}

enum err say_time(struct call *call, int64_t at, struct str *out)
{
	struct buf buf;
	if (at == 0) {
		*out = STR_NONE;
		return OK;
	}
	buf_init(&buf, call->arena, TEXT_MAX);
	TRY(catalogue_add_time(&buf, language_of_call(call), at));
	return buf_str(&buf, out);
}

static enum err check(const struct catalogue *texts, const char *key, struct fault *fault)
{
	if (catalogue_has(texts, str_of(key)))
		return OK;
	return fault_set(fault, "lang/%s: %s is missing",
			 language_tag(catalogue_language(texts, 0)).p, key);
}

enum err say_check(const struct catalogue *texts, struct fault *fault)
{
	for (const char *const *key = said_keys(); *key != NULL; key++)
		TRY(check(texts, *key, fault));
	for (int i = 0; i < PROBLEM_COUNT; i++) {
		const struct problem_info *info = problem_info((enum problem)i);
		TRY(check(texts, info->title_key, fault));
		TRY(check(texts, info->text_key, fault));
	}
	return OK;
}
