package dev.orchard.exec.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Where the files of one session lie. Only ids as the API server makes them become paths. */
public record SessionDirectory(Path path) {
  private static final Pattern ID = Pattern.compile("[0-9a-f][0-9a-f-]{0,63}");

  /**
   * The directory of a session, which is made if it is not there.
   *
   * @param uid of the VMExec object
   * @throws IllegalArgumentException if {@code uid} is no UID
   */
  public static SessionDirectory create(Path root, String uid) throws IOException {
    if (!ID.matcher(uid).matches()) {
      throw new IllegalArgumentException(
          "uid of %d characters is none: 1 to 64 of 0-9, a-f and - are".formatted(uid.length()));
    }
    Path path = root.resolve(uid);
    if (Files.notExists(path)) {
      Files.createDirectory(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      RecordFile.syncName(path);
    }
    return new SessionDirectory(path);
  }

  /** Every session's under a root; what else lies there is passed over. */
  public static List<SessionDirectory> list(Path root) throws IOException {
    try (Stream<Path> paths = Files.list(root)) {
      return paths
          .filter(path -> ID.matcher(path.getFileName().toString()).matches())
          .sorted()
          .map(SessionDirectory::new)
          .toList();
    }
  }

  public String uid() {
    return path.getFileName().toString();
  }

  /** For {@link Journal#open}. */
  public Path journal() {
    return path.resolve("journal");
  }

  /** For {@link SessionLog#open}. */
  public Path log() {
    return path.resolve("log");
  }

  /**
   * Puts journal and log aside, for somebody to look at: what they say cannot be trusted, and a new
   * journal has to say so. Done again after a crash half-way, it does the rest.
   */
  public void setAside() throws IOException {
    setAside(journal());
    if (Files.exists(aside(log())) && Files.exists(log())) {
      deleteTree(aside(log()));
    }
    setAside(log());
  }

  /** Whether {@link #setAside} was begun. */
  public boolean isSetAside() {
    return Files.exists(aside(journal()));
  }

  private static void setAside(Path file) throws IOException {
    if (Files.exists(file)) {
      Files.move(file, aside(file), StandardCopyOption.ATOMIC_MOVE);
      RecordFile.syncName(file);
    }
  }

  private static Path aside(Path file) {
    return file.resolveSibling(file.getFileName() + ".damaged");
  }

  /** The journal goes last: a crash leaves a session that is known, or nothing. */
  public void delete() throws IOException {
    if (Files.exists(log())) {
      deleteTree(log());
    }
    deleteTree(path);
  }

  private static void deleteTree(Path tree) throws IOException {
    try (Stream<Path> paths = Files.walk(tree)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
