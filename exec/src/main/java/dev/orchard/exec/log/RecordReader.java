package dev.orchard.exec.log;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads the records of a {@link RecordFile}, which may be growing, and steps over damaged ones as
 * long as their length leads to others. One thread at a time.
 */
final class RecordReader implements Closeable {
  private static final int WINDOW_BYTES = 64 * 1024;

  private final RandomAccessFile file;
  private final int maxPayload;
  private final byte[] window;
  private long windowStart;
  private int windowBytes;
  private long position;
  private long start;

  /**
   * @param maxPayload bytes that no record's payload exceeds
   * @throws FileNotFoundException if there is no such file
   */
  RecordReader(Path path, int maxPayload) throws FileNotFoundException {
    this.file = new RandomAccessFile(path.toFile(), "r");
    this.maxPayload = maxPayload;
    this.window = new byte[Math.max(WINDOW_BYTES, RecordFile.HEADER_BYTES + maxPayload)];
  }

  /**
   * The payload of the next undamaged record, good until the next call, or null if no other can be
   * found.
   *
   * @param limit up to where the file holds whole records
   */
  @Nullable ByteBuffer next(long limit) throws IOException {
    while (limit - position >= RecordFile.HEADER_BYTES) {
      int length = read(RecordFile.HEADER_BYTES, limit).getInt(0);
      if (length < 1
          || length > maxPayload
          || length > limit - position - RecordFile.HEADER_BYTES) {
        return null;
      }
      ByteBuffer record = read(RecordFile.HEADER_BYTES + length, limit);
      start = position;
      position += record.limit();
      if (record.getInt(Integer.BYTES) == RecordFile.checksum(record)) {
        return record.slice(RecordFile.HEADER_BYTES, length);
      }
    }
    return null;
  }

  /** Where the record begins that was read last. */
  long start() {
    return start;
  }

  /** Where the record ends that was read last. */
  long position() {
    return position;
  }

  /** Goes on behind what cannot be read. */
  void skipTo(long newPosition) {
    position = newPosition;
  }

  private ByteBuffer read(int bytes, long limit) throws IOException {
    if (position < windowStart || position + bytes > windowStart + windowBytes) {
      windowStart = position;
      windowBytes = (int) Math.min(window.length, limit - position);
      file.seek(position);
      file.readFully(window, 0, windowBytes);
    }
    return ByteBuffer.wrap(window, (int) (position - windowStart), bytes).slice();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
