package dev.orchard.controller.ticket;

import dev.orchard.controller.auth.Right;
import java.util.Set;

/**
 * What a ticket says: whose session it is about, and everything that an attachment to it needs to
 * know.
 *
 * @param uid of the VMExec: another one of the same name is another session
 * @param worker that has the session, which is never another one's
 * @param stdin whether it was started with stdin to attach to
 * @param tty whether it has a terminal
 * @param rights to this session that were proven
 * @param caller who has proven them, as {@link dev.orchard.controller.auth.Caller#key}
 */
public record Ticket(
    String namespace,
    String vm,
    String session,
    String uid,
    String worker,
    boolean stdin,
    boolean tty,
    Set<Right> rights,
    String caller) {
  public Ticket {
    rights = Set.copyOf(rights);
  }
}
