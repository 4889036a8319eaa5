package dev.orchard.cli.copy;

import dev.orchard.cli.message.CliException;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * From a VM to here. It arrives beside its place, and is put there once the session's digest says
 * that it is what was sent.
 */
final class Download {
  private final VmScript vm;
  private final Endpoint.Local target;
  private final boolean resume;

  Download(VmScript vm, Endpoint.Local target, boolean resume) {
    this.vm = vm;
    this.target = target;
    this.resume = resume;
  }

  void run(String source) throws InterruptedException, IOException {
    boolean folder = Files.isDirectory(target.path());
    if (!folder && target.text().endsWith("/")) {
      throw CliException.local("there is no folder " + target.text());
    }
    Path beside = folder ? target.path() : target.path().toAbsolutePath().getParent();
    if (beside == null || !Files.isDirectory(beside)) {
      throw CliException.local("there is no folder " + beside);
    }
    // By its name here: one that the VM chose could be that of anything in the folder.
    String name = folder ? Endpoint.name(source) : fileName(target.path());
    Path part = beside.resolve("." + name + ".orchard-part");
    if (!resume) {
      Files.deleteIfExists(part);
    }
    long here = Files.exists(part) ? Files.size(part) : 0;
    Path unpacked = Files.createTempDirectory(beside, ".orchard-");
    try (Arrival arrival = new Arrival(part, unpacked, resume)) {
      vm.run("download.sh", null, arrival, source, Long.toString(here));
      arrival.finish();
      place(arrival, part, folder ? beside.resolve(name) : target.path());
    } finally {
      if (!resume) {
        Files.deleteIfExists(part);
      }
      delete(unpacked);
    }
  }

  private static String fileName(Path path) {
    Path name = path.getFileName();
    return name == null ? "" : name.toString();
  }

  private static void place(Arrival arrival, Path part, Path target) throws IOException {
    if (Files.isDirectory(target) || (arrival.isFolder() && Files.exists(target))) {
      throw CliException.remote(target + " is there already");
    }
    if (arrival.isFolder()) {
      if (!Files.isDirectory(arrival.folder(), LinkOption.NOFOLLOW_LINKS)) {
        throw CliException.remote(
            "nothing was copied: what came holds no folder " + arrival.name());
      }
      Files.move(arrival.folder(), target);
      return;
    }
    if (!arrival.digest().equals("-") && !Sha256.of(part).equals(arrival.digest())) {
      Files.deleteIfExists(part);
      throw CliException.remote(
          "what is here has another SHA-256 than the VM's file, which changed meanwhile: start"
              + " again");
    }
    Files.setPosixFilePermissions(part, PosixFilePermissions.fromString(arrival.permissions()));
    try {
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw CliException.remote(target + " cannot be replaced at once: " + e.getMessage());
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
