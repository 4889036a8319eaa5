/** The workers' links to this replica, what goes down them, and what their reports come to. */
@NullMarked
package dev.orchard.controller.worker;

import org.jspecify.annotations.NullMarked;
