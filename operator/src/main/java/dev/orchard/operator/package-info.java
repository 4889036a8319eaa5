/**
 * What the cluster's objects ask for and nobody else decides: who is ready, where VMs go, which
 * boot a command gets.
 */
@NullMarked
package dev.orchard.operator;

import org.jspecify.annotations.NullMarked;
