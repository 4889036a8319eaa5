/** The worker daemon: its settings, and how its parts are put together. */
@NullMarked
package dev.orchard.worker;

import org.jspecify.annotations.NullMarked;
