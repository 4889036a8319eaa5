package dev.orchard.exec.log;

import java.util.ArrayList;
import java.util.List;

/**
 * What a log held at some moment: what its readers see, and all that they share with its writer.
 *
 * @param segments at least one, oldest first
 * @param end offset behind the last byte
 * @param stdoutBytes bytes of stdout before {@code end}
 */
record Contents(List<Segment> segments, long end, long stdoutBytes) {
  Contents {
    segments = List.copyOf(segments);
  }

  long start() {
    return segments.getFirst().first();
  }

  long bytes() {
    return segments.stream().mapToLong(Segment::bytes).sum();
  }

  /** Index of the segment that holds an offset from {@link #start} to before {@link #end}. */
  int indexOf(long offset) {
    int index = segments.size() - 1;
    while (segments.get(index).first() > offset) {
      index--;
    }
    return index;
  }

  /** Offset behind the last byte of a segment. */
  long endOf(int index) {
    return index + 1 < segments.size() ? segments.get(index + 1).first() : end;
  }

  Contents appended(Entry entry, long lastSegmentBytes) {
    List<Segment> now = new ArrayList<>(segments);
    now.add(now.removeLast().grownTo(lastSegmentBytes));
    return new Contents(now, entry.end(), entry.stdoutThen());
  }

  Contents with(Segment next) {
    List<Segment> now = new ArrayList<>(segments);
    now.add(next);
    return new Contents(now, end, stdoutBytes);
  }

  Contents withoutOldest() {
    return new Contents(segments.subList(1, segments.size()), end, stdoutBytes);
  }
}
