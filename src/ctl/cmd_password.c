/* gatepost password calibrate */
#include <unistd.h>

#include "clock.h"
#include "ctl.h"
#include "output.h"
#include "password.h"

#define TARGET_DEFAULT 100 /* milliseconds */
#define TARGET_MAX 5000
#define MEMORY_MOST 262144 /* KiB: a slot's worth; several run at once */
#define PASSES_MOST 64
#define TRIES 3

struct cost {
	unsigned memory, passes;
	int64_t took; /* microseconds */
};

/* The quickest of a few: what else the machine does must not lower the suggestion. */
static enum err measure(unsigned memory, unsigned passes, struct cost *out)
{
	struct cost cost = {.memory = memory, .passes = passes, .took = INT64_MAX};

	for (unsigned i = 0; i < TRIES; i++) {
		int64_t took = 0;

		TRY(password_measure(memory, passes, &took));
		if (took < cost.took)
			cost.took = took > 0 ? took : 1;
	}
	*out = cost;
	return OK;
}

/* Memory is doubled before passes are added: it is what makes guessing on special hardware dear. */
static enum err find(int64_t target, struct cost *out)
{
	struct cost best;
	struct cost next;

	TRY(measure(PASSWORD_MEMORY_MIN, PASSWORD_PASSES_MIN, &best));
	while (best.memory * 2 <= MEMORY_MOST && best.took * 2 <= target) {
		TRY(measure(best.memory * 2, best.passes, &next));
		if (next.took > target)
			break;
		best = next;
	}
	while (best.passes < PASSES_MOST &&
	       best.took + best.took / (int64_t)best.passes <= target) {
		TRY(measure(best.memory, best.passes + 1, &next));
		if (next.took > target)
			break;
		best = next;
	}
	*out = best;
	return OK;
}

static unsigned slots_of(const struct config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (config->server.hash_slots > 0)
		return config->server.hash_slots;
	return cores > 0 ? (unsigned)cores : 1;
}

static void print(struct output *output, const struct cost *cost, unsigned slots)
{
	int64_t rate = (int64_t)slots * CLOCK_SECOND / cost->took;

	if (output->is_json) {
		json_open_object(&output->json, NULL);
		json_number(&output->json, "memory", cost->memory);
		json_number(&output->json, "passes", cost->passes);
		json_number(&output->json, "microseconds", cost->took);
		json_number(&output->json, "hash_slots", slots);
		json_number(&output->json, "hashes_per_second", rate);
		json_close_object(&output->json);
		return;
	}
	buf_addf(&output->buf,
		 "[password]\nmemory = %u\npasses = %u\n; one hash takes %lld ms here; %u hash "
		 "slots: "
		 "%lld a second, %u MiB\n",
		 cost->memory, cost->passes, (long long)(cost->took / CLOCK_MS), slots,
		 (long long)rate, slots * (cost->memory / 1024));
}

enum ctl_exit cmd_password_calibrate(struct ctl *ctl)
{
	struct output output;
	struct cost cost;
	uint64_t target = TARGET_DEFAULT;
	enum err e = OK;

	if (ctl_given(ctl, CTL_TARGET) &&
	    (str_to_u64(ctl_value(ctl, CTL_TARGET), TARGET_MAX, &target) != OK || target == 0))
		return ctl_say(CTL_USAGE, "--target must be 1 to %d milliseconds", TARGET_MAX);
	e = find((int64_t)target * CLOCK_MS, &cost);
	if (e != OK)
		return ctl_failed(ctl, e);
	output_begin(&output, ctl);
	print(&output, &cost, slots_of(ctl->auth.config));
	return output_end(&output);
}
