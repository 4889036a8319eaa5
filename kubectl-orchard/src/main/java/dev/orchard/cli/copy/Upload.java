package dev.orchard.cli.copy;

import dev.orchard.cli.message.CliException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/**
 * From here into a VM. What is sent is read twice: first for its digest, which the VM's side
 * compares with that of what it has on its disk before it puts it in its place.
 */
final class Upload {
  private final VmScript vm;
  private final Path source;
  private final boolean resume;

  Upload(VmScript vm, Path source, boolean resume) {
    this.vm = vm;
    this.source = source;
    this.resume = resume;
  }

  void run(String target) throws InterruptedException, IOException {
    if (!Files.exists(source)) {
      throw CliException.local(source + " does not exist");
    }
    if (!Files.isDirectory(source)) {
      String name = Endpoint.name(source.toString());
      send(source, name, target, mode(), resume ? here(target, name) : -1);
      return;
    }
    if (resume) {
      throw CliException.usage("--resume is for single files: " + source + " is a folder");
    }
    Path archive = Files.createTempFile("orchard-", ".tar");
    try {
      send(archive, Tar.pack(source, archive), target, "dir", -1);
    } finally {
      Files.deleteIfExists(archive);
    }
  }

  /** How much of it is in the VM already. */
  private long here(String target, String name) throws InterruptedException, IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    vm.run("part.sh", null, answer, target, name);
    String[] words = answer.toString(StandardCharsets.UTF_8).strip().split(" ", 2);
    if (words.length != 2 || !words[0].matches("\\d{1,18}")) {
      throw CliException.remote("the VM's side does not say what it has: " + answer);
    }
    long size = Long.parseLong(words[0]);
    return size > 0 && size <= Files.size(source) && Sha256.of(source, size).equals(words[1])
        ? size
        : 0;
  }

  /**
   * Sends a file, or what is missing of it.
   *
   * @param here how much is there already, or -1 to leave nothing for another time
   */
  private void send(Path file, String name, String target, String mode, long here)
      throws InterruptedException, IOException {
    String digest = Sha256.of(file);
    try (InputStream in = Files.newInputStream(file)) {
      in.skipNBytes(Math.max(0, here));
      vm.run(
          "upload.sh",
          in,
          OutputStream.nullOutputStream(),
          target,
          name,
          digest,
          mode,
          here < 0 ? "-" : Long.toString(here));
    }
  }

  private String mode() throws IOException {
    int mode = 0;
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(source);
    for (PosixFilePermission permission : PosixFilePermission.values()) {
      // In the order of the enum: rwxrwxrwx.
      mode = (mode << 1) | (permissions.contains(permission) ? 1 : 0);
    }
    return Integer.toOctalString(mode);
  }
}
