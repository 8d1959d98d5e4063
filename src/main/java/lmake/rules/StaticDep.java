package lmake.rules;

/**
 * A static dep of one job.
 *
 * @param flags bits of {@link lmake.graph.DepFlags}; STATIC and REQUIRED are there
 */
public record StaticDep(String key, String name, int flags) {}
