package dev.orchard.cli.copy;

import dev.orchard.cli.exec.RemoteCommand;
import dev.orchard.cli.message.CliException;
import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.road.Names;
import dev.orchard.cli.road.Place;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.cli.terminal.Terminal;
import dev.orchard.client.ExecRequest;
import dev.orchard.client.SessionAddress;
import dev.orchard.exec.session.DisconnectPolicy;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Runs the scripts beside this class in a VM, as sessions of their own. */
final class VmScript {
  private static final int MAX_COMPLAINT_BYTES = 4_096;

  private final Place place;
  private final String vm;
  private final @Nullable String user;
  private final Duration wait;
  private final LocalSide local;
  private final Messages messages;
  private final RandomGenerator random = new SecureRandom();

  VmScript(
      Place place,
      String vm,
      @Nullable String user,
      Duration wait,
      LocalSide local,
      Messages messages) {
    this.place = place;
    this.vm = vm;
    this.user = user;
    this.wait = wait;
    this.local = local;
    this.messages = messages;
  }

  /**
   * Returns when the script has ended well and its output is all there, as its digest says.
   *
   * @param stdin what it reads; null for nothing
   * @throws CliException with what it complained of
   */
  void run(String script, @Nullable InputStream stdin, OutputStream stdout, String... arguments)
      throws InterruptedException {
    Complaint complaint = new Complaint();
    LocalSide side =
        new LocalSide(
            stdin == null ? InputStream.nullInputStream() : stdin,
            stdout,
            complaint,
            local.environment(),
            local.home(),
            Terminal.none(),
            local.signals());
    List<String> command = new ArrayList<>(List.of("sh", "-c", text(script), "sh"));
    command.addAll(List.of(arguments));
    ExecRequest spec =
        new ExecRequest(
            command,
            stdin != null,
            Optional.empty(),
            Map.of(),
            Optional.empty(),
            Optional.ofNullable(user),
            Optional.empty(),
            wait,
            DisconnectPolicy.TERMINATE,
            true);
    int code =
        new RemoteCommand(place.road(), side, messages, random)
            .run(new SessionAddress(place.namespace(), vm, Names.generate(vm, random)), spec);
    if (code != ExitCodes.OK) {
      throw CliException.remote(
          "nothing was copied: "
              + (complaint.text().isEmpty()
                  ? "the VM's side ended with " + code
                  : complaint.text()));
    }
  }

  private static String text(String script) {
    try (InputStream resource = VmScript.class.getResourceAsStream(script)) {
      if (resource == null) {
        throw new IllegalStateException("no resource " + script);
      }
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The beginning of what the script says on stderr. */
  private static final class Complaint extends OutputStream {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public synchronized void write(int b) {
      if (bytes.size() < MAX_COMPLAINT_BYTES) {
        bytes.write(b);
      }
    }

    synchronized String text() {
      return bytes.toString(StandardCharsets.UTF_8).strip();
    }
  }
}
