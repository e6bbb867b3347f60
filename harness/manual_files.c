// SPDX-License-Identifier: GPL-2.0-only
#include "harness/manual.h"

#include "bpf/probe.h"
#include "harness/experiment.h"
#include "harness/mdoc.h"
#include "topologies/topology.h"
#include "version.h"

#include <string.h>

static const char about_experiment[] =
	"An experiment says what is measured: a topology, a load, probes, how often, what is "
	"varied, and what is claimed of the outcome. It is data: no includes, no expressions, no "
	"shell; one from a stranger cannot run a command or name a file outside its folders.\n\n"
	"Unknown fields are errors, and `labrun check` finds every fault in one pass. Any field "
	"can be changed for one run by `labrun run --set PATH=VALUE`, such as "
	"`load.interval_us=500`, `probes[0].snaplen=128` or "
	"`topology.nodes.r1.firewall.rules=100`.";

static const char about_topology[] =
	"A topology says what network is built: nodes, each a network namespace, links between "
	"them, which are veth pairs, and the path that a packet takes. An experiment names it, and "
	"finds it as topologies/NAME.json in its own folder, as NAME.json beside it, or in the "
	"data folder.\n\n"
	"Addresses are to be of 198.18.0.0/15 (RFC 2544) and fd00::/8, which exist nowhere else.";

/* What is between two names of roles is what a segment's time holds. */
static const char about_path[] =
	"A point of the path is written NODE:DEVICE:ROLE, and the time from one to the next is the "
	"segment that the first of them names. A reply visits the mirror of the path.";

static const char experiment_example[] =
	"{\n"
	"  \"name\": \"two-routers\",\n"
	"  \"topology\": \"two-routers\",\n"
	"  \"load\": { \"kind\": \"udp\", \"from\": \"client\", \"to\": \"server\", \"size\": 200 "
	"},\n"
	"  \"probes\": [{ \"kind\": \"hops\" }],\n"
	"  \"sweep\": { \"topology.nodes.r1.firewall.rules\": [0, 100, 1000] },\n"
	"  \"claims\": [\n"
	"    { \"id\": \"rules\", \"text\": \"the router costs more with each rule\",\n"
	"      \"test\": \"linear\", \"series\": \"router1\",\n"
	"      \"over\": \"topology.nodes.r1.firewall.rules\" }\n"
	"  ]\n"
	"}\n";

static const char topology_example[] =
	"{\n"
	"  \"name\": \"two-routers\",\n"
	"  \"nodes\": {\n"
	"    \"client\": { \"routes\": [{ \"to\": \"default\", \"via\": \"198.18.0.1\" }] },\n"
	"    \"r1\": { \"forward\": true,\n"
	"            \"routes\": [{ \"to\": \"198.18.2.0/24\", \"via\": \"198.18.1.2\" }] },\n"
	"    \"r2\": { \"forward\": true,\n"
	"            \"routes\": [{ \"to\": \"198.18.0.0/24\", \"via\": \"198.18.1.1\" }] },\n"
	"    \"server\": { \"routes\": [{ \"to\": \"default\", \"via\": \"198.18.2.1\" }] }\n"
	"  },\n"
	"  \"links\": [\n"
	"    { \"endpoints\": [\"client:eth0\", \"r1:left\"],\n"
	"      \"addresses\": [[\"198.18.0.2/24\"], [\"198.18.0.1/24\"]] },\n"
	"    { \"endpoints\": [\"r1:right\", \"r2:left\"],\n"
	"      \"addresses\": [[\"198.18.1.1/24\"], [\"198.18.1.2/24\"]] },\n"
	"    { \"endpoints\": [\"r2:right\", \"server:eth0\"],\n"
	"      \"addresses\": [[\"198.18.2.1/24\"], [\"198.18.2.2/24\"]] }\n"
	"  ],\n"
	"  \"path\": [\n"
	"    { \"point\": \"client:eth0:xmit\", \"segment\": \"veth1\" },\n"
	"    { \"point\": \"r1:left:rx\", \"segment\": \"router1\" },\n"
	"    { \"point\": \"r1:right:xmit\", \"segment\": \"veth2\" },\n"
	"    { \"point\": \"r2:left:rx\", \"segment\": \"router2\" },\n"
	"    { \"point\": \"r2:right:xmit\", \"segment\": \"veth3\" },\n"
	"    { \"point\": \"server:eth0:rx\" }\n"
	"  ]\n"
	"}\n";

static void write_kinds(const char *title, const struct kind *const *kinds, FILE *out)
{
	mdoc_section(out, title);
	for (; *kinds; kinds++) {
		mdoc_subsection(out, (*kinds)->name);
		mdoc_sentence(out, (*kinds)->help);
		if ((*kinds)->fields && (*kinds)->fields->name)
			field_manual((*kinds)->fields, out);
	}
}

static void begin(FILE *out, const char *name, const char *help, const char *file,
		  const char *about)
{
	mdoc_begin(out, name, 5, LABRUN_DATE, help);
	mdoc_section(out, "SYNOPSIS");
	fprintf(out, ".Pa %s\n", file);
	mdoc_section(out, "DESCRIPTION");
	mdoc_paragraphs(out, about);
}

static void write_example(const char *example, const char *other_page, FILE *out)
{
	mdoc_section(out, "EXAMPLES");
	mdoc_literal(out, example);
	mdoc_section(out, "SEE ALSO");
	fprintf(out, ".Xr labrun 1 ,\n.Xr %s 5\n", other_page);
}

void manual_write_experiment(FILE *out)
{
	begin(out, "labrun-experiment", "what labrun measures, as a JSON file",
	      "experiments/NAME.json", about_experiment);
	mdoc_section(out, "FIELDS");
	field_manual(experiment_fields, out);
	write_kinds("LOADS", load_kinds, out);
	write_kinds("PROBES", probe_kinds, out);
	write_kinds("CLAIMS", claim_kinds, out);
	write_example(experiment_example, "labrun-topology", out);
}

void manual_write_topology(FILE *out)
{
	begin(out, "labrun-topology", "the network that labrun builds, as a JSON file",
	      "topologies/NAME.json", about_topology);
	mdoc_section(out, "FIELDS");
	mdoc_text(out, about_path);
	field_manual(topology_fields, out);
	write_kinds("DEVICES", device_kinds, out);
	write_example(topology_example, "labrun-experiment", out);
}

bool manual_write(const char *page, FILE *out)
{
	static const struct {
		const char *page;
		void (*write)(FILE *out);
	} pages[] = {
		{ "labrun", manual_write_program },
		{ "experiment", manual_write_experiment },
		{ "topology", manual_write_topology },
	};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (!strcmp(pages[i].page, page)) {
			pages[i].write(out);
			return true;
		}
	return false;
}
