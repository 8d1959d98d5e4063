/* Checksums as the books hold them; knows no option and never fails. Always returns 0. */
#ifndef LMAKE_CLIENT_XXHSUM_H
#define LMAKE_CLIENT_XXHSUM_H

int xxhsum(int argc, char **argv);

#endif
