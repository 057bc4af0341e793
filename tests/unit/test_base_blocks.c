/* The same tests over the blocks of release builds, which sanitizer builds replace. */
#undef GATEPOST_SANITIZED
#define ARENA_OF_BLOCKS

/* NOLINTNEXTLINE(bugprone-suspicious-include) compiled anew, without the sanitizers' storage */
#include "arena.c"

/* NOLINTNEXTLINE(bugprone-suspicious-include) one set of tests for both kinds of storage */
#include "test_base_arena.c"
