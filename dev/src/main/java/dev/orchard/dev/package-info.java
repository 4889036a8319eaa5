/** All parts of the system in one process, for a laptop. */
@NullMarked
package dev.orchard.dev;

import org.jspecify.annotations.NullMarked;
