package dev.orchard.it.faults;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a part's JVM is started: as cheaply as can be, for it is done a thousand times.
 *
 * @param main its main class
 * @param heapMib its greatest heap
 */
record Jvm(String main, int heapMib) {
  /**
   * Everything that is needed at run time, as packaged for dev. Bouncy Castle is dev's alone: where
   * gRPC finds it, it costs a quarter of a replica's start.
   */
  private static final String CLASS_PATH = classPath();

  /** Of which a cache holds the classes: the JVM was seen to take those of an older one. */
  private static final int BUILD = build();

  /** What starts it; the program's arguments follow. */
  List<String> command(List<String> options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx%dm".formatted(heapMib),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-XX:+ExitOnOutOfMemoryError",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED"));
    if (Files.exists(cache())) {
      command.add("-XX:AOTCache=" + cache());
    }
    command.addAll(options);
    command.addAll(List.of("-cp", CLASS_PATH, main));
    return command;
  }

  /** Of the classes that its start loads; written by a JVM with {@link #training} as it ends. */
  Path cache() {
    return Summary.FOLDER.resolve("%s-%08x.aot".formatted(main, BUILD));
  }

  List<String> training() {
    return List.of("-XX:AOTCacheOutput=" + cache());
  }

  private static int build() {
    return Stream.of(CLASS_PATH.split(":"))
        .map(jar -> List.of(new File(jar).lastModified(), new File(jar).length()))
        .toList()
        .hashCode();
  }

  private static String classPath() {
    // Failsafe runs in the module's folder.
    Path dev = Path.of("..", "dev", "target").toAbsolutePath().normalize();
    try (Stream<Path> own = Files.list(dev);
        Stream<Path> others = Files.list(dev.resolve("lib"))) {
      return Stream.concat(own, others)
          .filter(file -> file.toString().matches(".*(?<!-tests)\\.jar"))
          .filter(file -> !file.getFileName().toString().startsWith("bc"))
          .sorted()
          .map(Path::toString)
          .collect(Collectors.joining(":"));
    } catch (IOException e) {
      throw new UncheckedIOException("what orchard-dev is run from: package it first", e);
    }
  }
}
