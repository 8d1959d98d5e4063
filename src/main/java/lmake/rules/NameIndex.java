package lmake.rules;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Finds the entries whose literal ends fit a name, without looking at the others. An entry is kept under the longer of its
 * two ends: suffixes in one tree read from the last character on, prefixes in another. Immutable once filled.
 */
final class NameIndex {
  /** A character of the tree. */
  private static final class Branch {
    private char[] chars = new char[0]; // sorted
    private Branch[] next = new Branch[0];
    private int[] ranks = new int[0];

    Branch find(char c) {
      int i = Arrays.binarySearch(chars, c);
      return i < 0 ? null : next[i];
    }

    Branch grow(char c) {
      int i = Arrays.binarySearch(chars, c);
      if (i >= 0) return next[i];
      int at = -i - 1;
      char[] moreChars = Arrays.copyOf(chars, chars.length + 1);
      Branch[] moreNext = Arrays.copyOf(next, next.length + 1);
      System.arraycopy(chars, at, moreChars, at + 1, chars.length - at);
      System.arraycopy(next, at, moreNext, at + 1, next.length - at);
      moreChars[at] = c;
      moreNext[at] = new Branch();
      chars = moreChars;
      next = moreNext;
      return next[at];
    }

    void add(int rank) {
      ranks = Arrays.copyOf(ranks, ranks.length + 1);
      ranks[ranks.length - 1] = rank;
    }
  }

  private static final int[] NONE = {};

  private final Branch suffixes = new Branch();
  private final Branch prefixes = new Branch();
  private final TargetEntry[] entries;

  /** Entries in the order of their rank. */
  NameIndex(List<TargetEntry> entries) {
    this.entries = new ArrayList<>(entries).toArray(new TargetEntry[0]);
    for (int rank = 0; rank < this.entries.length; rank++) {
      String prefix = this.entries[rank].prefix();
      String suffix = this.entries[rank].suffix();
      Branch branch = suffix.length() >= prefix.length() ? suffixes : prefixes;
      if (branch == suffixes) for (int i = suffix.length() - 1; i >= 0; i--) branch = branch.grow(suffix.charAt(i));
      else for (int i = 0; i < prefix.length(); i++) branch = branch.grow(prefix.charAt(i));
      branch.add(rank);
    }
  }

  /** Ranks of the entries that may match this name, in increasing order; the array is the caller's. */
  int[] ranks(String name) {
    int[] found = new int[8];
    int count = 0;
    Branch branch = suffixes;
    for (int i = name.length() - 1; branch != null; i--) {
      if (branch.ranks.length > 0) {
        found = fit(found, count + branch.ranks.length);
        for (int rank : branch.ranks) found[count++] = rank;
      }
      branch = i < 0 ? null : branch.find(name.charAt(i));
    }
    branch = prefixes;
    for (int i = 0; branch != null; i++) {
      if (branch.ranks.length > 0) {
        found = fit(found, count + branch.ranks.length);
        for (int rank : branch.ranks) found[count++] = rank;
      }
      branch = i >= name.length() ? null : branch.find(name.charAt(i));
    }
    if (count == 0) return NONE;
    int[] ranks = Arrays.copyOf(found, count);
    if (count > 1) Arrays.sort(ranks);
    return ranks;
  }

  private static int[] fit(int[] array, int size) {
    return size <= array.length ? array : Arrays.copyOf(array, 2 * size);
  }
}
