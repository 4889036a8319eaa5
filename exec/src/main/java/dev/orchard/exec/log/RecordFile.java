package dev.orchard.exec.log;

import com.google.protobuf.ByteString;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.SyncFailedException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.zip.CRC32C;

/**
 * A file that grows by records: length, CRC-32C of length and payload, payload; integers are
 * big-endian. A record is written by one {@code write(2)}: it outlives the process at once and the
 * machine after {@link #sync}.
 *
 * <p>One thread appends and closes; any may sync. Not a {@link FileChannel}, because an interrupt
 * of the thread that uses one closes it.
 */
final class RecordFile implements Closeable {
  /** Bytes of a record in front of its payload. */
  static final int HEADER_BYTES = 2 * Integer.BYTES;

  private final RandomAccessFile file;
  private volatile long end;
  private volatile long synced;
  private volatile boolean sealed;

  private RecordFile(RandomAccessFile file, long end) {
    this.file = file;
    this.end = end;
  }

  /** A new empty file that only its owner may read; its name is durable when this returns. */
  static RecordFile create(Path path) throws IOException {
    Files.createFile(
        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    syncName(path);
    return open(path, 0);
  }

  /**
   * A file that is there already.
   *
   * @param end behind the last record worth keeping: the file is cut there
   */
  static RecordFile open(Path path, long end) throws IOException {
    RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
    try {
      file.setLength(end);
      file.seek(end);
      return new RecordFile(file, end);
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  /** After a failure, such as a full disk, the file is as it was before. */
  void append(ByteString payload) throws IOException {
    byte[] bytes = new byte[HEADER_BYTES + payload.size()];
    payload.copyTo(bytes, HEADER_BYTES);
    ByteBuffer record = ByteBuffer.wrap(bytes);
    record.putInt(0, payload.size());
    record.putInt(Integer.BYTES, checksum(record));
    long before = end;
    try {
      file.write(bytes);
    } catch (IOException e) {
      file.setLength(before);
      throw e;
    }
    end = before + bytes.length;
  }

  /**
   * @param record a whole record, from index 0 to the limit
   */
  static int checksum(ByteBuffer record) {
    CRC32C crc = new CRC32C();
    crc.update(record.slice(0, Integer.BYTES));
    crc.update(record.slice(HEADER_BYTES, record.limit() - HEADER_BYTES));
    return (int) crc.getValue();
  }

  /** Bytes in the file: where the next record goes. */
  long end() {
    return end;
  }

  /** Everything that was appended before this call outlives a loss of power. */
  void sync() throws IOException {
    long upTo = end;
    if (sealed || synced >= upTo) {
      return;
    }
    try {
      file.getFD().sync();
    } catch (SyncFailedException e) {
      if (!sealed) {
        throw e;
      }
    }
    synced = upTo;
  }

  /** Synced and closed: nothing will ever be appended again. */
  void seal() throws IOException {
    sync();
    sealed = true;
    file.close();
  }

  @Override
  public void close() throws IOException {
    sealed = true;
    file.close();
  }

  /** Makes durable that a file or directory is there under its name. */
  static void syncName(Path path) throws IOException {
    Path directory = path.toAbsolutePath().resolve("..").normalize();
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
