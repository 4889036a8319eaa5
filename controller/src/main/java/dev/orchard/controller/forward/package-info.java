/** Connections to ports of VMs, for clients that have no other network to them. */
@NullMarked
package dev.orchard.controller.forward;

import org.jspecify.annotations.NullMarked;
