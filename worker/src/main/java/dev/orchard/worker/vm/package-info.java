/**
 * Virtual machines of this host: their folders, their power and their state, whatever runs them.
 */
@NullMarked
package dev.orchard.worker.vm;

import org.jspecify.annotations.NullMarked;
