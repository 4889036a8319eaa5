package dev.orchard.cli.exec;

import dev.orchard.cli.exec.Plan.Purpose;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.road.ExecSpec;
import dev.orchard.cli.road.Road;
import dev.orchard.cli.road.SessionAddress;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.exec.session.DisconnectPolicy;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A command in a VM, from its creation to its exit code.
 *
 * @param local where its streams, its signals and its terminal are
 */
public record RemoteCommand(Road road, LocalSide local, Messages messages, RandomGenerator random) {
  /** Creates the session, if it is not there already. */
  void create(SessionAddress session, ExecSpec spec) throws InterruptedException {
    new Creation(road, random, System::nanoTime).create(session, spec);
  }

  /** Creates the session and answers the exit code when it has ended, or we have left it. */
  public int run(SessionAddress session, ExecSpec spec) throws InterruptedException {
    return run(session, spec, null, EscapeKeys.none());
  }

  int run(SessionAddress session, ExecSpec spec, @Nullable Format format, EscapeKeys escape)
      throws InterruptedException {
    create(session, spec);
    Plan plan =
        new Plan(
            road.shown(session),
            Plan.attaching(road, session, true, false),
            Purpose.RUN,
            spec.stdin(),
            spec.tty(),
            0,
            spec.onDisconnect() == DisconnectPolicy.TERMINATE);
    return follow(plan, format, escape);
  }

  int follow(Plan plan, @Nullable Format format, EscapeKeys escape) throws InterruptedException {
    return new SessionRun(
            plan, Format.printer(format), escape, local, messages, random, System::nanoTime)
        .run();
  }
}
