package dev.orchard.worker.vm;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a VM leaves on disk: its record and the files of its runtime. Files are replaced whole
 * (written beside, synced, renamed), so that a reader finds the old one or the new one.
 */
public final class VmFolder {
  private static final String RECORD = "vm.json";
  private static final String SOCKETS = "sockets";

  /** sun_path holds 107 bytes; the longest socket's name and a slash take 12. */
  private static final int MAX_SOCKET_FOLDER_BYTES = 95;

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path path;

  private VmFolder(Path path) {
    this.path = path;
  }

  /** A VM's record: what it shall be, and the boot that runs or is being started, if any. */
  record Kept(VmSpec spec, @Nullable String bootId, boolean failed, String message) {}

  /** The folder of a VM, which is made if it is not there. */
  public static VmFolder create(Path vms, Uid uid) {
    try {
      Path path = vms.resolve(uid.value());
      Files.createDirectories(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      return new VmFolder(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path path() {
    return path;
  }

  public Path file(String name) {
    return path.resolve(name);
  }

  Optional<Kept> kept() {
    return read(RECORD).map(VmFolder::parse);
  }

  void keep(Kept kept) {
    try {
      write(RECORD, JSON.writeValueAsString(kept));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A folder for this boot's unix sockets whose path is short enough for them: the VM's own, else
   * one among the temporary files that only this user may enter.
   */
  public Path sockets() {
    if (path.toString().getBytes(StandardCharsets.UTF_8).length <= MAX_SOCKET_FOLDER_BYTES) {
      return path;
    }
    return read(SOCKETS).map(Path::of).filter(Files::isDirectory).orElseGet(this::newSockets);
  }

  private Path newSockets() {
    try {
      // createTempDirectory makes it 0700 and its name unguessable.
      Path folder = Files.createTempDirectory("orchard-");
      write(SOCKETS, folder.toString());
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Keeps which process this boot is, for {@link #process()}. */
  public void process(HostProcess process) {
    write("process", process.pid() + " " + process.startTicks());
  }

  /** The recorded process of this folder; whether it lives is another question. */
  public Optional<HostProcess> process() {
    return read("process").flatMap(HostProcess::parse);
  }

  public void forgetProcess() {
    delete(file("process"));
  }

  /** Empties a file that has grown beyond a limit. Its writer has to append. */
  public void trim(String name, long maxBytes) {
    Path file = file(name);
    try {
      if (Files.exists(file) && Files.size(file) > maxBytes) {
        Files.newOutputStream(file, StandardOpenOption.TRUNCATE_EXISTING).close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void deleteAll() {
    read(SOCKETS).map(Path::of).ifPresent(VmFolder::deleteTree);
    deleteTree(path);
  }

  private static Kept parse(String json) {
    try {
      return JSON.readValue(json, Kept.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Optional<String> read(String name) {
    try {
      return Optional.of(Files.readString(file(name)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(String name, String text) {
    Path beside = file(name + ".new");
    try {
      try (FileChannel out =
          FileChannel.open(
              beside,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
        out.force(true);
      }
      Files.move(beside, file(name), StandardCopyOption.ATOMIC_MOVE);
      try (FileChannel folder = FileChannel.open(path, StandardOpenOption.READ)) {
        folder.force(true);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void deleteTree(Path root) {
    try (Stream<Path> files = Files.walk(root)) {
      files.sorted(Comparator.reverseOrder()).forEach(VmFolder::delete);
    } catch (NoSuchFileException e) {
      // Already gone: what was wanted.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
