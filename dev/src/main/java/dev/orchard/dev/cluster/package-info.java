/** The Kubernetes APIs that dev can stand on: started by it, imitated by it, or the user's own. */
@NullMarked
package dev.orchard.dev.cluster;

import org.jspecify.annotations.NullMarked;
