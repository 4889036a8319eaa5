/**
 * Sessions from end to end on a simulated clock, network and disk, on one thread: clients, an API
 * server, replicas, operators, a worker, a guest and its agent, driven through the pure cores of
 * {@code dev.orchard.exec.session} under seeded faults.
 */
@NullMarked
package dev.orchard.exec.simulation;

import org.jspecify.annotations.NullMarked;
