package dev.orchard.exec.log;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.StdStream;
import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a log from an offset on, while it grows and is evicted. One thread at a time; an interrupt
 * of it harms neither this cursor nor another. Holds 64 KiB and a file descriptor until closed.
 */
public final class Cursor implements Closeable {
  private final SessionLog log;
  private long offset;
  private @Nullable RecordReader reader;
  private long readerFirst;

  /** The last entry that was read from the file: perhaps only a part of it was handed out. */
  private @Nullable Entry entry;

  Cursor(SessionLog log, long from) {
    this.log = log;
    this.offset = from;
  }

  /** Where the next read begins. */
  public long offset() {
    return offset;
  }

  /**
   * What comes next, never waiting for more.
   *
   * @param maxBytes at least 1; a chunk has fewer where the stream changes or the log ends
   */
  public Read read(int maxBytes) throws IOException {
    Contents contents = log.contents();
    if (offset == contents.end()) {
      return new Read.AtEnd();
    }
    if (offset < contents.start()) {
      return gap(contents.start());
    }
    int segment = contents.indexOf(offset);
    Entry next = entryAt(contents, segment);
    if (next == null) {
      return gap(contents.endOf(segment));
    }
    if (next.offset() > offset) {
      return gap(next.offset());
    }
    StdStream stream = next.stream();
    if (stream == null) {
      throw new IllegalStateException("the start of a segment holds bytes");
    }
    long from = offset;
    ByteString data = take(next, maxBytes);
    // Small records are handed out together: what was printed by the byte is not sent by the byte.
    while (data.size() < maxBytes && offset < contents.end()) {
      next = entryAt(contents, contents.indexOf(offset));
      if (next == null || next.offset() > offset || next.stream() != stream) {
        break;
      }
      data = data.concat(take(next, maxBytes - data.size()));
    }
    return new Read.Chunk(stream, from, data);
  }

  private ByteString take(Entry from, int maxBytes) {
    int begin = Math.toIntExact(offset - from.offset());
    int end = Math.min(from.data().size(), begin + maxBytes);
    offset += end - begin;
    return from.data().substring(begin, end);
  }

  private Read gap(long to) {
    Read gap = new Read.Gap(offset, to);
    offset = to;
    return gap;
  }

  /** The first readable entry that ends behind the offset, or null if its segment has none. */
  private @Nullable Entry entryAt(Contents contents, int index) throws IOException {
    if (entry != null && entry.end() > offset) {
      return entry;
    }
    Segment segment = contents.segments().get(index);
    RecordReader from = open(segment);
    if (from == null) {
      return null;
    }
    for (ByteBuffer payload = from.next(segment.bytes());
        payload != null;
        payload = from.next(segment.bytes())) {
      Entry next = Entry.decode(payload);
      if (next.end() > offset) {
        entry = next;
        return next;
      }
    }
    from.skipTo(segment.bytes());
    return null;
  }

  /** Null if the segment was evicted a moment ago. */
  private @Nullable RecordReader open(Segment segment) throws IOException {
    if (reader != null && readerFirst == segment.first()) {
      return reader;
    }
    close();
    try {
      reader = new RecordReader(segment.path(), Entry.MAX_BYTES);
    } catch (FileNotFoundException e) {
      if (log.contents().start() > segment.first()) {
        return null;
      }
      throw e;
    }
    readerFirst = segment.first();
    return reader;
  }

  @Override
  public void close() throws IOException {
    if (reader != null) {
      reader.close();
      reader = null;
    }
  }
}
