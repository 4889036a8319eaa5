/** The ways to a cluster's sessions: through its Kubernetes API, or straight to a controller. */
@NullMarked
package dev.orchard.cli.road;

import org.jspecify.annotations.NullMarked;
