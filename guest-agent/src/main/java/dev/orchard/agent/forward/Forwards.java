package dev.orchard.agent.forward;

import dev.orchard.proto.forward.v1.ForwardFrame;
import dev.orchard.proto.guest.v1.ForwardInput;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Semaphore;

/** The connections that are open, and how many there may be. Any thread may call. */
public final class Forwards {
  /** Connections at a time. Each holds at most its windows of 256 KiB and a frame. */
  public static final int MAX_FORWARDS = 128;

  private final String instance;
  private final Semaphore slots = new Semaphore(MAX_FORWARDS);

  /**
   * @param instance of the agent: what is meant for another one is refused
   */
  public Forwards(String instance) {
    this.instance = instance;
  }

  /** Takes one call, whose first message says where to. */
  public StreamObserver<ForwardInput> open(ServerCallStreamObserver<ForwardFrame> output) {
    ForwardStream stream = new ForwardStream(instance, slots, output);
    stream.open();
    return stream;
  }
}
