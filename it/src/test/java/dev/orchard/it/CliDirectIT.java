package dev.orchard.it;

/** Straight to the controller that dev's kubeconfig names. */
class CliDirectIT extends CliScenarios {
  CliDirectIT() {
    super("straight");
  }

  @Override
  String named(String session) {
    return vm + "/" + session;
  }
}
