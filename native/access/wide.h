/*
 * ELF files of 32 and of 64 bits, both as if of 64: a program of one kind may start the other. Headers are given as they lie in
 * the file, and need not be aligned. Used where calls.c runs; no call is made.
 */
#ifndef LMAKE_ACCESS_WIDE_H
#define LMAKE_ACCESS_WIDE_H

#include <elf.h>
#include <string.h>

#include "sys.h"

/* Is it for this machine? -1: no; else is it of 32 bits? head: at least EI_NIDENT + 4 bytes of the file. */
static inline int lm_elf_is_narrow(const char *head)
{
	Elf64_Half machine;

	memcpy(&machine, head + offsetof(Elf64_Ehdr, e_machine), sizeof(machine));
	if (head[EI_CLASS] == ELFCLASS64 && machine == LM_ELF_MACHINE)
		return 0;
#ifdef LM_ELF_MACHINE32
	if (head[EI_CLASS] == ELFCLASS32 && machine == LM_ELF_MACHINE32)
		return 1;
#endif
	return -1;
}

static inline size_t lm_elf_phdr_size(int narrow)
{
	return narrow ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
}

static inline size_t lm_elf_dyn_size(int narrow)
{
	return narrow ? sizeof(Elf32_Dyn) : sizeof(Elf64_Dyn);
}

/* from: sizeof(Elf64_Ehdr) bytes, whatever it is. */
static inline Elf64_Ehdr lm_elf_ehdr(const char *from, int narrow)
{
	Elf64_Ehdr to;
	Elf32_Ehdr n;

	memcpy(&to, from, sizeof(to));
	if (narrow) {
		memcpy(&n, from, sizeof(n));
		to.e_type = n.e_type;
		to.e_phoff = n.e_phoff;
		to.e_phnum = n.e_phnum;
	}
	return to;
}

/* The i-th program header. */
static inline Elf64_Phdr lm_elf_phdr(const char *table, int narrow, int i)
{
	Elf64_Phdr to;
	Elf32_Phdr n;

	if (!narrow) {
		memcpy(&to, table + (size_t)i * sizeof(to), sizeof(to));
		return to;
	}
	memcpy(&n, table + (size_t)i * sizeof(n), sizeof(n));
	return (Elf64_Phdr){
		.p_type = n.p_type, .p_flags = n.p_flags, .p_offset = n.p_offset, .p_vaddr = n.p_vaddr, .p_paddr = n.p_paddr,
		.p_filesz = n.p_filesz, .p_memsz = n.p_memsz, .p_align = n.p_align,
	};
}

/* The i-th entry of a dynamic section. */
static inline Elf64_Dyn lm_elf_dyn(const char *table, int narrow, int i)
{
	Elf64_Dyn to;
	Elf32_Dyn n;

	if (!narrow) {
		memcpy(&to, table + (size_t)i * sizeof(to), sizeof(to));
		return to;
	}
	memcpy(&n, table + (size_t)i * sizeof(n), sizeof(n));
	return (Elf64_Dyn){ .d_tag = n.d_tag, .d_un.d_val = n.d_un.d_val };
}

#endif
