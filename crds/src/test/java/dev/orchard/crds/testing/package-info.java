/** A real Kubernetes API server for the tests of every module. */
@NullMarked
package dev.orchard.crds.testing;

import org.jspecify.annotations.NullMarked;
