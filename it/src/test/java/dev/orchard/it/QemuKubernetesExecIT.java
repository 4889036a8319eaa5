package dev.orchard.it;

import dev.orchard.dev.guest.RuntimeChoice;

class QemuKubernetesExecIT extends StockClientScenarios {
  QemuKubernetesExecIT() {
    super(RuntimeChoice.QEMU, "stock-qemu");
  }
}
