/**
 * Which jobs must run, and why. {@link lmake.engine.Engine#step} takes an event and returns actions; there is no process, no
 * socket, no clock and no randomness here, so that the server, the simulator and a replay drive the very same code. One
 * thread.
 */
package lmake.engine;
