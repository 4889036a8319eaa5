package dev.orchard.cli.copy;

import dev.orchard.cli.message.CliException;
import dev.orchard.cli.road.Names;
import java.nio.file.Path;

/** One end of a copy. */
sealed interface Endpoint {
  /** A file or folder here. */
  record Local(Path path, String text) implements Endpoint {}

  /** A file or folder in a VM. */
  record Remote(String vm, String path) implements Endpoint {}

  /** The last part of a path, which a copy has where its target is a folder. */
  static String name(String path) {
    String name = path.replaceFirst("/+$", "").replaceFirst(".*/", "");
    if (name.isEmpty() || name.equals(".") || name.equals("..")) {
      throw CliException.usage("'%s' gives the copy no name: say the target's".formatted(path));
    }
    return name;
  }

  /** {@code VM:PATH}; whatever has no colon, or a slash before it, is a path here. */
  static Endpoint of(String text) {
    int colon = text.indexOf(':');
    int slash = text.indexOf('/');
    if (colon < 0 || (slash >= 0 && slash < colon)) {
      return new Local(Path.of(text), text);
    }
    String path = text.substring(colon + 1);
    if (path.isEmpty()) {
      throw CliException.usage("which path in the VM? '%s' names none".formatted(text));
    }
    return new Remote(Names.label("VM", text.substring(0, colon)), path);
  }
}
