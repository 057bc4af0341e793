/* Boxes and sets of recovery codes, for the tests of factor_store. */
#ifndef GATEPOST_TEST_FACTOR_ROWS_H
#define GATEPOST_TEST_FACTOR_ROWS_H

#include "fixture.h"

#include <string.h>

#include "factor_store.h"

/* A box of n octets like this one, for as long as the test goes. */
static inline struct factor_box box_of(struct fixture *fixture, char octet, size_t n, uint32_t root)
{
	struct factor_box box = {root, {arena_array(fixture->arena, n, 1), n}};

	assert_non_null(box.box.bytes);
	memset(box.box.bytes, octet, n);
	return box;
}

static inline void check_box(const struct factor_box *got, const struct factor_box *want)
{
	assert_int_equal(got->root, want->root);
	assert_int_equal(got->box.len, want->box.len);
	assert_memory_equal(got->box.bytes, want->box.bytes, want->box.len);
}

static inline struct recovery_row set_of(struct fixture *fixture, struct id user, char octet)
{
	return (struct recovery_row){
		.user_id = user,
		.id = id_random(),
		.digests = box_of(fixture, octet, RECOVERY_BOX_MAX, 2),
		.made_at = T0,
	};
}

static inline struct recovery_row the_set(struct fixture *fixture, struct id user)
{
	struct recovery_row row = {.used = 0};
	bool found = false;

	assert_ok(recovery_store_find(fixture->web, fixture->arena, &user, &row, &found));
	assert_true(found);
	assert_true(id_equal(row.user_id, user));
	return row;
}

#endif
