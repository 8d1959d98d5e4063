package lmake.rules;

import java.util.List;
import java.util.Optional;
import lmake.base.Bug;

/** One rule. Immutable. */
public final class Rule {
  /** Which of the three kinds of rules it is. */
  public enum Special {
    PLAIN,
    ANTI,
    SOURCE
  }

  /** Lasting id, from 1. */
  public int id() {
    throw Bug.of("skeleton");
  }

  public String name() {
    throw Bug.of("skeleton");
  }

  /** Where the class statement stands: {@code Lmakefile.py:14}. */
  public String where() {
    throw Bug.of("skeleton");
  }

  public Special special() {
    throw Bug.of("skeleton");
  }

  /** May be infinite. */
  public double prio() {
    throw Bug.of("skeleton");
  }

  public long matchCrc() {
    throw Bug.of("skeleton");
  }

  public long cmdCrc() {
    throw Bug.of("skeleton");
  }

  public long rsrcCrc() {
    throw Bug.of("skeleton");
  }

  public List<TargetEntry> targets() {
    throw Bug.of("skeleton");
  }

  public List<TargetEntry> sideTargets() {
    throw Bug.of("skeleton");
  }

  public List<TargetEntry> sideDeps() {
    throw Bug.of("skeleton");
  }

  public boolean force() {
    throw Bug.of("skeleton");
  }

  public int maxRuns() {
    throw Bug.of("skeleton");
  }

  public int maxSubmits() {
    throw Bug.of("skeleton");
  }

  public int maxRetriesOnLost() {
    throw Bug.of("skeleton");
  }

  /** Whether {@code lmake -r} retries a job that ended so. */
  public boolean retries(lmake.graph.JobStatus status) {
    throw Bug.of("skeleton");
  }

  /** As shown: job_name filled in, star stems as {@code {X*}}. */
  public String jobName(String[] stems) {
    throw Bug.of("skeleton");
  }

  /**
   * The entry that speaks for a file in a job: static targets, static side targets, then star targets, star side targets; empty
   * when the job has no right to write it.
   */
  public Optional<TargetEntry> targetFor(String[] stems, String name) {
    throw Bug.of("skeleton");
  }

  /** The side_deps entry, or target entry, whose dep flags apply to a file read by the job. */
  public Optional<TargetEntry> sideDepFor(String[] stems, String name) {
    throw Bug.of("skeleton");
  }

  /** Static deps of a job, in order; empty Optional when they cannot be computed (bad name, exception): the rule steps aside. */
  public Optional<List<StaticDep>> staticDeps(String[] stems) {
    throw Bug.of("skeleton");
  }

  /** Why {@link #staticDeps} is empty: sentences for the user. */
  public List<String> whyNoDeps(String[] stems) {
    throw Bug.of("skeleton");
  }
}
