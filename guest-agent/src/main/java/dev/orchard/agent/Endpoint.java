package dev.orchard.agent;

import java.nio.file.Path;

/** Where the agent is spoken to. */
sealed interface Endpoint {
  /** gRPC over a unix socket that the agent makes. */
  record Socket(Path path) implements Endpoint {}

  /** The framed link over the device of a virtio-serial port. */
  record Port(Path device) implements Endpoint {}
}
