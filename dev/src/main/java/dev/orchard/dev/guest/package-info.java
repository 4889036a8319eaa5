/** What VMs are made of here: the guest image and QEMU, or the agent as a plain process. */
@NullMarked
package dev.orchard.dev.guest;

import org.jspecify.annotations.NullMarked;
