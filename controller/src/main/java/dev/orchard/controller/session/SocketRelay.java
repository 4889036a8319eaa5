package dev.orchard.controller.session;

import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.InvalidFrameException;
import dev.orchard.exec.frame.JsonFrames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One WebSocket and its session. A virtual thread of its own is the only one that writes to the
 * socket; the socket's reading thread calls the methods below, and waits in {@link #received} while
 * the session takes no more.
 */
public final class SocketRelay {
  /** Codes of RFC 6455, section 7.4.1. */
  public static final int CLOSE_NORMAL = 1000;

  public static final int CLOSE_NOT_TEXT = 1003;
  public static final int CLOSE_POLICY = 1008;
  public static final int CLOSE_TOO_BIG = 1009;
  private static final int CLOSE_FAILURE = 1011;

  private static final Logger log = LoggerFactory.getLogger(SocketRelay.class);
  private static final Duration EVER = Duration.ofDays(365);

  /** For the handshake before the first frame, and for the peer's half of the closing one. */
  private static final Duration HANDSHAKE = Duration.ofSeconds(10);

  /** What the relay needs of a WebSocket. All but {@link #abort} by one thread alone. */
  public interface Socket {
    void text(String message) throws IOException;

    void ping() throws IOException;

    void pong(byte[] payload) throws IOException;

    void close(int code, String reason) throws IOException;

    /** Frees the reading thread. Any thread. */
    void abort();
  }

  private record Ending(int code, Frame.Failure failure) {}

  private final FrameStream stream;
  private final boolean interactive;
  private final WriteDeadline deadline;
  private final Duration heartbeat;
  private final Duration silence;
  private final SynchronousQueue<Socket> opened = new SynchronousQueue<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicReference<@Nullable Ending> ending = new AtomicReference<>();
  private final AtomicReference<byte @Nullable []> pinged = new AtomicReference<>();
  private volatile long heardNanos = System.nanoTime();
  private volatile boolean delivering;

  // The writing thread's own.
  private long sentNanos = System.nanoTime();
  private long pingedNanos = sentNanos;

  /**
   * @param interactive the client may write
   * @param heartbeat of our silence, after which the client gets a heartbeat; pings as often
   * @param silence of the client, after which its socket is dead
   */
  public SocketRelay(
      FrameStream stream,
      boolean interactive,
      WriteDeadline deadline,
      Duration heartbeat,
      Duration silence) {
    this.stream = stream;
    this.interactive = interactive;
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
  public void received(String message) throws InterruptedException {
    heard();
    try {
      Frame.In frame = JsonFrames.decodeIn(message.getBytes(StandardCharsets.UTF_8));
      if (frame instanceof Frame.Heartbeat) {
        return;
      }
      if (interactive) {
        deliver(frame);
      } else {
        end(
            CLOSE_POLICY,
            new Frame.Failure(
                ErrorCode.NOT_WRITER, "this socket only reads: attach with interactive=true"));
      }
    } catch (InvalidFrameException e) {
      end(CLOSE_POLICY, new Frame.Failure(ErrorCode.INVALID_FRAME, String.valueOf(e.getMessage())));
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

  /** Something came that ends the socket, though not the session. */
  public void end(int code, Frame.Failure failure) {
    ending.compareAndSet(null, new Ending(code, failure));
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
      relay(socket, guard);
      if (!closed.await(HANDSHAKE.toMillis(), TimeUnit.MILLISECONDS)) {
        log.debug("socket was not closed by its client");
      }
    } catch (IOException e) {
      log.debug("socket given up: {}", e.getMessage());
    } finally {
      socket.abort();
    }
  }

  private void relay(Socket socket, WriteDeadline.Guard guard)
      throws IOException, InterruptedException {
    while (closed.getCount() > 0) {
      Ending end = ending.get();
      if (end != null) {
        send(socket, guard, end.failure);
        guard.write(() -> socket.close(end.code, end.failure.code().word()));
        return;
      }
      keepAlive(socket, guard);
      switch (stream.next(untilNextDue())) {
        case FrameStream.Next.Nothing() -> {}
        case FrameStream.Next.Over() -> {
          guard.write(() -> socket.close(CLOSE_NORMAL, "end of the log"));
          return;
        }
        case FrameStream.Next.Arrived arrived -> {
          send(socket, guard, arrived.frame());
          if (arrived.isLast()) {
            boolean failed = arrived.frame() instanceof Frame.Failure;
            guard.write(() ->
                socket.close(failed ? CLOSE_FAILURE : CLOSE_NORMAL, failed ? "error" : "exit"));
            return;
          }
          stream.done();
        }
      }
    }
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
      send(socket, guard, new Frame.Heartbeat(""));
    }
  }

  private Duration untilNextDue() {
    long oldest = Math.min(sentNanos - pingedNanos, 0) + pingedNanos;
    long left = oldest + heartbeat.toNanos() - System.nanoTime();
    return Duration.ofNanos(Math.max(left, 1_000_000));
  }

  private void send(Socket socket, WriteDeadline.Guard guard, Frame.Out frame) throws IOException {
    byte[] line = JsonFrames.encode(frame);
    // Without the line feed, which only NDJSON needs.
    String message = new String(line, 0, line.length - 1, StandardCharsets.UTF_8);
    guard.write(() -> socket.text(message));
    sentNanos = System.nanoTime();
  }
}
