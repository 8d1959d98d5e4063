/**
 * LMDB. Alone in knowing how anything of ours lies on disk, and alone in using lmdbjava. Written by the engine's thread, but
 * for checkpoints, which have their own.
 */
package lmake.store;
