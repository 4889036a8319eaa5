package dev.orchard.exec.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One file of a session's log.
 *
 * @param first offset at which it begins, and its name
 * @param bytes on disk, of whole records
 */
record Segment(Path path, long first, long bytes) {
  private static final Pattern NAME = Pattern.compile("(\\d{19})\\.log");

  static Path path(Path directory, long first) {
    return directory.resolve("%019d.log".formatted(first));
  }

  Segment grownTo(long newBytes) {
    return new Segment(path, first, newBytes);
  }

  /** The segments in a directory, oldest first. */
  static List<Segment> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      List<Path> paths =
          files
              .filter(file -> NAME.matcher(file.getFileName().toString()).matches())
              .sorted()
              .toList();
      List<Segment> segments = new ArrayList<>();
      for (Path path : paths) {
        long first = Long.parseLong(path.getFileName().toString().substring(0, 19));
        segments.add(new Segment(path, first, Files.size(path)));
      }
      return segments;
    }
  }
}
