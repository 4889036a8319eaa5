/** The Worker resource: a host that runs VMs. */
@NullMarked
package dev.orchard.crds.worker;

import org.jspecify.annotations.NullMarked;
