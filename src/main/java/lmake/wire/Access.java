package lmake.wire;

/**
 * What a job did to one file: an access of the END message (src/doc/protocols.md section 3). Dates are nanoseconds since the
 * epoch, 0 = never.
 *
 * @param name relative to root in the repo; as declared in source dirs; absolute otherwise
 * @param bits of {@link lmake.graph.Accesses}
 * @param firstRead date of the first read
 * @param firstWrite date of the first write
 * @param allowed when a call made it a target
 * @param firstSig what the file was when first touched: 0 absent, 1 not known
 * @param endSig what it is now: 0 absent or not a file, 1 not looked at
 * @param firstMtime date of the file when first touched, 0 when unknown
 * @param endCrc for files written or wanted: crc now; 0 when not computed
 * @param group deps with the same non-zero group were given in one call
 * @param depFlags of {@link lmake.graph.DepFlags}, from run-time calls
 * @param targetFlags of {@link lmake.graph.TargetFlags}, from run-time calls
 */
public record Access(
    String name,
    int bits,
    long firstRead,
    long firstWrite,
    long allowed,
    long firstSig,
    long endSig,
    long firstMtime,
    long endCrc,
    int group,
    int depFlags,
    int targetFlags) {}
