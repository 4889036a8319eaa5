package dev.orchard.cli;

import dev.orchard.cli.kubeconfig.Cluster;
import dev.orchard.cli.kubeconfig.Kubeconfig;
import dev.orchard.cli.kubeconfig.KubeconfigReader;
import dev.orchard.cli.road.DirectRoad;
import dev.orchard.cli.road.KubernetesRoad;
import dev.orchard.cli.road.Place;
import dev.orchard.cli.road.Road;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.client.Identity;
import dev.orchard.client.ServerAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** What all subcommands share: where the cluster and the controller are, and the way there. */
@Command(
    name = "kubectl orchard",
    description = "Works with VMs in a Kubernetes cluster.",
    synopsisSubcommandLabel = "COMMAND",
    sortOptions = false)
final class OrchardCommand implements Place.Source {
  /** In place of a controller's URL: the way through the Kubernetes API. */
  private static final String KUBERNETES = "kubernetes";

  private final LocalSide local;

  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "The only kubeconfig to read; else KUBECONFIG, else ~/.kube/config.")
  private @Nullable Path kubeconfig;

  @Option(
      names = "--context",
      paramLabel = "NAME",
      scope = ScopeType.INHERIT,
      description = "Context of the kubeconfig; else its current one.")
  private @Nullable String context;

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAMESPACE",
      scope = ScopeType.INHERIT,
      description = "Else the context's, else default.")
  private @Nullable String namespace;

  @Option(
      names = "--server",
      paramLabel = "URL",
      scope = ScopeType.INHERIT,
      description =
          "A controller to go to directly, or 'kubernetes' for the way through the Kubernetes API."
              + " Else ORCHARD_SERVER, else the kubeconfig cluster's extension orchard.dev, else"
              + " kubernetes.")
  private @Nullable String server;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Shows this.")
  @SuppressWarnings("UnusedVariable") // Read by picocli.
  private boolean help;

  OrchardCommand(LocalSide local) {
    this.local = local;
  }

  @Override
  public Place open() {
    Kubeconfig config =
        new KubeconfigReader(local.environment(), local.home(), InstantSource.system())
            .read(kubeconfig, context);
    return new Place(namespace == null ? config.namespace() : namespace, road(config));
  }

  private Road road(Kubeconfig config) {
    // One cluster's controller keeps its authority under whatever URL it is reached.
    Optional<byte[]> authority =
        config.controller().flatMap(Kubeconfig.Controller::certificateAuthority);
    String fromEnvironment = local.environment().getOrDefault("ORCHARD_SERVER", "");
    if (server != null) {
      return road(config, server, "--server", authority);
    }
    if (!fromEnvironment.isEmpty()) {
      return road(config, fromEnvironment, "ORCHARD_SERVER", authority);
    }
    return road(
        config,
        config.controller().map(Kubeconfig.Controller::server).orElse(KUBERNETES),
        "extension orchard.dev of context '" + config.context() + "'",
        authority);
  }

  private static Road road(
      Kubeconfig config, String server, String source, Optional<byte[]> authority) {
    if (!server.equals(KUBERNETES)) {
      return new DirectRoad(
          ServerAddress.of(server, source, authority),
          Identity.of(config.credentials()::authorization));
    }
    Cluster cluster = config.cluster();
    ServerAddress apiServer =
        ServerAddress.of(
            cluster.server(),
            "cluster of context '" + config.context() + "'",
            cluster.certificateAuthority());
    return new KubernetesRoad(
        cluster.isUnverified() ? apiServer.withoutVerification() : apiServer, config.user());
  }
}
