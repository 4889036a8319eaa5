package dev.orchard.exec.session;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.StdStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.EnumMap;
import java.util.Map;

/** Length and digest of stdout and of stderr, and the offset at which both together end. */
final class StreamTotals {
  private final Map<StdStream, MessageDigest> digests = new EnumMap<>(StdStream.class);
  private final Map<StdStream, Long> bytes = new EnumMap<>(StdStream.class);
  private long end;

  StreamTotals() {
    for (StdStream stream : StdStream.values()) {
      digests.put(stream, sha256());
      bytes.put(stream, 0L);
    }
  }

  void add(StdStream stream, ByteString data) {
    digest(stream).update(data.asReadOnlyByteBuffer());
    bytes.merge(stream, (long) data.size(), Long::sum);
    end += data.size();
  }

  long bytes(StdStream stream) {
    return bytes.getOrDefault(stream, 0L);
  }

  /** Bytes of both streams together. */
  long end() {
    return end;
  }

  /** Of everything so far; more may be added afterwards. */
  ByteString sha256(StdStream stream) {
    try {
      MessageDigest copy = (MessageDigest) digest(stream).clone();
      return ByteString.copyFrom(copy.digest());
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("SHA-256 of this JDK cannot be cloned", e);
    }
  }

  private MessageDigest digest(StdStream stream) {
    return requireNonNull(digests.get(stream));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
