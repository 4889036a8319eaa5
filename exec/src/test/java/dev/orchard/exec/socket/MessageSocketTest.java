package dev.orchard.exec.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two ends over a wire that loses nothing. */
class MessageSocketTest {
  private static final Duration SHORT = Duration.ofMillis(100);
  private static final Duration LONG = Duration.ofSeconds(60);

  private final End left = new End("left");
  private final End right = new End("right");

  /** One end, its owner, and the thread that reads what the other end has written. */
  private static final class End implements Wire, Receiver {
    private final BlockingQueue<Runnable> wire = new LinkedBlockingQueue<>();
    private final BlockingQueue<ByteString> received = new LinkedBlockingQueue<>();
    private final CompletableFuture<Optional<String>> ended = new CompletableFuture<>();
    private final Semaphore readies = new Semaphore(0);
    private final AtomicInteger pings = new AtomicInteger();
    private final String name;
    private MessageSocket socket;
    private @Nullable End other;
    private volatile boolean mute;

    @SuppressWarnings("NullAway.Init")
    End(String name) {
      this.name = name;
    }

    void start(End peer, Duration ping, Duration silence) {
      other = peer;
      socket = new MessageSocket(name, this, this, ping, silence);
      Thread.ofVirtual()
          .name(name + "-wire")
          .start(() -> {
            try {
              while (true) {
                wire.take().run();
              }
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      socket.start();
    }

    private void tell(java.util.function.Consumer<End> what) {
      End peer = other;
      if (peer != null && !mute) {
        peer.wire.add(() -> what.accept(peer));
      }
    }

    @Override
    public void binary(ByteString message) {
      tell(peer -> peer.socket.binary(message, true));
    }

    @Override
    public void text(String message) {
      tell(peer -> peer.socket.text(message));
    }

    @Override
    public void ping() {
      pings.incrementAndGet();
      tell(peer -> peer.socket.pinged(ByteString.EMPTY));
    }

    @Override
    public void pong(ByteString payload) {
      tell(peer -> peer.socket.heard());
    }

    @Override
    public void close(int code, String reason) {
      tell(peer -> {
        peer.socket.closed(code, reason);
        peer.tell(us -> us.socket.closed(code, reason));
      });
    }

    @Override
    public void abort() {
      tell(peer -> peer.socket.over("aborted"));
    }

    @Override
    public void ready() {
      readies.release();
    }

    @Override
    public void received(ByteString message) {
      received.add(message);
    }

    @Override
    public void ended(@Nullable String failure) {
      ended.complete(Optional.ofNullable(failure));
    }

    ByteString take() throws InterruptedException {
      ByteString message = received.poll(10, TimeUnit.SECONDS);
      if (message == null) {
        throw new AssertionError("no message came");
      }
      return message;
    }

    Optional<String> end() throws Exception {
      return ended.get(10, TimeUnit.SECONDS);
    }
  }

  private void connect() {
    connect(LONG, LONG);
  }

  private void connect(Duration ping, Duration silence) {
    left.other = right;
    left.start(right, ping, silence);
    right.start(left, ping, silence);
  }

  @AfterEach
  void stop() {
    left.socket.fail(CloseCode.GOING_AWAY, "the test is over");
    right.socket.fail(CloseCode.GOING_AWAY, "the test is over");
  }

  private static ByteString message(int size) {
    return ByteString.copyFrom(new byte[size]);
  }

  @Test
  void messagesComeInOrderAndOnlyAsTheyAreAskedFor() throws Exception {
    connect();
    left.socket.send(ByteString.copyFromUtf8("one"));
    left.socket.send(ByteString.copyFromUtf8("two"));

    right.socket.request(1);
    assertThat(right.take().toStringUtf8()).isEqualTo("one");
    assertThat(right.received).isEmpty();

    right.socket.request(1);
    assertThat(right.take().toStringUtf8()).isEqualTo("two");
  }

  @Test
  void aReaderThatStopsHoldsUpTheSenderWithinTheWindow() throws Exception {
    connect();
    ByteString chunk = message(24_000);
    int sent = 0;
    while (left.socket.send(chunk, SHORT)) {
      sent += chunk.size();
    }
    assertThat(sent)
        .isBetween(SocketLimits.WINDOW_BYTES, 2 * SocketLimits.WINDOW_BYTES + chunk.size());
    assertThat(left.socket.isReady()).isFalse();

    // What it has said before it stopped, and after, goes the other way all the same.
    right.socket.send(ByteString.copyFromUtf8("not yet"));
    left.socket.request(1);
    assertThat(left.take().toStringUtf8()).isEqualTo("not yet");

    right.socket.request(Integer.MAX_VALUE);
    assertThat(left.readies.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    for (int taken = 0; taken < sent; taken += chunk.size()) {
      assertThat(right.take().size()).isEqualTo(chunk.size());
    }
  }

  @Test
  void farMoreThanAWindowGoesThrough() throws Exception {
    connect();
    right.socket.request(Integer.MAX_VALUE);
    ByteString chunk = message(24_000);
    for (int i = 0; i < 1_000; i++) {
      assertThat(left.socket.send(chunk, LONG)).isTrue();
    }
    for (int i = 0; i < 1_000; i++) {
      assertThat(right.take().size()).isEqualTo(chunk.size());
    }
  }

  @Test
  void aRegularEndComesBehindTheMessages() throws Exception {
    connect();
    left.socket.send(ByteString.copyFromUtf8("last"));
    left.socket.complete();

    right.socket.request(1);

    assertThat(right.take().toStringUtf8()).isEqualTo("last");
    assertThat(right.end()).isEmpty();
    assertThat(left.end()).isEmpty();
    assertThat(left.socket.send(message(1), SHORT)).isFalse();
  }

  @Test
  void aFailureOvertakesTheMessagesAndSaysWhy() throws Exception {
    connect();
    left.socket.send(message(1));
    await().until(() -> left.socket.isReady());
    left.socket.fail(CloseCode.POLICY, "enough");

    assertThat(right.end()).hasValueSatisfying(why -> assertThat(why).contains("1008", "enough"));
  }

  @Test
  void aMessageInPartsIsOne() throws Exception {
    connect();
    right.socket.request(1);

    right.socket.binary(ByteString.copyFromUtf8("in "), false);
    right.socket.binary(ByteString.copyFromUtf8("parts"), true);

    assertThat(right.take().toStringUtf8()).isEqualTo("in parts");
  }

  @Test
  void whoSendsMoreThanWasGrantedIsCutOff() throws Exception {
    connect();
    for (int i = 0; i < 3; i++) {
      right.socket.binary(message(SocketLimits.WINDOW_BYTES), true);
    }
    assertThat(left.end()).hasValueSatisfying(why -> assertThat(why).contains("than were granted"));
  }

  @Test
  void aMessageThatIsTooLongIsCutOff() throws Exception {
    connect();
    right.socket.binary(message(SocketLimits.MESSAGE_BYTES), false);
    right.socket.binary(message(1), true);

    assertThat(left.end()).hasValueSatisfying(why -> assertThat(why).contains("longer than"));
  }

  @Test
  void anEmptyMessageWhichNoGrantBoundsIsCutOff() throws Exception {
    connect();
    right.socket.binary(ByteString.EMPTY, true);

    assertThat(left.end()).hasValueSatisfying(why -> assertThat(why).contains("empty"));
  }

  @Test
  void aTextThatGrantsNothingIsCutOff() throws Exception {
    connect();
    right.socket.text("-1");

    assertThat(left.end()).hasValueSatisfying(why -> assertThat(why).contains("to grant"));
  }

  @Test
  void quietEndsPingAndStay() {
    connect(Duration.ofMillis(10), LONG);

    await().until(() -> left.pings.get() > 3 && right.pings.get() > 3);

    assertThat(left.ended).isNotDone();
    assertThat(right.ended).isNotDone();
  }

  @Test
  void anEndThatIsNotHeardOfIsDead() throws Exception {
    connect(Duration.ofMillis(10), Duration.ofMillis(200));
    right.mute = true;

    assertThat(left.end()).hasValueSatisfying(why -> assertThat(why).contains("nothing was heard"));
  }
}
