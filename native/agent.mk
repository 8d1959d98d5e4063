# bin/lmake_agent and lib/liblmake.so. Included by native/Makefile, which gives OUT, OBJ, ACCESS_OBJS and TRACE_OBJS.

AGENT     := $(OUT)/bin/lmake_agent
LIBLMAKE  := $(OUT)/lib/liblmake.so
WIRE_OBJS := $(OBJ)/wire/wire.o
LIB_OBJS  := $(patsubst %.c,$(OBJ)/%.o,$(wildcard lib/*.c))
AGENT_OBJS := $(patsubst %.c,$(OBJ)/%.o,$(wildcard agent/*.c)) $(WIRE_OBJS) $(OBJ)/lib/beneath.o

all: $(AGENT) $(LIBLMAKE)

$(AGENT): $(AGENT_OBJS) $(ACCESS_OBJS) $(TRACE_OBJS)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ -Wl,--gc-sections

$(LIBLMAKE): $(LIB_OBJS) $(OBJ)/access/crc.o
	@mkdir -p $(@D)
	$(CC) -shared -o $@ $^ -pthread -Wl,-z,defs -Wl,--hash-style=gnu

# An install has it in lib, where the agent looks for it.
ifneq ($(PRELOAD),$(OUT)/lib/liblmake_preload.so)
all: $(OUT)/lib/liblmake_preload.so $(OUT)/lib/liblmake_audit.so

$(OUT)/lib/liblmake_%.so: $(OUT)/liblmake_%.so
	@mkdir -p $(@D)
	cp $< $@
endif

# Where the loaders of programs of 64 and of 32 bits each find theirs, by $PLATFORM in LD_PRELOAD (src/doc/tracer.md): for hybrid a
# library of 32 bits that is empty, which needs no compiler for them, only its linker; for ld_preload one that does the work.
ifeq ($(shell uname -m),x86_64)
HYBRID32  := $(OUT)/lib/hybrid/i686/liblmake_preload.so
PLATFORMS := $(OUT)/lib/hybrid/platforms

all: $(PLATFORMS)

$(HYBRID32):
	@mkdir -p $(@D)
	-@$(CC) -m32 -nostdlib -shared -x c -o $@ /dev/null 2>/dev/null || echo 'no linker for 32 bits: their loader will complain'

$(PLATFORMS): $(PRELOAD) $(HYBRID32) $(PRELOAD32)
	@mkdir -p $(@D)/x86_64 $(OUT)/lib/preload
	cp $(PRELOAD) $(@D)/x86_64/
	ln -sfn ../hybrid/x86_64 $(OUT)/lib/preload/x86_64
	for k in hybrid preload; do \
		for p in haswell xeon_phi '$$PLATFORM'; do ln -sfn x86_64 "$(OUT)/lib/$$k/$$p"; done; \
		[ ! -e $(OUT)/lib/$$k/i686 ] || for p in i386 i486 i586; do ln -sfn i686 "$(OUT)/lib/$$k/$$p"; done; \
	done
	touch $@
endif

# The codec against the golden vectors, which the Java tests read too.
TEST_WIRE := $(OUT)/test/test_wire

test_wire: $(TEST_WIRE)
	$(TEST_WIRE) wire/vectors

$(TEST_WIRE): ../src/test/native/test_wire.c $(WIRE_OBJS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^

-include $(AGENT_OBJS:.o=.d) $(LIB_OBJS:.o=.d)

.PHONY: test_wire
