/**
 * A stand-in for the Kubernetes API that needs nothing installed: Fabric8's CRUD server, mended.
 */
@NullMarked
package dev.orchard.dev.cluster.embedded;

import org.jspecify.annotations.NullMarked;
