/**
 * The sessions of this guest: one loop that owns them, and the service through which it is asked.
 */
@NullMarked
package dev.orchard.agent.session;

import org.jspecify.annotations.NullMarked;
