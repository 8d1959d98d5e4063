/**
 * From the accesses of a job to its deps, its targets and the verdict on both. Pure: given the end message of the agent, the
 * rule and the graph's names, gives a {@link lmake.graph.JobResult}.
 */
package lmake.autodep;
