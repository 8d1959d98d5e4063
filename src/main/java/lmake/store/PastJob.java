package lmake.store;

import java.util.Optional;
import lmake.graph.DepVector;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.RunRecord;
import lmake.graph.TargetVector;

/**
 * A job as an archive tells of it. Numbers of nodes in the vectors are those of a store that may be no more: names go by
 * position.
 *
 * @param match digest of what its rule matches
 * @param frozen the user had frozen it: its targets may be the user's
 * @param whole no name was lost
 * @param about the file the reason is about, "" for none
 * @param targetNames null where lost; likewise {@code depNames}
 */
public record PastJob(
    long match,
    String[] stems,
    boolean frozen,
    JobStatus status,
    boolean whole,
    int execMs,
    long cmd,
    long resources,
    RunReason.Kind why,
    String about,
    String[] targetNames,
    TargetVector targets,
    String[] depNames,
    DepVector deps,
    Optional<RunRecord> run) {}
