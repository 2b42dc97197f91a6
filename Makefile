# vmpipe: the only build file. It lists no source file and writes only into $(BUILD).
#   make            programs in build/bin, plugins in build/lib/vmpipe
#   make demo       set up, build, run the pipeline on a bundled workload
#   make demo-ebpf  the same with the source ebpf (root): four workloads, each as a tree and a timeline
#   make check      set up, build, run all tests (TESTS="tests/x.bats" for some)
#   make bench      measure cost and speed beside other tools
#   make judge      hold every figure of every view against sums made without the product (JUDGE_SEEDS=1-60); says what differs
#   make torture    kill, stall, fill and starve the programs for an hour (TORTURE_SECONDS=600: ten minutes)
#   make golden     rewrite the golden files; git diff is the review
#   make format     format the C code by .clang-format
#   make install    programs, plugins, header, manual pages, completions, below PREFIX (and DESTDIR); make uninstall
#   V=1 shows commands; SAN=1 builds with the address and undefined-behaviour sanitizers (in build/san)

CC      ?= cc
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
BUILD   ?= build$(if $(SAN),/san)
# One spelling of each folder: what is known of headers (*.d) names the objects by it.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))

ifeq ($(SAN),thread)
SANFLAGS := -fsanitize=thread
else ifneq ($(SAN),)
# Variables that were never set hold a pattern that is no truth value and no address, where the compiler knows how.
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined $(shell $(CC) -ftrivial-auto-var-init=pattern -E -x c /dev/null >/dev/null 2>&1 && echo -ftrivial-auto-var-init=pattern)
endif

OUR_CFLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Werror=implicit-function-declaration -Ilib -I$(BUILD)/gen -fPIC '-DVP_PLUGIN_DIR="$(PREFIX)/lib/vmpipe"' $(SANFLAGS) $(CFLAGS)
# Headers, code and constants in one segment: the loader maps three segments fewer for each file.
OUR_LDFLAGS := $(SANFLAGS) -Wl,-z,noseparate-code $(LDFLAGS)
# Allocations of a program pass lib/base/memory.c, which notes each one that fails.
WRAPPED := $(foreach f,malloc calloc realloc strdup strndup posix_memalign,-Wl,--wrap=$f)
LIBS := -Wl,-Bstatic -lyaml -lzstd -lz -Wl,-Bdynamic -ldl -lm
Q := $(if $(V),,@)

LIB_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard lib/*/*.c))
PROGRAMS    := $(patsubst cmd/%.c,$(BUILD)/bin/%,$(wildcard cmd/*.c))
# A plugin is a file, plugins/KIND/NAME.c, or a folder, plugins/KIND/NAME/*.c. A file x.WHERE.c (two dots) runs elsewhere and is not linked.
# $(call plugin_sources,KIND/NAME): the source files of that plugin.
plugin_sources = $(foreach c,$(wildcard plugins/$1.c plugins/$1/*.c),$(if $(findstring .,$(basename $(notdir $c))),,$c))
PLUGIN_NAMES := $(filter-out %/kit,$(sort $(patsubst plugins/%.c,%,$(wildcard plugins/source/*.c plugins/render/*.c)) \
                       $(patsubst plugins/%/,%,$(dir $(wildcard plugins/source/*/*.c plugins/render/*/*.c)))))
# Code that several plugins of a kind share, plugins/KIND/kit/*.c: an archive; the linker takes the needed files from it.
KIT_SOURCES  := $(wildcard plugins/source/kit/*.c plugins/render/kit/*.c)
PLUGINS      = $(PLUGIN_NAMES:%=$(BUILD)/lib/vmpipe/%.so)
.DEFAULT_GOAL := all
# $(call kit_objects,KIND): the objects of a kit; $(call kit,KIND): their archive. Both are empty if the kit has only headers.
kit_objects = $(foreach c,$(KIT_SOURCES),$(if $(filter plugins/$1/kit/,$(dir $c)),$(BUILD)/obj/$(c:.c=.o)))
kit = $(if $(call kit_objects,$1),$(BUILD)/$1-kit.a)
# The source ebpf needs clang, bpftool, libbpf and a kernel with BTF. If one is missing, the build leaves out the source ebpf.
ebpf_lacks := $(shell contrib/packages.sh lacks ebpf)
ifneq ($(ebpf_lacks),)
PLUGIN_NAMES := $(filter-out source/ebpf,$(PLUGIN_NAMES))
all: without-ebpf
endif
# So is the renderer html: its engine is compiled to WebAssembly by clang and wasi-libc.
page_lacks := $(shell contrib/packages.sh lacks page)
ifneq ($(page_lacks),)
PLUGIN_NAMES := $(filter-out render/html render/web,$(PLUGIN_NAMES))
KIT_SOURCES  := $(filter-out plugins/render/kit/document.c,$(KIT_SOURCES))
all: without-page
endif
# The renderer web serves the same page; its server is libwebsockets'.
web_lacks := $(shell contrib/packages.sh lacks web)
ifneq ($(web_lacks),)
PLUGIN_NAMES := $(filter-out render/web,$(PLUGIN_NAMES))
all: without-web
endif
# CSS, JavaScript and HTML are separate files: plugins/a/b/x.css becomes $(BUILD)/gen/plugins/a/b/x.css.h, the bytes of an array.
EMBEDDED    := $(patsubst %,$(BUILD)/gen/%.h,$(wildcard plugins/*/*/*.css plugins/*/*/*.js plugins/*/*/*.html plugins/*/*/*.gp))
# The engine of the page (plugins/render/html): vm-parse, vm-track, vm-diff and vm-render compiled to WebAssembly, with the parse halves of the
# sources. A file NAME.wasm.c is for the page alone; these files read a system, which a page has not:
PAGE_ROOMS    := base stream space heap track model view parse judge compare program render
PAGE_LACKS    := plugins/render/kit/document.c lib/program/load.c lib/render/terminal.c lib/render/serve.c lib/stream/gzip.c lib/stream/zstd.c $(patsubst %,plugins/source/kit/%.c,symbols cfi cfi_rule elf_file objects unwind limits) \
	$(patsubst %,plugins/source/procfs/%.c,procfs children life limits scan) $(patsubst %,plugins/source/vmmap/%.c,vmmap run)
PAGE_PROGRAMS := vm-parse vm-track vm-diff vm-render
PAGE_SOURCES  := $(filter-out ebpf heap,$(patsubst source/%,%,$(filter source/%,$(PLUGIN_NAMES))))
PAGE_RENDERERS := json svg ascii
PAGE_OBJ      := $(BUILD)/page
PAGE_LIB      := $(filter-out $(PAGE_LACKS),$(wildcard $(PAGE_ROOMS:%=lib/%/*.c))) lib/system/schedule.c
# $(call page_plugin,KIND/NAME): its source files in the page.
page_plugin    = $(filter-out $(PAGE_LACKS),$(call plugin_sources,$1)) $(wildcard plugins/$1/*.wasm.c)
page_objects   = $(patsubst %.c,$(PAGE_OBJ)/%.o,$(call page_plugin,$1))
PAGE_OBJECTS  := $(PAGE_LIB:%.c=$(PAGE_OBJ)/%.o) $(PAGE_PROGRAMS:%=$(PAGE_OBJ)/cmd/%.o) $(PAGE_OBJ)/plugins/render/html/engine.wasm.o \
	$(foreach n,$(PAGE_SOURCES),$(call page_objects,source/$n)) $(foreach n,$(PAGE_RENDERERS),$(call page_objects,render/$n)) \
	$(patsubst %.c,$(PAGE_OBJ)/%.o,$(filter-out $(PAGE_LACKS),$(KIT_SOURCES)))
PAGE_CFLAGS := --target=wasm32-wasi -std=c11 -D_GNU_SOURCE -Os -Ilib -I$(BUILD)/gen -I$(PAGE_OBJ) -include plugins/render/html/compat.wasm.h \
	-D_WASI_EMULATED_MMAN -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_GETPID
PAGE_LIBS := -lwasi-emulated-mman -lwasi-emulated-signal -lwasi-emulated-process-clocks -lwasi-emulated-getpid

COMPLETIONS := $(foreach s,bash zsh fish,$(patsubst cmd/%.c,$(BUILD)/completions/$s/%,$(wildcard cmd/*.c)))
WORKLOADS   := $(patsubst tests/workloads/%.c,$(BUILD)/workloads/%,$(wildcard tests/workloads/*.c))
HARNESSES   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/*_harness.c))

all: $(PROGRAMS) $(PLUGINS) $(COMPLETIONS)

# Names missing packages before the compiler fails; runs once for each build directory.
$(BUILD)/.needs:
	@CC='$(CC)' CFLAGS='$(CFLAGS)' contrib/packages.sh build
	@mkdir -p $(@D) && touch $@

setup:
	@CC='$(CC)' CFLAGS='$(CFLAGS)' contrib/packages.sh -i build test
	@CC='$(CC)' CFLAGS='$(CFLAGS)' contrib/packages.sh -i ebpf || true
	@contrib/packages.sh -i page || true
	@contrib/packages.sh -i web || true

without-ebpf:
	@echo "  the source ebpf is not built; missing: $(ebpf_lacks)"

without-page:
	@echo "  the renderers html and web are not built; missing: $(page_lacks)"

without-web:
	@echo "  the renderer web is not built; missing: $(web_lacks)"

# The set-up comes first, also with -j: a second make does the rest, on all processors unless -j says otherwise.
ALL_CPUS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
demo: setup
	@$(MAKE) --no-print-directory $(ALL_CPUS) all workloads
	@contrib/demo.sh $(BUILD)

demo-ebpf: setup
	@$(MAKE) --no-print-directory $(ALL_CPUS) all workloads
	@contrib/demo-ebpf.sh $(BUILD)

check: setup
	@$(MAKE) --no-print-directory $(ALL_CPUS) all workloads
	@tests/browser/setup.sh '$(BUILD)/browser'
	@BUILD='$(BUILD)' V='$(V)' tests/run $(TESTS)

bench: setup
	@contrib/packages.sh -i bench || true
	@$(MAKE) --no-print-directory $(ALL_CPUS) all workloads
	@CC='$(CC)' BUILD='$(BUILD)' tests/bench/run

# The scripts of tests/torture share the seconds; tests/torture.bats runs each for a few of them in make check.
TORTURE_SECONDS ?= 3600
torture: setup
	@$(MAKE) --no-print-directory $(ALL_CPUS) all workloads
	@$(MAKE) --no-print-directory $(ALL_CPUS) SAN=1 BUILD='$(BUILD)/san' all
	@CC='$(CC)' BUILD='$(BUILD)' TORTURE_SECONDS='$(TORTURE_SECONDS)' tests/torture/run $(TORTURES)

JUDGE_SEEDS ?= 1-60
judge: setup
	@$(MAKE) --no-print-directory $(ALL_CPUS) all
	@PATH='$(abspath $(BUILD))/bin':"$$PATH" /usr/bin/python3 -I -B tests/judge cases
	@PATH='$(abspath $(BUILD))/bin':"$$PATH" /usr/bin/python3 -I -B tests/judge random $(JUDGE_SEEDS)
	@PATH='$(abspath $(BUILD))/bin':"$$PATH" /usr/bin/python3 -I -B tests/judge parsed $(JUDGE_SEEDS)
	@PATH='$(abspath $(BUILD))/bin':"$$PATH" /usr/bin/python3 -I -B tests/judge join $(JUDGE_SEEDS)
	@PATH='$(abspath $(BUILD))/bin':"$$PATH" /usr/bin/python3 -I -B tests/judge findings $(JUDGE_SEEDS)
	@PATH='$(abspath $(BUILD))/bin':"$$PATH" /usr/bin/python3 -I -B tests/judge diff $(JUDGE_SEEDS)
	@PATH='$(abspath $(BUILD))/bin':"$$PATH" /usr/bin/python3 -I -B tests/judge live $(JUDGE_SEEDS)

golden: setup
	@$(MAKE) --no-print-directory $(ALL_CPUS) all workloads
	@GOLDEN=write BUILD='$(BUILD)' tests/run $(or $(TESTS),$(shell grep -l GOLDEN tests/*.bats))

FORMATTED = $(shell find cmd lib plugins tests contrib -name '*.[ch]')
format:
	@contrib/packages.sh -i format
	$(Q)clang-format-14 -i $(FORMATTED)

# Programs for the tests: processes to sample, and harnesses that call the library.
workloads: $(WORKLOADS) $(HARNESSES)

$(BUILD)/gen/%.h: %
	@mkdir -p $(@D)
	$(Q)od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g' > $@

# A plugin exports only its constant: the loader need not resolve hidden symbols.
$(BUILD)/obj/plugins/%.o: OUR_CFLAGS += -fvisibility=hidden

$(BUILD)/obj/%.o: %.c | $(BUILD)/.needs $(EMBEDDED)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC      $<")
	$(Q)$(CC) $(OUR_CFLAGS) -MMD -MP -c -o $@ $<

.SECONDEXPANSION:
$(BUILD)/libvmpipe.a: $(BUILD)/lists/libvmpipe $(LIB_OBJECTS)
	$(if $(V),,@echo "  AR      $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/%-kit.a: $(BUILD)/lists/%-kit $$(call kit_objects,$$*)
	$(if $(V),,@echo "  AR      $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# A plugin tells the program of an allocation that failed: plugins/memory.c.
$(BUILD)/bin/%: $(BUILD)/obj/cmd/%.o $(BUILD)/libvmpipe.a
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(OUR_CFLAGS) $(OUR_LDFLAGS) $(WRAPPED) -Wl,--export-dynamic-symbol=vp_memory_failed -o $@ $^ $(LIBS)

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/libvmpipe.a
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(OUR_CFLAGS) $(OUR_LDFLAGS) $(WRAPPED) -o $@ $^ $(LIBS)

# Each program writes its own completions, from its option tables.
$(foreach s,bash zsh fish,$(BUILD)/completions/$s/%): $(BUILD)/bin/%
	@mkdir -p $(foreach s,bash zsh fish,$(BUILD)/completions/$s)
	$(if $(V),,@echo "  TAB     $*")
	$(Q)for s in bash zsh fish; do $< --complete $$s >$(BUILD)/completions/$$s/$*.new && \
		mv $(BUILD)/completions/$$s/$*.new $(BUILD)/completions/$$s/$* || exit 1; done

# Fuzz targets, tests/fuzz/NAME.c, are always built with the sanitizers. `fuzzers` uses a driver with reproducible inputs, for
# make check. `fuzz` runs each target with libFuzzer for FUZZ_SECONDS.
FUZZ_SECONDS ?= 3600
FUZZ_NAMES := $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/driver.c,$(wildcard tests/fuzz/*.c)))
FUZZ_SEEDS := $(wildcard tests/fuzz/seeds/* tests/texts/*)

fuzzers:
	@$(MAKE) --no-print-directory $(ALL_CPUS) SAN=1 BUILD='$(BUILD)/fuzz' CFLAGS='-O1 -g' $(FUZZ_NAMES:%='$(BUILD)/fuzz/target/%')

fuzz: setup
	@CC=clang contrib/packages.sh -i fuzz
	@$(MAKE) --no-print-directory $(ALL_CPUS) CC=clang SAN=1 BUILD='$(BUILD)/libfuzzer' CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' FUZZ_ENGINE=-fsanitize=fuzzer \
		$(FUZZ_NAMES:%='$(BUILD)/libfuzzer/target/%')
	@failed=; for name in $(FUZZ_NAMES); do \
		mkdir -p '$(BUILD)/libfuzzer/corpus/'$$name && cp $(FUZZ_SEEDS) '$(BUILD)/libfuzzer/corpus/'$$name && \
		'$(BUILD)/libfuzzer/target/'$$name -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -artifact_prefix='$(BUILD)/libfuzzer/'$$name- \
			'$(BUILD)/libfuzzer/corpus/'$$name || failed="$$failed $$name"; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

# A target with the name of a source plugin is linked with that plugin.
$(BUILD)/target/%: $(BUILD)/obj/tests/fuzz/%.o $(if $(FUZZ_ENGINE),,$(BUILD)/obj/tests/fuzz/driver.o) \
		$$(patsubst %.c,$(BUILD)/obj/%.o,$$(call plugin_sources,source/$$*)) $$(call kit,source) $(BUILD)/libvmpipe.a
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(OUR_CFLAGS) $(OUR_LDFLAGS) $(WRAPPED) $(FUZZ_ENGINE) -o $@ $^ $(LIBS)

# The list of a plugin's files, of the library's, of a kit's and of the page's, written when it has changed: what is made of them is made anew
# when a file was removed.
list_of = $(BUILD)/lists/$(subst /,-,$1)
differ  = $(subst $(strip $1),,$(strip $2))$(subst $(strip $2),,$(strip $1))
listed  = $(if $(call differ,$2,$(file <$(call list_of,$1))),$(file >$(call list_of,$1),$2))
ifeq ($(filter clean uninstall,$(MAKECMDGOALS)),)
$(shell mkdir -p $(BUILD)/lists)
$(foreach p,$(PLUGIN_NAMES),$(call listed,$p,$(call plugin_sources,$p)))
$(call listed,libvmpipe,$(LIB_OBJECTS))
$(foreach k,source render,$(call listed,$k-kit,$(call kit_objects,$k)))
$(call listed,page,$(PAGE_OBJECTS))
endif

$(BUILD)/lib/vmpipe/%.so: $$(call list_of,$$*) $$(addprefix $(BUILD)/obj/,$$(addsuffix .o,$$(basename $$(call plugin_sources,$$*)))) $(BUILD)/obj/plugins/memory.o $$(call kit,$$(firstword $$(subst /, ,$$*)))
	@mkdir -p $(@D)
	$(if $(V),,@echo "  PLUGIN  $@")
	$(Q)$(CC) $(OUR_CFLAGS) $(OUR_LDFLAGS) $(WRAPPED) -shared -o $@ $(filter %.o %.a,$^) $(LIBS_OF) -lm

# The half of source/heap that runs in the traced program. It wants nothing of the C library that a program might not have yet: no
# stack protector, no thread-local storage that is allocated late.
PRELOAD := $(BUILD)/lib/vmpipe/preload/vmpipe-heap.so
PRELOAD_SOURCES := $(wildcard plugins/source/heap/*.preload.c)
PRELOAD_SHARED := plugins/source/kit/cfi_rule.c
PRELOAD_CFLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -O2 -g -fPIC -fvisibility=hidden -fno-stack-protector -ftls-model=initial-exec -Ilib
$(PRELOAD): $(PRELOAD_SOURCES) $(PRELOAD_SHARED) $(wildcard plugins/source/heap/*.h plugins/source/kit/cfi*.h) lib/wire.h
	@mkdir -p $(@D)
	$(if $(V),,@echo "  PRELOAD $@")
	$(Q)$(CC) $(PRELOAD_CFLAGS) -shared -Wl,-z,now -o $@ $(PRELOAD_SOURCES) $(PRELOAD_SHARED)
$(BUILD)/lib/vmpipe/source/heap.so: LIBS_OF = -ldl
ifneq ($(PRELOAD_SOURCES),)
all: $(PRELOAD)
endif

# The kernel's half of source/ebpf: compiled for BPF, then turned into its loader as a header. libbpf is linked dynamically: Debian builds
# libbpf.a and libelf.a without -fPIC, so a plugin cannot contain them.
EBPF_GEN := $(BUILD)/gen/plugins/source/ebpf
EBPF_ARCH := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(shell uname -m)))
$(EBPF_GEN)/vmlinux.h:
	@mkdir -p $(@D)
	$(Q)bpftool btf dump file /sys/kernel/btf/vmlinux format c >$@.new && mv $@.new $@
$(EBPF_GEN)/ebpf.skel.h: plugins/source/ebpf/ebpf.bpf.c plugins/source/ebpf/ebpf.h $(EBPF_GEN)/vmlinux.h
	$(if $(V),,@echo "  BPF     $<")
	$(Q)clang -target bpf -D__TARGET_ARCH_$(EBPF_ARCH) -g -O2 -Wall -I$(EBPF_GEN) -c $< -o $(EBPF_GEN)/ebpf.bpf.o
	$(Q)bpftool gen skeleton $(EBPF_GEN)/ebpf.bpf.o name ebpf_bpf >$@.new && mv $@.new $@
$(BUILD)/obj/plugins/source/ebpf/ebpf.o: $(EBPF_GEN)/ebpf.skel.h
$(BUILD)/obj/plugins/source/ebpf/ebpf.o: OUR_CFLAGS += -I$(EBPF_GEN) -Wno-sign-compare
$(BUILD)/lib/vmpipe/source/ebpf.so: LIBS_OF = -lbpf

$(PAGE_OBJ)/page_plugins.h: Makefile
	@mkdir -p $(@D)
	$(Q)printf '%s\n' $(foreach n,$(PAGE_SOURCES),'SOURCE($n)') $(foreach n,$(PAGE_RENDERERS),'RENDERER($n)') >$@
$(PAGE_OBJ)/plugins/render/html/engine.wasm.o: $(PAGE_OBJ)/page_plugins.h
# The plugins' constants and the programs' mains get names of their own.
$(foreach n,$(PAGE_SOURCES),$(eval $(call page_objects,source/$n): PAGE_CFLAGS += -Dvp_source=vp_source_$n))
$(foreach n,$(PAGE_RENDERERS),$(eval $(call page_objects,render/$n): PAGE_CFLAGS += -Dvp_renderer=vp_renderer_$n))
$(foreach n,$(PAGE_PROGRAMS),$(eval $(PAGE_OBJ)/cmd/$n.o: PAGE_CFLAGS += -Dmain=$(subst -,_,$n)_main))
$(PAGE_OBJ)/%.o: %.c | $(EMBEDDED)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  WASM    $<")
	$(Q)clang $(PAGE_CFLAGS) -MMD -MP -c -o $@ $<
$(PAGE_OBJ)/engine.wasm: $(BUILD)/lists/page $(PAGE_OBJECTS)
	$(if $(V),,@echo "  WASM    $@")
	$(Q)clang --target=wasm32-wasi -Wl,--strip-all -Wl,-z,stack-size=1048576 -o $@.new $(filter %.o,$^) $(PAGE_LIBS)
	$(Q)if command -v wasm-opt >/dev/null; then wasm-opt -Oz $@.new -o $@ && rm $@.new; else mv $@.new $@; fi
PAGE_GEN := $(BUILD)/gen/plugins/render/html
$(PAGE_GEN)/engine.wasm.gz.h: $(PAGE_OBJ)/engine.wasm
	@mkdir -p $(@D)
	$(Q)gzip -9nc $< | od -An -v -tx1 | sed 's/ \(..\)/0x\1,/g' >$@.new && mv $@.new $@
# The hashes of scripts and style for the pages' Content-Security-Policy: $(call hash,NAME,FILE) defines NAME.
hash = printf '\#define $1 "%s"\n' $$(env printf "$$(sha256sum <$2 | cut -c1-64 | sed 's/../\\x&/g')" | base64)
WEB_GEN := $(BUILD)/gen/plugins/render/web
$(PAGE_GEN)/hashes.h: plugins/render/html/page.js plugins/render/html/page.css
	@mkdir -p $(@D)
	$(Q){ $(call hash,PAGE_JS_HASH,plugins/render/html/page.js); $(call hash,PAGE_CSS_HASH,plugins/render/html/page.css); } >$@.new && mv $@.new $@
$(WEB_GEN)/hashes.h: plugins/render/web/live.js plugins/render/web/door.js
	@mkdir -p $(@D)
	$(Q){ $(call hash,LIVE_JS_HASH,plugins/render/web/live.js); $(call hash,DOOR_JS_HASH,plugins/render/web/door.js); } >$@.new && mv $@.new $@
$(BUILD)/obj/plugins/render/kit/document.o: $(PAGE_GEN)/engine.wasm.gz.h $(PAGE_GEN)/hashes.h
$(BUILD)/obj/plugins/render/web/web.o: $(WEB_GEN)/hashes.h
$(BUILD)/lib/vmpipe/render/web.so: LIBS_OF = -lwebsockets -lpthread
$(BUILD)/lib/vmpipe/render/html.so: LIBS_OF = -lz

$(BUILD)/workloads/%: tests/workloads/%.c tests/workloads/workload.h
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC      $<")
	$(Q)$(CC) $(CFLAGS) -O1 -g -D_GNU_SOURCE -o $@ $< -pthread -ldl

# Files to install: MODE SOURCE TARGET, the target below PREFIX. Programs find ../lib/vmpipe from their own folder, so PREFIX is
# needed only here.
installed = $(foreach f,$2,$1 $f $3/$(notdir $f)$(newline))
define newline


endef
define INSTALLED
$(call installed,755,$(PROGRAMS),bin)
$(foreach f,$(PLUGINS),644 $f $(f:$(BUILD)/%=%)$(newline))
644 $(PRELOAD) lib/vmpipe/preload/$(notdir $(PRELOAD))
$(call installed,644,lib/plugin.h lib/wire.h,include/vmpipe)
$(call installed,644,$(BUILD)/vmpipe.pc,lib/pkgconfig)
$(foreach n,1 5 7,$(call installed,644,$(wildcard cmd/*.$n contrib/man/*.$n),share/man/man$n))
$(foreach f,$(filter $(BUILD)/completions/bash/%,$(COMPLETIONS)),644 $f share/bash-completion/completions/$(notdir $f)$(newline))
$(foreach f,$(filter $(BUILD)/completions/zsh/%,$(COMPLETIONS)),644 $f share/zsh/site-functions/_$(notdir $f)$(newline))
$(foreach f,$(filter $(BUILD)/completions/fish/%,$(COMPLETIONS)),644 $f share/fish/vendor_completions.d/$(notdir $f).fish$(newline))
$(call installed,644,$(wildcard schemas/*.json),share/vmpipe/schemas)
$(call installed,644,contrib/vm.jq contrib/recipes.md,share/vmpipe)
$(call installed,755,contrib/ci/memory-budget.sh,share/vmpipe/ci)
$(call installed,644,contrib/ci/github-actions.yml,share/vmpipe/ci)
$(call installed,644,contrib/examples/leak-watch.yaml,share/vmpipe/examples)
endef
export INSTALLED

# vmpipe.pc is written at each install, since it contains PREFIX.
install: all
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e "s|@ABI@|$$(sed -n 's/^#define VP_ABI //p' lib/plugin.h)|" \
		-e "s|@VERSION@|$$(sed -n 's/^#define VP_VERSION "\(.*\)"/\1/p' lib/program/program.h)|" contrib/vmpipe.pc.in >$(BUILD)/vmpipe.pc
	@printenv INSTALLED | sed 's/^ *//; /^$$/d' | DESTDIR='$(DESTDIR)' contrib/install.sh install '$(PREFIX)'
	@echo "installed in $(DESTDIR)$(PREFIX)"

uninstall:
	@DESTDIR='$(DESTDIR)' contrib/install.sh uninstall '$(PREFIX)'

clean:
	rm -rf build

.PHONY: all format judge torture without-ebpf without-page without-web workloads fuzzers fuzz setup demo demo-ebpf check bench golden install uninstall clean
.SECONDARY:
-include $(shell find $(BUILD)/obj $(PAGE_OBJ) -name '*.d' 2>/dev/null)
