package dev.orchard.cli.copy;

import dev.orchard.cli.exec.Durations;
import dev.orchard.cli.message.CliException;
import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.road.Names;
import dev.orchard.cli.road.Place;
import dev.orchard.cli.terminal.LocalSide;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Copies a file or a folder into a VM or out of one. */
@Command(
    name = "cp",
    description = {
      "Copies a file or a folder: cp VM:PATH PATH, or cp PATH VM:PATH.",
      "A target that is a folder gets the copy into it. A file is replaced when all of it has"
          + " arrived with the right SHA-256, and not before; a folder never is."
    },
    sortOptions = false)
public final class CpCommand implements Callable<Integer> {
  private final LocalSide local;
  private final Messages messages;
  private final Place.Source places;

  @Parameters(index = "0", paramLabel = "SRC", description = "PATH, or VM:PATH.")
  private String source = "";

  @Parameters(index = "1", paramLabel = "DST", description = "PATH, or VM:PATH.")
  private String target = "";

  @Option(
      names = "--resume",
      description =
          "Of a file: keeps what has arrived if it is interrupted, and goes on from what is there.")
  private boolean resume;

  @Option(names = "--user", paramLabel = "NAME", description = "User in the VM.")
  private @Nullable String user;

  @Option(
      names = "--wait",
      paramLabel = "DURATION",
      defaultValue = "60s",
      description = "How long to wait for the VM to be ready. ${DEFAULT-VALUE} by default.")
  private String wait = "";

  /** The model of one run. */
  public CpCommand(LocalSide local, Messages messages, Place.Source places) {
    this.local = local;
    this.messages = messages;
    this.places = places;
  }

  @Override
  public Integer call() throws InterruptedException {
    Endpoint from = Endpoint.of(source);
    Endpoint to = Endpoint.of(target);
    Durations.startTimeout(wait);
    try (Place place = places.open()) {
      Names.label("namespace", place.namespace());
      switch (from) {
        case Endpoint.Remote remote when to instanceof Endpoint.Local here ->
            new Download(script(place, remote), here, resume).run(remote.path());
        case Endpoint.Local here when to instanceof Endpoint.Remote remote ->
            new Upload(script(place, remote), here.path(), resume).run(remote.path());
        default ->
            throw CliException.usage(
                "one of SRC and DST is in a VM, as VM:PATH, the other is here");
      }
    } catch (IOException e) {
      throw CliException.remote("nothing was copied: " + e);
    }
    return ExitCodes.OK;
  }

  private VmScript script(Place place, Endpoint.Remote remote) {
    return new VmScript(place, remote.vm(), user, Durations.startTimeout(wait), local, messages);
  }
}
