package dev.orchard.worker.vm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A process of this host that is not mistaken for a later one of the same pid. {@code startTicks}
 * is the kernel's clock ticks from the host's boot to the process' start (field 22 of
 * /proc/PID/stat). A zombie counts as ended: it answers signals but runs nothing.
 */
public record HostProcess(long pid, long startTicks) {
  private static final Path PROC = Path.of("/proc");
  private static final Duration POLL = Duration.ofMillis(50);

  /** The process that now has this pid. */
  public static Optional<HostProcess> of(long pid) {
    return stat(pid).filter(Stat::runs).map(stat -> new HostProcess(pid, stat.startTicks()));
  }

  /** The process that has exactly this argument on its command line. */
  public static Optional<HostProcess> withArgument(String argument) {
    try (Stream<Path> entries = Files.list(PROC)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> name.chars().allMatch(c -> c >= '0' && c <= '9'))
          .map(Long::parseLong)
          .filter(pid -> arguments(pid).contains(argument))
          .findFirst()
          .flatMap(HostProcess::of);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  static Optional<HostProcess> parse(String text) {
    String[] fields = text.strip().split(" ", -1);
    try {
      return fields.length == 2
          ? Optional.of(new HostProcess(Long.parseLong(fields[0]), Long.parseLong(fields[1])))
          : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  public boolean alive() {
    return stat(pid).filter(stat -> stat.runs() && stat.startTicks() == startTicks).isPresent();
  }

  /** Whether it lives and was started with this argument. */
  public boolean hasArgument(String argument) {
    return alive() && arguments(pid).contains(argument);
  }

  /** True when it has ended within the time. */
  public boolean awaitEnd(Duration time) throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    while (alive()) {
      if (System.nanoTime() - deadline >= 0) {
        return false;
      }
      Thread.sleep(POLL);
    }
    return true;
  }

  /** SIGTERM to exactly this process. */
  public void terminate() {
    handle().ifPresent(ProcessHandle::destroy);
  }

  /** SIGKILL to exactly this process. */
  public void kill() {
    handle().ifPresent(ProcessHandle::destroyForcibly);
  }

  /** Its children and theirs, as of now. */
  public List<HostProcess> descendants() {
    return handle().stream()
        .flatMap(ProcessHandle::descendants)
        .flatMap(child -> of(child.pid()).stream())
        .toList();
  }

  /** The handle checks the start time itself once more when it signals. */
  private Optional<ProcessHandle> handle() {
    Optional<ProcessHandle> handle = ProcessHandle.of(pid);
    return alive() ? handle : Optional.empty();
  }

  private record Stat(char state, long startTicks) {
    boolean runs() {
      return state != 'Z' && state != 'X';
    }
  }

  private static Optional<Stat> stat(long pid) {
    try {
      String stat = Files.readString(PROC.resolve(pid + "/stat"), StandardCharsets.ISO_8859_1);
      // Field 2 is the name in brackets and may hold anything: count from the last one.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return Optional.of(new Stat(fields[0].charAt(0), Long.parseLong(fields[19])));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static List<String> arguments(long pid) {
    try {
      String line = Files.readString(PROC.resolve(pid + "/cmdline"), StandardCharsets.ISO_8859_1);
      return Arrays.asList(line.split("\0", -1));
    } catch (IOException e) {
      return List.of();
    }
  }
}
