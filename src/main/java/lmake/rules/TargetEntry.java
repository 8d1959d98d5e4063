package lmake.rules;

import java.util.Optional;

/** An entry of {@code targets}, {@code side_targets} or {@code side_deps}: a pattern, its key and its flags. */
public final class TargetEntry {
  public String key() {
    throw lmake.base.Bug.of("skeleton");
  }

  /** Bits of {@link lmake.graph.TargetFlags}; STATIC when it has no star, OFFICIAL for an entry of target/targets. */
  public int flags() {
    throw lmake.base.Bug.of("skeleton");
  }

  /** Bits of {@link lmake.graph.DepFlags} that apply when the file turns out to be a dep. */
  public int depFlags() {
    throw lmake.base.Bug.of("skeleton");
  }

  public boolean star() {
    throw lmake.base.Bug.of("skeleton");
  }

  /** Values of the rule's static stems when the whole name matches. */
  public Optional<String[]> match(String name) {
    throw lmake.base.Bug.of("skeleton");
  }

  /** Whether the name matches with these very static stems. */
  public boolean matches(String name, String[] stems) {
    throw lmake.base.Bug.of("skeleton");
  }

  /** The file name; only for entries without a star. */
  public String name(String[] stems) {
    throw lmake.base.Bug.of("skeleton");
  }
}
