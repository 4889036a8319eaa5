package dev.orchard.exec.simulation;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.log.JournalRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A worker's disk: survives the daemon, and a loss of power as far as it was synced. */
final class SimDisk {
  /** A session's journal, of which every record is synced, and its log. */
  static final class Files {
    final List<JournalRecord> journal = new ArrayList<>();
    final List<Frame.Output> log = new ArrayList<>();
    final Set<Frame.Output> damaged = new HashSet<>();

    /** Index of the first entry that was not evicted. */
    int first;

    /** How many entries are synced. */
    int synced;

    private long stdout;
    private long stderr;

    long end() {
      return log.isEmpty() ? 0 : log.getLast().end();
    }

    long firstAvailable() {
      return first < log.size() ? log.get(first).offset() : end();
    }

    long size() {
      return end() - firstAvailable();
    }

    /** Evicted ones among them. */
    long bytes(StdStream stream) {
      return stream == StdStream.STDOUT ? stdout : stderr;
    }

    void append(Frame.Output output) {
      log.add(output);
      count(output, 1);
    }

    private void count(Frame.Output output, int sign) {
      long bytes = sign * (long) output.data().size();
      switch (output.stream()) {
        case STDOUT -> stdout += bytes;
        case STDERR -> stderr += bytes;
      }
    }

    /** Index behind the oldest segment, of which eight fill a log. */
    int oldestSegment(long limit) {
      int index = first;
      long until = firstAvailable() + limit / 8;
      while (index < log.size() && log.get(index).offset() <= until) {
        index++;
      }
      return index;
    }

    /** The entry that holds the byte at an offset. */
    int entryAt(long offset) {
      int low = 0;
      int high = log.size();
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (log.get(middle).end() <= offset) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    }

    private void cutTo(int entries) {
      while (log.size() > entries) {
        count(log.removeLast(), -1);
      }
      first = Math.min(first, entries);
    }
  }

  final Map<String, Files> sessions = new LinkedHashMap<>();

  /** The VM that this worker has, and its boot. */
  SimObjects.@Nullable Binding vm;

  boolean full;

  /** Offset behind the last byte of a session's log. */
  long end(String uid) {
    Files files = sessions.get(uid);
    return files == null ? 0 : files.end();
  }

  /** Of what was not synced some may be there all the same. */
  void losePower(World world) {
    sessions.forEach((uid, files) -> {
      int kept = files.synced + world.clock.below(files.log.size() - files.synced + 1);
      if (kept < files.log.size()) {
        world.truth(uid).logMayBeShort = true;
        files.cutTo(kept);
      }
    });
  }

  /** Harms one record that is not the last. */
  boolean damage(Clockwork clock) {
    for (Files files : sessions.values()) {
      int inside = files.log.size() - 1 - files.first;
      if (inside > 0) {
        return files.damaged.add(files.log.get(files.first + clock.below(inside)));
      }
    }
    return false;
  }
}
