package dev.orchard.dev;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** The checkout that this code was built in: what is not in the jars is found there. */
final class ProjectFolder {
  private ProjectFolder() {}

  /** A file of the checkout, if there is one above the code or above the working folder. */
  static Optional<Path> find(String file) {
    return Stream.of(codeLocation(), Path.of("").toAbsolutePath())
        .flatMap(start -> Stream.iterate(start, folder -> folder != null, Path::getParent))
        .map(folder -> folder.resolve(file))
        .filter(Files::exists)
        .findFirst();
  }

  private static Path codeLocation() {
    try {
      return Path.of(
          ProjectFolder.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException("location of our own classes", e);
    }
  }
}
