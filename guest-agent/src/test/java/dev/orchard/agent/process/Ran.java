package dev.orchard.agent.process;

import dev.orchard.exec.frame.StdStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** A process run to its end, with all that it wrote. */
record Ran(ChildProcess.End end, String stdout, String stderr) {
  static Launch launch(ProcessSpec spec) throws InterruptedException {
    LinkedBlockingQueue<Launch> outcome = new LinkedBlockingQueue<>();
    ProcessLauncher.amongOthers().launch(spec, outcome::add);
    return outcome.take();
  }

  static ChildProcess running(ProcessSpec spec) throws InterruptedException {
    return switch (launch(spec)) {
      case Launch.Running(ChildProcess process) -> process;
      case Launch.Failed failed -> throw new AssertionError(failed);
    };
  }

  static Ran of(ProcessSpec spec) throws InterruptedException {
    try (ChildProcess process = running(spec)) {
      return finish(process);
    }
  }

  static Ran of(String... command) throws InterruptedException {
    return of(pipes(Map.of(), command));
  }

  static ProcessSpec pipes(Map<String, String> env, String... command) {
    return spec(env, "", "", null, command);
  }

  static ProcessSpec spec(
      Map<String, String> env,
      String directory,
      String user,
      @Nullable TerminalSize terminal,
      String... command) {
    return new ProcessSpec(List.of(command), env, directory, user, terminal, false);
  }

  /** Reads until both streams have ended and the process too. */
  static Ran finish(ChildProcess process) {
    Map<StdStream, ByteArrayOutputStream> texts =
        Map.of(
            StdStream.STDOUT, new ByteArrayOutputStream(),
            StdStream.STDERR, new ByteArrayOutputStream());
    ByteBuffer buffer = ByteBuffer.allocateDirect(24_000);
    Optional<ChildProcess.End> end = Optional.empty();
    try (Poller poller = new Poller(3)) {
      while (end.isEmpty()
          || Arrays.stream(StdStream.values()).anyMatch(s -> process.output(s) >= 0)) {
        poller.clear();
        for (StdStream stream : StdStream.values()) {
          poller.add(process.output(stream), Poller.READ);
        }
        int exit = poller.add(process.pidfd(), Poller.READ);
        poller.await(-1);
        for (StdStream stream : StdStream.values()) {
          if (process.output(stream) >= 0) {
            int count = process.read(stream, buffer);
            for (int i = 0; i < count; i++) {
              Objects.requireNonNull(texts.get(stream)).write(buffer.get(i));
            }
          }
        }
        if (end.isEmpty() && poller.readable(exit)) {
          end = process.reap();
        }
      }
    }
    return new Ran(
        end.orElseThrow(),
        Objects.requireNonNull(texts.get(StdStream.STDOUT)).toString(StandardCharsets.UTF_8),
        Objects.requireNonNull(texts.get(StdStream.STDERR)).toString(StandardCharsets.UTF_8));
  }
}
