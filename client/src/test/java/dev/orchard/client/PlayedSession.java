package dev.orchard.client;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A session whose connections a test plays by hand. */
final class PlayedSession implements SessionOpener {
  private static final int PATIENCE_SECONDS = 60;

  private final BlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
  private final BlockingQueue<Connection> dropped = new LinkedBlockingQueue<>();

  /** The other end of one. */
  record Connection(
      long from,
      boolean again,
      String ticket,
      SessionStream.Listener listener,
      BlockingQueue<Frame.In> arrived) {
    Connection send(Frame.Out frame) {
      listener.received(frame);
      return this;
    }

    Connection stdout(long offset, String text) {
      return send(new Frame.Output(StdStream.STDOUT, offset, ByteString.copyFromUtf8(text)));
    }

    /** An exit that says that exactly this was written. */
    void exit(String stdout) {
      ByteString written = ByteString.copyFromUtf8(stdout);
      send(
          new Frame.Exit(
              0,
              null,
              ExitReason.EXITED,
              written.size(),
              0,
              sha256(written),
              sha256(ByteString.EMPTY),
              false,
              Duration.ZERO,
              null));
    }

    /** The next frame that comes but for heartbeats. */
    Frame.In next() throws InterruptedException {
      return Objects.requireNonNull(arrived.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
    }
  }

  @Override
  public Reply<SessionStream> open(
      long from, boolean again, String ticket, SessionStream.Listener listener) {
    Connection connection =
        new Connection(from, again, ticket, listener, new LinkedBlockingQueue<>());
    return new Reply.Done<>(
        new SessionStream() {
          @Override
          public void receive() {
            connections.add(connection);
          }

          @Override
          public void send(Frame.In frame) {
            connection.arrived.add(frame);
            listener.sent();
          }

          @Override
          public void consumed() {}

          @Override
          public void close() {}

          @Override
          public void abort() {
            dropped.add(connection);
          }
        });
  }

  Connection connection() throws InterruptedException {
    return Objects.requireNonNull(connections.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
  }

  /** The next one that its client drops. */
  Connection dropped() throws InterruptedException {
    return Objects.requireNonNull(dropped.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
  }

  private static ByteString sha256(ByteString data) {
    try {
      return ByteString.copyFrom(MessageDigest.getInstance("SHA-256").digest(data.toByteArray()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
