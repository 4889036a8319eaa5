package dev.orchard.it;

import dev.orchard.agent.process.ChildProcess;
import dev.orchard.agent.process.Launch;
import dev.orchard.agent.process.Poller;
import dev.orchard.agent.process.ProcessLauncher;
import dev.orchard.agent.process.ProcessSpec;
import dev.orchard.agent.process.TerminalSize;
import dev.orchard.exec.frame.StdStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/** A program on a terminal of its own, as a person has it in front of them. */
final class Terminal implements AutoCloseable {
  private static final long PATIENCE_NANOS = 120_000_000_000L;

  private final ChildProcess process;
  private final Poller poller = new Poller(2);
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(8_192);
  private final StringBuilder screen = new StringBuilder();
  private int seen;
  private boolean ended;

  private Terminal(ChildProcess process) {
    this.process = process;
  }

  static Terminal run(List<String> command, Map<String, String> env) throws InterruptedException {
    BlockingQueue<Launch> launched = new ArrayBlockingQueue<>(1);
    new ProcessLauncher()
        .launch(
            new ProcessSpec(command, env, "", "", new TerminalSize(24, 80), true), launched::add);
    return switch (launched.take()) {
      case Launch.Running(ChildProcess process) -> new Terminal(process);
      case Launch.Failed(int code, String message) -> throw new AssertionError(message);
    };
  }

  void type(String text) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(text.length());
    bytes.put(text.getBytes(StandardCharsets.US_ASCII)).flip();
    if (process.write(bytes) != text.length()) {
      throw new AssertionError("the terminal did not take: " + text);
    }
  }

  void resize(int rows, int cols) {
    process.resize(new TerminalSize(rows, cols));
  }

  /** Waits until a text appears behind what was waited for before. */
  void await(String text) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      int at = screen.indexOf(text, seen);
      if (at >= 0) {
        seen = at + text.length();
        return;
      }
      if (ended || System.nanoTime() > deadline) {
        throw new AssertionError("no \"" + text + "\" on the terminal, but:\n" + screen);
      }
      read();
    }
  }

  /** Waits for the program's end and returns its exit code. */
  @Nullable Integer exitCode() {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      Optional<ChildProcess.End> end = process.reap();
      if (end.isPresent()) {
        return end.get().code();
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("did not end; on the terminal:\n" + screen);
      }
      read();
    }
  }

  private void read() {
    poller.clear();
    if (!ended) {
      poller.add(process.output(StdStream.STDOUT), Poller.READ);
    }
    poller.add(process.pidfd(), Poller.READ);
    poller.await(1_000);
    if (ended) {
      return;
    }
    int count = process.read(StdStream.STDOUT, buffer);
    if (count == ChildProcess.END) {
      ended = true;
    } else if (count > 0) {
      byte[] bytes = new byte[count];
      buffer.get(0, bytes);
      screen.append(new String(bytes, StandardCharsets.ISO_8859_1));
    }
  }

  String screen() {
    return screen.toString();
  }

  @Override
  public void close() {
    process.signal(9);
    process.close();
    poller.close();
  }
}
