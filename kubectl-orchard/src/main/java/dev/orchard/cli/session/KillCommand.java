package dev.orchard.cli.session;

import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.road.Place;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Cancels a session. */
@Command(
    name = "kill",
    description =
        "Cancels a session: its command gets TERM and, after its grace period, KILL. What it wrote"
            + " can still be read.",
    sortOptions = false)
public final class KillCommand implements Callable<Integer> {
  private final Place.Source places;

  @Parameters(paramLabel = "SESSION", description = "SESSION, or VM/SESSION.")
  private String session = "";

  /** The model of one run. */
  public KillCommand(Place.Source places) {
    this.places = places;
  }

  @Override
  public Integer call() throws InterruptedException {
    try (Place place = places.open()) {
      place.road().cancel(place.session(session)).orThrow();
      return ExitCodes.OK;
    }
  }
}
