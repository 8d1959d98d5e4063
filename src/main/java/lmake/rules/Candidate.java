package lmake.rules;

/**
 * A rule that could make a file: the first of its targets that matches, and the values of its static stems.
 *
 * @param stems in the order of the rule's static stems
 */
public record Candidate(Rule rule, TargetEntry target, String[] stems) {}
