package dev.orchard.exec.link;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Two ends of a link over lossy pipes in simulated time. The host calls all the time, the guest
 * echoes. Checked at every event: within a call messages arrive once, in order, as they were sent;
 * no call is heard of twice; nothing comes behind the end of a call.
 */
final class LinkWorld {
  static final long MILLI = 1_000_000;
  private static final long STEP = 10 * MILLI;

  private final Random random;
  private final LossyPipe toGuest;
  private final LossyPipe toHost;
  private final byte[] buffer = new byte[4 * LinkFrame.MAX_ENCODED];
  private final Set<Integer> heardByGuest = new HashSet<>();
  private final Map<Integer, Status> outcomes = new HashMap<>();
  private FramedLink host;
  private FramedLink guest;
  private Map<LinkStream, Talk> hostTalks = new HashMap<>();
  private Map<LinkStream, Talk> guestTalks = new HashMap<>();
  private long now;
  private int calls;
  private long delivered;

  /** One end of one call. */
  private static final class Talk {
    final int call;
    int sent;
    int received;
    boolean finished;

    Talk(int call) {
      this.call = call;
    }
  }

  LinkWorld(long seed) {
    random = new Random(seed);
    toGuest = new LossyPipe(random);
    toHost = new LossyPipe(random);
    host = FramedLink.host(random);
    guest = FramedLink.guest(random);
    host.carrierOpened(now);
    guest.carrierOpened(now);
  }

  long now() {
    return now;
  }

  long delivered() {
    return delivered;
  }

  /** How the call ended; null while it has not. */
  @Nullable Status outcome(int call) {
    return outcomes.get(call);
  }

  void fault() {
    switch (random.nextInt(12)) {
      case 0 -> {
        host = FramedLink.host(random);
        hostTalks = new HashMap<>();
        host.carrierOpened(now);
      }
      case 1 -> {
        guest = FramedLink.guest(random);
        guestTalks = new HashMap<>();
        guest.carrierOpened(now);
      }
      case 2 -> {
        host.carrierLost();
        hostEvents();
        toGuest.loseEverything();
        host.carrierOpened(now);
      }
      case 3, 4, 5, 6, 7 -> toGuest.harm(now);
      default -> toHost.harm(now);
    }
  }

  void step() {
    now += STEP;
    while (hostTalks.size() < 3) {
      call();
    }
    if (host.nextTick() <= now) {
      host.tick(now);
    }
    hostTalks.forEach(this::hostSends);
    transmit(host, toGuest);
    transmit(guest, toHost);
    receive(guest, toGuest);
    guestEvents();
    receive(host, toHost);
    hostEvents();
  }

  /** The host starts a call, which waits for the link. */
  int call() {
    calls++;
    LinkStream stream = host.open(Integer.toString(calls), Long.MAX_VALUE, true);
    hostTalks.put(stream, new Talk(calls));
    host.request(stream, 1);
    return calls;
  }

  private void hostSends(LinkStream stream, Talk talk) {
    if (talk.finished || random.nextInt(4) > 0) {
      return;
    }
    if (talk.sent > 3 && (talk.sent > 12 || random.nextInt(10) == 0)) {
      talk.finished = true;
      host.halfClose(stream);
    } else if (host.isReady(stream)) {
      host.send(stream, message('h', talk.call, talk.sent));
      talk.sent++;
    }
  }

  private void transmit(FramedLink from, LossyPipe pipe) {
    int length = from.write(buffer);
    int at = 0;
    while (at < length) {
      int count = Math.min(length - at, 1 + random.nextInt(3000));
      pipe.send(Arrays.copyOfRange(buffer, at, at + count), now);
      at += count;
    }
  }

  private void receive(FramedLink to, LossyPipe pipe) {
    for (byte[] chunk = pipe.receive(now); chunk.length > 0; chunk = pipe.receive(now)) {
      to.received(chunk, 0, chunk.length, now);
    }
  }

  private void guestEvents() {
    for (LinkEvent event : guest.events()) {
      LinkStream stream = event.stream();
      if (event instanceof LinkEvent.Opened(_, String method)) {
        int call = Integer.parseInt(method);
        assertThat(heardByGuest.add(call)).as("call %d is new to the guest", call).isTrue();
        guestTalks.put(stream, new Talk(call));
        guest.request(stream, 1);
        continue;
      }
      Talk talk = known(guestTalks.get(stream), event);
      switch (event) {
        case LinkEvent.Message(_, ByteString bytes) -> {
          assertThat(bytes).isEqualTo(message('h', talk.call, talk.received));
          talk.received++;
          delivered++;
          guest.send(stream, message('g', talk.call, talk.sent));
          talk.sent++;
          guest.request(stream, 1);
        }
        case LinkEvent.HalfClosed _ -> guest.close(stream, Status.OK);
        case LinkEvent.Closed _ -> guestTalks.remove(stream);
        case LinkEvent.Opened _, LinkEvent.Ready _ -> {}
      }
    }
  }

  private void hostEvents() {
    for (LinkEvent event : host.events()) {
      LinkStream stream = event.stream();
      Talk talk = known(hostTalks.get(stream), event);
      switch (event) {
        case LinkEvent.Message(_, ByteString bytes) -> {
          assertThat(bytes).isEqualTo(message('g', talk.call, talk.received));
          talk.received++;
          delivered++;
          host.request(stream, 1);
        }
        case LinkEvent.Closed(_, Status status) -> {
          if (status.isOk()) {
            assertThat(talk.received).as("echoes of call %d", talk.call).isEqualTo(talk.sent);
          }
          outcomes.put(talk.call, status);
          hostTalks.remove(stream);
        }
        case LinkEvent.Opened _, LinkEvent.HalfClosed _, LinkEvent.Ready _ -> {}
      }
    }
  }

  private static Talk known(@Nullable Talk talk, LinkEvent event) {
    if (talk == null) {
      throw new AssertionError(event + " belongs to no call that is open");
    }
    return talk;
  }

  /** What everybody knows that this end says in this place; a few are longer than a frame. */
  private static ByteString message(char from, int call, int index) {
    int hash = (from * 31 + call) * 31 + index;
    int length = hash % 97 == 0 ? 40_000 : Math.floorMod(hash * 7, 150);
    ByteBuffer bytes = ByteBuffer.allocate(12 + length);
    bytes.putInt(from).putInt(call).putInt(index);
    while (bytes.hasRemaining()) {
      bytes.put((byte) (hash + bytes.position() / 3));
    }
    return ByteString.copyFrom(bytes.flip());
  }
}
