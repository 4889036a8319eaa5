package dev.orchard.worker.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.log.Journal;
import dev.orchard.exec.log.JournalRecord;
import dev.orchard.exec.log.SessionDirectory;
import dev.orchard.exec.log.SessionLog;
import dev.orchard.exec.session.OutputRoom;
import dev.orchard.worker.vm.Uid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A session's files: made when there is something to write, closed when it has finished, so that
 * finished sessions hold no descriptors. For the session's thread; the log may be read by any.
 */
final class SessionStore {
  private static final int SEGMENTS = 8;
  private static final long MIN_SEGMENT_BYTES = 64 << 10;
  private static final long MAX_SEGMENT_BYTES = 8 << 20;

  /** What a log may have however little room there is: most commands print less. */
  private static final long ALWAYS_BYTES = 1 << 20;

  private final Path root;
  private final Uid uid;
  private final long segmentBytes;
  private final Storage storage;
  private long accounted;
  private @Nullable SessionDirectory directory;
  private @Nullable Journal journal;
  private @Nullable SessionLog log;
  private boolean unsynced;

  /**
   * Touches no file yet.
   *
   * @param outputLimit what the log may hold: eviction frees about an eighth of it at a time
   */
  SessionStore(Path root, Storage storage, Uid uid, long outputLimit) {
    this.root = root;
    this.storage = storage;
    this.uid = uid;
    this.segmentBytes = Math.clamp(outputLimit / SEGMENTS, MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES);
  }

  void write(JournalRecord fact) throws IOException {
    Journal open = journal;
    if (open == null) {
      open = Journal.open(directory().journal());
      journal = open;
    }
    open.append(fact);
  }

  /** The log, which is made if it is not there. */
  SessionLog log() throws IOException {
    SessionLog open = log;
    if (open == null) {
      open = SessionLog.open(directory().log(), segmentBytes);
      log = open;
      account(open.size());
    }
    return open;
  }

  /** The log, if there is one and it is open. */
  @Nullable SessionLog logIfAny() {
    return log;
  }

  /** The log, if there is one, opened where {@link #adopt} left it unopened. */
  @Nullable SessionLog openedLog() throws IOException {
    if (log == null && directory != null && Files.exists(directory.log())) {
      SessionLog opened = log();
      opened.close();
    }
    return log;
  }

  void append(StdStream stream, ByteString data) throws IOException {
    SessionLog target = log();
    unsynced = true;
    try {
      target.append(stream, data);
    } catch (IOException full) {
      // A full disk: what is oldest goes, as a gap that readers are told of.
      if (target.firstAvailable() == target.end()) {
        throw full;
      }
      target.evictOldestSegment();
      target.append(stream, data);
    }
    account(target.size());
  }

  private void account(long size) {
    storage.changed(size - accounted);
    accounted = size;
  }

  /** Whether the log has room for more output. */
  enum Room {
    MADE,
    /** The output has to wait. */
    NONE,
    /** There is room, but the session is to be ended for it. */
    TOO_MUCH
  }

  /**
   * Evicts what may go until there is room. Where the disk has no more, the log is as full as it
   * may be.
   *
   * @param foreground as in {@link OutputRoom#decide}
   * @param ending a session that is being ended waits for no reader
   */
  Room makeRoom(OutputRoom rules, OptionalLong foreground, boolean ending) throws IOException {
    SessionLog full = log;
    Room room = Room.MADE;
    while (full != null && full.firstAvailable() < full.end()) {
      long size = full.size();
      switch (rules.decide(
          size >= ALWAYS_BYTES && storage.pressure().isPresent()
              ? Math.max(size, rules.limit())
              : size,
          full.end(),
          full.oldestSegmentEnd(),
          foreground)) {
        case APPEND -> {
          return room;
        }
        case WAIT -> {
          if (!ending) {
            return Room.NONE;
          }
        }
        case EVICT -> {}
        case TERMINATE -> room = Room.TOO_MUCH;
      }
      full.evictOldestSegment();
      account(full.size());
    }
    return room;
  }

  boolean isUnsynced() {
    return unsynced;
  }

  void sync() throws IOException {
    unsynced = false;
    if (log != null) {
      log.sync();
    }
  }

  /** Nothing is appended any more; the log can still be read, and the journal be written. */
  void close() throws IOException {
    if (log != null) {
      log.close();
    }
    if (journal != null) {
      journal.close();
      journal = null;
    }
  }

  void delete() throws IOException {
    close();
    if (directory != null) {
      directory.delete();
    }
    account(0);
  }

  /** Takes over what an earlier run of the daemon left. The log is opened when it is needed. */
  void adopt(SessionDirectory left) throws IOException {
    directory = left;
    account(SessionLog.size(left.log()));
  }

  private SessionDirectory directory() throws IOException {
    SessionDirectory made = directory;
    if (made == null) {
      made = SessionDirectory.create(root, uid.value());
      directory = made;
    }
    return made;
  }
}
