package dev.orchard.it;

import dev.orchard.dev.guest.RuntimeChoice;

/** On the {@code process} runtime: fast, for every day. */
class ProcessExecIT extends ExecScenarios {
  ProcessExecIT() {
    super(RuntimeChoice.PROCESS, "exec-process");
  }
}
