package dev.orchard.exec.log;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.StdStream;

/** What comes next in a log. */
public sealed interface Read {
  /**
   * Bytes of one stream.
   *
   * @param offset of the first of them
   */
  record Chunk(StdStream stream, long offset, ByteString data) implements Read {}

  /** The bytes from {@code from} to before {@code to} were evicted, or are damaged. */
  record Gap(long from, long to) implements Read {}

  /** Nothing yet, or nothing more. */
  record AtEnd() implements Read {}
}
