package dev.orchard.dev.cluster;

import dev.orchard.dev.secret.OwnerFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A kubectl of its own kubeconfig, run to its end. */
final class Kubectl {
  record Result(int code, String output) {}

  private final Path binary;
  private final Path kubeconfig;

  Kubectl(Path folder, ClusterAccess access) {
    this.binary = Assets.folder().resolve("kubectl");
    this.kubeconfig = folder.resolve("kubeconfig-" + access.token());
    OwnerFiles.write(
        kubeconfig,
        Kubeconfig.yaml(
            access, URI.create("https://127.0.0.1:1"), String.valueOf(access.caCertificate())));
  }

  Result run(String... arguments) throws IOException, InterruptedException {
    return runWithInput("", arguments);
  }

  /** Both streams of the output in one. */
  Result runWithInput(String input, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(binary.toString()));
    command.addAll(List.of("--kubeconfig", kubeconfig.toString()));
    // Else it shares a cache of discovery with every other cluster at that port before.
    command.addAll(List.of("--cache-dir", kubeconfig.resolveSibling("cache").toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (OutputStream stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }
}
