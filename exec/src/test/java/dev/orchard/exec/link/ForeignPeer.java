package dev.orchard.exec.link;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A peer of a link that says whatever a test wants, correctly framed and counted. */
final class ForeignPeer {
  private final FramedLink victim;
  private final FrameEncoder encoder = new FrameEncoder();
  private final FrameDecoder decoder = new FrameDecoder();
  private final byte[] wire = new byte[4 * LinkFrame.MAX_ENCODED];
  private long epoch;
  private int sequence;
  private long now;

  private ForeignPeer(FramedLink victim) {
    this.victim = victim;
    victim.carrierOpened(now);
  }

  static ForeignPeer ofHost(FramedLink host) {
    ForeignPeer peer = new ForeignPeer(host);
    peer.welcome();
    return peer;
  }

  static ForeignPeer ofGuest(FramedLink guest) {
    ForeignPeer peer = new ForeignPeer(guest);
    peer.say(FrameType.HELLO, 1L << 32, 0, 0, ByteBuffer.allocate(0));
    peer.hear();
    return peer;
  }

  /** As a guest: answers the host's next HELLO. */
  void welcome() {
    now += LinkLimits.HELLO_INTERVAL_NANOS;
    victim.tick(now);
    hear();
    epoch |= 1;
    sequence = 0;
    say(FrameType.WELCOME, epoch, 0, 0, ByteBuffer.allocate(0));
  }

  /** Takes what the victim has to say, and the epoch from it. */
  void hear() {
    for (int length = victim.write(wire); length > 0; length = victim.write(wire)) {
      decoder.feed(wire, 0, length, frame -> epoch = frame.epoch());
    }
  }

  void say(FrameType type, int stream, ByteBuffer payload) {
    sequence++;
    say(type, epoch, sequence, stream, payload);
  }

  void say(FrameType type, int stream, String payload) {
    say(type, stream, ByteBuffer.wrap(payload.getBytes(StandardCharsets.UTF_8)));
  }

  private void say(FrameType type, long epoch, int sequence, int stream, ByteBuffer payload) {
    encoder.payload().put(payload);
    victim.received(wire, 0, encoder.encode(epoch, sequence, type, stream, wire, 0), now);
  }
}
