# bin/lautodep: the agent's code around one command. Included by native/Makefile; see agent.mk and client.mk.

LAUTODEP := $(OUT)/bin/lautodep
LAUTODEP_OBJS := $(patsubst %.c,$(OBJ)/%.o,$(wildcard lautodep/*.c)) $(OBJ)/client/options.o
# Not what speaks to a server, nor what its jobs alone have.
LAUTODEP_AGENT := $(filter-out $(patsubst %,$(OBJ)/agent/%.o,main proto guard finish redirect),$(AGENT_OBJS))

all: $(LAUTODEP)

$(LAUTODEP): $(LAUTODEP_OBJS) $(LAUTODEP_AGENT) $(ACCESS_OBJS) $(TRACE_OBJS)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ -Wl,--gc-sections

-include $(LAUTODEP_OBJS:.o=.d)
