package dev.orchard.controller.session;

import dev.orchard.controller.auth.Right;
import java.util.Set;

/**
 * What somebody who attaches has proven, and so gets tickets for.
 *
 * @param caller as {@link dev.orchard.controller.auth.Caller#key}
 */
public record Grant(String caller, Set<Right> rights) {
  public Grant {
    rights = Set.copyOf(rights);
  }
}
