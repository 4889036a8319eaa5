package dev.orchard.controller.session;

import dev.orchard.crds.vmexec.OutputStatus;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What the object of an ended session says, for want of a log: the output is announced as a gap,
 * and the exit has no digests.
 */
final class StoredOutcome implements FrameStream {
  private final Deque<Frame.Out> frames = new ArrayDeque<>();

  StoredOutcome(VMExec exec, long from) {
    VMExecStatus status = exec.statusOrEmpty();
    VMExecExit exit = status.exit();
    if (exit == null) {
      throw new IllegalArgumentException(exec.getMetadata().getName() + " has not ended");
    }
    long end = outputBytes(exec);
    if (end > from) {
      frames.add(new Frame.Gap(from, end));
    }
    frames.add(exit(status, exit));
  }

  /** Bytes that an ended session printed, as far as its object says. */
  static long outputBytes(VMExec exec) {
    OutputStatus output = exec.statusOrEmpty().output();
    return output == null ? 0 : output.stdoutBytes() + output.stderrBytes();
  }

  private static Frame.Exit exit(VMExecStatus status, VMExecExit exit) {
    OutputStatus output = status.output();
    return new Frame.Exit(
        exit.code(),
        exit.signal(),
        ExitReason.ofWord(exit.reason().word()).orElseThrow(),
        output == null ? 0 : output.stdoutBytes(),
        output == null ? 0 : output.stderrBytes(),
        null,
        null,
        exit.outputIncomplete(),
        duration(status),
        exit.message());
  }

  /** From the process' start to its end; zero where either is not known. */
  static Duration duration(VMExecStatus status) {
    return status.startTime() == null
            || status.completionTime() == null
            || status.completionTime().isBefore(status.startTime())
        ? Duration.ZERO
        : Duration.between(status.startTime(), status.completionTime());
  }

  @Override
  public Next next(Duration patience) {
    return new Next.Arrived(frames.removeFirst());
  }

  @Override
  public void done() {}

  @Override
  public boolean send(Frame.In frame, Duration patience) {
    return false;
  }

  @Override
  public void wake() {}

  @Override
  public void close() {}
}
