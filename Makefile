# SPDX-License-Identifier: GPL-2.0-only
#
# make           the program, at build/labrun
# make demo      installs what is missing, builds, runs experiments/vxlan.json
# make reproduce gets a kernel, if need be, and repeats in it every measurement of the paper
# make test      installs what is missing, builds, runs every test
# make bench     ratios against named peers, in one run
# make fuzz      feeds the parsers for LABRUN_FUZZ_SECONDS
# make style     the gates of tests/style.sh
# make man       the manual pages, in build/man
# make install   under $(DESTDIR)$(prefix); make uninstall takes it away again
# make deb       a Debian package, in build/deb

prefix ?= /usr/local
bindir ?= $(prefix)/bin
datadir ?= $(prefix)/share/labrun
mandir ?= $(prefix)/share/man
bashdir ?= $(prefix)/share/bash-completion/completions
zshdir ?= $(prefix)/share/zsh/site-functions
BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
# Of the manual pages: of the last commit, so that one commit gives one build.
DATE := $(shell LC_ALL=C git log -1 --format=%cd --date=format:'%B %-d, %Y' 2>/dev/null || \
	LC_ALL=C date '+%B %-d, %Y')
PACKAGES := libbpf libnl-3.0 libnl-route-3.0 jansson
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
CFLAGS ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -I. -I$(BUILD) $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
# Parts of a run may only come from one build: it is known by the linker's hash.
LDLIBS_ID := -Wl,--build-id=sha1
ALL_CFLAGS := -std=gnu11 -ffp-contract=off $(WARNINGS) $(CFLAGS) $(SANITIZE)
LDLIBS := $(LDLIBS_ID) $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -Werror -I. -I$(BUILD)

SOURCES := $(filter-out %.bpf.c,$(wildcard harness/*.c topologies/*.c loadgen/*.c bpf/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
SKELETONS := $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.skel.h,$(wildcard bpf/*.bpf.c))
LIBRARY := $(BUILD)/liblabrun.a
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
NETNS_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/netns/test_*.c))
BENCH_OBJECTS := $(BUILD)/tests/bench/wire.o $(BUILD)/tests/bench/peers.o
VM_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/vm/test_*.c))
ONE_MORE := $(BUILD)/tests/one_more
ONE_MORE_OBJECTS := $(patsubst %.c,$(ONE_MORE)/%.o,$(filter bpf/%,$(SOURCES)))

# make V=1 shows the commands
ifneq ($(V),1)
Q := @
say = @printf '  %-8s %s\n' $(1) $(2)
endif

.PHONY: FORCE all demo reproduce test bench fuzz style schema man install uninstall deb deps tests clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/labrun

# Results say by which build they were made: a file that changes with the version, and only then.
$(BUILD)/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define LABRUN_VERSION "%s"\n#define LABRUN_DATE "%s"\n' '$(VERSION)' '$(DATE)' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

FORCE:

$(BUILD)/labrun: $(BUILD)/harness/main.o $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

$(LIBRARY): $(filter-out $(BUILD)/harness/main.o,$(OBJECTS))
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c -o $@ $<

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$*)_bpf > $@ 2>$@.err || { cat $@.err >&2; false; }

# Objects may include any skeleton; dependency files refine this after the first build.
$(OBJECTS): | $(SKELETONS) $(BUILD)/version.h

tests: $(UNIT_TESTS) $(NETNS_TESTS) $(VM_TESTS) $(ONE_MORE)/labrun

# The program with one instruction more in its probe, for the test that this is found. Its objects
# stand before the library's own of the same names.
$(ONE_MORE)/bpf/hops.bpf.o: tests/vm/one_more.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c -o $@ $<

$(ONE_MORE)/bpf/hops.skel.h: $(ONE_MORE)/bpf/hops.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name hops_bpf > $@

$(ONE_MORE_OBJECTS): $(ONE_MORE)/%.o: %.c | $(ONE_MORE)/bpf/hops.skel.h $(SKELETONS)
	$(call say,CC,$@)
	$(Q)$(CC) -I$(ONE_MORE) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(ONE_MORE)/labrun: $(BUILD)/harness/main.o $(ONE_MORE_OBJECTS) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/%: tests/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -o $@ $< $(filter %.o,$^) $(LIBRARY) $(LDLIBS) \
		-lcmocka

$(BUILD)/tests/bench/generators: $(BENCH_OBJECTS)

# Instrumented objects in a build of their own; -fsanitize=fuzzer brings main().
FUZZ_SANITIZE := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LABRUN_FUZZ_SECONDS ?= 60

$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -fsanitize=fuzzer -MMD -MP -o $@ $< $(LIBRARY) $(LDLIBS)

# Folders and what a killed run left; experiments begin from those that are here.
FUZZERS := fuzz_experiment fuzz_results fuzz_verify fuzz_resume

# The corpora stay, so that the next run goes on from there.
fuzz:
	$(MAKE) BUILD=$(BUILD)/fuzz CC=$(CLANG) SANITIZE='$(FUZZ_SANITIZE)' \
		$(FUZZERS:%=$(BUILD)/fuzz/tests/fuzz/%)
	cp --parents experiments/*.json topologies/*.json tests/golden/*/*.json \
		-t $$(mkdir -p $(BUILD)/fuzz/seeds/fuzz_experiment && \
		echo $(BUILD)/fuzz/seeds/fuzz_experiment)
	for fuzzer in $(FUZZERS); do \
		mkdir -p $(BUILD)/fuzz/corpus/$$fuzzer $(BUILD)/fuzz/seeds/$$fuzzer; \
		dict=results; [ $$fuzzer != fuzz_experiment ] || dict=experiment; \
		LABRUN_FUZZ_SEEDS=$(BUILD)/fuzz/seeds/$$fuzzer \
			$(BUILD)/fuzz/tests/fuzz/$$fuzzer -dict=tests/fuzz/$$dict.dict \
			-max_len=65536 -timeout=30 -rss_limit_mb=4096 \
			-max_total_time=$(LABRUN_FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 \
			-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/corpus/$$fuzzer \
			$(BUILD)/fuzz/seeds/$$fuzzer || exit 1; \
	done

deps:
	tests/deps.sh

demo: deps
	$(MAKE) all
	tests/demo.sh $(BUILD)/labrun

# One kernel for all who ask: the paper names none. A claim that fails (1) is a result.
REPRODUCE_KERNEL ?= 6.1

reproduce: deps
	$(MAKE) all
	tests/kernel.sh $(BUILD)/labrun $(REPRODUCE_KERNEL)
	$(BUILD)/labrun reproduce --vm=$(REPRODUCE_KERNEL) || [ $$? -eq 1 ]

test: deps
	$(MAKE) all tests
	tests/kernel.sh $(BUILD)/labrun 6.1
	tests/run.sh $(BUILD)

bench: deps
	$(MAKE) all $(BUILD)/tests/bench/generators $(BUILD)/tests/bench/held
	tests/kernel.sh $(BUILD)/labrun 6.1
	tests/bench/run.sh $(BUILD)/labrun

style:
	tests/style.sh

# The committed schemas, from the field tables; a test holds them to that.
schema: all
	$(BUILD)/labrun describe --schema experiment > experiments/experiment.schema.json
	$(BUILD)/labrun describe --schema topology > topologies/topology.schema.json

# The manual, from the same tables as the program's own help.
MANUAL := $(addprefix $(BUILD)/man/,labrun.1 labrun-experiment.5 labrun-topology.5)
man: $(MANUAL)

$(BUILD)/man/labrun.1: $(BUILD)/labrun
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)$(BUILD)/labrun describe --man labrun > $@

$(BUILD)/man/labrun-%.5: $(BUILD)/labrun
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)$(BUILD)/labrun describe --man $* > $@

install: all man
	install -D $(BUILD)/labrun $(DESTDIR)$(bindir)/labrun
	install -d $(addprefix $(DESTDIR)$(datadir)/,experiments topologies plots results)
	install -m 644 experiments/*.json $(DESTDIR)$(datadir)/experiments
	install -m 644 topologies/*.json $(DESTDIR)$(datadir)/topologies
	install -m 644 plots/*.gp $(DESTDIR)$(datadir)/plots
	cp -R --no-preserve=ownership,mode results/reference $(DESTDIR)$(datadir)/results/
	install -D -m 644 -t $(DESTDIR)$(mandir)/man1 $(filter %.1,$(MANUAL))
	install -D -m 644 -t $(DESTDIR)$(mandir)/man5 $(filter %.5,$(MANUAL))
	install -D -m 644 completion/labrun.bash $(DESTDIR)$(bashdir)/labrun
	install -D -m 644 -t $(DESTDIR)$(zshdir) completion/_labrun

# All of $(datadir) is labrun's own.
uninstall:
	rm -rf $(DESTDIR)$(datadir)
	rm -f $(DESTDIR)$(bindir)/labrun $(DESTDIR)$(bashdir)/labrun $(DESTDIR)$(zshdir)/_labrun
	rm -f $(patsubst $(BUILD)/man/%,$(DESTDIR)$(mandir)/man1/%,$(filter %.1,$(MANUAL)))
	rm -f $(patsubst $(BUILD)/man/%,$(DESTDIR)$(mandir)/man5/%,$(filter %.5,$(MANUAL)))

deb: all man
	packaging/deb.sh $(BUILD) '$(VERSION)'

clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(SKELETONS:.skel.h=.bpf.d) $(UNIT_TESTS:=.d) $(NETNS_TESTS:=.d) $(VM_TESTS:=.d) \
	$(ONE_MORE_OBJECTS:.o=.d) $(ONE_MORE)/bpf/hops.bpf.d $(BENCH_OBJECTS:.o=.d)
