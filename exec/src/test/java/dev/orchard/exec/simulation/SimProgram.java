package dev.orchard.exec.simulation;

import dev.orchard.exec.frame.StdStream;
import java.util.Arrays;

/**
 * What a simulated command does: its writes, whether it reads stdin to its end, and how it ends.
 */
final class SimProgram {
  /** How it behaves. */
  enum Kind {
    /** Reads stdin to its end, then writes. */
    READS_FIRST,
    /** Writes and leaves stdin alone. */
    IGNORES_STDIN,
    /** Leaves a child that keeps its output open. */
    LEAVES_CHILD,
    /** Heeds nothing but KILL. */
    IGNORES_TERM,
    /** Cannot be spawned. */
    NOT_FOUND
  }

  final Kind kind;

  /** It takes its stdin now and then only. */
  final boolean slow;

  final int code;
  final Bytes output;
  final StdStream[] streams;
  final long[] ends;

  SimProgram(Clockwork clock) {
    int dice = clock.below(20);
    kind =
        dice < 9
            ? Kind.READS_FIRST
            : dice < 16
                ? Kind.IGNORES_STDIN
                : dice < 18 ? Kind.LEAVES_CHILD : dice < 19 ? Kind.IGNORES_TERM : Kind.NOT_FOUND;
    slow = clock.oneIn(5);
    code = clock.oneIn(4) ? 7 : 0;
    output = Bytes.any(clock);
    int count = kind == Kind.NOT_FOUND ? 0 : clock.below(30);
    // Now and then more than the guest may hold, so that back-pressure has its turn.
    int size = clock.oneIn(30) ? 24_000 : clock.oneIn(4) ? 6_000 : 300;
    if (size == 24_000) {
      count *= 4;
    }
    streams = new StdStream[count];
    ends = new long[count];
    long end = 0;
    for (int i = 0; i < count; i++) {
      end += 1 + clock.below(size);
      ends[i] = end;
      streams[i] = clock.oneIn(3) ? StdStream.STDERR : StdStream.STDOUT;
    }
  }

  int writes() {
    return ends.length;
  }

  long start(int write) {
    return write == 0 ? 0 : ends[write - 1];
  }

  /** Bytes of a stream among the first so many writes. */
  long bytes(StdStream stream, int writes) {
    long sum = 0;
    for (int i = 0; i < writes; i++) {
      sum += streams[i] == stream ? ends[i] - start(i) : 0;
    }
    return sum;
  }

  /** The write that holds the byte at an offset. */
  int writeAt(long offset) {
    int found = Arrays.binarySearch(ends, offset);
    return found < 0 ? -found - 1 : found + 1;
  }
}
