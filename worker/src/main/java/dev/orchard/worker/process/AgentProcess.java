package dev.orchard.worker.process;

import dev.orchard.worker.guest.GuestChannel;
import dev.orchard.worker.vm.HostProcess;
import dev.orchard.worker.vm.Machine;
import dev.orchard.worker.vm.VmFolder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A guest agent that stands for a machine. What its commands have started would be gone with a real
 * one, so it is ended with this one too: what is the agent's at its end, or was when it was last
 * looked at.
 */
final class AgentProcess implements Machine {
  static final String LOG = "agent.log";

  private static final long MAX_LOG_BYTES = 4 << 20;

  /** What the agent needs to end its own children. */
  private static final Duration MIN_GRACE = Duration.ofSeconds(2);

  /** A look reads all of /proc. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final HostProcess agent;
  private final Path socket;
  private final VmFolder folder;
  private List<HostProcess> children = List.of();
  private long lookedAt = System.nanoTime();

  AgentProcess(HostProcess agent, Path socket, VmFolder folder) {
    this.agent = agent;
    this.socket = socket;
    this.folder = folder;
  }

  @Override
  public boolean alive() {
    return agent.alive();
  }

  @Override
  public void tend() {
    long now = System.nanoTime();
    if (now - lookedAt >= LOOK.toNanos()) {
      lookedAt = now;
      folder.trim(LOG, MAX_LOG_BYTES);
      children = agent.descendants();
    }
  }

  @Override
  public GuestChannel guestChannel() {
    return new GuestChannel.UnixSocket(socket);
  }

  @Override
  public void stop(Duration grace) throws InterruptedException {
    Set<HostProcess> left = new LinkedHashSet<>(children);
    left.addAll(agent.descendants());
    agent.terminate();
    Duration patience = grace.compareTo(MIN_GRACE) > 0 ? grace : MIN_GRACE;
    if (!agent.awaitEnd(patience)) {
      agent.kill();
      agent.awaitEnd(MIN_GRACE);
    }
    left.forEach(HostProcess::kill);
  }
}
