package dev.orchard.dev;

import dev.orchard.dev.cluster.ClusterChoice;
import dev.orchard.dev.guest.RuntimeChoice;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs a system until it is told to stop. */
@Command(
    name = "dev",
    mixinStandardHelpOptions = true,
    description = {
      "Runs API server, operator, controller and a worker in one process until SIGTERM or Ctrl-C.",
      "When it can be used, DATA/ready.json says how: url, token, kubeconfig, ca, pid.",
      "What it started it also ends, its VMs included. Objects in a real cluster stay."
    },
    sortOptions = false)
final class DevCommand implements Callable<Integer> {
  @Option(
      names = "--data-dir",
      required = true,
      paramLabel = "DATA",
      description = "All that it keeps and writes.")
  private Path data = Path.of("");

  @Option(
      names = "--cluster",
      defaultValue = "auto",
      paramLabel = "auto|embedded|assets|kubeconfig",
      description = {
        "assets: etcd and kube-apiserver of KUBEBUILDER_ASSETS; kubeconfig: its current context;",
        "embedded: a stand-in without validation and RBAC that forgets all; auto: assets if there,",
        "else embedded. ${DEFAULT-VALUE} by default."
      })
  private ClusterChoice cluster = ClusterChoice.AUTO;

  @Option(
      names = "--runtime",
      defaultValue = "auto",
      paramLabel = "auto|qemu|process",
      description = {
        "qemu: real VMs; process: none, commands run on this host without isolation; auto: qemu",
        "where it is installed, else process. ${DEFAULT-VALUE} by default."
      })
  private RuntimeChoice runtime = RuntimeChoice.AUTO;

  @Override
  public Integer call() {
    DevSettings settings = DevSettings.of(data, cluster, runtime, System.getenv());
    LogFile.open(settings.data());
    Progress progress = Progress.timed(System.err);
    return UntilStopped.run(() -> {
      try (Dev dev = Dev.start(settings, progress)) {
        progress.step("ready: %s, see %s/ready.json".formatted(dev.ready().url(), settings.data()));
        UntilStopped.sleepForEver();
      } finally {
        progress.step("stopped");
      }
      return 0;
    });
  }
}
