/**
 * Socket, connections, {@code main}: wires the parts and carries out what the engine asks for. Owns the threads: one for the
 * engine, one for the connections, one for disk checks, one to talk to the agent, one for checkpoints of the store.
 */
package lmake.server;
