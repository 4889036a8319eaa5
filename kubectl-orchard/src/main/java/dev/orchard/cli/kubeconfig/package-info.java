/** Reads kubeconfig files as kubectl does, but only what the CLI needs of them. */
@NullMarked
package dev.orchard.cli.kubeconfig;

import org.jspecify.annotations.NullMarked;
