package dev.orchard.exec.simulation;

import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.WorkerSession;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who reads and writes a session at its worker, and which one of them may write. */
final class SimAttachments {
  private final World world;
  private final Set<SimAttachment> all = new LinkedHashSet<>();
  private @Nullable SimAttachment writer;
  private long lastForeground = -1;
  private long lastForegroundAt;

  SimAttachments(World world) {
    this.world = world;
  }

  void add(SimAttachment attachment) {
    all.add(attachment);
  }

  boolean contains(SimAttachment attachment) {
    return all.contains(attachment);
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  Optional<SimAttachment> writer() {
    return Optional.ofNullable(writer);
  }

  boolean isWriter(SimAttachment attachment) {
    return attachment == writer;
  }

  /** How many count for the disconnect policy. */
  int foreground() {
    return (int) all.stream().filter(a -> a.request.foreground()).count();
  }

  /** Where the slowest reader in the foreground is, or was as long as it may come back. */
  OptionalLong foregroundPosition() {
    long slowest = Long.MAX_VALUE;
    for (SimAttachment attachment : all) {
      if (attachment.request.foreground()) {
        slowest = Math.min(slowest, attachment.position());
      }
    }
    if (slowest < Long.MAX_VALUE) {
      return OptionalLong.of(slowest);
    }
    boolean mayComeBack =
        lastForeground >= 0
            && world.clock.now() - lastForegroundAt < WorkerSession.LEASE.toMillis();
    return mayComeBack ? OptionalLong.of(lastForeground) : OptionalLong.empty();
  }

  /** It may write, unless another one does and is not to be replaced. */
  void takePen(SimAttachment attachment) {
    SimAttachment before = writer;
    if (before != null && !attachment.request.takeover()) {
      attachment.fail(new Frame.Failure(ErrorCode.NOT_WRITER, "another attachment writes"));
      return;
    }
    writer = attachment;
    attachment.mayHaveWritten = true;
    world.truth(attachment.request.uid()).penTaken++;
    if (before != null) {
      before.request.wire().toB.letGo();
      if (world.fault != Fault.TAKEOVER_WITHOUT_FENCE) {
        before.fail(new Frame.Failure(ErrorCode.NOT_WRITER, "another attachment took over"));
      }
    }
  }

  /** Returns false if it was none of them. */
  boolean remove(SimAttachment attachment) {
    if (!all.remove(attachment)) {
      return false;
    }
    if (attachment == writer) {
      writer = null;
    }
    if (attachment.request.foreground()) {
      lastForeground = attachment.position();
      lastForegroundAt = world.clock.now();
    }
    return true;
  }

  /** Sends what there is to send, and takes stdin while there is room for it. */
  void pump(boolean wantsStdin) {
    // Sending may end an attachment.
    for (SimAttachment attachment : List.copyOf(all)) {
      attachment.pump();
    }
    if (writer != null) {
      if (wantsStdin) {
        writer.request.wire().toB.letGo();
      } else {
        writer.request.wire().toB.hold();
      }
    }
  }

  void die() {
    all.forEach(attachment -> attachment.request.wire().die());
    all.clear();
  }
}
