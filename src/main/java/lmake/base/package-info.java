/** Repo paths, checksums, {@link lmake.base.UserError}, {@link lmake.base.Bug}. Imports nothing of ours; no threads. */
package lmake.base;
