package dev.orchard.controller.web;

import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.KubernetesApi;
import dev.orchard.controller.auth.Right;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.Grant;
import dev.orchard.controller.session.Sessions;
import dev.orchard.controller.session.Target;
import dev.orchard.controller.ticket.Ticket;
import dev.orchard.controller.ticket.Tickets;
import dev.orchard.crds.vmexec.VMExec;
import io.helidon.common.parameters.Parameters;
import io.helidon.http.Headers;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** Lets callers to sessions. */
public interface Admission {
  /** Somebody who may, and what to. */
  record Admitted(Target target, Grant grant) {}

  /**
   * Returns if whoever sends these headers has all the rights to the session of the path.
   *
   * @param path has {@code session}, {@code ns} unless it is the default one, and {@code vm} where
   *     only a session of that VM will do
   * @throws ApiException 401, 403, 404 or 503
   */
  Admitted admit(Headers headers, Parameters path, Set<Right> rights);

  /** By who they are, of which the Kubernetes API has the say. */
  record ByIdentity(Function<Headers, Caller> callers, Access access, Sessions sessions)
      implements Admission {
    @Override
    public Admitted admit(Headers headers, Parameters path, Set<Right> rights) {
      Caller caller = callers.apply(headers);
      String namespace = Requests.namespace(path);
      String session = Requests.session(path);
      rights.forEach(right -> access.require(caller, right, namespace, session));
      return new Admitted(
          new Target.Recorded(
              path.contains("vm")
                  ? sessions.require(Requests.place(path), session)
                  : sessions.require(namespace, session)),
          new Grant(
              caller.key(),
              rights,
              true,
              () -> access.stillHas(caller, rights, namespace, session)));
    }
  }

  /**
   * By a ticket where there is nothing else, or where the Kubernetes API cannot say who they are.
   *
   * @param reachable whether the Kubernetes API was, a moment ago
   */
  record ByTicket(ByIdentity identity, Tickets tickets, BooleanSupplier reachable)
      implements Admission {
    @Override
    public Admitted admit(Headers headers, Parameters path, Set<Right> rights) {
      String shown = Requests.ticket(headers);
      if (shown.isEmpty()) {
        return identity.admit(headers, path, rights);
      }
      if (Requests.authorization(headers).isEmpty()) {
        return byTicket(
            shown, path, rights, !reachable.getAsBoolean(), this::onlyWhileNobodyCanSay);
      }
      if (reachable.getAsBoolean()) {
        try {
          return sameSession(shown, identity.admit(headers, path, rights), path);
        } catch (ApiException e) {
          if (!e.type().equals(KubernetesApi.UNAVAILABLE)) {
            throw e;
          }
        }
      }
      try {
        Caller caller = identity.callers.apply(headers);
        return byTicket(
            shown,
            path,
            rights,
            true,
            () ->
                identity.access.stillHas(
                    caller, rights, Requests.namespace(path), Requests.session(path)));
      } catch (ApiException e) {
        // Its token may yet do.
        throw KubernetesApi.unavailable();
      }
    }

    /** Whoever comes back is not to read on in another session that has got the name meanwhile. */
    private Admitted sameSession(String shown, Admitted admitted, Parameters path) {
      if (admitted.target() instanceof Target.Recorded(VMExec exec)
          && tickets.uid(shown).stream()
              .anyMatch(uid -> !uid.equals(exec.getMetadata().getUid()))) {
        throw ApiException.notFound("session", Requests.namespace(path), Requests.session(path));
      }
      return admitted;
    }

    /** Or a right that was taken away would be good for as long as tickets are passed on. */
    private boolean onlyWhileNobodyCanSay() {
      if (reachable.getAsBoolean()) {
        throw ApiException.forbidden(
            "a ticket is not enough any more, for the Kubernetes API answers: attach with a token");
      }
      return true;
    }

    private Admitted byTicket(
        String shown,
        Parameters path,
        Set<Right> rights,
        boolean renewable,
        Grant.Standing standing) {
      Ticket ticket = tickets.verify(shown);
      if (!ticket.namespace().equals(Requests.namespace(path))
          || !ticket.session().equals(Requests.session(path))
          || !ticket.vm().equals(Requests.name(path, "vm"))) {
        throw Tickets.invalid("it is for another session");
      }
      if (!ticket.rights().containsAll(rights)) {
        throw ApiException.forbidden(
            "Orchard-Ticket: it is for reading alone: attach with a token that may write");
      }
      return new Admitted(
          new Target.Ticketed(ticket),
          new Grant(ticket.caller(), ticket.rights(), renewable, standing));
    }
  }
}
