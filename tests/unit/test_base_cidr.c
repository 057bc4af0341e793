/* Networks: what is one, and which addresses are in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cidr.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void networks_and_addresses(void **state)
{
	static const struct {
		const char *network;
		const char *address;
		bool within;
	} cases[] = {
		{"192.0.2.0/24", "192.0.2.0", true},
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.0/24", "192.0.1.255", false},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.7/32", "192.0.2.7", true},
		{"192.0.2.7/32", "192.0.2.6", false},
		{"192.0.2.7", "192.0.2.7", true},
		{"192.0.2.7", "192.0.2.8", false},
		{"128.0.0.0/1", "255.255.255.255", true},
		{"128.0.0.0/1", "127.255.255.255", false},
		{"0.0.0.0/0", "203.0.113.9", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "2001:db8::1", true},
		{"::/0", "203.0.113.9", true},
		{"2001:db8::/32", "2001:db8:ffff::1", true},
		{"2001:db8::/32", "2001:db9::", false},
		{"2001:db8::/33", "2001:db8:7fff:ffff::", true},
		{"2001:db8::/33", "2001:db8:8000::", false},
		{"2001:DB8::1", "2001:db8:0:0::1", true},
		{"::1/128", "::1", true},
		{"::1/128", "::2", false},
		/* Both ways of writing an IPv4 address are one. */
		{"192.0.2.0/24", "::ffff:192.0.2.9", true},
		{"::ffff:192.0.2.0/120", "192.0.2.9", true},
		{"::ffff:192.0.2.0/120", "192.0.3.9", false},
		{"192.0.2.0/24", "::192.0.2.9", false},
		/* What is no address is in no network, and not in all of them. */
		{"::/0", "", false},
		{"::/0", "unix:", false},
		{"::/0", "localhost", false},
		{"::/0", "192.0.2.7 ", false},
		{"::/0", " 192.0.2.7", false},
		{"::/0", "192.0.2.7:443", false},
		{"::/0", "[::1]", false},
		{"::/0", "fe80::1%eth0", false},
		{"::/0", "192.0.2", false},
		{"::/0", "0300.0.2.7", false},
		{"::/0", "192.0.2.7, 192.0.2.8", false},
		{"0.0.0.0/0", "192.0.2.7/24", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cidr network;

		assert_int_equal(cidr_read(str_of(cases[i].network), &network), OK);
		if (cidr_has(&network, str_of(cases[i].address)) != cases[i].within)
			fail_msg("%s in %s", cases[i].address, cases[i].network);
	}
}

static void what_is_no_network(void **state)
{
	static const char *const texts[] = {
		"",
		"/",
		"/24",
		"192.0.2.0/",
		"192.0.2.0/33",
		"192.0.2.0/-1",
		"192.0.2.0/+8",
		"192.0.2.0/ 24",
		"192.0.2.0 /24",
		" 192.0.2.0/24",
		"192.0.2.0/24 ",
		"192.0.2.0/24/8",
		"192.0.2.0/255.255.255.0",
		"192.0.2/24",
		"192.0.2.256",
		"0xc0.0.2.0/24",
		"example.org",
		"*",
		"2001:db8::/129",
		"2001:db8::/",
		"2001:db8:::/32",
		"[2001:db8::]/32",
		"fe80::1%lo",
		"192.0.2.0/99999999999999999999",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd",
		/* Bits behind the prefix: whoever wrote that meant something else. */
		"192.0.2.7/24",
		"192.0.2.0/22",
		"0.0.0.1/0",
		"2001:db8::1/32",
		"2001:db8:8000::/32",
		"::ffff:0:0/95",
		"255.255.255.255/31",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct cidr network = {.bits = 77};

		if (cidr_read(str_of(texts[i]), &network) != ERR_INPUT)
			fail_msg("\"%s\"", texts[i]);
		assert_int_equal(network.bits, 77);
	}
}

/* Nothing that C takes for an end may hide the rest. */
static void an_octet_zero_ends_nothing(void **state)
{
	struct cidr network;

	(void)state;
	assert_int_equal(cidr_read(STR("192.0.2.7\0x"), &network), ERR_INPUT);
	assert_int_equal(cidr_read(STR("192.0.2.0\0/8"), &network), ERR_INPUT);
	assert_int_equal(cidr_read(STR("192.0.2.7"), &network), OK);
	assert_false(cidr_has(&network, STR("192.0.2.7\0, 203.0.113.9")));
	assert_false(cidr_has(&network, STR("192.0.2.7\0")));
	assert_true(cidr_has(&network, STR("192.0.2.7")));
}

/* Every length, beside the first and the last address that it has. */
static void every_length(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits <= 128; bits++) {
		struct cidr network = {.bits = bits};

		assert_true(cidr_has(&network, STR("::")));
		assert_int_equal(cidr_has(&network, STR("8000::")), bits == 0);
		assert_int_equal(cidr_has(&network, STR("::1")), bits < 128);
		assert_int_equal(cidr_has(&network, STR("0:0:0:1::")), bits < 64);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_and_addresses),
		cmocka_unit_test(what_is_no_network),
		cmocka_unit_test(an_octet_zero_ends_nothing),
		cmocka_unit_test(every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
