# The agent, its in-job commands' socket and liblmake.so. Included by native/Makefile, which gives OUT, CC and CFLAGS.

AGENT_SRC := $(wildcard agent/*.c) wire/wire.c lib/beneath.c access/crc.c
