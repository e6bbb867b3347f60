// SPDX-License-Identifier: GPL-2.0-only
#include "harness/doctor.h"

#include "bpf/probe.h"
#include "harness/cleanup.h"
#include "harness/proc.h"
#include "loadgen/load.h"
#include "topologies/lab.h"
#include "topologies/uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct doctor {
	checkup_fn tell;
	void *context;
};

static void tell(const struct doctor *doctor, struct checkup checkup, int code)
{
	checkup.works = code >= 0;
	doctor->tell(doctor->context, &checkup);
}

/* A node with one end of a link, and `extra` members of it. */
static int try_node(const char *extra, struct err *err)
{
	_arena_ struct arena *arena = arena_new();
	_diag_ struct diag *diag = diag_new("doctor", NULL, 0);
	_json_ json_t *json = NULL;
	const struct topology *topology;
	struct lab *lab = NULL;
	char text[1024];
	int code;

	snprintf(text, sizeof(text),
		 "{\"name\": \"doctor\", \"nodes\": {\"a\": {%s}, \"b\": {}}, \"links\": "
		 "[{\"endpoints\": [\"a:eth0\", \"b:eth0\"], \"addresses\": "
		 "[[\"198.18.0.1/24\", \"fd00::1/64\"], [\"198.18.0.2/24\", \"fd00::2/64\"]]}]}",
		 extra);
	json = json_loads(text, 0, NULL);
	topology = topology_parse(json, arena, diag);
	if (diag_count(diag))
		return err_set(err, -EINVAL, "%s", diag_get(diag, 0)->message);
	code = lab_build(&lab, topology, err);
	lab_free(lab);
	return code;
}

static void try_kinds(const struct doctor *doctor, const char *group,
		      const struct kind *const *kinds, bool devices)
{
	for (; *kinds; kinds++) {
		struct checkup checkup = { .group = group, .name = (*kinds)->name };
		char text[512];

		if (devices)
			snprintf(text, sizeof(text), "\"devices\": {\"d\": {\"kind\": \"%s\"%s%s}}",
				 (*kinds)->name, (*kinds)->example ? ", " : "",
				 (*kinds)->example ? (*kinds)->example : "");
		else
			snprintf(text, sizeof(text), "\"%s\": {%s}", (*kinds)->name,
				 (*kinds)->example ? (*kinds)->example : "");
		tell(doctor, checkup, try_node(text, &checkup.why));
	}
}

static void try_lab(const struct doctor *doctor)
{
	struct checkup checkup = { .group = "topology",
				   .name = "namespaces, veth",
				   .needed = true };

	tell(doctor, checkup, try_node("", &checkup.why));
}

static void try_uplink(const struct doctor *doctor)
{
	struct checkup checkup = { .group = "topology", .name = "virtio uplink" };

	tell(doctor, checkup, uplink_check(&checkup.why));
}

static void try_btf(const struct doctor *doctor)
{
	struct checkup checkup = { .group = "tracing", .name = "kernel BTF", .needed = true };
	_close_ int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err_errno(&checkup.why, -errno, "/sys/kernel/btf/vmlinux");
	tell(doctor, checkup, fd);
}

/* Those of the kind with, if it is not NULL, the field `method` set. */
static const void *make_params(const struct kind *kind, const char *method, struct arena *arena)
{
	_diag_ struct diag *diag = diag_new("doctor", NULL, 0);
	_json_ json_t *json = json_object();
	void *params = arena_alloc(arena, kind->params_size);

	if (method)
		json_object_set_new(json, "method", json_string(method));
	field_parse(kind->fields, json, NULL, params, arena, diag);
	return params;
}

static void try_probe(const struct doctor *doctor, const struct probe_ops *ops, const char *method)
{
	const struct probe_setup setup = { .magic = 1, .packets = 1, .events_per_packet = 64 };
	_arena_ struct arena *arena = arena_new();
	struct checkup checkup = { .group = "probe", .name = ops->kind.name, .needed = !method };
	struct probe *probe = NULL;
	char name[64];
	int code = ops->open(&probe, &setup, make_params(&ops->kind, method, arena), &checkup.why);

	if (method) {
		snprintf(name, sizeof(name), "%s, %s", ops->kind.name, method);
		checkup.name = name;
	}
	if (!code)
		ops->close(probe);
	tell(doctor, checkup, code);
}

/* A probe that has several methods works if one of them does; the first of them is "auto". */
static void try_probes(const struct doctor *doctor)
{
	for (const struct kind *const *kind = probe_kinds; *kind; kind++) {
		const struct probe_ops *ops = (const struct probe_ops *)*kind;
		const struct field *field = ops->kind.fields;

		while (field->name && strcmp(field->name, "method"))
			field++;
		if (!field->name)
			try_probe(doctor, ops, NULL);
		for (size_t i = 1; field->name && field->choices[i]; i++)
			try_probe(doctor, ops, field->choices[i]);
	}
}

static void try_loads(const struct doctor *doctor)
{
	for (const struct kind *const *kind = load_kinds; *kind; kind++) {
		struct checkup checkup = { .group = "load", .name = (*kind)->name };
		const struct load_ops *ops = (const struct load_ops *)*kind;

		int code = ops->available ? ops->available(&checkup.why) : 0;

		tell(doctor, checkup, code);
	}
}

static void try_program(const struct doctor *doctor, const char *name, const char *use)
{
	struct checkup checkup = { .group = "program", .name = name };
	int code = proc_exists(name) ? 0 : err_need(&checkup.why, "not installed: %s", use);

	tell(doctor, checkup, code);
}

void doctor_examine(checkup_fn callback, void *context)
{
	const struct doctor doctor = { callback, context };

	try_lab(&doctor);
	try_uplink(&doctor);
	try_btf(&doctor);
	try_probes(&doctor);
	try_kinds(&doctor, "device", device_kinds, true);
	try_kinds(&doctor, "feature", feature_kinds, false);
	try_loads(&doctor);
	try_program(&doctor, "nft", "no NAT, no firewall rules (apt install nftables)");
	try_program(&doctor, "gnuplot", "no charts (apt install gnuplot-nox)");
	try_program(&doctor, "ip", "no `ip netns exec` in labrun shell (apt install iproute2)");
}
