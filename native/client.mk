# bin/lmake and the in-job commands, under all their names. Included by native/Makefile; see agent.mk for WIRE_OBJS.

CLIENT      := $(OUT)/bin/lmake
LJOB        := $(OUT)/bin/ljob
CLIENT_OBJS := $(patsubst %,$(OBJ)/client/%.o,lmake root launch talk) $(WIRE_OBJS)
LJOB_OBJS   := $(patsubst %,$(OBJ)/client/%.o,ljob options xxhsum) $(WIRE_OBJS) $(OBJ)/access/crc.o
LINKS       := $(patsubst %,$(OUT)/bin/%,lshow lforget lmark ldebug lcollect lmake_server lmake_repair ldepend ltarget lcheck_deps xxhsum)

all: $(CLIENT) $(LJOB) $(LINKS)

# Static: it starts in half the time.
$(CLIENT): $(CLIENT_OBJS)
	@mkdir -p $(@D)
	$(CC) -static -o $@ $^

# Not static: jobs run it, the tracer must follow it.
$(LJOB): $(LJOB_OBJS)
	@mkdir -p $(@D)
	$(CC) -o $@ $^

$(patsubst %,$(OUT)/bin/%,lshow lforget lmark ldebug lcollect lmake_server lmake_repair): | $(CLIENT)
	ln -sf lmake $@

$(OUT)/bin/ldepend $(OUT)/bin/ltarget $(OUT)/bin/lcheck_deps $(OUT)/bin/xxhsum: | $(LJOB)
	ln -sf ljob $@

-include $(CLIENT_OBJS:.o=.d) $(LJOB_OBJS:.o=.d)
