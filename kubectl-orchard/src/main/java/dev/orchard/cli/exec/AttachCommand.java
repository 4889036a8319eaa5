package dev.orchard.cli.exec;

import dev.orchard.cli.exec.Plan.Purpose;
import dev.orchard.cli.message.CliException;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.road.Place;
import dev.orchard.cli.road.Road;
import dev.orchard.cli.road.SessionInfo;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.client.ExecSession;
import dev.orchard.client.SessionAddress;
import dev.orchard.client.WindowSize;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Comes back to a session, or looks on at one. */
@Command(
    name = "attach",
    description = "Follows a session to its end; exits with its command's code.",
    sortOptions = false)
public final class AttachCommand implements Callable<Integer> {
  private enum Since {
    start,
    end
  }

  private final LocalSide local;
  private final Messages messages;
  private final Place.Source places;

  @Parameters(paramLabel = "SESSION", description = "SESSION, or VM/SESSION.")
  private String session = "";

  @Option(
      names = {"-i", "--stdin"},
      description = "Passes standard input and signals on to the command.")
  private boolean stdin;

  @Option(
      names = "--takeover",
      description = "With -i: also where somebody else writes now, who can only read then.")
  private boolean takeover;

  @Option(
      names = "--since",
      paramLabel = "start|end",
      description = "Where in the output to begin. At its start by default.")
  private Since since = Since.start;

  @Option(
      names = "--escape",
      paramLabel = "CHAR|none",
      defaultValue = "~",
      description = "With -i, on a terminal: what begins the escape keys, as of exec.")
  private String escape = "";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "json",
      description = "Prints the session's frames, one JSON object a line.")
  private @Nullable Format format;

  /** The model of one run. */
  public AttachCommand(LocalSide local, Messages messages, Place.Source places) {
    this.local = local;
    this.messages = messages;
    this.places = places;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (takeover && !stdin) {
      throw CliException.usage("--takeover is of no use without -i");
    }
    EscapeKeys keys = EscapeKeys.of(escape);
    try (Place place = places.open()) {
      Road road = place.road();
      SessionInfo info = road.session(place.session(session)).orThrow();
      SessionAddress address = new SessionAddress(place.namespace(), info.vm(), info.session());
      Plan plan =
          new Plan(
              road.shown(address),
              Plan.attaching(road, address, stdin, takeover),
              stdin ? Purpose.JOIN : Purpose.WATCH,
              stdin && info.stdin(),
              terminal(info),
              since == Since.end ? ExecSession.END : 0,
              info.leased());
      return new RemoteCommand(road, local, messages, new SecureRandom())
          .follow(plan, format, keys);
    }
  }

  private Optional<WindowSize> terminal(SessionInfo info) {
    if (stdin && !info.stdin()) {
      throw CliException.usage(
          "session %s was started without -i and takes no standard input: leave out -i"
              .formatted(session));
    }
    if (!stdin || !info.tty()) {
      return Optional.empty();
    }
    if (!local.terminal().isStdin()) {
      throw CliException.usage(
          "session %s runs on a terminal: -i needs one as standard input".formatted(session));
    }
    return Optional.of(local.terminal().size().orElse(WindowSize.DEFAULT));
  }
}
