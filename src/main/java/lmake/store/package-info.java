/**
 * LMDB. Alone in knowing how anything of ours lies on disk, and alone in using lmdbjava. Written by the engine's
 * thread, but for checkpoints, which have their own. Formats and the story of a crash: src/doc/store.md.
 *
 * <p>In reading order: {@link lmake.store.Store} (what others see), {@code StoreDir} (files, crashes, versions),
 * {@code Lmdb} (tables and transactions), {@code KeyTable} (names and job keys in memory), the codecs,
 * {@code PageCheck} (the verdict on a file that LMDB must not see before).
 */
package lmake.store;
