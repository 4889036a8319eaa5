package dev.orchard.cli.exec;

import dev.orchard.cli.Cli;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.cli.terminal.LocalSignal;
import dev.orchard.cli.terminal.Signals;
import dev.orchard.cli.terminal.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** A run of the CLI in this process, on a thread of its own. */
final class CliRun {
  private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
  private final CompletableFuture<Consumer<LocalSignal>> signals = new CompletableFuture<>();
  private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
  private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();
  private final Map<String, String> environment = new HashMap<>();
  private final Path home;
  private InputStream stdin = new ByteArrayInputStream(new byte[0]);
  private OutputStream out = stdout;
  private Terminal terminal = Terminal.none();

  CliRun(Path home) {
    this.home = home;
  }

  CliRun env(String name, String value) {
    environment.put(name, value);
    return this;
  }

  CliRun stdin(InputStream stdin) {
    this.stdin = stdin;
    return this;
  }

  CliRun stdout(OutputStream out) {
    this.out = out;
    return this;
  }

  CliRun terminal(Terminal terminal) {
    this.terminal = terminal;
    return this;
  }

  CliRun start(String... args) {
    Signals handlers = signals::complete;
    LocalSide local = new LocalSide(stdin, out, stderr, environment, home, terminal, handlers);
    Thread.ofVirtual()
        .name("cli")
        .start(() -> {
          try {
            exitCode.complete(Cli.run(args, local));
          } catch (Throwable e) {
            exitCode.completeExceptionally(e);
          }
        });
    return this;
  }

  void signal(LocalSignal signal)
      throws InterruptedException, ExecutionException, TimeoutException {
    signals.get(FakeController.PATIENCE_SECONDS, TimeUnit.SECONDS).accept(signal);
  }

  int exitCode() throws InterruptedException, ExecutionException, TimeoutException {
    return exitCode.get(FakeController.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  boolean isRunning() {
    return !exitCode.isDone();
  }

  String stdout() {
    return stdout.toString(StandardCharsets.UTF_8);
  }

  String stderr() {
    return stderr.toString(StandardCharsets.UTF_8);
  }
}
