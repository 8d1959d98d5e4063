package lmake.rules;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import java.util.Arrays;
import java.util.List;
import lmake.base.Bug;

/** The stems of one rule, static ones first. Immutable. */
final class Stems {
  private final String[] names;
  private final String[] regexes; // in Python syntax
  private final int staticCount;

  private Stems(String[] names, String[] regexes, int staticCount) {
    this.names = names;
    this.regexes = regexes;
    this.staticCount = staticCount;
  }

  static Stems of(JsonObject rule) {
    JsonArray list = Digest.array(rule, "stems");
    String[] names = new String[list.size()];
    String[] regexes = new String[list.size()];
    int staticCount = Digest.integer(rule, "n_static", 0);
    for (int i = 0; i < names.length; i++) {
      JsonArray stem = list.getArray(i);
      names[i] = stem.getString(0);
      regexes[i] = stem.getString(1);
      Bug.check(stem.getBoolean(2) == (i >= staticCount), "digest: stem %s is out of order", names[i]);
    }
    return new Stems(names, regexes, staticCount);
  }

  int staticCount() {
    return staticCount;
  }

  boolean star(int stem) {
    return stem >= staticCount;
  }

  /** Unnamed stems have a name that is no identifier. */
  String name(int stem) {
    return names[stem];
  }

  boolean named(int stem) {
    return !names[stem].isEmpty() && names[stem].charAt(0) != '<';
  }

  String regex(int stem) {
    return regexes[stem];
  }

  /** Names of the static stems, in order. */
  List<String> staticNames() {
    return List.of(Arrays.copyOf(names, staticCount));
  }
}
