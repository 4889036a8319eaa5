/** The guest agent: runs the commands of its VM's host, and outlives every connection to it. */
@NullMarked
package dev.orchard.agent;

import org.jspecify.annotations.NullMarked;
