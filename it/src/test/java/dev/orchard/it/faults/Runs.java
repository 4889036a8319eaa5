package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.vmexec.VMExecState;
import dev.orchard.exec.session.Outcome;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

/** How often commands ran, counted where they run: each appends a line to a file of its name. */
final class Runs {
  private final Reader reader;
  private final String folder = "/tmp/orchard-runs-" + UUID.randomUUID();

  Runs(Reader reader) {
    this.reader = reader;
  }

  /** In the guest. */
  String folder() {
    return folder;
  }

  /** Makes the object of a command that is to run once. */
  void apply(RealSystem system, String vm, String name) {
    VMExec exec = new VMExec();
    exec.setMetadata(
        new ObjectMetaBuilder().withName(name).withNamespace(RealSystem.NAMESPACE).build());
    exec.setSpec(VMExecSpec.of(vm, NumberedLines.command(folder, name, 1)).build());
    system.kubernetes().resource(exec).create();
  }

  /** What has become of each of a VM's commands, once all are over. */
  static List<VMExecState> ends(RealSystem system, String vm) {
    RealSystem.await(
        "the end of every command",
        () ->
            system.execs(vm).stream()
                .map(exec -> exec.statusOrEmpty().state())
                .allMatch(state -> state != null && state.isTerminal()));
    return system.execs(vm).stream().map(exec -> exec.getStatus().state()).toList();
  }

  /** By name, of those that ran at all; asked for once. Without a machine any VM will do. */
  Map<String, Integer> count(String vm) throws InterruptedException {
    String script =
        """
        mkdir -p "$1" && cd "$1"
        for file in *; do [ ! -f "$file" ] || echo "$file $(wc -l < "$file")"; done
        rm -r "$1"
        """;
    StringBuilder said = new StringBuilder();
    Outcome outcome =
        reader.run(
            vm,
            "count-" + UUID.randomUUID(),
            List.of("sh", "-c", script, "sh", folder),
            frame -> said.append(frame.data().toStringUtf8()),
            _ -> {});
    assertThat(outcome).isInstanceOf(Outcome.Known.class);
    return said.toString()
        .lines()
        .map(line -> line.split(" +"))
        .collect(Collectors.toMap(line -> line[0], line -> Integer.valueOf(line[1])));
  }
}
