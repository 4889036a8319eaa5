/** The whole system against a real API server, in real VMs and without. */
@NullMarked
package dev.orchard.it;

import org.jspecify.annotations.NullMarked;
