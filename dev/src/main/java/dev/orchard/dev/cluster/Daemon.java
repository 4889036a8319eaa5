package dev.orchard.dev.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process that lives as long as its owner, and that is noted in a file: should the owner be
 * killed before it can end it, its successor does ({@link #sweep}).
 *
 * <p>The file holds three lines: the pid, the start time in ms since the epoch, and the executable.
 * A process counts as the noted one only if all three agree, since pids are given out again.
 */
final class Daemon implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Daemon.class);
  private static final Duration GRACE = Duration.ofSeconds(10);
  // The kernel counts a process's start from boot; what it calls boot moves when the clock is set.
  private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(2);
  private static final String SUFFIX = ".pid";

  private final String name;
  private final Process process;
  private final Path noteFile;
  private final Path logFile;

  private Daemon(String name, Process process, Path noteFile, Path logFile) {
    this.name = name;
    this.process = process;
    this.noteFile = noteFile;
    this.logFile = logFile;
  }

  /** Starts the command, its output going to {@code name.log} of the folder. */
  static Daemon start(String name, Path folder, List<String> command) {
    Path logFile = folder.resolve(name + ".log");
    Path noteFile = folder.resolve(name + SUFFIX);
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectErrorStream(true)
              .redirectOutput(logFile.toFile())
              .start();
      Files.writeString(
          noteFile,
          "%d%n%d%n%s%n"
              .formatted(
                  process.pid(),
                  process.info().startInstant().orElse(Instant.EPOCH).toEpochMilli(),
                  process.info().command().orElse(command.getFirst())));
      return new Daemon(name, process, noteFile, logFile);
    } catch (IOException e) {
      throw new UncheckedIOException("start " + command.getFirst(), e);
    }
  }

  /** Ends all that an owner before left running and noted in this folder. */
  static void sweep(Path folder) {
    try (DirectoryStream<Path> notes = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
      for (Path note : notes) {
        noted(note)
            .ifPresent(left -> {
              log.info("ending what was left running pid={} file={}", left.pid(), note);
              end(left);
            });
        Files.delete(note);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("sweep " + folder, e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** How it ended and its last words, for an error message. */
  String obituary() {
    try {
      List<String> lines = Files.readAllLines(logFile);
      return "%s ended with %d; the end of %s: %s"
          .formatted(
              name,
              process.exitValue(),
              logFile,
              String.join(" | ", lines.subList(Math.max(0, lines.size() - 4), lines.size())));
    } catch (IOException e) {
      return "%s ended with %d".formatted(name, process.exitValue());
    }
  }

  @Override
  public void close() {
    end(process.toHandle());
    try {
      Files.deleteIfExists(noteFile);
    } catch (IOException e) {
      throw new UncheckedIOException("delete " + noteFile, e);
    }
  }

  private static Optional<ProcessHandle> noted(Path note) throws IOException {
    List<String> lines = Files.readAllLines(note);
    if (lines.size() != 3) {
      return Optional.empty();
    }
    Instant started = Instant.ofEpochMilli(Long.parseLong(lines.get(1)));
    return ProcessHandle.of(Long.parseLong(lines.getFirst()))
        .filter(handle ->
            handle.info().command().filter(lines.get(2)::equals).isPresent()
                && handle
                    .info()
                    .startInstant()
                    .map(actual -> Duration.between(started, actual).abs())
                    .filter(apart -> apart.compareTo(CLOCK_TOLERANCE) <= 0)
                    .isPresent());
  }

  private static void end(ProcessHandle handle) {
    if (!handle.isAlive()) {
      return;
    }
    CompletableFuture<ProcessHandle> end = handle.onExit();
    handle.destroy();
    try {
      end.get(GRACE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      handle.destroyForcibly();
    } catch (InterruptedException _) {
      handle.destroyForcibly();
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException("wait for the end of pid " + handle.pid(), e);
    }
  }
}
