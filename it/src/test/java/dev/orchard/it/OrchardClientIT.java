package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.vm.VM;
import dev.orchard.dev.guest.RuntimeChoice;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * A client that does what Orchard's own does, with the same WebSocket library and its limit: the
 * module proxy does not serve Orchard's own client.
 */
class OrchardClientIT {
  @Test
  void doesItsWholeRoundOfVmsWorkersExecsAndNamedSessions() throws Exception {
    DevSystem system = DevSystem.with(RuntimeChoice.PROCESS);
    Path program = ClientTools.go("orchard");
    String vm = "orchards-" + Long.toString(System.nanoTime(), 36);
    try {
      run(system, program, vm);
    } finally {
      // It is as large as Orchard's own are: where the client failed, there is no room for others.
      system.kubernetes().resources(VM.class).inNamespace("default").withName(vm).delete();
    }
  }

  private static void run(DevSystem system, Path program, String vm) throws Exception {
    Process client =
        new ProcessBuilder(
                program.toString(),
                system.url().toString(),
                system.token(),
                system.certificateAuthority().toString(),
                vm)
            .redirectErrorStream(true)
            .start();
    client.getOutputStream().close();

    String said = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(client.waitFor()).as(said).isZero();
    assertThat(said).isEqualTo("objects\nexec\nsessions\nremoved\n");
  }
}
