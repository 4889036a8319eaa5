/** Sessions of VMs from any program: started once, followed over every break, verified. */
@NullMarked
package dev.orchard.client;

import org.jspecify.annotations.NullMarked;
