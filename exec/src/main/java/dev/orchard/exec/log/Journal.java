package dev.orchard.exec.log;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.proto.journal.v1.Acknowledged;
import dev.orchard.proto.journal.v1.Detached;
import dev.orchard.proto.journal.v1.Ending;
import dev.orchard.proto.journal.v1.Exited;
import dev.orchard.proto.journal.v1.Intent;
import dev.orchard.proto.journal.v1.Record;
import dev.orchard.proto.journal.v1.Started;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The facts of one session, each on the disk before {@link #append} returns. For one thread. */
public final class Journal implements Closeable {
  /** A spec is at most 128 KiB of arguments and environment, and some words. */
  static final int MAX_RECORD_BYTES = 1 << 20;

  private static final Logger logger = LoggerFactory.getLogger(Journal.class);

  private final RecordFile file;
  private final List<JournalRecord> recovered;

  private Journal(RecordFile file, List<JournalRecord> recovered) {
    this.file = file;
    this.recovered = List.copyOf(recovered);
  }

  /**
   * The journal at a path, made if it is not there. A record at its end that a crash has cut short
   * is dropped: whoever appended it was never told that it was safe.
   *
   * @throws DamagedException for a damaged record with others behind it, or one of another version:
   *     the facts are incomplete
   */
  public static Journal open(Path path) throws IOException {
    if (Files.notExists(path)) {
      return new Journal(RecordFile.create(path), List.of());
    }
    long size = Files.size(path);
    List<JournalRecord> records = new ArrayList<>();
    long end = 0;
    try (RecordReader reader = new RecordReader(path, MAX_RECORD_BYTES)) {
      ByteBuffer payload = reader.next(size);
      while (payload != null) {
        if (reader.start() != end) {
          throw new DamagedException(
              "journal %s: the record at byte %d is damaged, others follow".formatted(path, end));
        }
        records.add(decode(path, payload));
        end = reader.position();
        payload = reader.next(size);
      }
    }
    if (end < size) {
      logger.warn(
          "journal cut behind its last whole record path={} end={} was={}", path, end, size);
    }
    return new Journal(RecordFile.open(path, end), records);
  }

  /** What the journal held when it was opened, oldest first. */
  public List<JournalRecord> recovered() {
    return recovered;
  }

  /** Writes one fact and fsyncs it. */
  public void append(JournalRecord fact) throws IOException {
    Record message = encode(fact);
    if (message.getSerializedSize() > MAX_RECORD_BYTES) {
      throw new IllegalArgumentException(
          "%s has %d bytes, a journal's record at most %d"
              .formatted(
                  fact.getClass().getSimpleName(), message.getSerializedSize(), MAX_RECORD_BYTES));
    }
    file.append(message.toByteString());
    file.sync();
  }

  private static Record encode(JournalRecord fact) {
    Record.Builder message = Record.newBuilder();
    switch (fact) {
      case JournalRecord.Intent intent ->
          message.setIntent(
              Intent.newBuilder()
                  .setSpec(intent.spec())
                  .setBootId(intent.bootId())
                  .setInstance(intent.instance()));
      case JournalRecord.Started started ->
          message.setStarted(
              Started.newBuilder().setPid(started.pid()).setStartTimeMs(started.startTimeMillis()));
      case JournalRecord.Detached _ -> message.setDetached(Detached.getDefaultInstance());
      case JournalRecord.Ending ending ->
          message.setEnding(
              Ending.newBuilder()
                  .setReason(ProtoFrames.encodeReason(ending.reason()))
                  .setMessage(ending.message()));
      case JournalRecord.Exited exited ->
          message.setExited(
              Exited.newBuilder()
                  .setExit(ProtoFrames.encodeExit(exited.exit()))
                  .setCompletionTimeMs(exited.completionTimeMillis()));
      case JournalRecord.Acknowledged _ ->
          message.setAcknowledged(Acknowledged.getDefaultInstance());
    }
    return message.build();
  }

  private static JournalRecord decode(Path path, ByteBuffer payload) throws IOException {
    Record message;
    try {
      message = Record.parseFrom(payload);
    } catch (InvalidProtocolBufferException e) {
      throw new DamagedException("journal %s: a record is none of this version".formatted(path), e);
    }
    return switch (message.getRecordCase()) {
      case INTENT -> {
        Intent intent = message.getIntent();
        yield new JournalRecord.Intent(intent.getSpec(), intent.getBootId(), intent.getInstance());
      }
      case STARTED -> {
        Started started = message.getStarted();
        yield new JournalRecord.Started(started.getPid(), started.getStartTimeMs());
      }
      case DETACHED -> new JournalRecord.Detached();
      case ENDING -> {
        Ending ending = message.getEnding();
        yield new JournalRecord.Ending(
            ProtoFrames.decodeReason(ending.getReason()), ending.getMessage());
      }
      case EXITED -> {
        Exited exited = message.getExited();
        yield new JournalRecord.Exited(
            ProtoFrames.decodeExit(exited.getExit()), exited.getCompletionTimeMs());
      }
      case ACKNOWLEDGED -> new JournalRecord.Acknowledged();
      case RECORD_NOT_SET ->
          throw new DamagedException(
              "journal %s: a record is none of this version".formatted(path));
    };
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
