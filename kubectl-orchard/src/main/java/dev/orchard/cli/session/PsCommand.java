package dev.orchard.cli.session;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.cli.message.CliException;
import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.road.Names;
import dev.orchard.cli.road.Place;
import dev.orchard.cli.road.Road;
import dev.orchard.cli.road.SessionInfo;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.client.SessionAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists sessions. */
@Command(
    name = "ps",
    description = "Lists the sessions of a VM, or of all VMs of the namespace, oldest first.",
    sortOptions = false)
public final class PsCommand implements Callable<Integer> {
  private static final List<String> STATES =
      List.of(
          "Pending", "Bound", "Starting", "Running", "Succeeded", "Failed", "Cancelled", "Lost");

  private enum Format {
    json,
    name
  }

  private final LocalSide local;
  private final Place.Source places;
  private final InstantSource clock;

  @Parameters(paramLabel = "VM", arity = "0..1", description = "Name of the VM.")
  private String vm = "";

  @Option(
      names = "--state",
      paramLabel = "STATE",
      split = ",",
      description = "Only sessions in one of these states, e.g. Running,Pending.")
  private List<String> states = List.of();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "json|name",
      description = "As a JSON array, or only names as the other commands take them.")
  private @Nullable Format format;

  /** The model of one run. */
  public PsCommand(LocalSide local, Place.Source places, InstantSource clock) {
    this.local = local;
    this.places = places;
    this.clock = clock;
  }

  @Override
  public Integer call() throws InterruptedException, IOException {
    for (String state : states) {
      if (!STATES.contains(state)) {
        throw CliException.usage(
            "--state '%s' is none of %s".formatted(state, String.join(", ", STATES)));
      }
    }
    if (!vm.isEmpty()) {
      Names.label("VM", vm);
    }
    try (Place place = places.open()) {
      String namespace = Names.label("namespace", place.namespace());
      List<SessionInfo> sessions =
          place.road().sessions(namespace, vm).orThrow().stream()
              .filter(info -> states.isEmpty() || states.contains(info.state()))
              .toList();
      String text =
          switch (format) {
            case null -> new SessionTable(clock.instant()).of(sessions);
            case json -> json(sessions);
            case name -> names(place.road(), namespace, sessions);
          };
      local.stdout().write(text.getBytes(StandardCharsets.UTF_8));
      local.stdout().flush();
      return ExitCodes.OK;
    }
  }

  private static String names(Road road, String namespace, List<SessionInfo> sessions) {
    StringBuilder names = new StringBuilder();
    for (SessionInfo info : sessions) {
      names
          .append(road.shown(new SessionAddress(namespace, info.vm(), info.session())))
          .append('\n');
    }
    return names.toString();
  }

  private static String json(List<SessionInfo> sessions) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    for (SessionInfo info : sessions) {
      ObjectNode json = list.addObject();
      json.put("session", info.session());
      json.put("vm", info.vm());
      json.put("state", info.state());
      if (!info.exit().isEmpty()) {
        json.put("exit", info.exit());
      }
      json.put("createdAt", info.createdAt());
      ArrayNode command = json.putArray("command");
      info.command().forEach(command::add);
    }
    return list + "\n";
  }
}
