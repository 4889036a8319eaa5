/** The kubectl plugin's entry: the command line, and the process around a run. */
@NullMarked
package dev.orchard.cli;

import org.jspecify.annotations.NullMarked;
