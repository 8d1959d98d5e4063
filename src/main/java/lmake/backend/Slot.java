package lmake.backend;

/**
 * The right of an execution to run now.
 *
 * @param smallId unique among running jobs, from 1, the smallest that is free
 */
public record Slot(int job, long attempt, int smallId) {}
