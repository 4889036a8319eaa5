/** What the controller refuses, as one exception that each of its packages may throw. */
@NullMarked
package dev.orchard.controller.problem;

import org.jspecify.annotations.NullMarked;
