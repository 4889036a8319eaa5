/**
 * Orchard's own dialect: its shapes of VMs and workers, so that its clients find what they know.
 */
@NullMarked
package dev.orchard.controller.orchard;

import org.jspecify.annotations.NullMarked;
