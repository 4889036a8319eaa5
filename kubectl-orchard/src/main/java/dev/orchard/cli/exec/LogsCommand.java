package dev.orchard.cli.exec;

import dev.orchard.cli.exec.Plan.Purpose;
import dev.orchard.cli.message.CliException;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.road.Place;
import dev.orchard.cli.road.Road;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.client.Attachment;
import dev.orchard.client.SessionAddress;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints what a session has written. */
@Command(
    name = "logs",
    description = "Prints a session's output, stdout and stderr apart as it wrote them.",
    sortOptions = false)
public final class LogsCommand implements Callable<Integer> {
  private final LocalSide local;
  private final Messages messages;
  private final Place.Source places;

  @Parameters(paramLabel = "SESSION", description = "SESSION, or VM/SESSION.")
  private String session = "";

  @Option(
      names = {"-f", "--follow"},
      description = "Goes on until the command has ended.")
  private boolean follow;

  @Option(
      names = "--from",
      paramLabel = "OFFSET",
      description = "First byte to print, counted over stdout and stderr together.")
  private long from;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "json",
      description = "Prints the session's frames, one JSON object a line.")
  private @Nullable Format format;

  /** The model of one run. */
  public LogsCommand(LocalSide local, Messages messages, Place.Source places) {
    this.local = local;
    this.messages = messages;
    this.places = places;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (from < 0) {
      throw CliException.usage("--from " + from + " is negative");
    }
    try (Place place = places.open()) {
      Road road = place.road();
      SessionAddress address = place.session(session);
      Plan plan =
          new Plan(
              session,
              (offset, _, ticket, listener) ->
                  road.log(address, new Attachment(offset, false, false, ticket), follow, listener),
              Purpose.PRINT,
              false,
              Optional.empty(),
              from,
              false);
      return new RemoteCommand(road, local, messages, new SecureRandom())
          .follow(plan, format, EscapeKeys.none());
    }
  }
}
