package dev.orchard.it;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** The programs that a user runs: kubectl, and the plugin as kubectl finds it. */
final class Programs {
  private Programs() {}

  /** What a program printed, and how it ended. */
  record Result(int code, String stdout, String stderr) {}

  /** Environment in which kubectl and the plugin find each other and the system. */
  static Map<String, String> environment(DevSystem system) {
    return Map.of(
        "KUBECONFIG",
        system.kubeconfig().toString(),
        "JAVA_HOME",
        System.getProperty("java.home"),
        "PATH",
        plugin().getParent() + File.pathSeparator + System.getenv("PATH"));
  }

  static Path plugin() {
    // Failsafe runs in the module's folder.
    return Path.of("..", "bin", "kubectl-orchard").toAbsolutePath().normalize();
  }

  /** The one beside the API server's binaries, else the one on PATH. */
  static String kubectl() {
    String assets = System.getenv("KUBEBUILDER_ASSETS");
    Path ours = Path.of(assets == null ? "" : assets, "kubectl");
    return assets != null && Files.isExecutable(ours) ? ours.toString() : "kubectl";
  }

  static Result kubectl(DevSystem system, String input, String... arguments)
      throws IOException, InterruptedException {
    return run(system, input, kubectl(), arguments);
  }

  static Result orchard(DevSystem system, String input, String... arguments)
      throws IOException, InterruptedException {
    return run(system, input, plugin().toString(), arguments);
  }

  static Result run(DevSystem system, String input, String program, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(program));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment(system));
    Process process = builder.start();
    FutureTask<String> stderr =
        new FutureTask<>(
            () -> new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
    Thread.ofVirtual().start(stderr);
    try (var stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String stdout = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      return new Result(process.waitFor(), stdout, stderr.get());
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    }
  }

  /** The plugin, for a test that speaks with it. Its messages go to ours. */
  static Process start(DevSystem system, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(plugin().toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment(system));
    return builder.start();
  }
}
