package lmake.engine;

import lmake.graph.DepVector;
import lmake.rules.Rule;

/**
 * What a job is, whatever its runs: worked out once from its rule and stems. Immutable.
 *
 * @param staticDeps as a vector whose values are unknown: what a job that never ran depends on
 * @param staticTargets nodes of the targets known before it runs
 */
record JobFacts(int job, Rule rule, String[] stems, DepVector staticDeps, int[] staticTargets) {}
