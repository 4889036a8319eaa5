package dev.orchard.controller.orchard;

import dev.orchard.controller.problem.ApiException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRules;

/** Routes of Orchard's that are somebody else's business here: 404, and whose. */
final class Elsewhere {
  private static final Handler SERVICE_ACCOUNTS =
      refuse(
          "service accounts are the cluster's own: make a ServiceAccount and bind roles to it, its"
              + " token is the password");
  private static final Handler SETTINGS =
      refuse("there are no cluster settings: the chart's values configure this controller");
  private static final Handler WORKERS_OWN =
      refuse("workers are Orchard's for Kubernetes, which dial the controller's worker port");
  private static final Handler WORKERS_PORTS =
      refuse("a worker's own ports are not forwarded: forward those of its VMs");

  private Elsewhere() {}

  static void register(HttpRules rules) {
    rules
        .any("/v1/service-accounts", SERVICE_ACCOUNTS)
        .any("/v1/service-accounts/{name}", SERVICE_ACCOUNTS)
        .any("/v1/cluster-settings", SETTINGS)
        .any("/v1/rpc/{call}", WORKERS_OWN)
        .post("/v1/workers", WORKERS_OWN)
        .get("/v1/workers/{worker}/port-forward", WORKERS_PORTS);
  }

  static void register(HttpRules rules, String base) {
    rules.put(base + "/vms/{vm}/state", WORKERS_OWN).post(base + "/vms/{vm}/events", WORKERS_OWN);
  }

  private static Handler refuse(String why) {
    return (request, response) -> {
      throw new ApiException(404, "not-here", why);
    };
  }
}
