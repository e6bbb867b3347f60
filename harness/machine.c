// SPDX-License-Identifier: GPL-2.0-only
#include "harness/machine.h"

#include "harness/cleanup.h"

#include <inttypes.h>
#include <string.h>

#define CPU_FOLDER "/sys/devices/system/cpu"
#define CLOCK "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define TICKS_PER_SECOND 100.0 /* USER_HZ: what the kernel promises to programs */
#define MOST_CPUS 65536
#define MOST_IDLE_STATES 32

static FILE *open_under(const char *root, const char *path)
{
	_free_ char *whole = NULL;

	if (asprintf(&whole, "%s%s", root, path) < 0)
		abort();
	return fopen(whole, "re");
}

/* The first line, if it is printable; "" is a line too. */
static bool read_line(const char *root, const char *path, char *line, size_t size)
{
	_fclose_ FILE *file = open_under(root, path);
	bool read = file && fgets(line, (int)size, file);

	if (read)
		line[strcspn(line, "\n")] = '\0';
	for (const char *at = line; read && *at; at++)
		read = *at >= ' ' && *at <= '~';
	if (!read)
		*line = '\0';
	return read;
}

static int read_number(const char *root, const char *path)
{
	char line[32], *end;
	long number;

	if (!read_line(root, path, line, sizeof(line)))
		return MACHINE_UNKNOWN;
	number = strtol(line, &end, 10);
	return end > line && !*end && number >= 0 && number <= INT32_MAX ? (int)number
									 : MACHINE_UNKNOWN;
}

/* How many are in a list such as "0-3,8". */
static int count_cpus(const char *list)
{
	int count = 0;

	while (*list) {
		char *end;
		long first = strtol(list, &end, 10), last = first;

		if (end == list)
			return MACHINE_UNKNOWN;
		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		if (first < 0 || last < first || last >= MOST_CPUS || (*end && *end != ','))
			return MACHINE_UNKNOWN;
		count += (int)(last - first) + 1;
		list = *end ? end + 1 : end;
	}
	return count ? count : MACHINE_UNKNOWN;
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(words, word); at; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	return false;
}

static void add_governor(const char *root, const char *cpu, struct machine *machine)
{
	char path[128], word[32];
	size_t used = strlen(machine->governors);

	snprintf(path, sizeof(path), CPU_FOLDER "/%.40s/cpufreq/scaling_governor", cpu);
	if (!read_line(root, path, word, sizeof(word)) || !*word || strchr(word, ' ') ||
	    has_word(machine->governors, word))
		return;
	if (used + strlen(word) + 2 <= sizeof(machine->governors))
		snprintf(machine->governors + used, sizeof(machine->governors) - used, "%s%s",
			 used ? " " : "", word);
}

static void read_governors(const char *root, struct machine *machine)
{
	_free_ char *path = NULL;
	_closedir_ DIR *folder = NULL;
	const struct dirent *entry;

	if (asprintf(&path, "%s" CPU_FOLDER, root) < 0)
		abort();
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		if (!strncmp(entry->d_name, "cpu", 3) && entry->d_name[3] >= '0' &&
		    entry->d_name[3] <= '9')
			add_governor(root, entry->d_name, machine);
}

/* intel_pstate says it the other way round. */
static int read_boost(const char *root)
{
	int boost = read_number(root, CPU_FOLDER "/cpufreq/boost");
	int no_turbo = read_number(root, CPU_FOLDER "/intel_pstate/no_turbo");

	if (boost >= 0)
		return boost > 0;
	return no_turbo < 0 ? MACHINE_UNKNOWN : !no_turbo;
}

static int read_idle_exit_us(const char *root)
{
	char path[128], driver[MACHINE_WORD_BYTES];
	int deepest_us = MACHINE_UNKNOWN;

	if (read_line(root, CPU_FOLDER "/cpuidle/current_driver", driver, sizeof(driver)) &&
	    !strcmp(driver, "none"))
		return 0;
	for (int i = 0; i < MOST_IDLE_STATES; i++) {
		int exit_us, disabled;

		snprintf(path, sizeof(path), CPU_FOLDER "/cpu0/cpuidle/state%d/latency", i);
		exit_us = read_number(root, path);
		snprintf(path, sizeof(path), CPU_FOLDER "/cpu0/cpuidle/state%d/disable", i);
		disabled = read_number(root, path);
		if (exit_us > deepest_us && disabled <= 0)
			deepest_us = exit_us;
	}
	return deepest_us;
}

static void read_load(const char *root, struct machine *machine)
{
	_fclose_ FILE *file = open_under(root, "/proc/loadavg");
	double *load = machine->load;
	int runnable;

	if (!file ||
	    fscanf(file, "%lf %lf %lf %d/", &load[0], &load[1], &load[2], &runnable) != 4 ||
	    !(load[0] >= 0 && load[0] < 1e6) || !(load[1] >= 0 && load[1] < 1e6) ||
	    !(load[2] >= 0 && load[2] < 1e6) || runnable < 0)
		load[0] = load[1] = load[2] = machine->runnable = MACHINE_UNKNOWN;
	else
		machine->runnable = runnable;
}

/* The flags are x86's word for it; others have a device tree or nothing. */
static int read_hypervisor(const char *root)
{
	_fclose_ FILE *file = open_under(root, "/proc/cpuinfo");
	_free_ char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0)
		if (!strncmp(line, "flags", 5))
			return strstr(line, " hypervisor") ? 1 : 0;
	return MACHINE_UNKNOWN;
}

struct machine_ticks machine_read_ticks(const char *root)
{
	_fclose_ FILE *file = open_under(root, "/proc/stat");
	uint64_t user, nice, system, idle, iowait, irq, softirq, steal;
	struct machine_ticks ticks = { .known = false };

	/* Guest time is within user's. */
	if (!file || fscanf(file,
			    "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			    " %" SCNu64 " %" SCNu64 " %" SCNu64,
			    &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal) != 8)
		return ticks;
	ticks.known = true;
	ticks.busy = user + nice + system;
	ticks.steal = steal;
	ticks.total = ticks.busy + idle + iowait + irq + softirq + steal;
	return ticks;
}

void machine_read(const char *root, struct machine *ret)
{
	char list[256];

	*ret = (struct machine){ .cpus = MACHINE_UNKNOWN };
	if (read_line(root, CPU_FOLDER "/online", list, sizeof(list)))
		ret->cpus = count_cpus(list);
	read_governors(root, ret);
	ret->boost = read_boost(root);
	ret->smt = read_number(root, CPU_FOLDER "/smt/active");
	read_load(root, ret);
	ret->hypervisor = read_hypervisor(root);
	read_line(root, "/sys/class/dmi/id/product_name", ret->product, sizeof(ret->product));
	read_line(root, CLOCK, ret->clocksource, sizeof(ret->clocksource));
	ret->idle_exit_us = read_idle_exit_us(root);
	ret->isolation_known =
		read_line(root, CPU_FOLDER "/isolated", ret->isolated, sizeof(ret->isolated));
	read_line(root, CPU_FOLDER "/nohz_full", ret->nohz_full, sizeof(ret->nohz_full));
	/* "(null)": the kernel's own word where it could have been asked for and was not. */
	if (*ret->nohz_full == '(')
		*ret->nohz_full = '\0';
	ret->ticks = machine_read_ticks(root);
}

struct machine_use machine_use_between(const struct machine_ticks *from,
				       const struct machine_ticks *to, int cpus, double own_s)
{
	struct machine_use use = { .known = false };
	double total, others;

	/* Not all of the kernel's counts only ever grow. */
	if (!from->known || !to->known || to->total <= from->total || to->steal < from->steal ||
	    to->busy < from->busy || cpus < 1)
		return use;
	total = (double)(to->total - from->total);
	others = (double)(to->busy - from->busy) - own_s * TICKS_PER_SECOND;
	use.known = true;
	use.seconds = total / TICKS_PER_SECOND / cpus;
	use.steal_percent = 100 * (double)(to->steal - from->steal) / total;
	use.busy_percent = 100 * (double)(to->busy - from->busy) / total;
	use.others_percent = others > 0 ? 100 * others / total : 0;
	return use;
}
