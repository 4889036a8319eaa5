package dev.orchard.cli.copy;

import dev.orchard.cli.message.CliException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What download.sh sends: a line that says what it is, then the bytes of a file, which go behind
 * what is in the part file, or those of an archive, which tar unpacks. Written to by one thread,
 * asked when that has ended.
 */
final class Arrival extends OutputStream {
  private static final int MAX_HEAD_BYTES = 8_192;
  private static final Pattern HEAD =
      Pattern.compile("(file|dir) ([0-7]{1,4}) (-|[0-9a-f]{64}) ([^/]+)");

  private final Path part;
  private final Path unpacked;
  private final boolean resume;
  private final ByteArrayOutputStream head = new ByteArrayOutputStream();
  private @Nullable Matcher said;
  private @Nullable OutputStream body;
  private @Nullable Process tar;

  Arrival(Path part, Path unpacked, boolean resume) {
    this.part = part;
    this.unpacked = unpacked;
    this.resume = resume;
  }

  @Override
  public synchronized void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
    int at = offset;
    while (body == null && at < offset + length) {
      if (bytes[at] == '\n') {
        begin();
      } else if (head.size() < MAX_HEAD_BYTES) {
        head.write(bytes[at]);
      }
      at++;
    }
    if (body != null) {
      body.write(bytes, at, offset + length - at);
    }
  }

  private void begin() throws IOException {
    Matcher matcher = HEAD.matcher(head.toString(StandardCharsets.UTF_8));
    if (!matcher.matches() || matcher.group(4).equals("..") || matcher.group(4).equals(".")) {
      throw new IOException("the VM's side does not say what it sends");
    }
    said = matcher;
    if (isFolder()) {
      if (resume) {
        throw new IOException("--resume is for single files, and this is a folder");
      }
      tar = Tar.unpack(unpacked);
      body = tar.getOutputStream();
    } else {
      body = Files.newOutputStream(part, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
  }

  private Matcher said() {
    if (said == null) {
      throw CliException.remote("nothing was copied: the VM's side sent nothing");
    }
    return said;
  }

  synchronized boolean isFolder() {
    return said().group(1).equals("dir");
  }

  /** The file's SHA-256, or {@code -}. */
  synchronized String digest() {
    return said().group(3);
  }

  /** Its name in the VM. */
  synchronized String name() {
    return said().group(4);
  }

  /** The folder, unpacked. */
  synchronized Path folder() {
    return unpacked.resolve(name());
  }

  /** As {@code rwxr-x---}. */
  synchronized String permissions() {
    int mode = Integer.parseInt(said().group(2), 8);
    StringBuilder letters = new StringBuilder();
    for (int bit = 8; bit >= 0; bit--) {
      letters.append((mode >> bit & 1) == 0 ? '-' : "xwr".charAt(bit % 3));
    }
    return letters.toString();
  }

  /** All of it has come: waits until it is written. */
  synchronized void finish() throws IOException, InterruptedException {
    said();
    if (tar != null) {
      Tar.await(tar, "cannot unpack what came");
    } else if (body != null) {
      body.close();
    }
  }

  @Override
  public synchronized void close() throws IOException {
    if (tar != null) {
      tar.destroy();
    }
    if (body != null) {
      try {
        body.close();
      } catch (IOException e) {
        // tar has gone, and its pipe with it.
        if (tar == null) {
          throw e;
        }
      }
    }
  }
}
