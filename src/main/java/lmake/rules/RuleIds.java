package lmake.rules;

/** Gives each rule its lasting id, from the digest of its matching part. */
public interface RuleIds {
  /** Id of the rule with this match digest, made if need be; from 1. */
  int idOf(long matchCrc);
}
