package dev.orchard.cli.exec;

import dev.orchard.cli.message.CliException;
import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.road.Names;
import dev.orchard.cli.road.Road;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.client.ClientException;
import dev.orchard.client.ExecRequest;
import dev.orchard.client.SessionAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;

/** One command in many VMs at once, each line of its output behind the VM's name. */
final class FanOut {
  private final Road road;
  private final LocalSide local;
  private final RandomGenerator random;
  private final int parallel;
  private final boolean detach;
  private final SharedSignals signals = new SharedSignals();

  FanOut(Road road, LocalSide local, RandomGenerator random, int parallel, boolean detach) {
    this.road = road;
    this.local = local;
    this.random = random;
    this.parallel = parallel;
    this.detach = detach;
  }

  /** 0 if all ended with 0, else the highest code. */
  int run(String namespace, String selector, ExecRequest spec) throws InterruptedException {
    List<String> vms = road.vms(namespace, selector).orThrow();
    if (vms.isEmpty()) {
      throw CliException.remote(
          "no VM in namespace %s has labels %s".formatted(namespace, selector));
    }
    local.signals().handle(signals::arrived);
    List<Future<Integer>> codes = new ArrayList<>();
    try (ExecutorService threads =
        Executors.newFixedThreadPool(
            Math.min(parallel, vms.size()), Thread.ofVirtual().name("vm-", 0).factory())) {
      for (String vm : vms) {
        codes.add(
            threads.submit(
                () -> one(new SessionAddress(namespace, vm, Names.generate(vm, random)), spec)));
      }
      int highest = ExitCodes.OK;
      for (Future<Integer> code : codes) {
        highest = Math.max(highest, code.get());
      }
      return highest;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a VM's thread failed", e.getCause());
    }
  }

  private int one(SessionAddress session, ExecRequest spec)
      throws InterruptedException, IOException {
    PrefixedOutput stdout = new PrefixedOutput(session.vm(), local.stdout());
    PrefixedOutput stderr = new PrefixedOutput(session.vm(), local.stderr());
    Messages messages = new Messages(stderr);
    if (signals.stopped().isPresent()) {
      messages.say("not started");
      return ExitCodes.SIGNAL_BASE + signals.stopped().get().number();
    }
    LocalSide side =
        new LocalSide(
            local.stdin(),
            stdout,
            stderr,
            local.environment(),
            local.home(),
            local.terminal(),
            signals);
    RemoteCommand remote = new RemoteCommand(road, side, messages, random);
    try {
      if (!detach) {
        return remote.run(session, spec);
      }
      remote.create(session, spec);
      String line = road.shown(session) + "\n";
      synchronized (local.stdout()) {
        local.stdout().write(line.getBytes(StandardCharsets.UTF_8));
        local.stdout().flush();
      }
      return ExitCodes.OK;
    } catch (ClientException e) {
      messages.say(String.valueOf(e.getMessage()));
      return ExitCodes.of(e);
    } finally {
      stdout.finish();
      stderr.finish();
    }
  }
}
