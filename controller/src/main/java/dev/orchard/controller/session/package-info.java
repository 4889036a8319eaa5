/** Sessions as clients see them: started, attached to, written to, ended. */
@NullMarked
package dev.orchard.controller.session;

import org.jspecify.annotations.NullMarked;
