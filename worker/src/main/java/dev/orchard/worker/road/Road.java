package dev.orchard.worker.road;

import dev.orchard.proto.worker.v1.ControllerFrame;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.WorkerFrame;
import dev.orchard.proto.worker.v1.WorkerReport;
import dev.orchard.worker.stream.MessageStream;
import dev.orchard.worker.stream.StreamListener;

/** One way to one replica. Streams may be opened by any thread, which may have to wait. */
public interface Road extends AutoCloseable {
  /** For logs. */
  String address();

  /** False if the replica cannot be reached now, which takes 20 s at most. */
  boolean reach() throws InterruptedException;

  /** A stream that cannot be opened ends at once. */
  MessageStream<WorkerReport> link(int requested, StreamListener<Instruction> listener)
      throws InterruptedException;

  /**
   * As {@link #link}, of which nothing is requested.
   *
   * @param replica that has asked for it, by its name
   */
  MessageStream<WorkerFrame> rendezvous(String replica, StreamListener<ControllerFrame> listener)
      throws InterruptedException;

  /** Ends every stream. */
  @Override
  void close();
}
