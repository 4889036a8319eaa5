package dev.orchard.worker.guest;

import java.nio.file.Path;

/** Where an agent can be reached from the host. */
public sealed interface GuestChannel {
  /** A unix socket that the agent itself listens on: plain gRPC. */
  record UnixSocket(Path path) implements GuestChannel {}

  /** A unix socket of the hypervisor that carries a virtio-serial port: the framed link. */
  record VirtioSerial(Path path) implements GuestChannel {}
}
