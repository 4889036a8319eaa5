/** The sessions of this host: started at most once, logged to disk, read by cursors. */
@NullMarked
package dev.orchard.worker.session;

import org.jspecify.annotations.NullMarked;
