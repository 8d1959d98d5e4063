package lmake.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MarkerTest {
  @TempDir Path dir;

  @Test
  void isThereExactlyWhileTheServerIs() throws IOException {
    Marker marker = written();
    assertThat(Files.readString(dir.resolve("server"))).isEqualTo("local:x.sock\n42\n");
    assertThat(marker.intact()).isTrue();
    marker.remove();
    assertThat(dir.resolve("server")).doesNotExist();
  }

  @Test
  void aStaleOneIsReplaced() throws IOException {
    Files.writeString(dir.resolve("server"), "somewhere else\n1\n");
    assertThat(written().intact()).isTrue();
  }

  @Test
  void aTouchIsNothingButAChangeIsTheEnd() throws IOException {
    Marker marker = written();
    Files.setLastModifiedTime(dir.resolve("server"), FileTime.fromMillis(1));
    assertThat(marker.intact()).isTrue();
    Files.writeString(dir.resolve("server"), "bye\n");
    assertThat(marker.intact()).isFalse();
    marker.remove();
    assertThat(dir.resolve("server")).exists();
  }

  @Test
  void itsAbsenceIsTheEnd() throws IOException {
    Marker marker = written();
    Files.delete(dir.resolve("server"));
    assertThat(marker.intact()).isFalse();
  }

  private Marker written() throws IOException {
    Marker marker = new Marker(dir.resolve("server"), "local:x.sock", 42);
    marker.write();
    return marker;
  }
}
