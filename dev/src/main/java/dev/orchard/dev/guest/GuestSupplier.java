package dev.orchard.dev.guest;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds out how VMs can be run here, building the guest image if it is not built yet.
 *
 * @param path the folders to look for QEMU in, as in {@code PATH}
 * @param imageBuilder the project's script that prints the image's folder, if it was found
 * @param progress is told each line that the script says to people
 */
public record GuestSupplier(String path, @Nullable Path imageBuilder, Consumer<String> progress) {
  private static final String QEMU = "qemu-system-x86_64";

  private sealed interface Attempt {
    record Success(GuestSupply.Qemu qemu) implements Attempt {}

    /** Carries the reason, with the remedy. */
    record Failure(String reason) implements Attempt {}
  }

  /** May take minutes, the first time, for the image to be built. */
  public GuestSupply supply(RuntimeChoice choice) throws InterruptedException {
    return switch (choice) {
      case PROCESS -> processes("as asked for");
      case QEMU ->
          switch (qemu()) {
            case Attempt.Success(GuestSupply.Qemu qemu) -> qemu;
            case Attempt.Failure(String reason) -> throw new IllegalStateException(reason);
          };
      case AUTO ->
          switch (qemu()) {
            case Attempt.Success(GuestSupply.Qemu qemu) -> qemu;
            case Attempt.Failure(String reason) -> processes("no real VM: " + reason);
          };
    };
  }

  private static GuestSupply.Processes processes(String reason) {
    return new GuestSupply.Processes(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            // Starts it in half the time.
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.orchard.agent.Main"),
        reason);
  }

  private Attempt qemu() throws InterruptedException {
    Optional<Path> program =
        Stream.of(path.split(File.pathSeparator))
            .map(folder -> Path.of(folder, QEMU))
            .filter(Files::isExecutable)
            .findFirst();
    if (program.isEmpty()) {
      return new Attempt.Failure(
          "%s is not on PATH: apt-get install qemu-system-x86".formatted(QEMU));
    }
    if (imageBuilder == null) {
      return new Attempt.Failure(
          "images/guest/build is in no folder above this one: run ./orchard from its checkout");
    }
    progress.accept("guest image: " + imageBuilder);
    try {
      return build(program.get(), imageBuilder);
    } catch (IOException e) {
      return new Attempt.Failure(e.getMessage() + ": " + imageBuilder);
    }
  }

  private Attempt build(Path program, Path script) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(script.toString());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.redirectInput(new File("/dev/null")).start();
    FutureTask<String> said = new FutureTask<>(() -> passOn(process));
    Thread.ofVirtual().name("guest-image-progress").start(said);
    try {
      Optional<String> folder;
      try (BufferedReader stdout = reader(process.getInputStream())) {
        folder = stdout.lines().reduce((_, last) -> last);
      }
      String lastWords = said.get();
      int code = process.waitFor();
      if (code != 0 || folder.isEmpty()) {
        return new Attempt.Failure("%s ended with %d: %s".formatted(script, code, lastWords));
      }
      return new Attempt.Success(new GuestSupply.Qemu(program, Path.of(folder.get())));
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } finally {
      // When we are told to stop, so is what we wait for.
      process.destroy();
    }
  }

  /** Shows each line of stderr as it comes; returns the last. */
  private String passOn(Process process) throws IOException {
    String last = "it said nothing";
    try (BufferedReader stderr = reader(process.getErrorStream())) {
      for (String line = stderr.readLine(); line != null; line = stderr.readLine()) {
        last = line;
        progress.accept("  " + line);
      }
    }
    return last;
  }

  private static BufferedReader reader(InputStream stream) {
    return new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
  }
}
