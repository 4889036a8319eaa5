/** Connections to ports of VMs, from the replica that asked to the agent that connects. */
@NullMarked
package dev.orchard.worker.forward;

import org.jspecify.annotations.NullMarked;
