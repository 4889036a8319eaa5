/** Resume tickets: what lets somebody back to a session while the Kubernetes API is away. */
@NullMarked
package dev.orchard.controller.ticket;

import org.jspecify.annotations.NullMarked;
