package dev.orchard.it;

import dev.orchard.dev.guest.RuntimeChoice;

/** Programs beside an agent on the {@code process} runtime. */
class ProcessPortForwardIT extends PortForwardScenarios {
  ProcessPortForwardIT() {
    super(RuntimeChoice.PROCESS, "ports-process");
  }
}
