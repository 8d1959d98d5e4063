package lmake.report;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A line before it is known who reads it: the console wants colours and names seen from the startup dir, the log
 * neither. Immutable; pure.
 *
 * @param indent what stands before, never coloured
 */
public record Line(String indent, Color color, List<Part> parts) {
  public Line {
    parts = List.copyOf(parts);
  }

  /** How a part is shown. */
  public enum Kind {
    TEXT,
    NAME, // of a file or job: localised
    QUOTED, // the same, as a word of a shell
    RAW // bytes held one per char, shown as they are
  }

  /** A piece of a line. */
  public record Part(Kind kind, String text) {}

  /** An empty line, to be continued, that many levels of two spaces deep. */
  public static Line at(int depth) {
    return new Line("  ".repeat(depth), Color.NONE, List.of());
  }

  public static Line of(String text) {
    return at(0).text(text);
  }

  /** Output of a job: untouched, behind a tab so that nobody takes it for a status line. */
  public static Line ofJob(byte[] bytes) {
    return new Line("\t", Color.NONE, List.of(new Part(Kind.RAW, new String(bytes, StandardCharsets.ISO_8859_1))));
  }

  /** Bytes as they are. */
  public static Line raw(byte[] bytes) {
    return new Line("", Color.NONE, List.of(new Part(Kind.RAW, new String(bytes, StandardCharsets.ISO_8859_1))));
  }

  public Line text(String text) {
    return with(Kind.TEXT, text);
  }

  public Line name(String name) {
    return with(Kind.NAME, name);
  }

  public Line quoted(String name) {
    return with(Kind.QUOTED, name);
  }

  /** ASCII that may hold newlines: a box. */
  Line block(String text) {
    return with(Kind.RAW, text);
  }

  public Line in(Color newColor) {
    return new Line(indent, newColor, parts);
  }

  /** The same line behind something more. */
  public Line behind(String prefix) {
    return new Line(prefix + indent, color, parts);
  }

  /** Its text alone, names relative to the root. */
  public String plain() {
    StringBuilder out = new StringBuilder();
    for (Part part : parts) out.append(part.kind == Kind.QUOTED ? Printable.quote(part.text) : part.text);
    return out.toString();
  }

  /** With its newline. */
  public byte[] bytes(Place place, Paint paint) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ascii(out, indent + paint.open(color));
    for (Part part : parts) {
      switch (part.kind) {
        case TEXT -> ascii(out, Printable.show(part.text));
        case NAME -> ascii(out, Printable.show(place.show(part.text)));
        case QUOTED -> ascii(out, Printable.show(Printable.quote(place.show(part.text))));
        case RAW -> out.writeBytes(part.text.getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    ascii(out, paint.close(color) + "\n");
    return out.toByteArray();
  }

  private Line with(Kind kind, String text) {
    List<Part> longer = new ArrayList<>(parts);
    longer.add(new Part(kind, text));
    return new Line(indent, color, longer);
  }

  private static void ascii(ByteArrayOutputStream out, String text) {
    out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
