// SPDX-License-Identifier: GPL-2.0-only
#include "harness/environment.h"

#include "harness/build_id.h"
#include "harness/cleanup.h"
#include "harness/proc.h"
#include "harness/quietness.h"
#include "harness/sha256.h"
#include "version.h"

#include <bpf/libbpf.h>
#include <netlink/version.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

struct source {
	const char *key, *path;
};

static json_t *text_or_null(const char *text)
{
	json_t *json = text && *text ? json_string(text) : NULL;

	return json ? json : json_null();
}

/* The first line of a file under /proc or /sys, as a number where it is one. */
static json_t *first_line(const char *path)
{
	_fclose_ FILE *file = fopen(path, "re");
	char line[512] = "", *end;
	long long number;

	if (!file || !fgets(line, sizeof(line), file))
		return json_null();
	line[strcspn(line, "\n")] = '\0';
	number = strtoll(line, &end, 10);
	return *line && !*end ? json_integer(number) : text_or_null(line);
}

static json_t *first_lines(const struct source *sources)
{
	json_t *object = json_object();

	for (; sources->key; sources++)
		json_object_set_new(object, sources->key, first_line(sources->path));
	return object;
}

static json_t *utc_now(void)
{
	time_t now = time(NULL);
	char text[32];
	struct tm utc;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	return json_string(text);
}

/* What a tool prints first; null where there is none. */
static json_t *tool_says(const char *program, const char *argument)
{
	const char *const argv[] = { program, argument, NULL };
	const struct proc proc = { .argv = argv, .netns_fd = -1 };
	char line[200] = "";
	struct err err;

	if (proc_first_line(&proc, line, sizeof(line), &err))
		return json_null();
	return text_or_null(line);
}

/* Two kernels of one release may still be built differently; the hash tells. */
static json_t *config_json(const char *release)
{
	char boot[128];
	const char *const paths[] = { boot, "/proc/config.gz" };
	char hash[SHA256_TEXT_BYTES];
	struct err ignored;

	snprintf(boot, sizeof(boot), "/boot/config-%.100s", release);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (!sha256_file(paths[i], hash, &ignored))
			return json_pack("{s:s, s:s}", "file", i ? "config.gz" : "config", "sha256",
					 hash);
	}
	return json_null();
}

static json_t *kernel_json(void)
{
	struct utsname name;

	if (uname(&name))
		return json_null();
	/* Not nodename: it is the machine's. */
	return json_pack("{s:s, s:s, s:s, s:o}", "release", name.release, "version", name.version,
			 "machine", name.machine, "config", config_json(name.release));
}

static json_t *cpu_model(void)
{
	_fclose_ FILE *file = fopen("/proc/cpuinfo", "re");
	_free_ char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0 && *line != '\n') {
		const char *value = strchr(line, ':');

		line[strcspn(line, "\n")] = '\0';
		if (value && !strncmp(line, "model name", 10))
			return text_or_null(value + 2);
	}
	return json_null();
}

static json_t *cpu_json(void)
{
	static const struct source sources[] = {
		{ "governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor" },
		{ "boost", "/sys/devices/system/cpu/cpufreq/boost" },
		{ "no_turbo", "/sys/devices/system/cpu/intel_pstate/no_turbo" },
		{ "smt", "/sys/devices/system/cpu/smt/active" },
		{ "idle_driver", "/sys/devices/system/cpu/cpuidle/current_driver" },
		{ "isolated", "/sys/devices/system/cpu/isolated" },
		{ NULL, NULL },
	};
	json_t *json = json_pack("{s:o, s:I}", "model", cpu_model(), "count",
				 (json_int_t)sysconf(_SC_NPROCESSORS_ONLN));
	_json_ json_t *rest = first_lines(sources);

	json_object_update(json, rest);
	return json;
}

static json_t *yes_or_null(int yes)
{
	return yes < 0 ? json_null() : json_boolean(yes);
}

static json_t *virtualisation_json(const struct machine *machine)
{
	return json_pack("{s:o, s:o, s:o}", "hypervisor", yes_or_null(machine->hypervisor),
			 "vendor", first_line("/sys/class/dmi/id/sys_vendor"), "product",
			 first_line("/sys/class/dmi/id/product_name"));
}

/* Those that are at work: "Not affected" and the like need no line. */
static json_t *mitigations_json(void)
{
	static const char folder[] = "/sys/devices/system/cpu/vulnerabilities";
	_closedir_ DIR *dir = opendir(folder);
	json_t *json = json_object();
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		_free_ char *path = NULL;
		json_t *line;

		if (*entry->d_name == '.')
			continue;
		if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0)
			abort();
		line = first_line(path);
		if (json_is_string(line) && strcmp(json_string_value(line), "Not affected"))
			json_object_set(json, entry->d_name, line);
		json_decref(line);
	}
	return json;
}

static json_t *sysctls_json(void)
{
	static const struct source sources[] = {
		{ "net.core.bpf_jit_enable", "/proc/sys/net/core/bpf_jit_enable" },
		{ "net.core.bpf_jit_harden", "/proc/sys/net/core/bpf_jit_harden" },
		{ "kernel.bpf_stats_enabled", "/proc/sys/kernel/bpf_stats_enabled" },
		{ "kernel.unprivileged_bpf_disabled",
		  "/proc/sys/kernel/unprivileged_bpf_disabled" },
		{ "kernel.perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid" },
		{ "kernel.timer_migration", "/proc/sys/kernel/timer_migration" },
		{ "kernel.nmi_watchdog", "/proc/sys/kernel/nmi_watchdog" },
		{ "net.core.busy_poll", "/proc/sys/net/core/busy_poll" },
		{ "net.core.busy_read", "/proc/sys/net/core/busy_read" },
		{ "net.core.default_qdisc", "/proc/sys/net/core/default_qdisc" },
		{ "net.core.dev_weight", "/proc/sys/net/core/dev_weight" },
		{ "net.core.gro_normal_batch", "/proc/sys/net/core/gro_normal_batch" },
		{ "net.core.netdev_budget", "/proc/sys/net/core/netdev_budget" },
		{ "net.core.netdev_budget_usecs", "/proc/sys/net/core/netdev_budget_usecs" },
		{ "net.core.netdev_max_backlog", "/proc/sys/net/core/netdev_max_backlog" },
		{ "net.core.netdev_tstamp_prequeue", "/proc/sys/net/core/netdev_tstamp_prequeue" },
		{ "net.core.rmem_default", "/proc/sys/net/core/rmem_default" },
		{ "net.core.wmem_default", "/proc/sys/net/core/wmem_default" },
		{ "net.core.rps_sock_flow_entries", "/proc/sys/net/core/rps_sock_flow_entries" },
		{ "net.core.skb_defer_max", "/proc/sys/net/core/skb_defer_max" },
		{ NULL, NULL },
	};

	return first_lines(sources);
}

static json_t *tools_json(void)
{
	char libbpf[32], build[BUILD_ID_BYTES];

	snprintf(libbpf, sizeof(libbpf), "%u.%u", libbpf_major_version(), libbpf_minor_version());
	return json_pack("{s:s, s:o, s:s, s:s, s:s, s:o, s:o, s:o}", "labrun", LABRUN_VERSION,
			 "labrun_build", text_or_null(build_id(build)), "libbpf", libbpf, "libnl",
			 LIBNL_VERSION, "jansson", jansson_version_str(), "nft",
			 tool_says("nft", "--version"), "iptables",
			 tool_says("iptables", "--version"), "gnuplot",
			 tool_says("gnuplot", "--version"));
}

static json_t *load_json(const struct machine *machine)
{
	if (machine->load[0] < 0)
		return json_null();
	return json_pack("[f, f, f]", machine->load[0], machine->load[1], machine->load[2]);
}

static json_t *memory_json(void)
{
	struct sysinfo info;

	if (sysinfo(&info))
		return json_null();
	return json_integer((json_int_t)info.totalram * info.mem_unit);
}

static json_t *argv_json(const char *const *argv)
{
	json_t *array = json_array();

	for (; argv && *argv; argv++)
		json_array_append_new(array, text_or_null(*argv));
	return array;
}

/* Of this process and of its children that have ended. */
static double own_s(void)
{
	struct rusage self, children;

	if (getrusage(RUSAGE_SELF, &self) || getrusage(RUSAGE_CHILDREN, &children))
		return 0;
	return (double)(self.ru_utime.tv_sec + self.ru_stime.tv_sec + children.ru_utime.tv_sec +
			children.ru_stime.tv_sec) +
	       (double)(self.ru_utime.tv_usec + self.ru_stime.tv_usec + children.ru_utime.tv_usec +
			children.ru_stime.tv_usec) /
		       1e6;
}

static json_t *number_or_null(int number)
{
	return number < 0 ? json_null() : json_integer(number);
}

static json_t *percent_or_null(const struct machine_use *use, double percent)
{
	return use->known ? json_real(percent) : json_null();
}

/* What a reader of numbers wants, and the words in which `labrun doctor` says it. */
static json_t *quietness_json(const struct environment_start *start, const struct machine *end,
			      const struct machine_use *use)
{
	const struct machine *machine = &start->machine;
	struct finding findings[QUIETNESS_MAX];
	size_t count = quietness_judge(machine, use, findings);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", findings[i].name,
						      "state", quiet_state_names[findings[i].state],
						      "what", findings[i].what));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:o, s:o}",
			 "governors", text_or_null(machine->governors), "boost",
			 yes_or_null(machine->boost), "smt", yes_or_null(machine->smt),
			 "idle_exit_us", number_or_null(machine->idle_exit_us), "isolated",
			 text_or_null(machine->isolated), "nohz_full",
			 text_or_null(machine->nohz_full), "runnable_tasks", "start",
			 number_or_null(machine->runnable), "end", number_or_null(end->runnable),
			 "watched_s", percent_or_null(use, use->seconds), "busy_percent",
			 percent_or_null(use, use->busy_percent), "others_percent",
			 percent_or_null(use, use->others_percent), "findings", list);
}

json_t *environment_gather(const char *const *argv, uint64_t seed, struct environment_start *ret)
{
	json_t *json = json_object();
	const struct machine *machine = &ret->machine;

	machine_read("", &ret->machine);
	ret->own_s = own_s();
	ret->pid = getpid();
	json_object_set_new(json, "argv", argv_json(argv));
	json_object_set_new(json, "seed", json_integer(seed));
	json_object_set_new(json, "started", utc_now());
	json_object_set_new(json, "ended", json_null());
	json_object_set_new(json, "kernel", kernel_json());
	json_object_set_new(json, "cpu", cpu_json());
	json_object_set_new(json, "memory_bytes", memory_json());
	json_object_set_new(json, "clocksource", text_or_null(machine->clocksource));
	json_object_set_new(json, "virtualisation", virtualisation_json(machine));
	json_object_set_new(json, "mitigations", mitigations_json());
	json_object_set_new(json, "sysctls", sysctls_json());
	json_object_set_new(json, "tools", tools_json());
	json_object_set_new(json, "load_average", json_pack("{s:o}", "start", load_json(machine)));
	json_object_set_new(json, "steal_percent", json_null());
	return json;
}

struct machine_use environment_finish(json_t *environment, const struct environment_start *start)
{
	double own = own_s() - (start->pid == getpid() ? start->own_s : 0);
	struct machine_use use;
	struct machine end;

	machine_read("", &end);
	use = machine_use_between(&start->machine.ticks, &end.ticks, start->machine.cpus, own);
	json_object_set_new(environment, "steal_percent",
			    use.known ? json_real(use.steal_percent) : json_null());
	json_object_set_new(environment, "ended", utc_now());
	json_object_set_new(json_object_get(environment, "load_average"), "end", load_json(&end));
	json_object_set_new(environment, "quietness", quietness_json(start, &end, &use));
	return use;
}
