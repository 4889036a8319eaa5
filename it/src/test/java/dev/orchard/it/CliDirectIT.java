package dev.orchard.it;

import org.junit.jupiter.api.Test;

/** Straight to the controller that dev's kubeconfig names. */
class CliDirectIT extends CliScenarios {
  CliDirectIT() {
    super("straight");
  }

  @Test
  void forwardsAPort() throws Exception {
    forwardAPort();
  }

  @Override
  String named(String session) {
    return vm + "/" + session;
  }
}
