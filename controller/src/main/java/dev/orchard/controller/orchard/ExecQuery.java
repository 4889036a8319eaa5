package dev.orchard.controller.orchard;

import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.ExecRequest;
import dev.orchard.controller.session.StdinSource;
import dev.orchard.controller.web.Requests;
import dev.orchard.crds.vmexec.DisconnectPolicy;
import dev.orchard.crds.vmexec.EnvVar;
import dev.orchard.crds.vmexec.OutputSpec;
import dev.orchard.crds.vmexec.Tty;
import dev.orchard.crds.vmexec.VMExecSpec;
import io.helidon.common.uri.UriQuery;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the query of Orchard's exec WebSocket asks for.
 *
 * @param command a command line for the guest's shell; absent: joins a session
 * @param session the client's name for it; absent: nobody comes back to it
 * @param interactive the client may send stdin
 * @param patience for the VM to be ready
 */
record ExecQuery(
    @Nullable String command,
    @Nullable String session,
    boolean interactive,
    @Nullable Tty tty,
    List<EnvVar> env,
    @Nullable String workdir,
    Duration patience) {
  private static final long DEFAULT_WAIT_SECONDS = 10;
  private static final int MAX_WAIT_SECONDS = 65_535;
  private static final int MAX_TERMINAL = 65_535;
  private static final int NAMED_TTL_SECONDS = 600;
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  /** As sshd does: the shell of the user, who is the guest agent's or the one that is asked for. */
  private static final List<String> SHELL =
      List.of("/bin/sh", "-c", "exec \"${SHELL:-/bin/sh}\" -c \"$0\"");

  ExecQuery {
    env = List.copyOf(env);
  }

  /** Reads and checks it, in the order in which Orchard does. */
  static ExecQuery parse(UriQuery query) {
    String command = text(query, "command").orElse(null);
    String session = text(query, "session").or(() -> text(query, "cmux_session_id")).orElse(null);
    if (command == null && session == null) {
      throw ApiException.invalid("command", "is missing: only a session that runs goes without");
    }
    boolean terminal = flag(query, "tty").orElse(false);
    boolean interactive = interactive(query) || terminal;
    Tty tty = tty(query);
    List<EnvVar> env = env(query);
    String workdir = text(query, "workdir").orElse(null);
    if (workdir != null && !workdir.startsWith("/")) {
      throw ApiException.invalid("workdir", "must be an absolute path");
    }
    Long wait = Requests.number(query, "wait", MAX_WAIT_SECONDS);
    return new ExecQuery(
        command,
        session,
        interactive,
        terminal ? tty : null,
        env,
        workdir,
        Duration.ofSeconds(wait == null ? DEFAULT_WAIT_SECONDS : wait));
  }

  /** Absent if empty. */
  private static Optional<String> text(UriQuery query, String name) {
    String text = query.contains(name) ? query.first(name).orElse("") : "";
    return text.isEmpty() ? Optional.empty() : Optional.of(printable(name, text));
  }

  private static String printable(String name, String text) {
    if (text.indexOf('\0') >= 0) {
      throw ApiException.invalid(name, "has a NUL, which nothing in a guest can be told");
    }
    return text;
  }

  private static boolean interactive(UriQuery query) {
    Optional<Boolean> interactive = flag(query, "interactive");
    Optional<Boolean> stdin = flag(query, "stdin");
    if (interactive.isPresent() && stdin.isPresent() && !interactive.equals(stdin)) {
      throw ApiException.invalid("stdin", "is the old name of interactive, and says otherwise");
    }
    return interactive.or(() -> stdin).orElse(false);
  }

  private static Optional<Boolean> flag(UriQuery query, String name) {
    if (!query.contains(name)) {
      return Optional.empty();
    }
    return Optional.of(
        switch (query.first(name).orElse("")) {
          case "1", "t", "T", "true", "TRUE", "True" -> true;
          case "0", "f", "F", "false", "FALSE", "False" -> false;
          default -> throw ApiException.invalid(name, "must be true or false");
        });
  }

  private static Tty tty(UriQuery query) {
    Long rows = Requests.number(query, "rows", MAX_TERMINAL);
    Long cols = Requests.number(query, "cols", MAX_TERMINAL);
    int height = rows == null ? 0 : rows.intValue();
    int width = cols == null ? 0 : cols.intValue();
    if ((height == 0) != (width == 0)) {
      throw ApiException.invalid(height == 0 ? "rows" : "cols", "is missing: both or neither");
    }
    return height == 0 ? new Tty(Tty.DEFAULT_ROWS, Tty.DEFAULT_COLS) : new Tty(height, width);
  }

  private static List<EnvVar> env(UriQuery query) {
    List<EnvVar> env = new ArrayList<>();
    for (String parameter : query.names()) {
      if (parameter.startsWith("env[") && parameter.endsWith("]")) {
        String name = parameter.substring(4, parameter.length() - 1);
        if (!NAME.matcher(name).matches()) {
          throw ApiException.invalid(parameter, "must be the name of a variable");
        }
        env.add(new EnvVar(name, printable(parameter, query.first(parameter).orElse(""))));
      }
    }
    return env;
  }

  /**
   * As a command to be started, which there must be.
   *
   * @param name of the object; absent: nobody comes back
   * @param user whose it is; absent: the guest agent's
   */
  ExecRequest request(@Nullable String name, @Nullable String user) {
    List<String> line = new ArrayList<>(SHELL);
    line.add(String.valueOf(command));
    return new ExecRequest(
        name,
        line,
        env,
        workdir,
        user,
        interactive ? new StdinSource.Attach() : new StdinSource.None(),
        tty,
        name == null ? DisconnectPolicy.TERMINATE : DisconnectPolicy.DETACH,
        VMExecSpec.DEFAULT_START_TIMEOUT_SECONDS,
        0,
        0,
        VMExecSpec.DEFAULT_TERMINATION_GRACE_PERIOD_SECONDS,
        OutputSpec.DEFAULT,
        name == null ? ExecRequest.USUAL_TTL_SECONDS : NAMED_TTL_SECONDS);
  }
}
