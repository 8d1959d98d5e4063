package lmake.engine;

/**
 * Options of a command that change what the engine does.
 *
 * @param archive also make sure every intermediate file is on disk ({@code -a})
 * @param forgetOldErrors rerun jobs in error ({@code -e})
 * @param retries times a job in error is rerun ({@code -r})
 * @param maxRuns executions of one job, 0 = no limit ({@code -m})
 * @param maxSubmits submissions of one job, 0 = no limit but the rule's ({@code -M})
 * @param noDeps deps never trigger a rerun ({@code -D})
 * @param essentialDeps only essential deps do ({@code -d})
 * @param noIncremental jobs that started from incremental targets rerun ({@code -I})
 * @param sourceOk jobs may overwrite sources ({@code -s})
 * @param keepTmp keep tmp dirs ({@code -t})
 * @param liveOut requested jobs stream their stdout ({@code -o})
 * @param verbose reasons are said ({@code -v})
 */
public record ReqOptions(
    boolean archive,
    boolean forgetOldErrors,
    int retries,
    int maxRuns,
    int maxSubmits,
    boolean noDeps,
    boolean essentialDeps,
    boolean noIncremental,
    boolean sourceOk,
    boolean keepTmp,
    boolean liveOut,
    boolean verbose) {
  public static final ReqOptions DEFAULT =
      new ReqOptions(false, false, 0, 0, 0, false, false, false, false, false, false, false);
}
