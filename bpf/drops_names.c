// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/drops_names.h"

#include "harness/cleanup.h"

#include <bpf/btf.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REASON_PREFIX "SKB_DROP_REASON_"
#define UNNAMED_REASON "not_specified"
#define FUNCTION_BYTES 56

struct function {
	uint64_t location, start; /* start of 0: not found */
	char name[FUNCTION_BYTES];
};

struct drop_names {
	char **reasons; /* by value; NULL where there is none */
	size_t reason_count;
	struct function *functions;
	size_t function_count;
};

/* Functions that have one cause for it, which their name does not say. */
static const struct {
	const char *function, *name;
} plain_names[] = {
	{ "veth_xmit", "veth_ring" },
	/* Where the kernel gives XDP's verdict no reason of its own. */
	{ "veth_xdp_rcv_skb", "xdp" },
};

void drop_names_free(struct drop_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->reason_count; i++)
		free(names->reasons[i]);
	free(names->reasons);
	free(names->functions);
	free(names);
}

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

static const struct btf_type *find_enum(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "skb_drop_reason", BTF_KIND_ENUM);

	return id < 0 ? NULL : btf__type_by_id(btf, (__u32)id);
}

static int take_reasons(struct drop_names *names, const struct btf *btf,
			const struct btf_type *type)
{
	const struct btf_enum *values = btf_enum(type);
	size_t count = btf_vlen(type), most = 0;

	for (size_t i = 0; i < count; i++)
		if (values[i].val > (int)most && values[i].val < 1 << 16)
			most = (size_t)values[i].val;
	names->reasons = calloc(most + 1, sizeof(*names->reasons));
	if (!names->reasons)
		return -ENOMEM;
	names->reason_count = most + 1;
	for (size_t i = 0; i < count; i++) {
		const char *name = btf__name_by_offset(btf, values[i].name_off);
		size_t value = (size_t)values[i].val;

		if (value > most || strncmp(name, REASON_PREFIX, strlen(REASON_PREFIX)))
			continue;
		free(names->reasons[value]);
		names->reasons[value] = strdup(name + strlen(REASON_PREFIX));
		if (!names->reasons[value])
			return -ENOMEM;
		lower(names->reasons[value]);
	}
	return 0;
}

int drop_names_new(struct drop_names **ret, struct err *err)
{
	struct drop_names *names = calloc(1, sizeof(*names));
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *type = btf ? find_enum(btf) : NULL;
	int code = !names ? -ENOMEM : type ? take_reasons(names, btf, type) : 0;

	btf__free(btf);
	if (code || !type)
		drop_names_free(names);
	if (code)
		return err_errno(err, code, "reasons of drops");
	if (!type)
		return err_need(err,
				"this kernel names no reasons of drops (CONFIG_DEBUG_INFO_BTF, "
				"Linux 5.17)");
	*ret = names;
	return 0;
}

/* "addr type name [module]"; a part that the compiler split off bears the name with a suffix. */
static void take_symbol(struct drop_names *names, char *line)
{
	char type, name[256];
	uint64_t start;

	if (sscanf(line, "%" SCNx64 " %c %255s", &start, &type, name) != 3 || !strchr("TtWw", type))
		return;
	for (size_t i = 0; i < names->function_count; i++) {
		struct function *function = &names->functions[i];

		/* The address is where the call returns to, maybe beyond its function's end. */
		if (start >= function->location || start <= function->start)
			continue;
		function->start = start;
		name[strcspn(name, ".")] = '\0';
		snprintf(function->name, sizeof(function->name), "%.*s", FUNCTION_BYTES - 1, name);
	}
}

static const struct function *find_function(const struct drop_names *names, uint64_t location)
{
	for (size_t i = 0; i < names->function_count; i++)
		if (names->functions[i].location == location)
			return &names->functions[i];
	return NULL;
}

static size_t add_unknown(struct drop_names *names, const struct drop_key *keys, size_t count)
{
	size_t before = names->function_count;
	struct function *grown =
		reallocarray(names->functions, before + count + 1, sizeof(*names->functions));

	if (!grown)
		return 0;
	names->functions = grown;
	for (size_t i = 0; i < count; i++)
		if (keys[i].event == DROP_SKB && !find_function(names, keys[i].location))
			grown[names->function_count++] =
				(struct function){ .location = keys[i].location };
	return names->function_count - before;
}

void drop_names_find_functions(struct drop_names *names, const struct drop_key *keys, size_t count)
{
	_fclose_ FILE *file = NULL;
	char line[512];

	if (!add_unknown(names, keys, count))
		return;
	file = fopen("/proc/kallsyms", "re");
	while (file && fgets(line, sizeof(line), file))
		take_symbol(names, line);
}

static const char *plain(const char *function)
{
	for (size_t i = 0; i < ARRAY_SIZE(plain_names); i++)
		if (!strcmp(plain_names[i].function, function))
			return plain_names[i].name;
	return function;
}

static void say_skb(const struct drop_names *names, const struct drop_key *key, char *where,
		    size_t size)
{
	const struct function *function = find_function(names, key->location);
	const char *reason = key->reason < names->reason_count ? names->reasons[key->reason] : NULL;

	if (reason && strcmp(reason, UNNAMED_REASON))
		snprintf(where, size, "%s", reason);
	else if (!reason) /* a subsystem's own, in the upper half */
		snprintf(where, size, "reason_%#x", key->reason);
	else if (function && function->start)
		snprintf(where, size, "%s", plain(function->name));
	else
		snprintf(where, size, UNNAMED_REASON);
}

void drop_names_say(const struct drop_names *names, const struct drop_key *key, char *where,
		    size_t size)
{
	const char *error = strerrorname_np((int)key->reason);

	switch ((enum drop_event)key->event) {
	case DROP_SKB:
		say_skb(names, key, where, size);
		return;
	case DROP_DEVMAP:
		/* veth's ring is the one such queue there is in a lab. */
		snprintf(where, size, "xdp_xmit_%s", key->reason ? error : "full");
		break;
	case DROP_REDIRECT:
		snprintf(where, size, "xdp_redirect_%s", error);
		break;
	case DROP_EXCEPTION:
		snprintf(where, size, "xdp_exception_%u", key->reason);
		break;
	}
	lower(where);
}
