package dev.orchard.worker.process;

import dev.orchard.worker.vm.HostProcess;
import dev.orchard.worker.vm.Machine;
import dev.orchard.worker.vm.MachineException;
import dev.orchard.worker.vm.VmFolder;
import dev.orchard.worker.vm.VmRuntime;
import dev.orchard.worker.vm.VmSpec;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * For development: a VM is the guest agent, run as this daemon's own user in a session of its own.
 * There is no isolation: commands see and may do on this host what the daemon may. Image, CPUs and
 * memory mean nothing here.
 */
public final class ProcessRuntime implements VmRuntime {
  private static final Logger log = LoggerFactory.getLogger(ProcessRuntime.class);

  private final List<String> agentCommand;

  /**
   * Says in the log what it is.
   *
   * @param agentCommand what starts the guest agent; {@code --socket PATH} is appended
   */
  public ProcessRuntime(List<String> agentCommand) {
    this.agentCommand = List.copyOf(agentCommand);
    log.warn("runtime process runs commands on this host without any isolation");
  }

  @Override
  public String name() {
    return "process";
  }

  @Override
  public List<String> capabilities() {
    return List.of("no-isolation");
  }

  @Override
  public Machine start(VmSpec spec, String bootId, VmFolder folder) {
    Path socket = socket(folder);
    List<String> command = new ArrayList<>();
    // A child is no group leader, so setsid keeps the pid.
    command.add("setsid");
    command.addAll(agentCommand);
    command.addAll(List.of("--socket", socket.toString()));
    try {
      Files.deleteIfExists(socket);
      Process process =
          new ProcessBuilder(command)
              .redirectInput(new File("/dev/null"))
              .redirectErrorStream(true)
              .redirectOutput(
                  ProcessBuilder.Redirect.appendTo(folder.file(AgentProcess.LOG).toFile()))
              .start();
      HostProcess agent =
          HostProcess.of(process.pid())
              .orElseThrow(() ->
                  new MachineException(
                      "the guest agent ended at once: see " + folder.file(AgentProcess.LOG)));
      folder.process(agent);
      return new AgentProcess(agent, socket, folder);
    } catch (IOException e) {
      throw new MachineException(
          "the guest agent cannot be started as %s: %s".formatted(agentCommand, e.getMessage()), e);
    }
  }

  @Override
  public Optional<Machine> adopt(VmSpec spec, String bootId, VmFolder folder) {
    Path socket = socket(folder);
    return folder
        .process()
        .or(() -> HostProcess.withArgument(socket.toString()))
        .filter(agent -> agent.hasArgument(socket.toString()))
        .map(agent -> {
          folder.process(agent);
          return new AgentProcess(agent, socket, folder);
        });
  }

  private static Path socket(VmFolder folder) {
    return folder.sockets().resolve("agent.sock");
  }
}
