package dev.orchard.operator;

import dev.orchard.crds.vm.VM;
import dev.orchard.operator.vm.VMReconciler;
import dev.orchard.operator.vmexec.VMExecReconciler;
import dev.orchard.operator.worker.ApiProbe;
import dev.orchard.operator.worker.Connectivity;
import dev.orchard.operator.worker.WorkerReconciler;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.InstantSource;

/**
 * The running operator. There must be one of it only in a cluster: it gives room away by its own
 * ledger.
 */
public final class Operator implements AutoCloseable {
  private static final Duration CACHE_SYNC = Duration.ofMinutes(2);
  private static final int RECONCILER_THREADS = 16;

  private final io.javaoperatorsdk.operator.Operator sdk;
  private final ApiProbe probe;

  private Operator(io.javaoperatorsdk.operator.Operator sdk, ApiProbe probe) {
    this.sdk = sdk;
    this.probe = probe;
  }

  /**
   * Returns when every cache is filled and all is being reconciled. The kinds must be established.
   *
   * @param client stays the caller's, to be closed after the operator
   */
  public static Operator start(KubernetesClient client, OperatorSettings settings) {
    InstantSource clock = InstantSource.system();
    Connectivity connectivity = new Connectivity(clock, ApiProbe.LONGEST_PAUSE);
    io.javaoperatorsdk.operator.Operator sdk =
        new io.javaoperatorsdk.operator.Operator(overrider ->
            overrider
                .withKubernetesClient(client)
                .withCloseClientOnStop(false)
                // Controllers write the same statuses: applied, each would prune the other's.
                .withUseSSAToPatchPrimaryResource(false)
                .withConcurrentReconciliationThreads(RECONCILER_THREADS)
                .withCacheSyncTimeout(CACHE_SYNC));
    sdk.register(
        new WorkerReconciler(settings.namespace(), connectivity, clock),
        overrider -> overrider.withGenerationAware(false));
    // A status that somebody else has written is as good a reason as a spec.
    sdk.register(
        new VMReconciler(clock),
        overrider -> overrider.withGenerationAware(false).withFinalizer(VM.FINALIZER));
    sdk.register(new VMExecReconciler(clock), overrider -> overrider.withGenerationAware(false));
    ApiProbe probe = ApiProbe.start(client, connectivity);
    Operator operator = new Operator(sdk, probe);
    try {
      sdk.start();
      return operator;
    } catch (RuntimeException e) {
      operator.close();
      throw e;
    }
  }

  @Override
  public void close() {
    probe.close();
    sdk.stop();
  }
}
