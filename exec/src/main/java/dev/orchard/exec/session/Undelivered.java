package dev.orchard.exec.session;

import dev.orchard.exec.frame.Frame;
import java.util.ArrayList;
import java.util.List;

/** Signals, and the latest size of a terminal, that wait until the guest is there. */
final class Undelivered {
  private final List<Frame.In> frames = new ArrayList<>();

  /** Returns false where too many wait already. */
  boolean add(Frame.In frame) {
    if (frame instanceof Frame.Resize) {
      frames.removeIf(Frame.Resize.class::isInstance);
    }
    return frames.size() < Frame.Signal.NAMES.size() && frames.add(frame);
  }

  List<Frame.In> take() {
    List<Frame.In> taken = List.copyOf(frames);
    frames.clear();
    return taken;
  }
}
