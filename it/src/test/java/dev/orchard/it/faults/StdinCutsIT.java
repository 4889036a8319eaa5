package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.client.ExecRequest;
import dev.orchard.client.ExecSession;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.Outcome;
import java.io.OutputStream;
import java.net.URI;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Input is sent over connections that are cut again and again, at any of its bytes. */
@Tag(FaultSizes.TAG)
@Tag("F11")
class StdinCutsIT {
  private static final String VM = "f11";
  private static final int INPUT_BYTES = 16 << 20;

  private static final int AT_ONCE = 5;

  /** On the wire. */
  private static final int MEAN_BYTES = 64 << 10;

  private static final Duration MAX_STALL = Duration.ofMillis(100);

  @Test
  void everyByteOfInputArrivesOnceUnderCuts() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    int rounds = FaultSizes.F11_ROUNDS.size();
    Random random = new Random(FaultSizes.seed());
    Summary summary = new Summary("F11", "16 MiB into sha256sum, connections cut at any byte");
    List<Integer> ports = IntStream.range(0, RealSystem.REPLICAS).mapToObj(system::port).toList();
    AtomicInteger equal = new AtomicInteger();
    system.createVm(VM);
    try (FaultProxy proxy = FaultProxy.tcp(ports, cuts(random))) {
      Reader reader = new Reader(system, List.of(URI.create("https://127.0.0.1:" + proxy.port())));
      List<Future<?>> all = new ArrayList<>();
      try (ExecutorService slots = Executors.newFixedThreadPool(AT_ONCE)) {
        for (int i = 0; i < rounds; i++) {
          int round = i;
          all.add(slots.submit(() -> round(reader, round, equal)));
        }
      }
      for (Future<?> one : all) {
        one.get();
      }
      summary
          .with("rounds", rounds)
          .with("digests equal", equal)
          .with("cuts", proxy.cuts())
          .write();
    }
    system.deleteVm(VM);
    assertThat(equal).hasValue(rounds);
  }

  private static @Nullable Void round(Reader reader, int round, AtomicInteger equal)
      throws Exception {
    byte[] input = new byte[INPUT_BYTES];
    new Random(FaultSizes.seed() + round).nextBytes(input);
    StringBuilder said = new StringBuilder();
    try (ExecSession session =
        reader.start(
            VM,
            VM + "-" + round,
            ExecRequest.of("sha256sum").withStdin(),
            frame -> said.append(frame.data().toStringUtf8()),
            _ -> {})) {
      try (OutputStream stdin = session.stdin()) {
        stdin.write(input);
      }
      if (session.await() instanceof Outcome.Known(Frame.Exit exit)
          && Objects.equals(exit.code(), 0)
          && said.toString().equals(digest(input) + "  -\n")) {
        equal.incrementAndGet();
      }
    }
    return null;
  }

  /** By what the client sends, or at times by the little that the server answers. */
  private static Supplier<FaultPlan> cuts(Random random) {
    return () -> {
      synchronized (random) {
        boolean fromServer = random.nextInt(8) == 0;
        return new FaultPlan(
            fromServer,
            1 + random.nextInt(fromServer ? MEAN_BYTES / 8 : 2 * MEAN_BYTES),
            random.nextInt(10) == 0
                ? Duration.ofMillis(random.nextLong(MAX_STALL.toMillis()))
                : Duration.ZERO,
            random.nextBoolean(),
            Noise.NONE);
      }
    };
  }

  private static String digest(byte[] input) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(input));
  }
}
