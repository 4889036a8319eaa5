package dev.orchard.exec.link;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HostilePeerTest {
  private final FramedLink host = FramedLink.host(new Random(1));

  @Test
  void aGuestThatSendsMoreThanItWasGrantedLosesTheEpoch() {
    ForeignPeer guest = ForeignPeer.ofHost(host);
    LinkStream stream = open(guest);
    for (int sent = 0; sent < LinkLimits.WINDOW; sent += LinkLimits.MAX_PAYLOAD) {
      guest.say(FrameType.DATA, stream.id(), ByteBuffer.allocate(LinkLimits.MAX_PAYLOAD));
    }
    assertThat(host.isUp()).isTrue();
    guest.say(FrameType.DATA, stream.id(), ByteBuffer.allocate(1));
    assertThat(host.isUp()).isFalse();
    assertThat(outcome()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void aMessageThatClaimsToBeLongerThanAllowedEndsTheEpochBeforeItArrives() {
    ForeignPeer guest = ForeignPeer.ofHost(host);
    LinkStream stream = open(guest);
    host.request(stream, 1);
    guest.say(
        FrameType.DATA, stream.id(), ByteBuffer.allocate(4).putInt(0, LinkLimits.MAX_MESSAGE + 1));
    assertThat(host.isUp()).isFalse();
    assertThat(outcome()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void aMessageThatIsCutOffByTheEndEndsTheEpoch() {
    ForeignPeer guest = ForeignPeer.ofHost(host);
    LinkStream stream = open(guest);
    host.request(stream, 1);
    guest.say(FrameType.DATA, stream.id(), ByteBuffer.allocate(6).putInt(0, 5));
    guest.say(FrameType.CLOSE, stream.id(), ByteBuffer.allocate(1));
    assertThat(outcome()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void creditForEverDoesNotOverflow() {
    ForeignPeer guest = ForeignPeer.ofHost(host);
    LinkStream stream = open(guest);
    for (int grant = 0; grant < 1_000; grant++) {
      guest.say(FrameType.CREDIT, stream.id(), ByteBuffer.allocate(4).putInt(0, -1));
    }
    host.send(stream, ByteString.copyFrom(new byte[LinkLimits.MAX_MESSAGE]));
    guest.hear();
    assertThat(host.isReady(stream)).isTrue();
  }

  @Test
  void theHostOpensNoMoreThanTheLimit() {
    ForeignPeer guest = ForeignPeer.ofHost(host);
    for (int i = 0; i < LinkLimits.MAX_STREAMS; i++) {
      open(guest);
    }
    host.open("one/more", Long.MAX_VALUE, false);
    assertThat(outcome()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
  }

  @Test
  void callsThatAreCancelledBeforeTheWireTookThemLeaveNothingBehind() {
    ForeignPeer.ofHost(host);
    for (int i = 0; i < 10 * LinkLimits.MAX_STREAMS; i++) {
      LinkStream stream = host.open("a/method", Long.MAX_VALUE, false);
      host.send(stream, ByteString.copyFrom(new byte[1000]));
      host.reset(stream, Status.CANCELLED);
      assertThat(outcome()).isEqualTo(Status.Code.CANCELLED);
    }
    assertThat(host.hasOutput()).isFalse();
  }

  @Test
  void aHostThatOpensMoreThanTheLimitLosesTheEpoch() {
    FramedLink guest = FramedLink.guest(new Random(2));
    ForeignPeer foreign = ForeignPeer.ofGuest(guest);
    for (int id = 1; id <= LinkLimits.MAX_STREAMS; id++) {
      foreign.say(FrameType.OPEN, id, "a/method");
    }
    assertThat(guest.isUp()).isTrue();
    foreign.say(FrameType.OPEN, LinkLimits.MAX_STREAMS + 1, "a/method");
    assertThat(guest.isUp()).isFalse();
  }

  @Test
  void noGuestMakesTheHostThrow() {
    Random random = new Random(3);
    ForeignPeer guest = ForeignPeer.ofHost(host);
    Deque<LinkStream> streams = new ArrayDeque<>();
    long ended = 0;
    for (int frame = 0; frame < 50_000; frame++) {
      if (!host.isUp()) {
        guest.welcome();
      }
      if (streams.size() < 20) {
        LinkStream stream = host.open("a/method", Long.MAX_VALUE, true);
        host.request(stream, random.nextInt(5));
        host.send(stream, ByteString.copyFrom(new byte[random.nextInt(100)]));
        streams.add(stream);
      }
      guest.say(anyType(random), anyStream(random, streams), anyPayload(random));
      if (random.nextInt(10) == 0) {
        guest.hear();
      }
      ended += host.events().stream().filter(LinkEvent.Closed.class::isInstance).count();
      streams.removeIf(LinkStream::closed);
    }
    assertThat(ended).isGreaterThan(1_000);
  }

  @Test
  void noHostMakesTheGuestThrow() {
    Random random = new Random(4);
    FramedLink guest = FramedLink.guest(random);
    int opened = 0;
    ForeignPeer foreign = ForeignPeer.ofGuest(guest);
    for (int frame = 0; frame < 50_000; frame++) {
      if (!guest.isUp()) {
        guest.carrierLost();
        foreign = ForeignPeer.ofGuest(guest);
      }
      foreign.say(anyType(random), random.nextInt(2000), anyPayload(random));
      for (LinkEvent event : guest.events()) {
        if (event instanceof LinkEvent.Opened(LinkStream stream, _)) {
          opened++;
          guest.request(stream, random.nextInt(5));
          guest.send(stream, ByteString.copyFrom(new byte[random.nextInt(100)]));
        }
      }
      foreign.hear();
    }
    assertThat(opened).isGreaterThan(1_000);
  }

  private LinkStream open(ForeignPeer guest) {
    LinkStream stream = host.open("a/method", Long.MAX_VALUE, false);
    guest.hear();
    assertThat(host.events()).containsExactly(new LinkEvent.Ready(stream));
    return stream;
  }

  private Status.Code outcome() {
    return host.events().stream()
        .filter(LinkEvent.Closed.class::isInstance)
        .map(event -> ((LinkEvent.Closed) event).status().getCode())
        .findFirst()
        .orElseThrow();
  }

  /** LOST and HELLO only now and then: they end everything. */
  private static FrameType anyType(Random random) {
    FrameType[] types = FrameType.values();
    FrameType type = types[random.nextInt(types.length)];
    boolean ends = type == FrameType.LOST || type == FrameType.HELLO;
    return ends && random.nextInt(20) > 0 ? FrameType.DATA : type;
  }

  private static int anyStream(Random random, Deque<LinkStream> streams) {
    return random.nextInt(10) == 0 ? random.nextInt() : streams.getLast().id() - random.nextInt(20);
  }

  /** Often a message of the length that it claims. */
  private static ByteBuffer anyPayload(Random random) {
    byte[] bytes = new byte[random.nextInt(20) == 0 ? random.nextInt(4000) : random.nextInt(30)];
    random.nextBytes(bytes);
    ByteBuffer payload = ByteBuffer.wrap(bytes);
    if (bytes.length >= 4 && random.nextInt(3) > 0) {
      payload.putInt(0, bytes.length - 4);
    }
    return payload;
  }
}
