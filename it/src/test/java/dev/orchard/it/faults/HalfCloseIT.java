package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Stdin ends, and output comes later all the same. */
@Tag(FaultSizes.TAG)
@Tag("F12")
class HalfCloseIT {
  private static final int AT_ONCE = 10;

  /**
   * Of those that print before and behind the end of their stdin, and of those that print behind.
   */
  private static final List<String> SCRIPTS =
      List.of(
          "echo begun; cat; sleep 1; echo done",
          "cat; sleep 1; echo begun; echo done",
          "sleep 1; echo begun; cat; echo done");

  @Test
  void outputBehindTheEndOfStdinArrives() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    int sessions = FaultSizes.F12_SESSIONS.size();
    Summary summary = new Summary("F12", "stdin ends before, between and behind output");
    system.createVm("f12");
    Reader reader = new Reader(system);
    AtomicInteger complete = new AtomicInteger();
    try (Api api = new Api(system, 0);
        ExecutorService slots = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Future<?>> all =
          IntStream.range(0, sessions)
              .<Future<?>>mapToObj(i ->
                  slots.submit(() -> {
                    if (isComplete(api, reader, "f12-" + i, SCRIPTS.get(i % SCRIPTS.size()))) {
                      complete.incrementAndGet();
                    }
                    return null;
                  }))
              .toList();
      for (Future<?> one : all) {
        one.get();
      }
    }
    system.deleteVm("f12");
    summary.with("sessions", sessions).with("complete", complete).write();
    assertThat(complete).hasValue(sessions);
  }

  private static boolean isComplete(Api api, Reader reader, String name, String script)
      throws Exception {
    Map<String, Object> body =
        Map.of("command", List.of("sh", "-c", script), "stdin", Map.of("type", "Attach"));
    assertThat(api.start("f12", name, body)).isEqualTo(201);
    assertThat(api.endStdin("f12", name)).isEqualTo(200);
    List<ByteString> said = new ArrayList<>();
    Outcome outcome = reader.read("f12", name, frame -> said.add(frame.data()));
    return outcome instanceof Outcome.Known(Frame.Exit exit)
        && Objects.equals(exit.code(), 0)
        && ByteString.copyFrom(said).toStringUtf8().equals("begun\ndone\n");
  }
}
