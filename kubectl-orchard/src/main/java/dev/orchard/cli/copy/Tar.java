package dev.orchard.cli.copy;

import dev.orchard.cli.message.CliException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;

/**
 * This machine's own tar: it knows every format, and keeps what it unpacks inside the folder that
 * it was given, whatever the archive says.
 */
final class Tar {
  private Tar() {}

  /** Packs a folder under its own name, which it answers. */
  static String pack(Path folder, Path archive) throws IOException, InterruptedException {
    Path absolute = folder.toRealPath();
    Path parent = absolute.getParent();
    Path name = absolute.getFileName();
    if (parent == null || name == null) {
      throw CliException.local("the root folder cannot be copied");
    }
    await(
        start(List.of("-C", parent.toString(), "-cf", archive.toString(), "./" + name)),
        "cannot pack " + folder);
    return name.toString();
  }

  /** Unpacks what is written to its standard input. */
  static Process unpack(Path into) {
    return start(List.of("-C", into.toString(), "-xf", "-"));
  }

  private static Process start(List<String> arguments) {
    ProcessBuilder builder = new ProcessBuilder("tar");
    builder.command().addAll(arguments);
    try {
      return builder
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.INHERIT)
          .start();
    } catch (IOException e) {
      throw CliException.local("folders are copied by the program tar: " + e.getMessage());
    }
  }

  /** Ends its input and waits for it. */
  static void await(Process tar, String otherwise) throws IOException, InterruptedException {
    try (OutputStream input = tar.getOutputStream()) {
      input.flush();
    }
    int code = tar.waitFor();
    if (code != 0) {
      throw CliException.remote("%s: tar ended with code %d".formatted(otherwise, code));
    }
  }
}
