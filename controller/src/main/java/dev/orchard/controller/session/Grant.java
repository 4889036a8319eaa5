package dev.orchard.controller.session;

import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import java.util.Set;

/**
 * What somebody who attaches has proven, and so gets tickets for.
 *
 * @param caller as {@link dev.orchard.controller.auth.Caller#key}
 * @param renewable whether there are tickets now
 * @param standing whether there are any later
 */
public record Grant(String caller, Set<Right> rights, boolean renewable, Standing standing) {
  /** What has become of what was proven. */
  public interface Standing {
    /**
     * Whether there may be another ticket. May wait for the Kubernetes API.
     *
     * @throws ApiException if the right is gone, and with it the attachment
     */
    boolean renewable();
  }

  public Grant {
    rights = Set.copyOf(rights);
  }
}
