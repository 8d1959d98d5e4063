/**
 * One class per command (lmake, lshow, lforget…): arguments in, a req or an answer out. Alone in catching {@link
 * lmake.base.UserError}. Runs on the engine's thread, so it may look at the graph; it must not block.
 */
package lmake.command;
