package dev.orchard.exec.simulation;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.simulation.SimLink.Instruction;
import dev.orchard.exec.simulation.SimLink.Report;
import dev.orchard.exec.simulation.SimObjects.Binding;
import dev.orchard.exec.simulation.SimObjects.Exec;
import dev.orchard.exec.simulation.SimObjects.Vm;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A controller replica: an informer, a link from the worker, and requests of clients. */
final class SimReplica {
  /**
   * What a client asks of it.
   *
   * @param ticketUid of which session its resume ticket is; empty without one
   */
  record Request(
      String name,
      boolean create,
      long from,
      String ticketUid,
      boolean writer,
      boolean takeover,
      boolean foreground) {
    boolean means(Exec exec) {
      return ticketUid.isEmpty() || ticketUid.equals(exec.uid());
    }
  }

  /** What it answers. */
  sealed interface Answer {
    /** Frames come and go over this. */
    record Opened(Exec exec, Wire<Frame.Out, Frame.In> wire, @Nullable Exec stored)
        implements Answer {}

    /** The object says all that there is. */
    record Stored(Exec exec) implements Answer {}

    /** Try again, here or elsewhere. */
    record Unavailable() implements Answer {}

    record NotFound() implements Answer {}
  }

  /** How long it waits until the worker answers. */
  private static final int PATIENCE = 2_000;

  private final World world;
  private final Clockwork clock;
  private SimApi.@Nullable Informer informer;
  private @Nullable SimDispatch link;
  private final Set<Wire<?, ?>> open = new LinkedHashSet<>();
  private boolean up;
  private boolean draining;
  private int life;

  SimReplica(World world) {
    this.world = world;
    this.clock = world.clock;
  }

  boolean up() {
    return up;
  }

  boolean takesLinks() {
    return up && !draining;
  }

  boolean synced() {
    return informer != null;
  }

  SimApi.Informer informer() {
    return Objects.requireNonNull(informer);
  }

  boolean believesToBePrimary() {
    return link != null && link.isPrimary();
  }

  void start() {
    up = true;
    draining = false;
    life++;
    list(life);
  }

  private void list(int ofLife) {
    world.api.<SimApi.Informer>call(
        () -> world.api.watch(this::changed),
        watching -> {
          if (up && life == ofLife) {
            informer = watching;
            changed();
          } else {
            world.api.unwatch(watching);
          }
        },
        () -> {
          if (up && life == ofLife) {
            clock.after(500, () -> list(ofLife));
          }
        });
  }

  private void changed() {
    if (link != null) {
      link.changed();
    }
  }

  void kill() {
    if (!up) {
      return;
    }
    up = false;
    world.api.unwatch(informer);
    informer = null;
    if (link != null) {
      link.die();
      link = null;
    }
    open.forEach(Wire::die);
    open.clear();
    clock.after(200 + clock.below(3000), this::start);
  }

  /** Makes way: the worker takes another for primary, readers leave one after the other. */
  void drain() {
    if (!takesLinks()) {
      return;
    }
    draining = true;
    if (link != null) {
      link.send(new Instruction.Draining());
    }
    int ofLife = life;
    open.forEach(wire -> clock.after(clock.below(1000), wire::close));
    clock.after(
        1500,
        () -> {
          if (up && life == ofLife) {
            kill();
          }
        });
  }

  void stale(int millis) {
    if (informer != null) {
      informer.stale(millis);
    }
  }

  /** A new link takes the place of one that it does not know to be dead. */
  void accept(Wire<Report, Instruction> wire) {
    if (link != null) {
      link.die();
    }
    link = new SimDispatch(world, this, wire);
  }

  /** Passes an instruction on, if it can. */
  void tell(Instruction instruction) {
    if (up && link != null && link.isOpen()) {
      link.send(instruction);
    }
  }

  // ---- clients

  void request(Request request, Consumer<Answer> answer) {
    int ofLife = life;
    clock.after(
        1 + clock.below(5),
        () -> {
          if (up && life == ofLife && !draining) {
            lookUp(request, found -> found(request, found, answer), answer);
          } else {
            answer.accept(new Answer.Unavailable());
          }
        });
  }

  private void lookUp(Request request, Consumer<@Nullable Exec> found, Consumer<Answer> answer) {
    Exec known = informer == null ? null : informer.execs.get(request.name());
    if (known != null) {
      found.accept(known);
    } else {
      world.api.<@Nullable Exec>call(
          () -> world.api.get(request.name()),
          found,
          () -> answer.accept(new Answer.Unavailable()));
    }
  }

  private void found(Request request, @Nullable Exec exec, Consumer<Answer> answer) {
    if (exec != null) {
      if (request.means(exec)) {
        attach(request, exec, answer);
      } else {
        answer.accept(new Answer.NotFound());
      }
      return;
    }
    if (!request.create()) {
      answer.accept(new Answer.NotFound());
      return;
    }
    Binding target = ready();
    if (target == null || link == null) {
      answer.accept(new Answer.Unavailable());
      return;
    }
    world.api.<Exec>call(
        () -> world.api.create(request.name(), target),
        made -> {
          if (up) {
            attach(request, made, answer);
          } else {
            answer.accept(new Answer.Unavailable());
          }
        },
        () -> answer.accept(new Answer.Unavailable()));
  }

  private @Nullable Binding ready() {
    Vm vm = informer == null ? null : informer.vm;
    return vm == null || vm.bootId() == null || !vm.connected()
        ? null
        : new Binding(vm.uid(), vm.bootId());
  }

  private void attach(Request request, Exec exec, Consumer<Answer> answer) {
    Frame.Exit exit = exec.exit();
    Binding binding = exec.binding();
    if (exit != null && (binding == null || exit.stdoutBytes() + exit.stderrBytes() == 0)) {
      answer.accept(new Answer.Stored(exec));
      return;
    }
    if (binding == null) {
      bind(request, exec, answer);
      return;
    }
    SimDispatch to = link;
    if (to == null || !to.isOpen()) {
      answer.accept(new Answer.Unavailable());
      return;
    }
    Wire<Frame.Out, Frame.In> wire = new Wire<>(clock, 8);
    open.removeIf(w -> !w.alive());
    open.add(wire);
    if (exit == null) {
      to.send(SimDispatch.start(exec, binding, clock.now()));
      to.started(exec);
    }
    to.send(
        new Instruction.Attach(
            new SimAttachment.Request(
                exec.uid(),
                wire,
                request.from(),
                request.writer(),
                request.takeover(),
                request.foreground())));
    clock.after(
        PATIENCE,
        () -> {
          if (!wire.isOpened()) {
            wire.cut();
          }
        });
    answer.accept(new Answer.Opened(exec, wire, exit == null ? null : exec));
  }

  private void bind(Request request, Exec exec, Consumer<Answer> answer) {
    Binding binding = ready();
    if (binding == null) {
      answer.accept(new Answer.Unavailable());
      return;
    }
    world.api.write(
        exec,
        e -> e.bound(binding, clock.now()),
        bound -> {
          if (bound == null) {
            answer.accept(new Answer.NotFound());
          } else if (up) {
            attach(request, bound, answer);
          } else {
            answer.accept(new Answer.Unavailable());
          }
        },
        () -> answer.accept(new Answer.Unavailable()));
  }
}
