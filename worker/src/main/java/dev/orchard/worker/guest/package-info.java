/** The way from this worker to the agent in a guest, which is taken to be hostile. */
@NullMarked
package dev.orchard.worker.guest;

import org.jspecify.annotations.NullMarked;
