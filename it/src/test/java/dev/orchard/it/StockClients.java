package dev.orchard.it;

import dev.orchard.it.Programs.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Programs that know Kubernetes' pods/exec and nothing of us: all that is ours is the URL. */
enum StockClients {
  /** client-go's WebSocket executor, by {@code it/clients/go/remotecommand}. */
  CLIENT_GO {
    @Override
    Result run(DevSystem system, Exec exec) throws IOException, InterruptedException {
      List<String> arguments = new ArrayList<>();
      arguments.addAll(List.of("-kubeconfig", exec.kubeconfig.toString(), "-path", exec.path()));
      if (exec.stdin != null) {
        arguments.add("-stdin");
      }
      if (exec.size != null) {
        arguments.addAll(List.of("-tty", "-size", exec.size));
      }
      arguments.add("--");
      arguments.addAll(exec.command);
      return Programs.run(
          system,
          exec.stdin == null ? "" : exec.stdin,
          ClientTools.go("remotecommand").toString(),
          arguments.toArray(String[]::new));
    }
  },
  /** The Python client's stream, by {@code it/clients/python/remotecommand.py}. */
  PYTHON {
    @Override
    Result run(DevSystem system, Exec exec) throws IOException, InterruptedException {
      List<String> arguments = new ArrayList<>();
      arguments.add(Path.of("clients", "python", "remotecommand.py").toAbsolutePath().toString());
      arguments.addAll(List.of(exec.kubeconfig.toString(), exec.path()));
      arguments.add(exec.stdin == null ? "-" : exec.stdin);
      if (exec.size != null) {
        arguments.addAll(List.of("--tty", exec.size));
      }
      arguments.add("--");
      arguments.addAll(exec.command);
      return Programs.run(
          system, "", ClientTools.python().toString(), arguments.toArray(String[]::new));
    }
  };

  /** Runs a command; what it prints, and its exit code, are the client's own. */
  abstract Result run(DevSystem system, Exec exec) throws IOException, InterruptedException;

  /**
   * What a client is asked for.
   *
   * @param kubeconfig whose user asks
   * @param stdin sent and ended; absent: none
   * @param size of its terminal, ROWSxCOLS; absent: it has none
   */
  record Exec(
      Path kubeconfig,
      String vm,
      @Nullable String stdin,
      @Nullable String size,
      List<String> command) {
    static Exec of(DevSystem system, String vm, String... command) {
      return new Exec(system.kubeconfig(), vm, null, null, List.of(command));
    }

    Exec withStdin(String stdin) {
      return new Exec(kubeconfig, vm, stdin, size, command);
    }

    Exec withSize(String size) {
      return new Exec(kubeconfig, vm, stdin, size, command);
    }

    Exec as(Path kubeconfig) {
      return new Exec(kubeconfig, vm, stdin, size, command);
    }

    private String path() {
      return "/apis/subresources.orchard.dev/v1alpha1/namespaces/default/vms/%s/exec".formatted(vm);
    }
  }
}
