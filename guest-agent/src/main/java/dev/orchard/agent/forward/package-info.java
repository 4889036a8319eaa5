/** TCP connections to ports of the guest, for hosts that have no network to it. */
@NullMarked
package dev.orchard.agent.forward;

import org.jspecify.annotations.NullMarked;
