package dev.orchard.exec.socket;

import static dev.orchard.exec.socket.SocketLimits.GRANT_FROM;
import static dev.orchard.exec.socket.SocketLimits.MESSAGE_BYTES;
import static dev.orchard.exec.socket.SocketLimits.WINDOW_BYTES;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One end of a stream of messages over a WebSocket, the same on both sides. A message is a binary
 * one; a text message grants the other side so many more bytes. Nobody ever stops reading the
 * socket, so that pings, grants and the end come through however long a stream is held up.
 *
 * <p>One virtual thread writes, another one delivers. The wire's reading thread calls {@link
 * #binary}, {@link #text}, {@link #heard} and {@link #over}, and is never blocked. Everything else
 * is anybody's.
 */
public final class MessageSocket {
  private static final Logger log = LoggerFactory.getLogger(MessageSocket.class);

  /** How our side ends. */
  private record Ending(int code, String reason, boolean afterMessages) {}

  private final String name;
  private final Wire wire;
  private final Receiver receiver;
  private final Duration ping;
  private final Duration silence;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private final Queue<ByteString> outbound = new ArrayDeque<>();

  @GuardedBy("lock")
  private int outboundBytes;

  @GuardedBy("lock")
  private long credit = WINDOW_BYTES;

  @GuardedBy("lock")
  private boolean saidUnready;

  @GuardedBy("lock")
  private @Nullable Ending ending;

  @GuardedBy("lock")
  private final Queue<ByteString> inbound = new ArrayDeque<>();

  @GuardedBy("lock")
  private int inboundBytes;

  @GuardedBy("lock")
  private int taken;

  @GuardedBy("lock")
  private long demand;

  /** The other side has ended; regularly if there is no failure. */
  @GuardedBy("lock")
  private boolean over;

  @GuardedBy("lock")
  private @Nullable String failure;

  @GuardedBy("lock")
  private @Nullable ByteString pong;

  @GuardedBy("lock")
  private long heardNanos = System.nanoTime();

  /** The wire's reading thread alone. */
  private ByteString parts = ByteString.EMPTY;

  /**
   * @param name for threads
   * @param ping how often the other side is pinged
   * @param silence of the other side, after which it is dead
   */
  public MessageSocket(String name, Wire wire, Receiver receiver, Duration ping, Duration silence) {
    this.name = name;
    this.wire = wire;
    this.receiver = receiver;
    this.ping = ping;
    this.silence = silence;
  }

  /** Starts both threads, once; they end with the socket. */
  public void start() {
    Thread.ofVirtual().name(name + "-writer").start(this::write);
    Thread.ofVirtual().name(name + "-reader").start(this::deliver);
  }

  // What the owner does.

  /** Whether a message goes out at once; {@link Receiver#ready} says when again. */
  public boolean isReady() {
    lock.lock();
    try {
      boolean ready = room();
      saidUnready |= !ready;
      return ready;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private boolean room() {
    return !over && ending == null && outboundBytes < credit;
  }

  /** Sends, or queues what there is no room for. Says nothing where the stream is over. */
  public void send(ByteString message) {
    lock.lock();
    try {
      if (!over && ending == null) {
        outbound.add(message);
        outboundBytes += message.size();
        saidUnready |= !room();
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Sends once there is room. False if the stream is over or had none for that long. */
  public boolean send(ByteString message, Duration patience) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = patience.toNanos();
      while (!room()) {
        if (over || ending != null || left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      send(message);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Lets so many more messages be delivered. */
  public void request(int messages) {
    lock.lock();
    try {
      demand += messages;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more is sent behind what is queued: the stream ends. */
  public void complete() {
    end(new Ending(CloseCode.NORMAL, "", true));
  }

  /** Ends the stream at once, with a reason for the other side. */
  public void fail(int code, String reason) {
    end(new Ending(code, CloseCode.reason(reason), false));
  }

  private void end(Ending wanted) {
    lock.lock();
    try {
      if (ending == null || (ending.afterMessages && !wanted.afterMessages)) {
        ending = wanted;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  // What the wire's reading thread tells.

  /** A part of a binary message. */
  public void binary(ByteString part, boolean last) {
    heard();
    if (parts.size() + part.size() > MESSAGE_BYTES) {
      parts = ByteString.EMPTY;
      fail(CloseCode.POLICY, "a message is longer than %d bytes".formatted(MESSAGE_BYTES));
      return;
    }
    parts = parts.concat(part);
    if (!last) {
      return;
    }
    ByteString message = parts;
    parts = ByteString.EMPTY;
    lock.lock();
    try {
      if (message.isEmpty()) {
        // They would cost no grant, and room all the same.
        fail(CloseCode.POLICY, "a message is empty");
      } else if (inboundBytes + taken >= WINDOW_BYTES) {
        fail(CloseCode.POLICY, "more bytes came than were granted");
      } else if (!over) {
        inbound.add(message);
        inboundBytes += message.size();
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** A text message: what the other side grants. */
  public void text(String message) {
    heard();
    boolean again;
    lock.lock();
    try {
      int granted = Integer.parseInt(message);
      if (granted < 1 || granted > WINDOW_BYTES + MESSAGE_BYTES) {
        throw new NumberFormatException(message);
      }
      credit = Math.min(credit + granted, WINDOW_BYTES);
      again = takeReady();
      changed.signalAll();
    } catch (NumberFormatException e) {
      fail(CloseCode.POLICY, "a text message is no number of bytes to grant");
      return;
    } finally {
      lock.unlock();
    }
    if (again) {
      receiver.ready();
    }
  }

  @GuardedBy("lock")
  private boolean takeReady() {
    boolean again = saidUnready && room();
    saidUnready &= !again;
    return again;
  }

  /** A ping came: its newest payload goes back, where the wire does not do that by itself. */
  public void pinged(ByteString payload) {
    heard();
    lock.lock();
    try {
      pong = payload;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Something came. */
  public void heard() {
    lock.lock();
    try {
      heardNanos = System.nanoTime();
    } finally {
      lock.unlock();
    }
  }

  /** The other side has closed the socket. */
  public void closed(int code, String reason) {
    over(
        code == CloseCode.NORMAL
            ? null
            : "closed with %d%s".formatted(code, reason.isEmpty() ? "" : ": " + reason));
  }

  /**
   * Nothing more comes.
   *
   * @param why absent if the other side has ended the stream regularly
   */
  public void over(@Nullable String why) {
    lock.lock();
    try {
      if (!over) {
        over = true;
        failure = why;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  // The delivering thread.

  private void deliver() {
    String why = "the thread that reads was ended";
    try {
      while (true) {
        ByteString message = take();
        if (message == null) {
          why = ended();
          return;
        }
        receiver.received(message);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.error("what came was not dealt with socket={}", name, e);
      fail(CloseCode.FAILURE, "a defect; the log names it");
    } finally {
      receiver.ended(why);
    }
  }

  /** Waits for a message that was asked for; null when none comes any more. */
  private @Nullable ByteString take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        if (over && (failure != null || ending != null || inbound.isEmpty())) {
          return null;
        }
        ByteString message = demand > 0 ? inbound.poll() : null;
        if (message != null) {
          demand--;
          inboundBytes -= message.size();
          taken += message.size();
          changed.signalAll();
          return message;
        }
        changed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  private @Nullable String ended() {
    lock.lock();
    try {
      return failure;
    } finally {
      lock.unlock();
    }
  }

  // The writing thread.

  private sealed interface Next {
    record Message(ByteString message) implements Next {}

    record Grant(int bytes) implements Next {}

    record Ping() implements Next {}

    record Pong(ByteString payload) implements Next {}

    record Close(Ending ending) implements Next {}

    record Stop() implements Next {}
  }

  private void write() {
    try {
      long pingedNanos = System.nanoTime();
      while (true) {
        switch (next(pingedNanos)) {
          case Next.Message(ByteString message) -> sent(message);
          case Next.Grant(int bytes) -> wire.text(Integer.toString(bytes));
          case Next.Ping() -> {
            pingedNanos = System.nanoTime();
            wire.ping();
          }
          case Next.Pong(ByteString payload) -> wire.pong(payload);
          case Next.Close(Ending how) -> {
            wire.close(how.code, how.reason);
            awaitOver(how);
            return;
          }
          case Next.Stop() -> {
            return;
          }
        }
      }
    } catch (IOException e) {
      over("the socket broke: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      over("the thread that writes was ended");
    } finally {
      wire.abort();
    }
  }

  private void sent(ByteString message) throws IOException, InterruptedException {
    wire.binary(message);
    boolean again;
    lock.lock();
    try {
      again = takeReady();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (again) {
      receiver.ready();
    }
  }

  private Next next(long pingedNanos) throws IOException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        if (over) {
          return new Next.Stop();
        }
        if (ending != null && (outbound.isEmpty() || !ending.afterMessages)) {
          return new Next.Close(ending);
        }
        if (pong != null) {
          Next answer = new Next.Pong(pong);
          pong = null;
          return answer;
        }
        if (taken >= GRANT_FROM) {
          int grant = taken;
          taken = 0;
          return new Next.Grant(grant);
        }
        if (credit > 0 && !outbound.isEmpty()) {
          ByteString message = outbound.remove();
          outboundBytes -= message.size();
          credit -= message.size();
          return new Next.Message(message);
        }
        long now = System.nanoTime();
        if (now - heardNanos > silence.toNanos()) {
          throw new IOException("nothing was heard for %d s".formatted(silence.toSeconds()));
        }
        long left = ping.toNanos() - (now - pingedNanos);
        if (left <= 0) {
          return new Next.Ping();
        }
        var _ = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The owner hears of the end even if the other side never answers the close. */
  private void awaitOver(Ending how) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = SocketLimits.CLOSING.toNanos();
      while (!over && left > 0) {
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
    over(how.code == CloseCode.NORMAL ? null : how.reason);
  }
}
