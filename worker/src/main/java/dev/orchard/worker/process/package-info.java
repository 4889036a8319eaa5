/** The runtime without a machine: the guest agent as a plain process of this host. */
@NullMarked
package dev.orchard.worker.process;

import org.jspecify.annotations.NullMarked;
