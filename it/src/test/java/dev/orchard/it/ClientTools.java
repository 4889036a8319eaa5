package dev.orchard.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Clients of other families, made from {@code it/clients} by their own package managers when a test
 * first asks for them. Where Go or Python is missing, tests that ask fail in CI and are skipped
 * elsewhere.
 */
final class ClientTools {
  // Failsafe runs in the module's folder.
  private static final Path SOURCES = Path.of("clients").toAbsolutePath();
  private static final Path TARGET = Path.of("target", "clients").toAbsolutePath();

  private ClientTools() {}

  /** The program of {@code it/clients/go/<name>}. */
  static synchronized Path go(String name) throws IOException, InterruptedException {
    requireOnPath("go", "Go 1.26 or newer");
    Path program = TARGET.resolve(name);
    // Go knows by itself what has changed.
    run(SOURCES.resolve("go"), "go", "build", "-o", program.toString(), "./" + name);
    return program;
  }

  /** A Python that has what {@code it/clients/python/requirements.txt} names. */
  static synchronized Path python() throws IOException, InterruptedException {
    requireOnPath("python3", "Python 3.10 or newer with its module venv");
    Path requirements = SOURCES.resolve("python").resolve("requirements.txt");
    Path environment = TARGET.resolve("python");
    Path installed = environment.resolve("installed.txt");
    if (!Files.exists(installed) || Files.mismatch(installed, requirements) != -1) {
      run(SOURCES, "python3", "-m", "venv", "--clear", environment.toString());
      run(
          SOURCES,
          environment.resolve("bin/python").toString(),
          "-m",
          "pip",
          "install",
          "--quiet",
          "--requirement",
          requirements.toString());
      Files.copy(requirements, installed);
    }
    return environment.resolve("bin/python");
  }

  private static void requireOnPath(String program, String what) {
    boolean found =
        Arrays.stream(System.getenv("PATH").split(":"))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
    Prerequisite.require(found, program + " is not on PATH: install " + what);
  }

  private static void run(Path directory, String... command)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    if (code != 0) {
      throw new AssertionError("%s ended with %d: %s".formatted(List.of(command), code, said));
    }
  }
}
