package dev.orchard.worker.session;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** How much of the disk the logs of all sessions take, and whether they may take more. */
final class Storage {
  /** Of the disk, for all logs together, where nothing else is said. RELIABILITY §2.5. */
  private static final int DEFAULT_SHARE = 5;

  /** A tenth of the disk stays free, where that is not more than four logs of the usual size. */
  private static final int FREE_SHARE = 10;

  private static final long MAX_FREE = 256L << 20;

  /** Other programs fill the disk too, but it need not be asked at each write. */
  private static final long LOOK_NANOS = Duration.ofMillis(250).toNanos();

  private final Path folder;
  private final FileStore disk;
  private final long quota;
  private final long free;
  private final AtomicLong used = new AtomicLong();
  private volatile long usable;
  private volatile long lookedAt;

  /**
   * Nothing is in use yet.
   *
   * @param quota bytes; 0: a fifth of the disk
   */
  Storage(Path folder, long quota) {
    try {
      this.folder = folder;
      this.disk = Files.getFileStore(folder);
      long size = disk.getTotalSpace();
      this.quota = quota == 0 ? size / DEFAULT_SHARE : quota;
      this.free = Math.min(size / FREE_SHARE, MAX_FREE);
      look();
    } catch (IOException e) {
      throw new UncheckedIOException("disk of " + folder, e);
    }
  }

  /** A log has grown, or shrunk. */
  void changed(long bytes) {
    used.addAndGet(bytes);
  }

  /** Why nothing more should be written; empty while there is room. */
  Optional<String> pressure() {
    if (used.get() >= quota) {
      return Optional.of(
          "the sessions' logs have %d MiB of %d".formatted(used.get() >> 20, quota >> 20));
    }
    if (System.nanoTime() - lookedAt > LOOK_NANOS) {
      try {
        look();
      } catch (IOException e) {
        return Optional.of("the disk of %s cannot be asked: %s".formatted(folder, e.getMessage()));
      }
    }
    return usable < free
        ? Optional.of(
            "%d MiB of the disk of %s are free, %d have to stay so"
                .formatted(usable >> 20, folder, free >> 20))
        : Optional.empty();
  }

  private void look() throws IOException {
    usable = disk.getUsableSpace();
    lookedAt = System.nanoTime();
  }
}
