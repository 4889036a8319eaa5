package dev.orchard.controller.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One WebSocket and its session. A virtual thread of its own is the only one that writes to the
 * socket; the socket's reading thread calls the methods below, and waits in those that take a
 * message while the session takes no more. What goes over the socket is its {@link SocketCodec}'s.
 */
public final class SocketRelay {
  private static final Logger log = LoggerFactory.getLogger(SocketRelay.class);
  private static final Duration EVER = Duration.ofDays(365);

  /** For the handshake before the first frame, and for the peer's half of the closing one. */
  private static final Duration HANDSHAKE = Duration.ofSeconds(10);

  /** What the relay needs of a WebSocket. All but {@link #abort} by one thread alone. */
  public interface Socket {
    void send(SocketCodec.Message message) throws IOException;

    void ping() throws IOException;

    void pong(byte[] payload) throws IOException;

    void close(int code, String reason) throws IOException;

    /** Frees the reading thread. Any thread. */
    void abort();
  }

  private final FrameStream stream;
  private final SocketCodec codec;
  private final WriteDeadline deadline;
  private final Duration heartbeat;
  private final Duration silence;
  private final SynchronousQueue<Socket> opened = new SynchronousQueue<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicReference<SocketCodec.@Nullable Ending> ending = new AtomicReference<>();
  private final AtomicReference<byte @Nullable []> pinged = new AtomicReference<>();
  private volatile long heardNanos = System.nanoTime();
  private volatile boolean delivering;

  // The writing thread's own.
  private long sentNanos = System.nanoTime();
  private long pingedNanos = sentNanos;

  /**
   * @param codec this socket's own
   * @param heartbeat of our silence, after which the client gets a heartbeat; pings as often
   * @param silence of the client, after which its socket is dead
   */
  public SocketRelay(
      FrameStream stream,
      SocketCodec codec,
      WriteDeadline deadline,
      Duration heartbeat,
      Duration silence) {
    this.stream = stream;
    this.codec = codec;
    this.deadline = deadline;
    this.heartbeat = heartbeat;
    this.silence = silence;
  }

  /** Starts the writing thread; it closes the stream if no socket comes of it. */
  public void start() {
    Thread.ofVirtual().name("exec-socket").start(this::run);
  }

  /** The handshake is done. */
  public void opened(Socket socket) throws InterruptedException {
    if (!opened.offer(socket, HANDSHAKE.toMillis(), TimeUnit.MILLISECONDS)) {
      socket.abort();
    }
  }

  /** A text message came. */
  public void text(String message) throws InterruptedException {
    heard();
    react(codec.text(message));
  }

  /** A part of a binary message came. */
  public void binary(ByteString part, boolean last) throws InterruptedException {
    heard();
    react(codec.binary(part, last));
  }

  /** Characters that a text message may have. */
  public int maxText() {
    return codec.maxText();
  }

  /** A text message came that is longer than {@link #maxText}. */
  public void tooLong() throws InterruptedException {
    heard();
    react(codec.tooLong());
  }

  private void react(SocketCodec.Reaction reaction) throws InterruptedException {
    switch (reaction) {
      case SocketCodec.Pass(List<Frame.In> frames) -> {
        for (Frame.In frame : frames) {
          deliver(frame);
        }
      }
      case SocketCodec.Ending end -> {
        ending.compareAndSet(null, end);
        stream.wake();
      }
    }
  }

  private void deliver(Frame.In frame) throws InterruptedException {
    delivering = true;
    try {
      stream.send(frame, EVER);
    } finally {
      heard();
      delivering = false;
    }
  }

  /** The client lives. */
  public void heard() {
    heardNanos = System.nanoTime();
  }

  /** A ping came: its newest payload goes back. */
  public void pinged(byte[] payload) {
    heard();
    pinged.set(payload);
    stream.wake();
  }

  /** Nothing more comes. */
  public void closed() {
    closed.countDown();
    stream.close();
    stream.wake();
  }

  private void run() {
    try (stream) {
      Socket socket = opened.poll(HANDSHAKE.toMillis(), TimeUnit.MILLISECONDS);
      if (socket != null) {
        serve(socket);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(Socket socket) throws InterruptedException {
    try (WriteDeadline.Guard guard = deadline.guard()) {
      heard();
      if (relay(socket, guard) && !closed.await(HANDSHAKE.toMillis(), TimeUnit.MILLISECONDS)) {
        log.debug("socket was not closed by its client");
      }
    } catch (IOException e) {
      log.debug("socket given up: {}", e.getMessage());
    } finally {
      socket.abort();
    }
  }

  /** False: the connection is to be cut. */
  private boolean relay(Socket socket, WriteDeadline.Guard guard)
      throws IOException, InterruptedException {
    while (closed.getCount() > 0) {
      SocketCodec.Ending end = ending.get();
      if (end == null) {
        keepAlive(socket, guard);
        send(socket, guard, codec.due());
        end = pass(socket, guard);
      }
      switch (end) {
        case null -> {}
        case SocketCodec.Drop() -> {
          return false;
        }
        case SocketCodec.Close(List<SocketCodec.Message> last, int code, String reason) -> {
          send(socket, guard, last);
          guard.write(() -> socket.close(code, reason));
          return true;
        }
      }
    }
    return true;
  }

  /** Passes on what comes next, and returns how the socket ends if that was all. */
  private SocketCodec.@Nullable Ending pass(Socket socket, WriteDeadline.Guard guard)
      throws IOException, InterruptedException {
    return switch (stream.next(untilNextDue())) {
      case FrameStream.Next.Nothing() -> null;
      case FrameStream.Next.Over() -> codec.end(null).orElse(null);
      case FrameStream.Next.Arrived arrived -> {
        send(socket, guard, arrived.frame());
        if (arrived.isLast()) {
          yield codec.end(arrived.frame()).orElse(null);
        }
        stream.done();
        yield null;
      }
    };
  }

  private void keepAlive(Socket socket, WriteDeadline.Guard guard) throws IOException {
    byte[] payload = pinged.getAndSet(null);
    if (payload != null) {
      guard.write(() -> socket.pong(payload));
    }
    long now = System.nanoTime();
    if (!delivering && now - heardNanos > silence.toNanos()) {
      throw new IOException("nothing was heard of the client for " + silence.toSeconds() + " s");
    }
    if (now - pingedNanos >= heartbeat.toNanos()) {
      pingedNanos = now;
      guard.write(socket::ping);
    }
    if (now - sentNanos >= heartbeat.toNanos()) {
      send(socket, guard, stream.heartbeat());
    }
  }

  private Duration untilNextDue() {
    long oldest = Math.min(sentNanos - pingedNanos, 0) + pingedNanos;
    long left = oldest + heartbeat.toNanos() - System.nanoTime();
    return Duration.ofNanos(Math.max(left, 1_000_000));
  }

  private void send(Socket socket, WriteDeadline.Guard guard, Frame.Out frame) throws IOException {
    send(socket, guard, codec.encode(frame));
    sentNanos = System.nanoTime();
  }

  private static void send(
      Socket socket, WriteDeadline.Guard guard, List<SocketCodec.Message> messages)
      throws IOException {
    for (SocketCodec.Message message : messages) {
      guard.write(() -> socket.send(message));
    }
  }
}
