/**
 * The nouns: node, job, dep, target, their ids and what is known of them. A node is an {@code int} from 1 (a file name), a
 * job an {@code int} from 1 (a rule and a value for each static stem), a rule an {@code int} from 1 that lasts as long as the
 * store. Hot state lies in primitive arrays of {@link lmake.graph.Graph}; who keeps it on disk is behind {@link
 * lmake.graph.Shelf} and {@link lmake.graph.Names}. One thread, the engine's.
 */
package lmake.graph;
