package lmake.rules;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import java.util.ArrayList;
import java.util.List;
import lmake.base.Bug;

/** Typed looks into a line of a digest. Whatever is not as src/doc/digest.md promises is a {@link Bug}: the reader is ours. */
final class Digest {
  private Digest() {}

  static JsonObject line(String text) {
    try {
      return JsonParser.object().from(text);
    } catch (JsonParserException e) {
      throw Bug.of("digest line is no JSON object: %s in %s", e.getMessage(), text);
    }
  }

  static String text(JsonObject from, String key) {
    if (from.get(key) instanceof String s) return s;
    throw Bug.of("digest: %s is no text but %s", key, from.get(key));
  }

  /** {@code fallback} when there is no such field or it is null. */
  static String text(JsonObject from, String key, String fallback) {
    return from.get(key) == null ? fallback : text(from, key);
  }

  static int integer(JsonObject from, String key, int fallback) {
    Object value = from.get(key);
    if (value == null) return fallback;
    if (value instanceof Number n) return n.intValue();
    throw Bug.of("digest: %s is no number but %s", key, value);
  }

  /** A number, or the words {@code inf} and {@code -inf}, for which JSON has no number. */
  static double real(JsonObject from, String key, double fallback) {
    Object value = from.get(key);
    if (value == null) return fallback;
    if (value instanceof Number n) return n.doubleValue();
    if ("inf".equals(value)) return Double.POSITIVE_INFINITY;
    if ("-inf".equals(value)) return Double.NEGATIVE_INFINITY;
    throw Bug.of("digest: %s is no number but %s", key, value);
  }

  static boolean bool(JsonObject from, String key, boolean fallback) {
    Object value = from.get(key);
    if (value == null) return fallback;
    if (value instanceof Boolean b) return b;
    throw Bug.of("digest: %s is no boolean but %s", key, value);
  }

  /** Empty when there is no such field or it is null. */
  static JsonArray array(JsonObject from, String key) {
    Object value = from.get(key);
    if (value == null) return new JsonArray();
    if (value instanceof JsonArray a) return a;
    throw Bug.of("digest: %s is no array but %s", key, value);
  }

  /** Empty when there is no such field or it is null. */
  static JsonObject object(JsonObject from, String key) {
    Object value = from.get(key);
    if (value == null) return new JsonObject();
    return object(value);
  }

  static JsonObject object(Object value) {
    if (value instanceof JsonObject o) return o;
    throw Bug.of("digest: no object but %s", value);
  }

  static List<String> texts(JsonArray from) {
    List<String> texts = new ArrayList<>(from.size());
    for (Object item : from) {
      Bug.check(item instanceof String, "digest: no text but %s", item);
      texts.add((String) item);
    }
    return texts;
  }

  /** 16 hex digits. */
  static long crc(JsonObject from, String key) {
    return Long.parseUnsignedLong(text(from, key), 16);
  }

  /** A digest of a digest and a text. */
  static long mix(long hash, String text) {
    long result = mix(hash, text.length());
    for (int i = 0; i < text.length(); i++) result = (result ^ text.charAt(i)) * 0x100000001b3L;
    return result;
  }

  /** A digest of two numbers, in this order; the finalizer of MurmurHash3 makes every bit of both count. */
  static long mix(long hash, long value) {
    long x = hash * 31 + value;
    x = (x ^ x >>> 33) * 0xff51afd7ed558ccdL;
    x = (x ^ x >>> 33) * 0xc4ceb9fe1a85ec53L;
    return x ^ x >>> 33;
  }
}
