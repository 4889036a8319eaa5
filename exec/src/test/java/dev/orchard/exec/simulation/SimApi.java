package dev.orchard.exec.simulation;

import dev.orchard.exec.simulation.SimObjects.Binding;
import dev.orchard.exec.simulation.SimObjects.Exec;
import dev.orchard.exec.simulation.SimObjects.Vm;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The API server: objects by name, written only with the version that was read, and watched by
 * informers. May be away; a reply may be lost after the request was done.
 */
final class SimApi {
  private final World world;
  private final Clockwork clock;
  private final Map<String, Exec> execs = new LinkedHashMap<>();
  private final List<Informer> informers = new ArrayList<>();
  private @Nullable Vm vm;
  private long versions;
  private int uids;
  private boolean away;

  SimApi(World world) {
    this.world = world;
    this.clock = world.clock;
  }

  void away(boolean now) {
    away = now;
  }

  boolean isAway() {
    return away;
  }

  /** Sends a request; either what it returned or that it failed comes back later. */
  <T extends @Nullable Object> void call(Supplier<T> request, Consumer<T> reply, Runnable failed) {
    clock.after(
        1 + clock.below(8),
        () -> {
          if (away) {
            clock.after(clock.below(50), failed);
            return;
          }
          T answer = request.get();
          if (world.faulty() && world.apiLosesReplies && clock.oneIn(12)) {
            world.tally(Mishap.API_REPLY_LOST);
            clock.after(100 + clock.below(500), failed);
          } else {
            clock.after(1 + clock.below(8), () -> reply.accept(answer));
          }
        });
  }

  // ---- what the server does

  Map<String, Exec> execs() {
    return execs;
  }

  @Nullable Exec get(String name) {
    return execs.get(name);
  }

  @Nullable Exec ofUid(String uid) {
    for (Exec exec : execs.values()) {
      if (exec.uid().equals(uid)) {
        return exec;
      }
    }
    return null;
  }

  @Nullable Vm vm() {
    return vm;
  }

  /** The object of that name, made unless there is one. */
  Exec create(String name, @Nullable Binding target) {
    Exec there = execs.get(name);
    if (there != null) {
      return there;
    }
    Exec made =
        new Exec(
            name,
            name + "." + uids++,
            ++versions,
            clock.now(),
            target,
            null,
            0,
            false,
            false,
            null,
            false);
    world.created(made);
    put(made);
    return made;
  }

  /** False if somebody else was quicker, or it is gone. */
  boolean update(Exec changed) {
    Exec now = execs.get(changed.name());
    if (now == null || !now.uid().equals(changed.uid()) || now.version() != changed.version()) {
      world.tally(Mishap.API_CONFLICT);
      return false;
    }
    world.objectChanges(now, changed);
    put(changed.at(++versions));
    return true;
  }

  private void put(Exec exec) {
    execs.put(exec.name(), exec);
    informers.forEach(i -> i.later(() -> i.execs.put(exec.name(), exec)));
  }

  void cancel(String name) {
    Exec now = execs.get(name);
    if (now != null && !now.cancelled()) {
      put(now.cancel().at(++versions));
    }
  }

  void delete(String name) {
    Exec gone = execs.remove(name);
    if (gone != null) {
      informers.forEach(i -> i.later(() -> i.execs.remove(name)));
    }
  }

  void createVm(String uid) {
    vm(new Vm(uid, ++versions, null, false, clock.now()));
  }

  void deleteVm() {
    vm(null);
  }

  private void vm(@Nullable Vm now) {
    vm = now;
    informers.forEach(i -> i.later(() -> i.vm = now));
  }

  /** What a replica writes of a VM's report. */
  boolean updateVm(Vm changed) {
    Vm now = vm;
    if (now == null || now.version() != changed.version()) {
      return now == null || !now.uid().equals(changed.uid());
    }
    vm(
        new Vm(
            changed.uid(), ++versions, changed.bootId(), changed.connected(), changed.changedAt()));
    return true;
  }

  // ---- what clients of it do

  /**
   * Read, change, write with what was read, and again from a fresh copy where somebody was quicker.
   *
   * @param done the object as it stands then, or null if there is none of its UID any more
   */
  void write(
      Exec seen, UnaryOperator<Exec> change, Consumer<@Nullable Exec> done, Runnable failed) {
    Exec after = change.apply(seen);
    if (after.equals(seen)) {
      done.accept(seen);
      return;
    }
    this.<Boolean>call(
        () -> update(after),
        written -> {
          if (written) {
            done.accept(after);
          } else {
            this.<@Nullable Exec>call(
                () -> live(seen),
                live -> {
                  if (live == null) {
                    done.accept(null);
                  } else {
                    write(live, change, done, failed);
                  }
                },
                failed);
          }
        },
        failed);
  }

  private @Nullable Exec live(Exec exec) {
    Exec now = execs.get(exec.name());
    return now != null && now.uid().equals(exec.uid()) ? now : null;
  }

  /** A watch of everything, some time behind. Begins with a list. */
  Informer watch(Runnable onChange) {
    Informer informer = new Informer(onChange);
    informers.add(informer);
    return informer;
  }

  void unwatch(@Nullable Informer informer) {
    informers.remove(informer);
  }

  /** What a replica or an operator sees. */
  final class Informer {
    final Map<String, Exec> execs = new LinkedHashMap<>(SimApi.this.execs);
    @Nullable Vm vm = SimApi.this.vm;
    private final Runnable onChange;
    private long last;
    private long staleUntil;

    private Informer(Runnable onChange) {
      this.onChange = onChange;
    }

    void stale(int millis) {
      staleUntil = clock.now() + millis;
    }

    private void later(Runnable change) {
      last = Math.max(last, Math.max(staleUntil, clock.now()) + clock.below(30));
      clock.after(
          last - clock.now(),
          () -> {
            change.run();
            onChange.run();
          });
    }

    @Nullable Exec ofUid(String uid) {
      for (Exec exec : execs.values()) {
        if (Objects.equals(exec.uid(), uid)) {
          return exec;
        }
      }
      return null;
    }
  }
}
