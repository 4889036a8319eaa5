package dev.orchard.controller.session;

import dev.orchard.controller.ticket.Ticket;
import dev.orchard.crds.vmexec.StdinType;
import dev.orchard.crds.vmexec.VMExec;

/** A session to which somebody was let, by what is known of it. */
public sealed interface Target {
  /** Whether it was started with stdin to attach to. */
  boolean takesStdin();

  boolean hasTty();

  /** Whether it is known to have ended. */
  boolean ended();

  /** By its object. */
  record Recorded(VMExec exec) implements Target {
    @Override
    public boolean takesStdin() {
      return exec.getSpec().stdin().type() != StdinType.NONE;
    }

    @Override
    public boolean hasTty() {
      return exec.getSpec().tty() != null;
    }

    @Override
    public boolean ended() {
      return exec.statusOrEmpty().ended();
    }
  }

  /** By a ticket, which is enough to attach to what its worker has. */
  record Ticketed(Ticket ticket) implements Target {
    @Override
    public boolean takesStdin() {
      return ticket.stdin();
    }

    @Override
    public boolean hasTty() {
      return ticket.tty();
    }

    @Override
    public boolean ended() {
      return false;
    }
  }
}
