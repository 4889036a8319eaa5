/**
 * What the Kubernetes API server passes on: execs as its own clients know them, in group {@code
 * subresources.orchard.dev}.
 */
@NullMarked
package dev.orchard.controller.aggregated;

import org.jspecify.annotations.NullMarked;
