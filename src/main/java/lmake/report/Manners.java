package lmake.report;

import lmake.rules.Rule;

/** How much a rule wants to be talked about. */
public interface Manners {
  /** The shipped defaults. */
  Manners DEFAULT =
      new Manners() {
        @Override
        public long startDelayNs(Rule rule) {
          return 3_000_000_000L;
        }

        @Override
        public int maxStderrLines(Rule rule) {
          return 100;
        }
      };

  /** How long its jobs run before a {@code start} line is printed. */
  long startDelayNs(Rule rule);

  /** Lines of stderr that are shown, 0 = all. */
  int maxStderrLines(Rule rule);
}
