package dev.orchard.controller.auth;

/** What a caller may be allowed to do with execs, in the group {@code subresources.orchard.dev}. */
public enum Right {
  /** Run a command in a VM. Named by the VM. */
  START("create", "vms", "exec"),
  /** Connect to a port in a VM. Named by the VM. */
  FORWARD("create", "vms", "portforward"),
  /** Send stdin, resize, signal, cancel. Named by the session. */
  WRITE("create", "vmexecs", "attach"),
  /** Read the output. Named by the session. */
  READ("get", "vmexecs", "log");

  static final String GROUP = "subresources.orchard.dev";

  final String verb;
  final String resource;
  final String subresource;

  Right(String verb, String resource, String subresource) {
    this.verb = verb;
    this.resource = resource;
    this.subresource = subresource;
  }

  /** An old answer is good enough for 10 s where nothing can be started or changed with it. */
  boolean cacheable() {
    return this == READ;
  }
}
