package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.client.ExecRequest;
import dev.orchard.client.WindowSize;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Commands end while the last of what they wrote is still in their pipes. */
@Tag(FaultSizes.TAG)
class ExitRaceIT {
  private static final int LINES = 1_000_000;

  /** What seq prints up to a million: 9 of 1 digit, 90 of 2, ... and a line feed each. */
  private static final long BYTES = 6_888_896;

  private static final int AT_ONCE = 8;

  /** What a command printed, and how it ended. */
  private record Ran(ByteString output, Outcome outcome) {
    /** The exit, where all that it promises is there. */
    Frame.Exit exit() {
      assertThat(outcome).isInstanceOf(Outcome.Known.class);
      Frame.Exit exit = ((Outcome.Known) outcome).exit();
      assertThat(exit.stdoutBytes() + exit.stderrBytes()).isEqualTo(output.size());
      return exit;
    }
  }

  private final AtomicInteger names = new AtomicInteger();

  private Ran run(RealSystem system, String vm, ExecRequest request) throws InterruptedException {
    List<ByteString> pieces = new ArrayList<>();
    Outcome outcome =
        new Reader(system)
            .run(
                vm,
                vm + "-" + names.incrementAndGet(),
                request,
                frame -> pieces.add(frame.data()),
                _ -> {});
    return new Ran(ByteString.copyFrom(pieces), outcome);
  }

  @Test
  @Tag("F13")
  void aMillionLinesAreCompleteEachTime() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    int rounds = FaultSizes.F13_ROUNDS.size();
    Summary summary = new Summary("F13", "seq to 1,000,000 over a pipe and over a terminal");
    system.createVm("f13");
    ExecRequest request = ExecRequest.of("seq", Integer.toString(LINES));
    int complete = 0;
    for (int i = 0; i < rounds; i++) {
      Ran piped = run(system, "f13", request);
      Ran typed = run(system, "f13", request.withTty(WindowSize.DEFAULT));
      if (piped.exit().stdoutBytes() == BYTES
          && typed.exit().stdoutBytes() == BYTES + LINES
          && typed.output().endsWith(ByteString.copyFromUtf8("\r\n1000000\r\n"))) {
        complete++;
      }
    }
    system.deleteVm("f13");
    summary.with("rounds", rounds).with("complete", complete).write();
    assertThat(complete).isEqualTo(rounds);
  }

  @Test
  @Tag("F13")
  void shortCommandsLoseNothing() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    int echoes = FaultSizes.F13_ECHOES.size();
    Summary summary = new Summary("F13", "short commands, 8 at a time; 500,000 writes of one byte");
    system.createVm("f13-short");
    AtomicInteger complete = new AtomicInteger();
    try (ExecutorService slots = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Future<?>> all =
          IntStream.range(0, echoes)
              .<Future<?>>mapToObj(i ->
                  slots.submit(() -> {
                    Ran ran = run(system, "f13-short", ExecRequest.of("echo", "hi"));
                    if (ran.exit().reason() == ExitReason.EXITED
                        && ran.output().toStringUtf8().equals("hi\n")) {
                      complete.incrementAndGet();
                    }
                    return null;
                  }))
              .toList();
      for (Future<?> one : all) {
        one.get();
      }
    }
    Ran bytes =
        run(
            system,
            "f13-short",
            ExecRequest.of("sh", "-c", "dd if=/dev/zero bs=1 count=500000 2>/dev/null"));
    system.deleteVm("f13-short");
    summary
        .with("commands", echoes)
        .with("complete", complete)
        .with("bytes of dd", bytes.exit().stdoutBytes())
        .write();
    assertThat(complete).hasValue(echoes);
    assertThat(bytes.exit().stdoutBytes()).isEqualTo(500_000);
  }

  @Test
  @Tag("F14")
  void aChildThatHoldsTheOutputHoldsNobodyUp() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    int children = FaultSizes.F14_CHILDREN.size();
    Summary summary = new Summary("F14", "a background child holds its command's output");
    system.createVm("f14");
    int told = 0;
    for (int i = 0; i < children; i++) {
      Ran ran =
          run(
              system,
              "f14",
              ExecRequest.of("sh", "-c", "(sleep 60; echo late) & echo now; exit 3"));
      if (ran.exit().outputIncomplete()
          && Integer.valueOf(3).equals(ran.exit().code())
          && ran.output().toStringUtf8().equals("now\n")) {
        told++;
      }
    }
    system.deleteVm("f14");
    summary.with("children", children).with("told as outputIncomplete", told).write();
    assertThat(told).isEqualTo(children);
  }
}
