package dev.orchard.it.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a part's process holds, asked of the system and, behind a full collection, of its JVM.
 *
 * @param threads of the platform and virtual ones
 * @param descriptors that are open
 * @param heapBytes that are reachable
 * @param nativeBytes that are in memory and no part of the heap: direct buffers among them
 */
record Footprint(int threads, int descriptors, long heapBytes, long nativeBytes) {
  /** Connections of others may come and go meanwhile, each with its thread. */
  static final int OTHERS = 12;

  private static final Path JCMD = Path.of(System.getProperty("java.home"), "bin", "jcmd");
  private static final Pattern LIVE = Pattern.compile("Total +\\d+ +(\\d+)");
  private static final Pattern HEAP = Pattern.compile("0x(\\p{XDigit}{16})");
  private static final Pattern MAPPING = Pattern.compile("(\\p{XDigit}+)-\\p{XDigit}+ .*");
  private static final Pattern RESIDENT = Pattern.compile("Rss: +(\\d+) kB");
  private static final Pattern THREAD = Pattern.compile("\"tid\":");

  static Footprint of(Part part) {
    Matcher live = LIVE.matcher(jcmd(part, "GC.class_histogram"));
    if (!live.find()) {
      throw new IllegalStateException(part.name() + " tells nothing of its heap");
    }
    return new Footprint(
        threads(part), descriptors(part), Long.parseLong(live.group(1)), nativeBytes(part));
  }

  /** What is resident of all mappings but the heap's. */
  private static long nativeBytes(Part part) {
    LongSummaryStatistics heap =
        HEAP.matcher(jcmd(part, "GC.heap_info"))
            .results()
            .mapToLong(address -> Long.parseUnsignedLong(address.group(1), 16))
            .summaryStatistics();
    boolean outside = true;
    long kib = 0;
    for (String line : read(Path.of("/proc/%d/smaps".formatted(part.pid()))).lines().toList()) {
      Matcher mapping = MAPPING.matcher(line);
      Matcher resident = RESIDENT.matcher(line);
      if (mapping.matches()) {
        long from = Long.parseUnsignedLong(mapping.group(1), 16);
        outside = from < heap.getMin() || from >= heap.getMax();
      } else if (outside && resident.matches()) {
        kib += Long.parseLong(resident.group(1));
      }
    }
    return kib << 10;
  }

  /** Those of the platform and virtual ones. */
  static int threads(Part part) {
    Path dump = Summary.FOLDER.resolve(part.name() + "-threads.json").toAbsolutePath();
    jcmd(part, "Thread.dump_to_file", "-overwrite", "-format=json", dump.toString());
    return (int) THREAD.matcher(read(dump)).results().count();
  }

  /** Files and sockets that it has open. */
  static int descriptors(Part part) {
    try (Stream<Path> open = Files.list(Path.of("/proc/%d/fd".formatted(part.pid())))) {
      return (int) open.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns when the part has as few threads and descriptors as before, give or take others'. */
  void awaitReturn(Part part) {
    RealSystem.await(
        part.name() + " to have as few descriptors as before",
        () -> descriptors(part) <= descriptors + OTHERS);
    RealSystem.await(
        part.name() + " to have as few threads as before", () -> threads(part) <= threads + OTHERS);
  }

  long bytes() {
    return heapBytes + nativeBytes;
  }

  @Override
  public String toString() {
    return "%d threads, %d descriptors, heap %d MiB and %d MiB"
        .formatted(threads, descriptors, heapBytes >> 20, nativeBytes >> 20);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String jcmd(Part part, String... arguments) {
    List<String> command = new ArrayList<>(List.of(JCMD.toString(), Long.toString(part.pid())));
    command.addAll(List.of(arguments));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("run " + command, e);
    }
  }
}
