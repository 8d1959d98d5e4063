package lmake.graph;

/**
 * Names of nodes, both ways. Ids are dense, from 1, and never change. Names are canonical paths; bytes that are not UTF-8 are
 * carried as lone surrogates U+DC80..U+DCFF.
 */
public interface Names {
  /** Id of a name, 0 when it was never interned. */
  int find(String name);

  /** Id of a name, made if need be. */
  int intern(String name);

  /** Name of an id that was given out. */
  String name(int node);

  /** Id of the dir part of a name, interned if need be; 0 for a name at the root. */
  int parent(int node);

  /** How many ids were given out; the last one is this. */
  int count();
}
