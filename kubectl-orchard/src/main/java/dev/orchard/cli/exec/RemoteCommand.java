package dev.orchard.cli.exec;

import dev.orchard.cli.exec.Plan.Purpose;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.road.Road;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.client.Creation;
import dev.orchard.client.ExecRequest;
import dev.orchard.client.SessionAddress;
import dev.orchard.exec.session.DisconnectPolicy;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A command in a VM, from its creation to its exit code.
 *
 * @param local where its streams, its signals and its terminal are
 */
public record RemoteCommand(Road road, LocalSide local, Messages messages, RandomGenerator random) {
  /** One that restarts is back by then; who has mistyped its address need not wait long. */
  private static final Duration UNREACHABLE = Duration.ofSeconds(2);

  /** Creates the session, if it is not there already. */
  void create(SessionAddress session, ExecRequest spec) throws InterruptedException {
    new Creation(UNREACHABLE, random, System::nanoTime)
        .create(wait -> road.create(session, spec, wait), spec.startTimeout());
  }

  /** Creates the session and answers the exit code when it has ended, or we have left it. */
  public int run(SessionAddress session, ExecRequest spec) throws InterruptedException {
    return run(session, spec, null, EscapeKeys.none());
  }

  int run(SessionAddress session, ExecRequest spec, @Nullable Format format, EscapeKeys escape)
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
    return new SessionRun(plan, Format.printer(format), escape, local, messages, random).run();
  }
}
