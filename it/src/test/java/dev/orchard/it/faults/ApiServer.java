package dev.orchard.it.faults;

import dev.orchard.it.Prerequisite;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The API server that this JVM has started, to be away for a while. Owned by one thread. */
final class ApiServer {
  private final List<String> command;
  private ProcessHandle process;

  private ApiServer(ProcessHandle process) {
    this.process = process;
    this.command = List.of(commandLine(process).split("\0"));
  }

  /**
   * The one that keeps its data there. Without one the test cannot be run.
   *
   * @param folder a part of a path on its command line
   */
  static ApiServer in(Path folder) {
    Optional<ProcessHandle> found =
        ProcessHandle.current()
            .children()
            .filter(child -> {
              String line = commandLine(child);
              return line.contains("kube-apiserver\0") && line.contains(folder.toString());
            })
            .findFirst();
    Prerequisite.require(found.isPresent(), "the API server is not ours: set KUBEBUILDER_ASSETS");
    return new ApiServer(found.orElseThrow());
  }

  /** SIGKILL; returns when it is gone. */
  void kill() {
    process.destroyForcibly();
    process.onExit().join();
  }

  /** Again, on the same port and data; it takes some seconds to answer. */
  void start() {
    try {
      process =
          new ProcessBuilder(command)
              .redirectInput(new File("/dev/null"))
              .redirectErrorStream(true)
              .redirectOutput(
                  Redirect.to(
                      Summary.FOLDER.resolve("logs").resolve("kube-apiserver.log").toFile()))
              .start()
              .toHandle();
    } catch (IOException e) {
      throw new UncheckedIOException("start " + command.getFirst(), e);
    }
  }

  /** The whole of it, which the handle's own is not. */
  static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(
          Path.of("/proc", Long.toString(process.pid()), "cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException _) {
      return "";
    }
  }
}
