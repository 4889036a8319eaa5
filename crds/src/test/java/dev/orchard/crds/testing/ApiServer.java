package dev.orchard.crds.testing;

import dev.orchard.crds.CrdManifests;
import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A kube-apiserver with its etcd, our kinds established in it, for all test classes of a JVM that
 * register this extension: started by the first, stopped when the JVM ends. It runs no controllers:
 * no garbage collection, and namespaces stay. The binaries come from the folder that {@code
 * KUBEBUILDER_ASSETS} names; without it the tests are skipped, except where {@code CI} is {@code
 * true}.
 */
public final class ApiServer implements BeforeAllCallback {
  private static final String ASSETS = "KUBEBUILDER_ASSETS";

  private @Nullable Running running;

  @Override
  public void beforeAll(ExtensionContext context) {
    String assets = System.getenv(ASSETS);
    if (assets == null && !"true".equals(System.getenv("CI"))) {
      Assumptions.abort(ASSETS + " is not set: no real API server");
    }
    if (assets == null) {
      throw new IllegalStateException(
          ASSETS + " is not set: set it to a folder with etcd, kube-apiserver and kubectl");
    }
    running =
        context
            .getRoot()
            .getStore(ExtensionContext.Namespace.create(ApiServer.class))
            .computeIfAbsent(Running.class, _ -> Running.start(Path.of(assets)), Running.class);
  }

  /** An administrator's. Not to be closed. */
  public KubernetesClient client() {
    return running().client;
  }

  /** A client of the caller's own, to be closed by it, for the same administrator. */
  public KubernetesClient newClient() {
    return new KubernetesClientBuilder().withConfig(client().getConfiguration()).build();
  }

  /** The name of a new namespace that starts so. */
  public String namespace(String prefix) {
    return client()
        .namespaces()
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withGenerateName(prefix + "-")
                .endMetadata()
                .build())
        .create()
        .getMetadata()
        .getName();
  }

  /** Runs kubectl and returns what it printed on both streams. Fails after a minute. */
  public Kubectl kubectl(String... arguments) {
    return kubectlWithInput("", arguments);
  }

  /** Runs kubectl with this as its standard input. */
  public Kubectl kubectlWithInput(String input, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(running().kubectl.toString());
    command.add("--kubeconfig=" + running().kubeconfig);
    command.addAll(List.of(arguments));
    Path output = running().folder.resolve("kubectl-" + Thread.currentThread().threadId());
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().close();
      if (!process.waitFor(1, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IllegalStateException("still running after a minute: " + command);
      }
      return new Kubectl(process.exitValue(), Files.readString(output));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private Running running() {
    if (running == null) {
      throw new IllegalStateException("register this extension in a static field");
    }
    return running;
  }

  /** What a kubectl did. */
  public record Kubectl(int code, String output) {}

  private record Running(
      KubeAPIServer server, KubernetesClient client, Path folder, Path kubectl, Path kubeconfig) {
    /** Any will do: it only names the folder in which kube-api-test looks for binaries. */
    private static final String VERSION = "1.0.0";

    static Running start(Path assets) {
      try {
        // Not the assets' own folder: the certificates of servers beside each other must not mix.
        Path folder = Files.createTempDirectory("orchard-api-server");
        String platform =
            System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac")
                ? "darwin"
                : "linux";
        String arch = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
        Files.createSymbolicLink(
            Files.createDirectory(folder.resolve("k8s"))
                .resolve(String.join("-", VERSION, platform, arch)),
            assets.toRealPath());
        KubeAPIServer server =
            new KubeAPIServer(
                KubeAPIServerConfigBuilder.anAPIServerConfig()
                    .withTestDir(folder.toString())
                    .withApiServerVersion(VERSION)
                    .withOfflineMode(true)
                    .withStartupTimeout(180_000)
                    .withApiServerFlag("--advertise-address", "127.0.0.1")
                    .build());
        // Not when the tests end: a build that is interrupted must leave no process behind.
        Runtime.getRuntime()
            .addShutdownHook(
                new Thread(
                    () -> {
                      server.stop();
                      remove(folder);
                    },
                    "stop-api-server"));
        server.start();
        Path kubeconfig =
            Files.writeString(folder.resolve("kubeconfig"), server.getKubeConfigYaml());
        KubernetesClient client =
            new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(server.getKubeConfigYaml()))
                .build();
        Running running =
            new Running(server, client, folder, assets.resolve("kubectl"), kubeconfig);
        running.establish();
        return running;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void remove(Path folder) {
      try (Stream<Path> paths = Files.walk(folder)) {
        for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void establish() {
      for (CustomResourceDefinition crd : CrdManifests.load()) {
        client.resource(crd).create();
      }
      for (CustomResourceDefinition crd : CrdManifests.load()) {
        client
            .resource(crd)
            .waitUntilCondition(
                c ->
                    c.getStatus() != null
                        && c.getStatus().getConditions().stream()
                            .anyMatch(condition ->
                                condition.getType().equals("Established")
                                    && condition.getStatus().equals("True")),
                1,
                TimeUnit.MINUTES);
      }
    }
  }
}
