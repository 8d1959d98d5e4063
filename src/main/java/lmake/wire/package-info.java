/**
 * Messages of the native programs: bytes on one side, records on the other (src/doc/protocols.md, the twin of {@code
 * native/wire}). No thread, no socket.
 */
package lmake.wire;
