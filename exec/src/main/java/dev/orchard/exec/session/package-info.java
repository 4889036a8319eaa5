/**
 * A session at each of its four places, as state machines without threads, clocks or sockets:
 * threads and sockets only drive them, and so does the simulation in this package's tests.
 */
@NullMarked
package dev.orchard.exec.session;

import org.jspecify.annotations.NullMarked;
