/** The links to the controllers: what this worker has, what it is told, who attaches. */
@NullMarked
package dev.orchard.worker.gateway;

import org.jspecify.annotations.NullMarked;
