package dev.orchard.crds.worker;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import dev.orchard.crds.Conditions;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a worker said when it registered (written by the controller that has its link), and whether
 * it is there (condition {@code Ready}, written by the operator) and has room for sessions
 * (condition {@code DiskPressure}, written by that controller).
 */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record WorkerStatus(
    @JsonPropertyDescription("What it may give to VMs in all.") @Nullable WorkerCapacity capacity,
    @JsonPropertyDescription("Operating system: linux, darwin.") @Size(max = 64)
        @Nullable String os,
    @JsonPropertyDescription("Processor: amd64, arm64.") @Size(max = 64) @Nullable String arch,
    @JsonPropertyDescription("How it can run VMs, its default first: qemu, process.")
        @Size(max = 16)
        List<@Size(max = 64) String> runtimes,
    @JsonPropertyDescription("What its version can do beyond the first one.") @Size(max = 64)
        List<@Size(max = 64) String> capabilities,
    @JsonPropertyDescription("Version of the worker daemon.") @Size(max = 128)
        @Nullable String version,
    @JsonPropertyDescription(
            "Ready: the worker has a link to a controller. DiskPressure: it has no room for new"
                + " sessions.")
        @Size(max = 16)
        List<Condition> conditions) {
  /** Of condition type Ready. */
  public static final String READY = "Ready";

  /** Of condition type DiskPressure. */
  public static final String DISK_PRESSURE = "DiskPressure";

  /** Nobody has written anything yet. */
  public static final WorkerStatus EMPTY =
      new WorkerStatus(null, null, null, List.of(), List.of(), null, List.of());

  public WorkerStatus {
    runtimes = runtimes == null ? List.of() : List.copyOf(runtimes);
    capabilities = capabilities == null ? List.of() : List.copyOf(capabilities);
    conditions = conditions == null ? List.of() : List.copyOf(conditions);
  }

  /** Whether it has a link to a controller, as far as anybody knows. */
  public boolean ready() {
    return Conditions.isTrue(conditions, READY);
  }

  /** A copy that says what the worker registered with; the conditions stay. */
  public WorkerStatus withRegistration(
      WorkerCapacity capacity,
      String os,
      String arch,
      List<String> runtimes,
      List<String> capabilities,
      String version) {
    return new WorkerStatus(capacity, os, arch, runtimes, capabilities, version, conditions);
  }

  public WorkerStatus withCondition(Condition condition) {
    return new WorkerStatus(
        capacity,
        os,
        arch,
        runtimes,
        capabilities,
        version,
        Conditions.with(conditions, condition));
  }
}
