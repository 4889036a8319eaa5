package dev.orchard.cli;

import dev.orchard.cli.controller.ControllerAddress;
import dev.orchard.cli.exec.Connection;
import dev.orchard.cli.kubeconfig.Kubeconfig;
import dev.orchard.cli.kubeconfig.KubeconfigReader;
import dev.orchard.cli.message.CliException;
import dev.orchard.cli.terminal.LocalSide;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** What all subcommands share: where the cluster and the controller are. */
@Command(
    name = "kubectl orchard",
    description = "Works with VMs in a Kubernetes cluster.",
    synopsisSubcommandLabel = "COMMAND",
    sortOptions = false)
final class OrchardCommand implements Connection.Source {
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
          "The controller; else ORCHARD_SERVER, else the kubeconfig cluster's extension"
              + " orchard.dev.")
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
  public Connection connection() {
    Kubeconfig config =
        new KubeconfigReader(local.environment(), local.home(), InstantSource.system())
            .read(kubeconfig, context);
    return new Connection(
        namespace == null ? config.namespace() : namespace,
        controller(config),
        config.credentials());
  }

  private ControllerAddress controller(Kubeconfig config) {
    // One cluster's controller keeps its authority under whatever URL it is reached.
    Optional<byte[]> authority =
        config.controller().flatMap(Kubeconfig.Controller::certificateAuthority);
    String fromEnvironment = local.environment().getOrDefault("ORCHARD_SERVER", "");
    if (server != null) {
      return ControllerAddress.of(server, "--server", authority);
    }
    if (!fromEnvironment.isEmpty()) {
      return ControllerAddress.of(fromEnvironment, "ORCHARD_SERVER", authority);
    }
    String named =
        config
            .controller()
            .map(Kubeconfig.Controller::server)
            .orElseThrow(() ->
                CliException.local(
                    "the cluster of kubeconfig's context '%s' names no controller: pass --server URL, set ORCHARD_SERVER, or give the cluster the extension orchard.dev"
                        .formatted(config.context())));
    return ControllerAddress.of(
        named, "extension orchard.dev of context '" + config.context() + "'", authority);
  }
}
