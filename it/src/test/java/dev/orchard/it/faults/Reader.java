package dev.orchard.it.faults;

import com.google.protobuf.ByteString;
import dev.orchard.client.ExecRequest;
import dev.orchard.client.ExecSession;
import dev.orchard.client.OrchardClient;
import dev.orchard.client.SessionAddress;
import dev.orchard.client.SessionListener;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.Outcome;
import java.net.URI;
import java.util.List;
import java.util.function.Consumer;

/** Follows commands to their ends with the client library, and notes its pauses. */
final class Reader {
  private final OrchardClient client;

  Reader(RealSystem system) {
    this(system, system.servers());
  }

  /** One that knows these addresses of the replicas, each as good as the other. */
  Reader(RealSystem system, List<URI> servers) {
    this.client =
        OrchardClient.builder()
            .servers(servers.toArray(URI[]::new))
            .token(system::token)
            .ca(system.ca())
            .build();
  }

  /** Reads one that was started before, from its beginning. */
  Outcome read(String vm, String name, Consumer<Frame.Output> output) throws InterruptedException {
    return outcome(client.attach(address(vm, name), 0, listener(output, _ -> {})));
  }

  Outcome run(
      String vm,
      String name,
      List<String> command,
      Consumer<Frame.Output> output,
      Consumer<Long> resumed)
      throws InterruptedException {
    return run(vm, name, ExecRequest.of(command.toArray(String[]::new)), output, resumed);
  }

  /**
   * Starts one and reads it to its end.
   *
   * @param resumed told of each pause: milliseconds from the noticed break to the next byte
   */
  Outcome run(
      String vm,
      String name,
      ExecRequest request,
      Consumer<Frame.Output> output,
      Consumer<Long> resumed)
      throws InterruptedException {
    return outcome(start(vm, name, request, output, resumed));
  }

  /** The same, to write to it meanwhile. */
  ExecSession start(
      String vm,
      String name,
      ExecRequest request,
      Consumer<Frame.Output> output,
      Consumer<Long> resumed)
      throws InterruptedException {
    return client.exec(address(vm, name), request, listener(output, resumed));
  }

  private static Outcome outcome(ExecSession session) throws InterruptedException {
    try (session) {
      return session.await();
    }
  }

  private static SessionAddress address(String vm, String name) {
    return new SessionAddress(RealSystem.NAMESPACE, vm, name);
  }

  private static SessionListener listener(Consumer<Frame.Output> output, Consumer<Long> resumed) {
    return new SessionListener() {
      private long brokenAt;

      @Override
      public void interrupted(String why) {
        if (brokenAt == 0) {
          brokenAt = System.nanoTime();
        }
      }

      @Override
      public void output(StdStream stream, long offset, ByteString data) {
        cameBack();
        output.accept(new Frame.Output(stream, offset, data));
      }

      @Override
      public void gap(long from, long to) {
        throw new AssertionError("output is gone from %d to %d".formatted(from, to));
      }

      @Override
      public void ended(Outcome outcome) {
        cameBack();
      }

      private void cameBack() {
        if (brokenAt != 0) {
          resumed.accept((System.nanoTime() - brokenAt) / 1_000_000);
          brokenAt = 0;
        }
      }
    };
  }
}
