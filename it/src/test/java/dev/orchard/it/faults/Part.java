package dev.orchard.it.faults;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A part of the system as a JVM of its own, which is started again and again with the same ports
 * and data. What it says is appended to a file of its name. Owned by one thread.
 */
final class Part {
  // A loaded machine took 40 s for what an idle one does in 2.
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration POLL = Duration.ofMillis(20);

  private final String name;
  private final Jvm jvm;
  private final List<String> arguments;
  private final Map<String, String> environment;
  private final BooleanSupplier ready;
  private final Path log;
  private @Nullable Process process;

  /**
   * One that does not run yet.
   *
   * @param ready whether it does its work, asked after a start
   */
  Part(
      String name,
      Jvm jvm,
      List<String> arguments,
      Map<String, String> environment,
      BooleanSupplier ready) {
    this.name = name;
    this.jvm = jvm;
    this.arguments = List.copyOf(arguments);
    this.environment = Map.copyOf(environment);
    this.ready = ready;
    this.log = Summary.FOLDER.resolve("logs").resolve(name + ".log");
  }

  String name() {
    return name;
  }

  /** Returns at once. */
  void start() {
    start(List.of());
  }

  /** As {@link #start()}, so that later starts are cheaper once this one has ended by SIGTERM. */
  void startTraining() {
    // A run that was interrupted may have trained some.
    start(isTrained() ? List.of() : jvm.training());
  }

  boolean isTrained() {
    return Files.exists(jvm.cache());
  }

  /** As {@link #start()}, with more options of the JVM. */
  void start(List<String> options) {
    if (process != null && process.isAlive()) {
      throw new IllegalStateException(name + " runs already");
    }
    List<String> command = new ArrayList<>(jvm.command(options));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    try {
      Files.createDirectories(log.getParent());
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException("start " + name, e);
    }
  }

  /** Returns when it does its work. */
  void awaitReady() throws InterruptedException {
    long began = System.nanoTime();
    while (!isReady()) {
      if (!alive()) {
        throw new IllegalStateException(name + " has ended: see " + log);
      }
      if (System.nanoTime() - began > PATIENCE.toNanos()) {
        throw new IllegalStateException(name + " is not ready: see " + log);
      }
      Thread.sleep(POLL);
    }
  }

  /** Whether it does its work. */
  boolean isReady() {
    return ready.getAsBoolean();
  }

  /** How many lines of all that it has said so far have these words. */
  long said(String words) {
    try (Stream<String> lines = Files.lines(log)) {
      return lines.filter(line -> line.contains(words)).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of the process that was started last. */
  long pid() {
    if (process == null) {
      throw new IllegalStateException(name + " does not run");
    }
    return process.pid();
  }

  boolean alive() {
    return process != null && process.isAlive();
  }

  /** SIGKILL; returns when it is gone. */
  void kill() throws InterruptedException {
    if (process != null) {
      process.destroyForcibly().waitFor();
    }
  }

  /** SIGTERM; returns when it is gone, by its own doing or in the end by SIGKILL. */
  void terminate() throws InterruptedException {
    if (process != null) {
      process.destroy();
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        kill();
        throw new IllegalStateException(name + " did not end by SIGTERM: see " + log);
      }
    }
  }

  /** SIGSTOP. */
  void pause() throws InterruptedException {
    signal("STOP");
  }

  /** SIGCONT. */
  void unpause() throws InterruptedException {
    signal("CONT");
  }

  private void signal(String signal) throws InterruptedException {
    if (process == null) {
      throw new IllegalStateException(name + " does not run");
    }
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException("kill -" + signal, e);
    }
  }
}
