package dev.orchard.worker.forward;

import dev.orchard.worker.vm.Uid;
import java.time.Duration;

/**
 * What a replica asks for.
 *
 * @param id of the rendezvous
 * @param port 1 to 65,535
 * @param timeout for the VM's agent to be there and to connect
 */
public record ForwardRequest(String id, Uid vm, int port, Duration timeout) {
  private static final int MAX_PORT = 65_535;

  public ForwardRequest {
    if (port < 1 || port > MAX_PORT) {
      throw new IllegalArgumentException("port %d is not 1 to %d".formatted(port, MAX_PORT));
    }
  }
}
