/** Streams of messages whose two directions go as fast as whoever reads them, and no faster. */
@NullMarked
package dev.orchard.worker.stream;

import org.jspecify.annotations.NullMarked;
