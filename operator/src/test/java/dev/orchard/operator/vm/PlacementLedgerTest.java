package dev.orchard.operator.vm;

import static dev.orchard.operator.Fixtures.NOW;
import static dev.orchard.operator.Fixtures.vm;
import static dev.orchard.operator.Fixtures.worker;
import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.worker.Worker;
import dev.orchard.operator.Fixtures;
import dev.orchard.operator.vm.Placement.On;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlacementLedgerTest {
  private final PlacementLedger ledger = new PlacementLedger();
  private final List<Worker> workers = new ArrayList<>(List.of(worker("w1", 1, 512)));
  private final List<VM> cache = new ArrayList<>();
  private final VM a = vm("a", VMSpec.ofImage("default").withSize(1, 512));
  private final VM b = vm("b", VMSpec.ofImage("default").withSize(1, 512));

  @Test
  void holdsRoomForADecisionThatTheCacheDoesNotShowYet() {
    cache.addAll(List.of(a, b));

    assertThat(place(a)).isEqualTo(new On("w1"));

    assertThat(place(b)).isInstanceOf(Placement.Nowhere.class);
  }

  @Test
  void countsADecisionOnceWhenTheCacheShowsIt() {
    workers.set(0, worker("w1", 2, 1024));
    cache.addAll(List.of(a, b));
    place(a);
    a.setStatus(VMStatus.EMPTY.withWorkerName("w1"));

    assertThat(place(b)).isEqualTo(new On("w1"));
  }

  @Test
  void givesRoomBackWhenTheDecisionWasNotWritten() {
    place(a);
    ledger.forget("uid-a");

    assertThat(place(b)).isEqualTo(new On("w1"));
  }

  @Test
  void givesRoomBackWhenTheWorkerHasLetGo() {
    a.setStatus(Fixtures.gone(VMStatus.EMPTY.withWorkerName("w1"), NOW));
    cache.add(a);

    assertThat(place(b)).isEqualTo(new On("w1"));
  }

  @Test
  void keepsThePromiseOfAnotherWorkerWhileTheCacheShowsTheOldOne() {
    workers.add(worker("w2", 1, 512));
    a.setStatus(VMStatus.EMPTY.withWorkerName("w0"));
    cache.add(a);

    assertThat(place(a)).isEqualTo(new On("w1"));

    assertThat(place(b)).isEqualTo(new On("w2"));
    assertThat(place(vm("c", VMSpec.ofImage("default")))).isInstanceOf(Placement.Nowhere.class);
  }

  private Placement place(VM vm) {
    Collection<Worker> known = List.copyOf(workers);
    return ledger.place(vm, () -> known, () -> cache);
  }
}
