package dev.orchard.cli.exec;

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
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A program on a terminal of its own, as a person has it in front of them. Used by one thread. */
public final class PseudoTerminal implements AutoCloseable {
  private static final int TICK_MILLIS = 200;

  /** A VM under emulation may have to start first. */
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

  private final ChildProcess process;
  private final Poller poller = new Poller(1);
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(8_192);
  private final StringBuilder screen = new StringBuilder();
  private boolean ended;

  private PseudoTerminal(ChildProcess process) {
    this.process = process;
  }

  /** Starts a program. */
  public static PseudoTerminal run(
      TerminalSize size, Map<String, String> environment, List<String> command)
      throws InterruptedException {
    BlockingQueue<Launch> launched = new LinkedBlockingQueue<>();
    ProcessLauncher.amongOthers()
        .launch(new ProcessSpec(command, environment, "", "", size, true), launched::add);
    return switch (launched.take()) {
      case Launch.Running(ChildProcess process) -> new PseudoTerminal(process);
      case Launch.Failed(int code, String message) ->
          throw new AssertionError(code + " " + message);
    };
  }

  /** Presses keys: ASCII, control characters included. */
  public void type(String keys) {
    byte[] bytes = keys.getBytes(StandardCharsets.US_ASCII);
    if (process.write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip()) != bytes.length) {
      throw new AssertionError("the terminal took less than " + bytes.length + " keys");
    }
  }

  /** Gives the terminal another size, of which the kernel tells the program. */
  public void resize(int rows, int cols) {
    process.resize(new TerminalSize(rows, cols));
  }

  /** Sends a signal to the program's group. */
  public void signal(int number) {
    process.signal(number);
  }

  /** Waits until the text has appeared. */
  public void awaitOnScreen(String text) {
    long deadline = deadline();
    while (screen.indexOf(text) < 0) {
      if (ended || System.nanoTime() > deadline) {
        throw new AssertionError("no \"" + text + "\" on the terminal, but: " + screen);
      }
      read();
    }
  }

  /** Waits for the program's end; fails where a signal ended it. */
  public int exitCode() {
    long deadline = deadline();
    Optional<ChildProcess.End> end = process.reap();
    while (end.isEmpty()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("still runs; on the terminal: " + screen);
      }
      read();
      end = process.reap();
    }
    Integer code = end.get().code();
    if (code == null) {
      throw new AssertionError("killed by " + end.get().signal());
    }
    return code;
  }

  /** Everything that appeared until now. */
  public String screen() {
    return screen.toString();
  }

  private static long deadline() {
    return System.nanoTime() + PATIENCE_NANOS;
  }

  private void read() {
    poller.clear();
    if (!ended) {
      poller.add(process.output(StdStream.STDOUT), Poller.READ);
    }
    poller.await(TICK_MILLIS);
    int count = ended ? 0 : process.read(StdStream.STDOUT, buffer);
    if (count == ChildProcess.END) {
      ended = true;
    } else {
      byte[] bytes = new byte[count];
      buffer.get(0, bytes);
      screen.append(new String(bytes, StandardCharsets.UTF_8));
    }
  }

  @Override
  public void close() {
    process.signal(9);
    process.close();
    poller.close();
  }
}
