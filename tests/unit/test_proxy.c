// SPDX-License-Identifier: GPL-2.0-only
/* The rules as text: names as kube-proxy's own tests have them, lines as it writes them. */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/sha256.h"
#include "topologies/proxy_rules.h"
#include "topologies/topology.h"

#include <arpa/inet.h>
#include <string.h>

static void check_digest(const char *text, const char *expected)
{
	char hex[SHA256_TEXT_BYTES];

	sha256_bytes(text, strlen(text), hex);
	assert_string_equal(hex, expected);
}

/* The examples that NIST publishes with FIPS 180-4, and both sides of where padding takes a block
 * more (checked with sha256sum). */
static void test_sha256(void **state)
{
	char text[120];

	(void)state;
	check_digest("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_digest("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	check_digest("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		     "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
	memset(text, 'x', sizeof(text));
	text[55] = '\0';
	check_digest(text, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072");
	text[55] = 'x';
	text[64] = '\0';
	check_digest(text, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c");
}

static void check_hash(const char *text, size_t characters, const char *expected)
{
	char hash[PROXY_HASH_MAX + 1];

	proxy_hash(text, hash, characters);
	assert_string_equal(hash, expected);
}

/* From kubernetes/pkg/proxy/{iptables,nftables}/proxier_test.go. */
static void test_names(void **state)
{
	(void)state;
	check_hash("ns1/svc1:p80tcp", 16, "XPGD46QRK7WJZT7O");
	check_hash("ns2/svc2:p80tcp", 16, "GNZBNJ2PO5MGZ6GT");
	check_hash("ns1/svc1:p80tcp10.180.0.1:80", 16, "SXIVWICOYRO3J4NJ");
	check_hash("ns1/svc1/tcp/p80", 8, "ULMVA6XW");
	check_hash("ns2/svc2/tcp/p80", 8, "42NFTM6N");
	check_hash("ns1/svc1/tcp/p80__10.180.0.1/80", 8, "5OJB2KTY");
	check_hash("ns5/svc5/tcp/p80__10.180.0.3/80", 8, "GTK6MW7G");
}

static struct address backends[2];

static struct proxy_rules make_rules(struct proxy_params *proxy, int mode)
{
	assert_true(address_parse("198.18.2.1", false, &backends[0]));
	assert_true(address_parse("198.18.2.2", false, &backends[1]));
	*proxy = (struct proxy_params){ .mode = mode, .services = 2, .endpoints = 2 };
	proxy->backends = (struct list){ backends, 2 };
	assert_true(address_parse("198.18.0.0/16", true, &proxy->pod_cidr));
	return (struct proxy_rules){ proxy, "198.18.0.1" };
}

static char *write_rules(const struct proxy_rules *rules)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	if (rules->params->mode == PROXY_NFTABLES)
		proxy_write_nftables(out, rules);
	else
		proxy_write_iptables(out, rules);
	assert_int_equal(fclose(out), 0);
	return text;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In place; the number of lines. */
static size_t split_lines(char *text, char **lines, size_t max)
{
	size_t count = 0;
	char *save;

	for (char *line = strtok_r(text, "\n", &save); line && count < max;
	     line = strtok_r(NULL, "\n", &save))
		lines[count++] = line;
	return count;
}

#define LINES_MAX 400

/*
 * Line by line but in any order: where one chain's rules stand among another's is no difference.
 * The order within a chain is what the tests in namespaces are about.
 */
static void check_file(const struct proxy_rules *rules, const char *path)
{
	_free_ char *text = write_rules(rules), *expected = NULL;
	char *lines[2][LINES_MAX];
	size_t counts[2];
	struct err err;

	if (file_read(path, &expected, NULL, &err) < 0)
		fail_msg("%s", err.text);
	counts[0] = split_lines(text, lines[0], LINES_MAX);
	counts[1] = split_lines(expected, lines[1], LINES_MAX);
	qsort(lines[0], counts[0], sizeof(char *), compare_lines);
	qsort(lines[1], counts[1], sizeof(char *), compare_lines);
	for (size_t i = 0; i < counts[0] && i < counts[1]; i++)
		assert_string_equal(lines[0][i], lines[1][i]);
	assert_int_equal(counts[0], counts[1]);
}

static void test_iptables(void **state)
{
	struct proxy_params proxy;
	struct proxy_rules rules = make_rules(&proxy, PROXY_IPTABLES_LEGACY);

	(void)state;
	check_file(&rules, "tests/unit/data/proxy-iptables.rules");
}

static void test_nftables(void **state)
{
	struct proxy_params proxy;
	struct proxy_rules rules = make_rules(&proxy, PROXY_NFTABLES);

	(void)state;
	check_file(&rules, "tests/unit/data/proxy-nftables-1.31.rules");
	proxy.shape = PROXY_SHAPE_1_36;
	check_file(&rules, "tests/unit/data/proxy-nftables-1.36.rules");
	/* Two endpoints: no difference yet. */
	proxy.shape = PROXY_SHAPE_1_37;
	check_file(&rules, "tests/unit/data/proxy-nftables-1.36.rules");
}

static void check_has(const struct proxy_rules *rules, const char *text, bool has)
{
	_free_ char *all = write_rules(rules);

	if (!!strstr(all, text) != has)
		fail_msg("%s \"%s\" in:\n%s", has ? "no" : "there is", text, all);
}

static void test_variants_iptables(void **state)
{
	struct proxy_params proxy;
	struct proxy_rules rules = make_rules(&proxy, PROXY_IPTABLES_LEGACY);

	(void)state;
	proxy.endpoints = 3;
	check_has(&rules, "--probability 0.3333333333 -j", true);
	check_has(&rules, "--to-destination 198.18.2.1:8081\n", true);
	proxy.affinity_s = 10800;
	check_has(&rules,
		  "-m recent --name KUBE-SEP-HL7NSDF6A3FB2BLK --rcheck --seconds 10800 --reap -j "
		  "KUBE-SEP-HL7NSDF6A3FB2BLK\n",
		  true);
	check_has(&rules, "-m recent --name KUBE-SEP-HL7NSDF6A3FB2BLK --set -m tcp -p tcp -j DNAT",
		  true);
	proxy.node_ports = true;
	check_has(&rules,
		  "-A KUBE-NODEPORTS -m comment --comment ns1/svc2:p80 -m tcp -p tcp --dport 30001 "
		  "-j KUBE-EXT-IP2NFBUX2EWVD722\n",
		  true);
	proxy.protocol = PROXY_UDP;
	check_has(&rules, "tcp", false);
	proxy.endpoints = 0;
	check_has(&rules, "KUBE-SVC", false);
	check_has(&rules,
		  "-A KUBE-SERVICES -m comment --comment \"ns1/svc1:p80 has no endpoints\" -m udp "
		  "-p udp -d 10.96.0.10 --dport 80 -j REJECT\n",
		  true);
}

static void test_variants_nftables(void **state)
{
	struct proxy_params proxy;
	struct proxy_rules rules = make_rules(&proxy, PROXY_NFTABLES);

	(void)state;
	proxy.shape = PROXY_SHAPE_1_37;
	proxy.endpoints = 1;
	check_has(&rules,
		  "service-ULMVA6XW-ns1/svc1/tcp/p80 meta l4proto tcp dnat to 198.18.2.1:8080\n",
		  true);
	check_has(&rules, "numgen", false);
	proxy.shape = PROXY_SHAPE_1_36;
	check_has(&rules,
		  "dnat ip addr . port to numgen random mod 1 map { 0 : 198.18.2.1 . 8080 }", true);
	check_has(&rules, "goto endpoint-", false);
	proxy.affinity_s = 60;
	check_has(&rules, "goto endpoint-VF3RIN4E-ns1/svc1/tcp/p80__198.18.2.1/8080 }\n", true);
	check_has(&rules, "mark-for-masquerade", false);
	proxy.node_ports = true;
	check_has(&rules, "service-nodeports { tcp . 30001 : goto external-QCIBCZ4I-", true);
	proxy.endpoints = 0;
	check_has(&rules, "service-ULMVA6XW", false);
	check_has(&rules,
		  "{ 10.96.0.11 . tcp . 80 comment \"ns1/svc2:p80\" : goto reject-chain }\n", true);
}

/* The first, the middle one and the last are whole, whatever stands between them. */
static void test_filler(void **state)
{
	struct proxy_params proxy;
	struct proxy_rules rules = make_rules(&proxy, PROXY_NFTABLES);

	(void)state;
	proxy.services = 100;
	proxy.filler = PROXY_FILLER_CHEAP;
	for (uint64_t i = 0; i < proxy.services; i++)
		assert_int_equal(proxy_endpoint_count(&proxy, i),
				 i == 0 || i == 50 || i == 99 ? 2 : 1);
	check_has(&rules, "ns1/svc51/tcp/p80 numgen random mod 2 vmap", true);
	check_has(&rules, "ns1/svc52/tcp/p80 numgen", false);
	check_has(&rules, "ns1/svc52/tcp/p80 meta l4proto tcp dnat to 198.18.2.1:8080\n", true);
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		count++;
	return count;
}

/* As many rules to pass by as ever, and one pair of chains behind those that are nobody's aim. */
static void test_shared_filler(void **state)
{
	struct proxy_params proxy;
	struct proxy_rules rules = make_rules(&proxy, PROXY_IPTABLES_NFT);
	_free_ char *text = NULL;

	(void)state;
	proxy.services = 100;
	proxy.filler = PROXY_FILLER_SHARED;
	text = write_rules(&rules);
	assert_int_equal(count_of(text, "-A KUBE-SERVICES -m comment --comment \"ns1/svc"), 100);
	assert_int_equal(count_of(text, "\n:KUBE-SVC-"), 4);
	assert_int_equal(count_of(text, "\n:KUBE-SEP-"), 3 * 2 + 1);
	assert_int_equal(count_of(text, "-j DNAT"), 3 * 2 + 1);
}

static uint32_t vip_of(const struct proxy_params *proxy, uint64_t place)
{
	struct address address;
	uint16_t port;
	uint32_t vip;

	proxy_service(proxy, place, &address, &port);
	assert_int_equal(port, 80);
	memcpy(&vip, address.bytes, sizeof(vip));
	return ntohl(vip);
}

static void test_addresses(void **state)
{
	struct proxy_params proxy;
	struct address address;
	uint16_t port;

	(void)state;
	make_rules(&proxy, PROXY_NFTABLES);
	proxy.services = 1000000;
	assert_int_equal(vip_of(&proxy, 0), 0x0a60000a);
	for (uint64_t i = 1; i < proxy.services + 48000; i++)
		assert_int_equal(vip_of(&proxy, i), vip_of(&proxy, i - 1) + 1);
	/* However far: within 10.96.0.0/12, and never a service. */
	for (uint64_t i = 0; i < 200000; i++) {
		uint32_t vip = vip_of(&proxy, proxy.services + i);

		assert_int_equal(vip >> 20, 0x0a6);
		assert_true(vip - 0x0a60000a >= proxy.services);
	}
	proxy.mode = PROXY_NONE;
	proxy_service(&proxy, 3, &address, &port);
	assert_memory_equal(address.bytes, backends[1].bytes, 4);
	assert_int_equal(port, 8080);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_iptables),
		cmocka_unit_test(test_nftables),
		cmocka_unit_test(test_variants_iptables),
		cmocka_unit_test(test_variants_nftables),
		cmocka_unit_test(test_filler),
		cmocka_unit_test(test_shared_filler),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
