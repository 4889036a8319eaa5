package dev.orchard.worker.vm;

/**
 * Where a VM stands.
 *
 * <ul>
 *   <li>(new) → STARTING, STOPPED: as its first spec says
 *   <li>STARTING → RUNNING: the runtime has powered it on
 *   <li>STARTING → FAILED: the runtime could not
 *   <li>RUNNING → STOPPED: its spec said so and it is off
 *   <li>RUNNING → FAILED: it ended by itself
 *   <li>STOPPED → STARTING: its spec says running
 *   <li>FAILED → STARTING: its spec changed and says running; the same spec again starts nothing
 *   <li>any → GONE: deleted; terminal
 * </ul>
 */
public enum VmState {
  STARTING,
  RUNNING,
  STOPPED,
  FAILED,
  GONE
}
