package dev.orchard.worker.session;

import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.WorkerSession;
import java.util.LinkedHashSet;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who reads and writes a session now, and which one of them may write. For its thread. */
final class Attachments {
  private final Set<Attachment> all = new LinkedHashSet<>();
  private @Nullable Attachment writer;

  /** The writer was asked for a frame that has not come yet. */
  private boolean reading;

  private long lastForegroundPosition;
  private long lastForegroundMillis;
  private boolean hadForeground;

  /** Whoever may not write, or no longer, is told: the one that is added, or its predecessor. */
  void add(Attachment attachment) {
    all.add(attachment);
    if (!attachment.request().writer()) {
      return;
    }
    Attachment before = writer;
    if (before != null && !attachment.request().takeover()) {
      mayNotWrite(attachment, "another attachment writes to the session: take over to replace it");
      return;
    }
    writer = attachment;
    reading = false;
    if (before != null) {
      mayNotWrite(before, "another attachment took over");
    }
  }

  private static void mayNotWrite(Attachment attachment, String why) {
    attachment.fail(new Frame.Failure(ErrorCode.NOT_WRITER, why));
  }

  void remove(Attachment attachment, long nowMillis) {
    all.remove(attachment);
    if (attachment == writer) {
      writer = null;
    }
    if (countsForRoom(attachment)) {
      hadForeground = true;
      lastForegroundPosition = attachment.position();
      lastForegroundMillis = nowMillis;
    }
  }

  boolean isWriter(Attachment attachment) {
    return attachment == writer;
  }

  /** Asks the writer for its next frame, unless it was asked already. */
  void readWriter() {
    if (writer != null && !reading) {
      reading = true;
      writer.more();
    }
  }

  /** The writer's frame has come. */
  void writerRead() {
    reading = false;
  }

  void ack(Frame.Ack ack) {
    if (writer != null) {
      writer.ack(ack);
    }
  }

  void failWriter(Frame.Failure why) {
    if (writer != null) {
      writer.fail(why);
    }
  }

  /** How many read or write. */
  int size() {
    return (int) all.stream().filter(a -> !a.request().passes()).count();
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  /** How many count for the disconnect policy. */
  int foreground() {
    return (int) all.stream().filter(a -> a.request().foreground()).count();
  }

  /** Where the slowest reader in the foreground is, or was as long as it may come back. */
  OptionalLong foregroundPosition(long nowMillis) {
    OptionalLong slowest =
        all.stream().filter(Attachments::countsForRoom).mapToLong(Attachment::position).min();
    boolean mayComeBack =
        hadForeground && nowMillis - lastForegroundMillis < WorkerSession.LEASE.toMillis();
    return slowest.isPresent() || !mayComeBack ? slowest : OptionalLong.of(lastForegroundPosition);
  }

  private static boolean countsForRoom(Attachment attachment) {
    return attachment.request().foreground() && attachment.request().output();
  }

  void wakeAll() {
    all.forEach(Attachment::wake);
  }

  void failAll(Frame.Failure why) {
    all.forEach(attachment -> attachment.fail(why));
  }

  void closeAll() {
    all.forEach(Attachment::leave);
  }
}
