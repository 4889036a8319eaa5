package dev.orchard.exec.session;

import dev.orchard.exec.frame.Frame;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Stdin at the worker, from whoever may write, to the guest. A writer begins where the process'
 * pipe is: what its predecessor sent behind that is forgotten here and in the guest, so that it is
 * not taken in the stead of the new one's bytes, and acknowledged as them.
 */
final class WriterStdin {
  private final StdinSender sender;
  private boolean offsetKnown;

  /** The guest is to forget what it holds, and has not said that it has. */
  private boolean dropping;

  /**
   * None yet.
   *
   * @param offsetKnown whether the guest has certainly taken nothing
   */
  WriterStdin(boolean promised, boolean offsetKnown) {
    this.sender = new StdinSender(promised);
    this.offsetKnown = offsetKnown;
  }

  /** Whether the next attach is to make the guest forget what its pipe has not taken. */
  boolean dropping() {
    return dropping;
  }

  /**
   * Another attachment writes from now on.
   *
   * @return what it is told first; empty until the guest has forgotten what it holds
   */
  Optional<Frame.Ack> writerAttached() {
    sender.drop();
    offsetKnown &= !sender.mayBeHeld();
    dropping |= !offsetKnown;
    return beginning();
  }

  /** The connection to the guest is gone. */
  void disconnected() {
    sender.disconnected();
  }

  /**
   * The guest is connected to.
   *
   * @param offset what its pipe has taken
   * @param received what it has received
   * @return what the writer is told; empty where the guest was not asked yet to forget the rest
   */
  Optional<Frame.Ack> resume(long offset, long received) {
    sender.resume(offset, received);
    dropping &= sender.mayBeHeld();
    offsetKnown = !dropping;
    return beginning();
  }

  private Optional<Frame.Ack> beginning() {
    return offsetKnown ? Optional.of(new Frame.Ack(sender.taken())) : Optional.empty();
  }

  /** See {@link StdinSender#offer}. */
  Optional<Frame.Failure> offer(Frame.Stdin frame) {
    return sender.offer(frame);
  }

  /** What there is to send, each frame once on a connection. */
  List<Frame.Stdin> toSend() {
    return Stream.generate(sender::next)
        .takeWhile(Optional::isPresent)
        .map(Optional::orElseThrow)
        .toList();
  }

  /** See {@link StdinSender#acknowledged}. */
  boolean acknowledged(long offset) {
    return sender.acknowledged(offset);
  }

  /** See {@link StdinSender#refused}. */
  boolean refused() {
    return sender.refused();
  }

  /** Whether the writer knows where to begin, and its next frame has room. */
  boolean hasRoom() {
    return offsetKnown && sender.room() >= Frame.MAX_DATA;
  }
}
