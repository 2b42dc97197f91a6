# vmpipe: the only build file. It lists no source file; everything it makes is in $(BUILD).
#   make            programs in build/bin, plugins in build/lib/vmpipe
#   make demo       set up, build, run the pipeline on a bundled workload
#   make check      set up, build, run all tests (TESTS="tests/x.bats" for some)
#   make bench      measure beside pmap and cat
#   make golden     rewrite the golden files; git diff is the review
#   V=1 shows commands; SAN=1 builds with the address and undefined-behaviour sanitizers (in build/san)

CC      ?= cc
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
BUILD   ?= build$(if $(SAN),/san)

ifeq ($(SAN),thread)
SANFLAGS := -fsanitize=thread
else ifneq ($(SAN),)
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined
endif

OUR_CFLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Ilib -I$(BUILD)/gen -fPIC '-DVP_PLUGIN_DIR="$(PREFIX)/lib/vmpipe"' $(SANFLAGS) $(CFLAGS)
OUR_LDFLAGS := $(SANFLAGS) $(LDFLAGS)
LIBS := -Wl,-Bstatic -lyaml -lzstd -lz -Wl,-Bdynamic -ldl -lm
Q := $(if $(V),,@)

LIB_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard lib/*.c))
PROGRAMS    := $(patsubst cmd/%.c,$(BUILD)/bin/%,$(wildcard cmd/*.c))
# A plugin is a file, plugins/KIND/NAME.c, or a folder, plugins/KIND/NAME/*.c; in a folder x.WHERE.c (two dots) is a foreign half.
# $(call plugin_sources,KIND/NAME): what is linked into that plugin.
plugin_sources = $(foreach c,$(wildcard plugins/$1.c plugins/$1/*.c),$(if $(findstring .,$(basename $(notdir $c))),,$c))
PLUGIN_NAMES := $(sort $(patsubst plugins/%.c,%,$(wildcard plugins/source/*.c plugins/render/*.c)) \
                       $(patsubst plugins/%/,%,$(dir $(wildcard plugins/source/*/*.c plugins/render/*/*.c))))
PLUGINS     := $(PLUGIN_NAMES:%=$(BUILD)/lib/vmpipe/%.so)
# CSS, JavaScript and HTML are files of their own: plugins/a/b/x.css becomes $(BUILD)/gen/plugins/a/b/x.css.h, bytes for an array.
EMBEDDED    := $(patsubst %,$(BUILD)/gen/%.h,$(wildcard plugins/*/*/*.css plugins/*/*/*.js plugins/*/*/*.html plugins/*/*/*.gp))
WORKLOADS   := $(patsubst tests/workloads/%.c,$(BUILD)/workloads/%,$(wildcard tests/workloads/*.c))
HARNESSES   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/*_harness.c))

all: $(PROGRAMS) $(PLUGINS)

# Says what is missing before the compiler stumbles over it; asked once a build directory.
$(BUILD)/.needs:
	@CC='$(CC)' CFLAGS='$(CFLAGS)' contrib/packages.sh build
	@mkdir -p $(@D) && touch $@

setup:
	@CC='$(CC)' CFLAGS='$(CFLAGS)' contrib/packages.sh -i build test

# The set-up comes first, also with -j: the rest is a make of its own.
demo: setup
	@$(MAKE) --no-print-directory all workloads
	@contrib/demo.sh $(BUILD)

check: setup
	@$(MAKE) --no-print-directory all workloads
	@BUILD='$(BUILD)' V='$(V)' tests/run $(TESTS)

bench: setup
	@$(MAKE) --no-print-directory all workloads
	@CC='$(CC)' BUILD='$(BUILD)' tests/bench/run

golden: setup
	@$(MAKE) --no-print-directory all workloads
	@GOLDEN=write BUILD='$(BUILD)' tests/run $(or $(TESTS),$(shell grep -l GOLDEN tests/*.bats))

# What the tests run beside the programs: processes to look at, and harnesses that call the library.
workloads: $(WORKLOADS) $(HARNESSES)

$(BUILD)/gen/%.h: %
	@mkdir -p $(@D)
	$(Q)od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g' > $@

$(BUILD)/obj/%.o: %.c | $(BUILD)/.needs $(EMBEDDED)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC      $<")
	$(Q)$(CC) $(OUR_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libvmpipe.a: $(LIB_OBJECTS)
	$(if $(V),,@echo "  AR      $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/bin/%: $(BUILD)/obj/cmd/%.o $(BUILD)/libvmpipe.a
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(OUR_CFLAGS) $(OUR_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/libvmpipe.a
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(OUR_CFLAGS) $(OUR_LDFLAGS) -o $@ $^ $(LIBS)

.SECONDEXPANSION:
$(BUILD)/lib/vmpipe/%.so: $$(addprefix $(BUILD)/obj/,$$(addsuffix .o,$$(basename $$(call plugin_sources,$$*))))
	@mkdir -p $(@D)
	$(if $(V),,@echo "  PLUGIN  $@")
	$(Q)$(CC) $(OUR_CFLAGS) $(OUR_LDFLAGS) -shared -o $@ $^ -lm

$(BUILD)/workloads/%: tests/workloads/%.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC      $<")
	$(Q)$(CC) $(CFLAGS) -O1 -g -D_GNU_SOURCE -o $@ $< -pthread -ldl

clean:
	rm -rf build

.PHONY: all workloads setup demo check bench golden clean
.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
