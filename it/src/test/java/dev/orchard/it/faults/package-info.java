/** What the system does while its parts, its wires and its clients fail: run by themselves only. */
@NullMarked
package dev.orchard.it.faults;

import org.jspecify.annotations.NullMarked;
