package dev.orchard.cli.session;

import dev.orchard.cli.message.CliException;
import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.road.Place;
import dev.orchard.exec.frame.Frame;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Sends a signal to a session's command. */
@Command(
    name = "signal",
    description = "Sends a signal to the process group of a session's command.",
    sortOptions = false)
public final class SignalCommand implements Callable<Integer> {
  private final Place.Source places;

  @Parameters(index = "0", paramLabel = "SESSION", description = "SESSION, or VM/SESSION.")
  private String session = "";

  @Parameters(index = "1", paramLabel = "SIGNAL", description = "By name, e.g. TERM or SIGUSR1.")
  private String signal = "";

  /** The model of one run. */
  public SignalCommand(Place.Source places) {
    this.places = places;
  }

  @Override
  public Integer call() throws InterruptedException {
    String name = signal.toUpperCase(Locale.ROOT).replaceFirst("^SIG", "");
    if (!Frame.Signal.NAMES.contains(name)) {
      throw CliException.usage(
          "signal '%s' is none of %s".formatted(signal, String.join(" ", Frame.Signal.NAMES)));
    }
    try (Place place = places.open()) {
      place.road().signal(place.session(session), new Frame.Signal(name)).orThrow();
      return ExitCodes.OK;
    }
  }
}
