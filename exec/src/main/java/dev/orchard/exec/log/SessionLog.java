package dev.orchard.exec.log;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a session printed, in one order of stdout and stderr, byte for byte: a directory of segments
 * that are named by their first offset.
 *
 * <p>One thread appends, evicts and closes. Any thread may ask, sync and make cursors, and none of
 * them ever waits for another.
 */
public final class SessionLog implements Closeable {
  private static final Logger logger = LoggerFactory.getLogger(SessionLog.class);

  private final Path directory;
  private final long segmentBytes;
  private volatile RecordFile file;
  private volatile Contents contents;

  private SessionLog(Path directory, long segmentBytes, RecordFile file, Contents contents) {
    this.directory = directory;
    this.segmentBytes = segmentBytes;
    this.file = file;
    this.contents = contents;
  }

  /**
   * The log in a directory, made if it is not there. What a crash has torn off its end is cut away;
   * what is damaged elsewhere is a gap to its readers.
   *
   * @param segmentBytes on disk, after which a segment is followed by a new one; eviction frees
   *     that much at a time
   * @throws DamagedException where nothing readable tells how much was printed
   */
  public static SessionLog open(Path directory, long segmentBytes) throws IOException {
    if (Files.notExists(directory)) {
      Files.createDirectory(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      RecordFile.syncName(directory);
    }
    List<Segment> segments = new ArrayList<>(Segment.list(directory));
    while (!segments.isEmpty()) {
      Segment last = segments.removeLast();
      Tail tail = Tail.of(last);
      if (tail != null) {
        if (tail.bytes() < last.bytes()) {
          logger.warn(
              "log cut behind its last whole record path={} end={} was={}",
              last.path(),
              tail.bytes(),
              last.bytes());
        }
        segments.add(last.grownTo(tail.bytes()));
        return new SessionLog(
            directory,
            segmentBytes,
            RecordFile.open(last.path(), tail.bytes()),
            new Contents(segments, tail.entry().end(), tail.entry().stdoutThen()));
      }
      if (segments.isEmpty() && last.first() > 0) {
        throw new DamagedException(
            "log %s: no readable record in its only segment, so its counts are lost"
                .formatted(last.path()));
      }
      logger.warn("log segment without a whole record removed path={}", last.path());
      Files.delete(last.path());
    }
    Entry start = Entry.start(0, 0);
    RecordFile file = begin(directory, start);
    Segment first = new Segment(Segment.path(directory, 0), 0, file.end());
    return new SessionLog(directory, segmentBytes, file, new Contents(List.of(first), 0, 0));
  }

  /** Bytes on disk of the log in a directory, which is not opened; 0 where there is none. */
  public static long size(Path directory) throws IOException {
    return Files.exists(directory)
        ? Segment.list(directory).stream().mapToLong(Segment::bytes).sum()
        : 0;
  }

  /** The last record of a segment that can be read, and where it ends. */
  private record Tail(Entry entry, long bytes) {
    static @Nullable Tail of(Segment segment) throws IOException {
      Tail tail = null;
      try (RecordReader reader = new RecordReader(segment.path(), Entry.MAX_BYTES)) {
        ByteBuffer payload = reader.next(segment.bytes());
        while (payload != null) {
          tail = new Tail(Entry.decode(payload), reader.position());
          payload = reader.next(segment.bytes());
        }
      }
      return tail;
    }
  }

  private static RecordFile begin(Path directory, Entry start) throws IOException {
    Path path = Segment.path(directory, start.offset());
    // An earlier attempt may have failed half-way, such as on a full disk.
    Files.deleteIfExists(path);
    RecordFile file = RecordFile.create(path);
    file.append(start.encode());
    file.sync();
    return file;
  }

  /**
   * Adds bytes at the end. They outlive this process at once, and a loss of power after {@link
   * #sync}. After a failure, such as a full disk, the log is as it was.
   *
   * @param data 1 to {@link Frame#MAX_DATA} bytes
   * @return the offset of the first of them
   */
  public long append(StdStream stream, ByteString data) throws IOException {
    if (data.isEmpty() || data.size() > Frame.MAX_DATA) {
      throw new IllegalArgumentException(
          "%d bytes, a log takes 1 to %d at once".formatted(data.size(), Frame.MAX_DATA));
    }
    if (file.end() >= segmentBytes) {
      roll();
    }
    Entry entry = new Entry(stream, contents.end(), contents.stdoutBytes(), data);
    file.append(entry.encode());
    contents = contents.appended(entry, file.end());
    return entry.offset();
  }

  /** The old segment is synced first: only the last one can ever be torn. */
  private void roll() throws IOException {
    RecordFile full = file;
    full.sync();
    Entry start = Entry.start(contents.end(), contents.stdoutBytes());
    RecordFile next = begin(directory, start);
    file = next;
    contents =
        contents.with(
            new Segment(Segment.path(directory, start.offset()), start.offset(), next.end()));
    full.seal();
  }

  /** Everything that was appended before this call outlives a loss of power. */
  public void sync() throws IOException {
    file.sync();
  }

  /** Removes the oldest segment. Where there is but one, all that it holds goes. */
  public void evictOldestSegment() throws IOException {
    if (contents.start() == contents.end()) {
      return;
    }
    if (contents.segments().size() == 1) {
      roll();
    }
    Path oldest = contents.segments().getFirst().path();
    contents = contents.withoutOldest();
    Files.delete(oldest);
  }

  /** Offset of the first byte that has not been evicted; {@link #end} if there is none. */
  public long firstAvailable() {
    return contents.start();
  }

  /** Offset behind the segment that an eviction would remove. */
  public long oldestSegmentEnd() {
    return contents.endOf(0);
  }

  /** Offset behind the last byte. */
  public long end() {
    return contents.end();
  }

  /** Bytes on disk: 25 for each append besides what was appended. */
  public long size() {
    return contents.bytes();
  }

  /** Bytes of stdout since the session began, evicted ones among them. */
  public long stdoutBytes() {
    return contents.stdoutBytes();
  }

  /** As {@link #stdoutBytes}. */
  public long stderrBytes() {
    Contents now = contents;
    return now.end() - now.stdoutBytes();
  }

  /**
   * A reader of its own pace, with a file descriptor of its own.
   *
   * @param from from 0 to {@link #end}
   */
  public Cursor cursor(long from) {
    if (from < 0 || from > end()) {
      throw new IllegalArgumentException(
          "log %s: from=%d is not in 0 to %d".formatted(directory, from, end()));
    }
    return new Cursor(this, from);
  }

  /** The last bytes that both streams printed together, fewer where the log holds no more. */
  public ByteString tail(int bytes) throws IOException {
    ByteString tail = ByteString.EMPTY;
    try (Cursor cursor = cursor(Math.max(firstAvailable(), end() - bytes))) {
      while (true) {
        switch (cursor.read(Frame.MAX_DATA)) {
          case Read.Chunk chunk -> tail = tail.concat(chunk.data());
          case Read.Gap _ -> {}
          case Read.AtEnd _ -> {
            return tail;
          }
        }
      }
    }
  }

  Contents contents() {
    return contents;
  }

  /** Cursors stay open, and read what was appended before. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
