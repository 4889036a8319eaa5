package dev.orchard.exec.simulation;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import org.jspecify.annotations.Nullable;

/** One reader or writer of a session at its worker: a cursor into the log. */
final class SimAttachment {
  /**
   * What is asked for.
   *
   * @param wire to the client, through the replica that passes the request on
   */
  record Request(
      String uid,
      Wire<Frame.Out, Frame.In> wire,
      long from,
      boolean writer,
      boolean takeover,
      boolean foreground) {}

  final Request request;
  private final World world;
  private final SimSession session;
  private long cursor;
  private int entry;
  private boolean begun;
  private boolean startedSent;
  private boolean done;
  private Frame.@Nullable Ack ack;

  /** Was the writer at some time. */
  boolean mayHaveWritten;

  SimAttachment(World world, SimSession session, Request request) {
    this.world = world;
    this.session = session;
    this.request = request;
    this.cursor = request.from();
  }

  long position() {
    return cursor;
  }

  void ack(Frame.Ack newest) {
    ack = newest;
  }

  void fail(Frame.Failure why) {
    if (!done) {
      last(why);
    }
  }

  private void last(Frame.Out frame) {
    done = true;
    send(frame);
    request.wire().close();
  }

  private void send(Frame.Out frame) {
    request.wire().toA.send(frame, SimGuest.size(frame));
  }

  /** Sends while there is room and something to send. */
  void pump() {
    while (!done && request.wire().toA.hasRoom() && sendNext()) {
      world.require(
          Invariant.I6_BOUNDS,
          request.wire().toA.inFlight() < Wire.WINDOW + Frame.MAX_DATA,
          () -> "an attachment has " + request.wire().toA.inFlight() + " bytes on their way");
    }
  }

  private boolean sendNext() {
    Frame.Exit exit = session.core().exit().orElse(null);
    if (!startedSent) {
      if (session.core().startedAt() == 0) {
        return atEnd(exit);
      }
      startedSent = true;
      send(new Frame.Started(session.truth().name, session.core().pid(), session.bootId(), ""));
      return true;
    }
    Frame.Ack taken = ack;
    if (taken != null) {
      ack = null;
      send(taken);
      return true;
    }
    return output(exit);
  }

  private boolean output(Frame.@Nullable Exit exit) {
    SimDisk.Files files = session.files();
    long end = files == null ? 0 : files.end();
    if (!begun) {
      begun = true;
      if (cursor > end) {
        last(Frame.Failure.aheadOfLog(cursor, end));
        return false;
      }
      entry = files == null ? 0 : files.entryAt(cursor);
    }
    if (files == null || cursor == end) {
      return atEnd(exit);
    }
    if (cursor < files.firstAvailable()) {
      gap(files.firstAvailable());
      return true;
    }
    entry = Math.max(entry, files.first);
    Frame.Output next = files.log.get(entry);
    if (files.damaged.contains(next)) {
      gap(next.end());
      return true;
    }
    // Frames may be cut again at any hop.
    int begin = (int) (cursor - next.offset());
    int left = next.data().size() - begin;
    int size = left > 1 && world.clock.oneIn(8) ? 1 + world.clock.below(left) : left;
    ByteString data = next.data().substring(begin, begin + size);
    send(new Frame.Output(next.stream(), cursor, data));
    cursor += size;
    if (cursor == next.end()) {
      entry++;
    }
    return true;
  }

  private void gap(long to) {
    if (world.fault != Fault.GAP_UNTOLD) {
      send(new Frame.Gap(cursor, to));
    }
    cursor = to;
    SimDisk.Files files = session.files();
    entry = files == null ? 0 : files.entryAt(to);
  }

  private boolean atEnd(Frame.@Nullable Exit exit) {
    if (exit != null) {
      last(exit);
    }
    return false;
  }
}
