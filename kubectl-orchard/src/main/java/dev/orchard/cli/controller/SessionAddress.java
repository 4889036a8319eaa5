package dev.orchard.cli.controller;

/**
 * A session as its controller names it. All three are DNS labels, so they go into a path as they
 * are.
 */
public record SessionAddress(String namespace, String vm, String session) {
  String collection() {
    return "/v1/namespaces/%s/vms/%s/exec".formatted(namespace, vm);
  }

  String path() {
    return collection() + "/" + session;
  }
}
